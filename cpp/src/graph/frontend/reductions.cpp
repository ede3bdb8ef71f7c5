// Reductions with NumPy's dtypes.
#include <array>

#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/frontend.hpp"
#include "plait/graph/ops.hpp"

namespace plait::graph::frontend {
namespace {

using Axes = std::vector<Index>;
using Reduce = NodeRef (*)(const NodeRef& x, const Axes& axes, bool keepdims);

// any is a sum and all a product of booleans: over an empty axis any is False and all is True.
template <const Op& op>
NodeRef truth(const NodeRef& x, const Axes& axes, bool keepdims) {
  const NodeRef counted = build::cast(build::cast(x, DType::boolean), DType::int64);
  return build::cast(build::reduce(op, counted, axes, keepdims), DType::boolean);
}

template <const Op& op>
NodeRef extreme(const NodeRef& x, const Axes& axes, bool keepdims) {
  const DType dtype = x->spec.dtype;
  return build::cast(build::reduce(op, dtype == DType::boolean ? build::cast(x, DType::int64) : x, axes, keepdims), dtype);
}

// Sums and products of int32 and bool are int64.
template <const Op& op>
NodeRef accumulated(const NodeRef& x, const Axes& axes, bool keepdims) {
  return build::reduce(op, is_float(x->spec.dtype) ? x : build::cast(x, DType::int64), axes, keepdims);
}

constexpr std::array<std::pair<std::string_view, Reduce>, 7> kReductions{{{"sum", accumulated<ops::sum>},
                                                                          {"prod", accumulated<ops::prod>},
                                                                          {"max", extreme<ops::max>},
                                                                          {"min", extreme<ops::min>},
                                                                          {"any", truth<ops::sum>},
                                                                          {"all", truth<ops::prod>},
                                                                          {"mean", mean}}};

}  // namespace

NodeRef reduction(std::string_view name, const NodeRef& x, const Axes& axes, bool keepdims) {
  for (const auto& [known, reduce] : kReductions)
    if (known == name) return reduce(x, axes, keepdims);
  throw GraphError(message("no reduction is called '", name, "'"));
}

NodeRef mean(const NodeRef& of, const Axes& axes, bool keepdims) {
  const NodeRef x = is_float(of->spec.dtype) ? of : build::cast(of, DType::float64);
  bool known = true;
  Index n = 1;
  for (const Index a : axes) {
    PLAIT_REQUIRE_AS(ShapeError, x->spec.shape[a] != 0, "mean: axis ", a, " of ", x->label(), " ", to_string(x->spec.shape),
                     " is empty and has no mean");
    known = known && x->spec.shape[a] != kAny;
    n *= x->spec.shape[a];
  }
  const NodeRef total = build::reduce(ops::sum, x, axes, keepdims);
  return build::divide(total, known ? build::constant_like(x, static_cast<double>(n))
                                    : apply(ops::axis_size, {x}, CountedAxes{.dtype = x->spec.dtype, .axes = axes, .divisor = true}));
}

NodeRef variance(const NodeRef& of, const Axes& axes, double ddof, bool keepdims) {
  const NodeRef x = is_float(of->spec.dtype) ? of : build::cast(of, DType::float64);
  const NodeRef squares = build::unary(ops::square, build::subtract(x, mean(x, axes, true)));
  if (ddof == 0) return mean(squares, axes, keepdims);
  const NodeRef count = apply(ops::axis_size, {x}, CountedAxes{.dtype = x->spec.dtype, .axes = axes});
  return build::divide(build::reduce(ops::sum, squares, axes, keepdims), build::shift(count, -ddof));
}

NodeRef cumsum(const NodeRef& of, std::optional<Index> axis) {
  const NodeRef x = is_float(of->spec.dtype) ? of : build::cast(of, DType::int64);
  if (!axis) return apply(ops::cumsum, {apply(ops::reshape, {x}, NewShape{{-1}})}, CumulatedAxis{0});
  return apply(ops::cumsum, {x}, CumulatedAxis{*axis});
}

}  // namespace plait::graph::frontend
