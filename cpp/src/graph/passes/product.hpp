// How a matmul value is run as one (batched) dense product over strided operands.
#pragma once

#include <optional>

#include "module.hpp"
#include "plait/tensor/matmul.hpp"

namespace plait::graph {

bool is_product(const Value& value);

/// The one stride by which an operand moves through all leading dimensions of the result (0: shared), if there is one.
std::optional<Index> leading_stride(const Shape& result, const Shape& operand, const Shape& strides);

/// The product of two placed operands; leading dimensions that only extend the rows are folded into them.
MatmulShape product_shape(const Spec& result, const Spec& a, const View& a_view, const Spec& b, const View& b_view);

}  // namespace plait::graph
