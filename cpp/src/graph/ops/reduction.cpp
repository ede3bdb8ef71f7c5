// Reductions over axes.
#include <algorithm>

#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/ops.hpp"

namespace plait::graph {
namespace {

using namespace build;
using Gradients = std::vector<NodeRef>;

std::vector<Index> axes_of(const Attributes& a) {
  const IndexSpan axes = a.as<ReducedAxes>().axes;
  return {axes.begin(), axes.end()};
}
bool keeps(const Attributes& a) { return a.as<ReducedAxes>().keep; }

Spec reduced(const Spec& in, const Attributes& a, const char* name, bool needs_elements) {
  PLAIT_REQUIRE_AS(DTypeError, in.dtype != DType::boolean, name, ": booleans are not numbers here; use plait.cast");
  const auto& [keep, axes, of_nothing] = a.as<ReducedAxes>();
  needs_elements = needs_elements && !of_nothing;
  Shape shape;
  for (std::size_t i = 0; i < in.shape.size(); ++i) {
    if (std::find(axes.begin(), axes.end(), static_cast<Index>(i)) == axes.end()) {
      shape.push_back(in.shape[i]);
      continue;
    }
    PLAIT_REQUIRE_AS(ShapeError, !needs_elements || in.shape[i] != 0, name, ": axis ", i, " of shape ", to_string(in.shape), " is empty and has no ",
                     name);
    if (keep) shape.push_back(1);
  }
  return {shape, in.dtype};
}

Spec sum_rule(std::span<const Spec> in, const Attributes& a) { return reduced(in[0], a, "sum", false); }
Spec prod_rule(std::span<const Spec> in, const Attributes& a) { return reduced(in[0], a, "prod", false); }
Spec max_rule(std::span<const Spec> in, const Attributes& a) { return reduced(in[0], a, "max", true); }
Spec min_rule(std::span<const Spec> in, const Attributes& a) { return reduced(in[0], a, "min", true); }

NodeRef restored(const NodeRef& n, const NodeRef& r) { return restore_axes(r, axes_of(n->attributes), keeps(n->attributes)); }

Gradients d_sum(const NodeRef& n, const NodeRef& g) { return {broadcast_like(restored(n, g), n->input_ref(0))}; }

// The gradient is divided equally among elements equal to the extreme.
Gradients d_extreme(const NodeRef& n, const NodeRef& g) {
  const NodeRef x = n->input_ref(0);
  const NodeRef hit = cast(equal(x, restored(n, n)), x->spec.dtype);
  const NodeRef hits = reduce(ops::sum, hit, axes_of(n->attributes), true);
  return {multiply(hit, divide(restored(n, g), hits))};
}

// The product of the other elements: exclusive cumulative products from the left times those from the right. Without division, so zeros need no
// special case in derivatives of any order.
Gradients d_prod(const NodeRef& n, const NodeRef& g) {
  const NodeRef x = n->input_ref(0), none = zeros_like(x);
  const std::vector<Index> axes = axes_of(n->attributes);
  const auto product_of_others = [&](bool reverse) { return apply(ops::recurrence, {none, x}, RecurrenceAxes{reverse, 1, axes}); };
  const NodeRef others = multiply(product_of_others(false), product_of_others(true));
  return {multiply(restored(n, g), others)};
}

// sum_to_like(g, ref): g summed down to the shape of ref, which broadcasts to g's. Lowered to a sum when shapes are bound.
Spec sum_to_like_rule(std::span<const Spec> in, const Attributes&) {
  const Shape together = broadcast(in[0].shape, in[1].shape, "sum_to_like");
  PLAIT_REQUIRE_AS(ShapeError, !is_known(in[0].shape) || !is_known(in[1].shape) || together == in[0].shape, "sum_to_like: shape ",
                   to_string(in[1].shape), " does not broadcast to ", to_string(in[0].shape));
  return {in[1].shape, in[0].dtype};
}
Gradients d_sum_to_like(const NodeRef& n, const NodeRef& g) { return {broadcast_like(g, n->input_ref(0)), {}}; }

// axis_size(x): the number of elements along axes; a constant once shapes are bound.
Spec axis_size_rule(std::span<const Spec> in, const Attributes& a) {
  const auto& counted = a.as<CountedAxes>();
  for (const Index axis : counted.axes)
    PLAIT_REQUIRE_AS(ShapeError, !counted.divisor || in[0].shape[axis] != 0, "mean: axis ", axis, " of shape ", to_string(in[0].shape),
                     " is empty and has no mean");
  return {{}, counted.dtype};
}

// The reference form: one run of adjacent axes at a time, the last one first, through intermediate arrays.
class ReductionKernel final : public Kernel {
 public:
  ReductionKernel(LaneOutput::Kind kind, DType dtype, Shape shape, std::span<const Index> axes) {
    const auto runs = axis_runs(shape, axes);
    if (runs.empty()) stages_.push_back(stage(kind, dtype, shape, {}));
    for (std::size_t r = runs.size(); r-- > 0;) {
      stages_.push_back(stage(kind, dtype, shape, runs[r]));
      for (const Index axis : runs[r]) shape[axis] = 1;
      if (r > 0) between_ = std::max(between_, static_cast<std::size_t>(count_of(shape)) * size_of(dtype));
    }
    between_ = (between_ + kAlignment - 1) / kAlignment * kAlignment;
  }
  void run(const void* const* inputs, void* const* outputs, void* scratch, const RunContext& context) const override {
    auto* const room = static_cast<std::byte*>(scratch);
    const void* from = inputs[0];
    for (std::size_t k = 0; k < stages_.size(); ++k) {
      void* to = k + 1 == stages_.size() ? outputs[0] : room + (k % 2) * between_;
      stages_[k].run(&from, &to, room + 2 * between_, context.threads);
      from = to;
    }
  }
  [[nodiscard]] std::size_t scratch_bytes(int threads) const override {
    std::size_t most = 0;
    for (const LaneKernel& kernel : stages_) most = std::max(most, kernel.scratch_bytes(threads));
    return 2 * between_ + most;
  }

