// Building expressions in C++, as in Python: for gradient rules. Operands must already have one dtype (no promotion).
#pragma once

#include "plait/graph/attributes.hpp"

namespace plait::graph::build {

NodeRef constant(double value, DType dtype);               ///< a scalar
NodeRef constant_like(const NodeRef& node, double value);  ///< a scalar of node's dtype

NodeRef add(const NodeRef& a, const NodeRef& b);
NodeRef subtract(const NodeRef& a, const NodeRef& b);
NodeRef multiply(const NodeRef& a, const NodeRef& b);
NodeRef divide(const NodeRef& a, const NodeRef& b);
NodeRef scale(const NodeRef& a, double factor);  ///< a * factor
NodeRef shift(const NodeRef& a, double offset);  ///< a + offset
NodeRef negate(const NodeRef& a);
NodeRef unary(const Op& op, const NodeRef& a);
NodeRef unary(std::string_view op, const NodeRef& a);
NodeRef select(const NodeRef& condition, const NodeRef& a, const NodeRef& b);
NodeRef less(const NodeRef& a, const NodeRef& b);
NodeRef equal(const NodeRef& a, const NodeRef& b);
NodeRef cast(const NodeRef& a, DType dtype);

/// Sum over the given axes (normalised); all axes: every axis in order.
NodeRef reduce(const Op& op, const NodeRef& a, const std::vector<Index>& axes, bool keep);
NodeRef reduce(std::string_view op, const NodeRef& a, const std::vector<Index>& axes, bool keep);
std::vector<Index> all_axes(const NodeRef& a);

NodeRef broadcast_like(const NodeRef& a, const NodeRef& shape_of);
NodeRef reshape_like(const NodeRef& a, const NodeRef& shape_of);
/// Undoes broadcasting: sums g down to the shape of `shape_of`. Returns g where the shapes are known to be equal.
NodeRef sum_to_like(const NodeRef& g, const NodeRef& shape_of);
/// A reduction's result with the reduced axes inserted again as axes of size 1.
NodeRef restore_axes(const NodeRef& reduced, const std::vector<Index>& axes, bool kept);

NodeRef transpose(const NodeRef& a, const std::vector<Index>& permutation);
NodeRef swap_last(const NodeRef& a);  ///< the last two axes exchanged
NodeRef expand_dims(const NodeRef& a, Index axis);
NodeRef matmul(const NodeRef& a, const NodeRef& b);

NodeRef zeros_like(const NodeRef& a);
NodeRef ones_like(const NodeRef& a);

}  // namespace plait::graph::build
