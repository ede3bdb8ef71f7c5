// A matmul value as one (batched) dense product of strided operands.
#pragma once

#include <optional>

#include "module.hpp"
#include "plait/tensor/matmul.hpp"

namespace plait::graph {

bool is_product(const Value& value);

/// The one stride by which an operand moves through all leading dimensions of the result (0: shared), if there is one.
std::optional<Index> leading_stride(const Shape& result, const Shape& operand, const Shape& strides);

/// The product of two operands with these views; leading dimensions that only add rows are folded into m.
MatmulShape product_shape(const Spec& result, const Spec& a, const View& a_view, const Spec& b, const View& b_view);

}  // namespace plait::graph
