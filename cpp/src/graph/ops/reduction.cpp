// Reductions over axes. attributes.ints: keepdims (0 or 1), then the axes, normalised and ascending.
#include <algorithm>

#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"

namespace plait {
namespace {

using namespace build;
using Gradients = std::vector<NodeRef>;

std::vector<Index> axes_of(const Attributes& a) { return {a.ints.begin() + 1, a.ints.end()}; }
bool keeps(const Attributes& a) { return a.ints[0] != 0; }

Spec reduced(const Spec& in, const Attributes& a, const char* name, bool needs_elements) {
  PLAIT_REQUIRE_AS(DTypeError, in.dtype != DType::boolean, name, ": booleans are not numbers here; use plait.cast");
  Shape shape;
  for (std::size_t i = 0; i < in.shape.size(); ++i) {
    if (std::find(a.ints.begin() + 1, a.ints.end(), static_cast<Index>(i)) == a.ints.end()) {
      shape.push_back(in.shape[i]);
      continue;
    }
    PLAIT_REQUIRE_AS(ShapeError, !needs_elements || in.shape[i] != 0, name, ": axis ", i, " of shape ", to_string(in.shape), " is empty and has no ", name);
    if (keeps(a)) shape.push_back(1);
  }
  return {shape, in.dtype};
}

Spec sum_rule(std::span<const Spec> in, const Attributes& a) { return reduced(in[0], a, "sum", false); }
Spec prod_rule(std::span<const Spec> in, const Attributes& a) { return reduced(in[0], a, "prod", false); }
Spec max_rule(std::span<const Spec> in, const Attributes& a) { return reduced(in[0], a, "max", true); }
Spec min_rule(std::span<const Spec> in, const Attributes& a) { return reduced(in[0], a, "min", true); }

NodeRef restored(const NodeRef& n, const NodeRef& r) { return restore_axes(r, axes_of(n->attributes), keeps(n->attributes)); }

Gradients d_sum(const NodeRef& n, const NodeRef& g) { return {broadcast_like(restored(n, g), n->input_ref(0))}; }

// Elements that attain the extreme share the gradient.
Gradients d_extreme(const NodeRef& n, const NodeRef& g) {
  const NodeRef x = n->input_ref(0);
  const NodeRef hit = cast(equal(x, restored(n, n)), x->spec.dtype);
  const NodeRef hits = reduce("sum", hit, axes_of(n->attributes), true);
  return {multiply(hit, divide(restored(n, g), hits))};
}

// The product of the others: the product over the non-zero elements, divided by the element itself where nothing is zero, as it is at a single
// zero, and nothing elsewhere.
Gradients d_prod(const NodeRef& n, const NodeRef& g) {
  const NodeRef x = n->input_ref(0), zero = constant_like(x, 0), one = constant_like(x, 1);
  const std::vector<Index> axes = axes_of(n->attributes);
  const NodeRef is_zero = equal(x, zero), filled = select(is_zero, one, x);
  const NodeRef product = reduce("prod", filled, axes, true), zeros = reduce("sum", cast(is_zero, x->spec.dtype), axes, true);
  const NodeRef others = divide(product, filled);
  const NodeRef lone = apply("logical_and", {is_zero, equal(zeros, one)});
  return {multiply(restored(n, g), select(equal(zeros, zero), others, select(lone, others, zero)))};
}

// sum_to_like(g, ref): g summed down to the shape of ref, which broadcasts to g's. Lowered to a sum when shapes are bound.
Spec sum_to_like_rule(std::span<const Spec> in, const Attributes&) {
  const Shape together = broadcast(in[0].shape, in[1].shape, "sum_to_like");
  PLAIT_REQUIRE_AS(ShapeError, !is_known(in[0].shape) || !is_known(in[1].shape) || together == in[0].shape, "sum_to_like: shape ", to_string(in[1].shape),
                   " does not broadcast to ", to_string(in[0].shape));
  return {in[1].shape, in[0].dtype};
}
Gradients d_sum_to_like(const NodeRef& n, const NodeRef& g) { return {broadcast_like(g, n->input_ref(0)), {}}; }

// axis_size(x): the number of elements along attributes.ints[1…] as a scalar of dtype ints[0]; a constant once shapes are bound.
Spec axis_size_rule(std::span<const Spec>, const Attributes& a) { return {{}, static_cast<DType>(a.ints[0])}; }
Gradients no_gradient(const NodeRef&, const NodeRef&) { return {{}}; }

}  // namespace

void add_reduction_ops(OpList& ops) {
  const auto entry = [&](const char* name, auto infer, auto gradient, LaneOutput::Kind kind) {
    ops.push_back({.name = name, .kind = OpKind::reduction, .inputs = 1, .infer = infer, .gradient = gradient, .reduce = kind});
  };
  entry("sum", sum_rule, d_sum, LaneOutput::Kind::sum);
  entry("prod", prod_rule, d_prod, LaneOutput::Kind::product);
  entry("max", max_rule, d_extreme, LaneOutput::Kind::maximum);
  entry("min", min_rule, d_extreme, LaneOutput::Kind::minimum);
  ops.push_back({.name = "sum_to_like", .kind = OpKind::other, .inputs = 2, .infer = sum_to_like_rule, .gradient = d_sum_to_like, .shape_only = 0b10});
  ops.push_back({.name = "axis_size", .kind = OpKind::other, .inputs = 1, .infer = axis_size_rule, .gradient = no_gradient, .shape_only = 0b1});
}

}  // namespace plait
