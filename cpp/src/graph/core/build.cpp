#include "plait/graph/build.hpp"

#include <numeric>

namespace plait::graph::build {

NodeRef constant(double value, DType dtype) { return make_constant(scalar_tensor(value, dtype)); }
NodeRef constant_like(const NodeRef& node, double value) { return constant(value, node->spec.dtype); }

NodeRef add(const NodeRef& a, const NodeRef& b) { return apply("add", {a, b}); }
NodeRef subtract(const NodeRef& a, const NodeRef& b) { return apply("subtract", {a, b}); }
NodeRef multiply(const NodeRef& a, const NodeRef& b) { return apply("multiply", {a, b}); }
NodeRef divide(const NodeRef& a, const NodeRef& b) { return apply("divide", {a, b}); }
NodeRef scale(const NodeRef& a, double factor) { return multiply(a, constant_like(a, factor)); }
NodeRef shift(const NodeRef& a, double offset) { return add(a, constant_like(a, offset)); }
NodeRef negate(const NodeRef& a) { return apply("negative", {a}); }
NodeRef unary(std::string_view op, const NodeRef& a) { return apply(op, {a}); }
NodeRef select(const NodeRef& condition, const NodeRef& a, const NodeRef& b) { return apply("where", {condition, a, b}); }
NodeRef less(const NodeRef& a, const NodeRef& b) { return apply("less", {a, b}); }
NodeRef equal(const NodeRef& a, const NodeRef& b) { return apply("equal", {a, b}); }

NodeRef cast(const NodeRef& a, DType dtype) {
  if (a->spec.dtype == dtype) return a;
  return apply("cast", {a}, {{static_cast<Index>(dtype)}, {}});
}

NodeRef reduce(std::string_view op, const NodeRef& a, const std::vector<Index>& axes, bool keep) {
  Attributes attributes{{keep ? 1 : 0}, {}};
  attributes.ints.insert(attributes.ints.end(), axes.begin(), axes.end());
  return apply(op, {a}, std::move(attributes));
}

std::vector<Index> all_axes(const NodeRef& a) {
  std::vector<Index> axes(a->spec.shape.size());
  std::iota(axes.begin(), axes.end(), Index{0});
  return axes;
}

namespace {
bool same_known_shape(const NodeRef& a, const NodeRef& b) { return a->spec.shape == b->spec.shape && is_known(a->spec.shape); }
}  // namespace

NodeRef broadcast_like(const NodeRef& a, const NodeRef& shape_of) {
  return same_known_shape(a, shape_of) ? a : apply("broadcast_like", {a, shape_of});
}
NodeRef reshape_like(const NodeRef& a, const NodeRef& shape_of) { return same_known_shape(a, shape_of) ? a : apply("reshape_like", {a, shape_of}); }
NodeRef sum_to_like(const NodeRef& g, const NodeRef& shape_of) { return same_known_shape(g, shape_of) ? g : apply("sum_to_like", {g, shape_of}); }

NodeRef restore_axes(const NodeRef& reduced, const std::vector<Index>& axes, bool kept) {
  if (kept) return reduced;
  NodeRef node = reduced;
  for (const Index axis : axes) node = expand_dims(node, axis);  // ascending: each lands where it stood
  return node;
}

NodeRef transpose(const NodeRef& a, const std::vector<Index>& permutation) { return apply("transpose", {a}, {permutation, {}}); }

NodeRef swap_last(const NodeRef& a) {
  std::vector<Index> permutation = all_axes(a);
  std::swap(permutation[permutation.size() - 1], permutation[permutation.size() - 2]);
  return transpose(a, permutation);
}

NodeRef expand_dims(const NodeRef& a, Index axis) { return apply("expand_dims", {a}, {{axis}, {}}); }
NodeRef matmul(const NodeRef& a, const NodeRef& b) { return apply("matmul", {a, b}); }
NodeRef zeros_like(const NodeRef& a) { return broadcast_like(constant_like(a, 0), a); }
NodeRef ones_like(const NodeRef& a) { return broadcast_like(constant_like(a, 1), a); }

}  // namespace plait::graph::build