 private:
  static LaneKernel stage(LaneOutput::Kind kind, DType dtype, const Shape& shape, std::span<const Index> run) {
    return {{lane_type(dtype), 1, {}, {}, {0}}, shape, {{dtype, contiguous_strides(shape)}}, {reduction_output(kind, dtype, shape, run)}};
  }
  std::vector<LaneKernel> stages_;
  std::size_t between_ = 0;
};

template <LaneOutput::Kind kind>
std::unique_ptr<Kernel> reduction_kernel(std::span<const Spec> in, const Spec& out, const Attributes& a) {
  return std::make_unique<ReductionKernel>(kind, out.dtype, in[0].shape, axes_of(a));
}
std::unique_ptr<Kernel> sum_to_like_kernel(std::span<const Spec> in, const Spec& out, const Attributes&) {
  return std::make_unique<ReductionKernel>(LaneOutput::Kind::sum, out.dtype, in[0].shape, summed_axes(in[0].shape, out.shape));
}

}  // namespace

std::vector<std::vector<Index>> axis_runs(const Shape& shape, std::span<const Index> axes) {
  std::vector<std::vector<Index>> runs;
  for (const Index axis : axes) {
    bool joined = !runs.empty();
    for (Index between = joined ? runs.back().back() + 1 : 0; joined && between < axis; ++between) joined = shape[between] == 1;
    if (joined) runs.back().push_back(axis);
    else runs.push_back({axis});
  }
  return runs;
}

std::vector<Index> summed_axes(const Shape& from, const Shape& to) {
  std::vector<Index> axes;
  const std::size_t lead = from.size() - to.size();
  for (std::size_t i = 0; i < from.size(); ++i)
    if (i < lead || (to[i - lead] == 1 && from[i] != 1)) axes.push_back(static_cast<Index>(i));
  return axes;
}

LaneOutput reduction_output(LaneOutput::Kind kind, DType dtype, const Shape& shape, std::span<const Index> run) {
  LaneOutput out{.dtype = dtype, .kind = kind, .outer = 1, .inner = 1};
  if (run.empty()) {  // every element is its own result
    out.outer = count_of(shape);
    return out;
  }
  for (Index i = 0; i < run.front(); ++i) out.outer *= shape[i];
  for (Index i = run.back() + 1; i < static_cast<Index>(shape.size()); ++i) out.inner *= shape[i];
  return out;
}

namespace ops {
using Kind = LaneOutput::Kind;
constinit const Op sum = entry({.name = "sum",
                                .kind = OpKind::reduction,
                                .inputs = 1,
                                .infer = sum_rule,
                                .gradient = d_sum,
                                .kernel = reduction_kernel<Kind::sum>,
                                .attributes = ReducedAxes::read,
                                .reduce = Kind::sum,
                                .passes_gradient = true});
constinit const Op prod = entry({.name = "prod",
                                 .kind = OpKind::reduction,
                                 .inputs = 1,
                                 .infer = prod_rule,
                                 .gradient = d_prod,
                                 .kernel = reduction_kernel<Kind::product>,
                                 .attributes = ReducedAxes::read,
                                 .reduce = Kind::product});
constinit const Op max = entry({.name = "max",
                                .kind = OpKind::reduction,
                                .inputs = 1,
                                .infer = max_rule,
                                .gradient = d_extreme,
                                .kernel = reduction_kernel<Kind::maximum>,
                                .attributes = ReducedAxes::read,
                                .reduce = Kind::maximum});
constinit const Op min = entry({.name = "min",
                                .kind = OpKind::reduction,
                                .inputs = 1,
                                .infer = min_rule,
                                .gradient = d_extreme,
                                .kernel = reduction_kernel<Kind::minimum>,
                                .attributes = ReducedAxes::read,
                                .reduce = Kind::minimum});
constinit const Op sum_to_like = entry({.name = "sum_to_like",
                                        .kind = OpKind::other,
                                        .inputs = 2,
                                        .infer = sum_to_like_rule,
                                        .gradient = d_sum_to_like,
                                        .kernel = sum_to_like_kernel,
                                        .shape_only = 0b10,
                                        .passes_gradient = true});
constinit const Op axis_size = entry({.name = "axis_size",
                                      .kind = OpKind::other,
                                      .inputs = 1,
                                      .infer = axis_size_rule,
                                      .gradient = no_gradient_flows,
                                      .attributes = CountedAxes::read,
                                      .shape_only = 0b1,
                                      .constant_shape = true});
}  // namespace ops

void add_reduction_ops(OpList& list) { list.insert(list.end(), {&ops::sum, &ops::prod, &ops::max, &ops::min, &ops::sum_to_like, &ops::axis_size}); }

}  // namespace plait::graph
