#include "plait/graph/build.hpp"

#include <numeric>

#include "plait/graph/ops.hpp"

namespace plait::graph::build {

NodeRef constant(double value, DType dtype) {
  BackwardScope* const scope = BackwardScope::current();
  return scope != nullptr ? scope->number(value, dtype) : make_constant(scalar_tensor(value, dtype));
}
NodeRef constant_like(const NodeRef& node, double value) { return constant(value, node->spec.dtype); }

NodeRef add(const NodeRef& a, const NodeRef& b) { return apply(ops::add, {a, b}); }
NodeRef subtract(const NodeRef& a, const NodeRef& b) { return apply(ops::subtract, {a, b}); }
NodeRef multiply(const NodeRef& a, const NodeRef& b) { return apply(ops::multiply, {a, b}); }
NodeRef divide(const NodeRef& a, const NodeRef& b) { return apply(ops::divide, {a, b}); }
NodeRef scale(const NodeRef& a, double factor) { return multiply(a, constant_like(a, factor)); }
NodeRef shift(const NodeRef& a, double offset) { return add(a, constant_like(a, offset)); }
NodeRef negate(const NodeRef& a) { return apply(ops::negative, {a}); }
NodeRef unary(const Op& op, const NodeRef& a) { return apply(op, {a}); }
NodeRef unary(std::string_view op, const NodeRef& a) { return unary(find_op(op), a); }
NodeRef select(const NodeRef& condition, const NodeRef& a, const NodeRef& b) { return apply(ops::where, {condition, a, b}); }
NodeRef less(const NodeRef& a, const NodeRef& b) { return apply(ops::less, {a, b}); }
NodeRef equal(const NodeRef& a, const NodeRef& b) { return apply(ops::equal, {a, b}); }

NodeRef cast(const NodeRef& a, DType dtype) {
  if (a->spec.dtype == dtype) return a;
  return apply(ops::cast, {a}, CastTo{dtype});
}

NodeRef reduce(std::string_view op, const NodeRef& a, const std::vector<Index>& axes, bool keep) { return reduce(find_op(op), a, axes, keep); }
NodeRef reduce(const Op& op, const NodeRef& a, const std::vector<Index>& axes, bool keep) { return apply(op, {a}, ReducedAxes{keep, axes}); }

std::vector<Index> all_axes(const NodeRef& a) {
  std::vector<Index> axes(a->spec.shape.size());
  std::iota(axes.begin(), axes.end(), Index{0});
  return axes;
}

namespace {
bool same_known_shape(const NodeRef& a, const NodeRef& b) { return a->spec.shape == b->spec.shape && is_known(a->spec.shape); }
}  // namespace

NodeRef broadcast_like(const NodeRef& a, const NodeRef& shape_of) {
  return same_known_shape(a, shape_of) ? a : apply(ops::broadcast_like, {a, shape_of});
}
NodeRef reshape_like(const NodeRef& a, const NodeRef& shape_of) {
  return same_known_shape(a, shape_of) ? a : apply(ops::reshape_like, {a, shape_of});
}
NodeRef sum_to_like(const NodeRef& g, const NodeRef& shape_of) { return same_known_shape(g, shape_of) ? g : apply(ops::sum_to_like, {g, shape_of}); }

NodeRef restore_axes(const NodeRef& reduced, const std::vector<Index>& axes, bool kept) {
  if (kept) return reduced;
  NodeRef node = reduced;
  for (const Index axis : axes) node = expand_dims(node, axis);  // ascending: each axis gets its old position
  return node;
}

NodeRef transpose(const NodeRef& a, const std::vector<Index>& permutation) { return apply(ops::transpose, {a}, Permutation{permutation}); }

NodeRef swap_last(const NodeRef& a) {
  std::vector<Index> permutation = all_axes(a);
  std::swap(permutation[permutation.size() - 1], permutation[permutation.size() - 2]);
  return transpose(a, permutation);
}

NodeRef expand_dims(const NodeRef& a, Index axis) { return apply(ops::expand_dims, {a}, OneAxis{axis}); }
NodeRef matmul(const NodeRef& a, const NodeRef& b) { return apply(ops::matmul, {a, b}); }
NodeRef zeros_like(const NodeRef& a) { return broadcast_like(constant_like(a, 0), a); }
NodeRef ones_like(const NodeRef& a) { return broadcast_like(constant_like(a, 1), a); }

}  // namespace plait::graph::build
