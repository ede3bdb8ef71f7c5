// NumPy's semantics over the strict ops: promotion of dtypes, the meaning of booleans and integers for each operation, powers, means, variances. For
// user interfaces; gradient rules and passes use build.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "plait/graph/attribute_store.hpp"
#include "plait/graph/node.hpp"
#include "plait/graph/op.hpp"

namespace plait::graph::frontend {

/// An operand of an expression: a node, an array, or a number of the host language.
struct Operand {
  enum class Weak : std::uint8_t { no, boolean, integer, real };
  NodeRef node;
  TensorRef tensor;
  bool narrow = false;   ///< an array of 8- or 16-bit integers: with float32 it gives float32, as in NumPy
  Weak weak = Weak::no;  ///< a number of the host language: takes the others' dtype
  double real = 0;
  std::int64_t integer = 0;
};

/// NumPy's result dtype for these operands.
DType common_dtype(std::span<const Operand> operands);
/// The operand as a node of that dtype: a cast, or a constant.
NodeRef realise(const Operand& operand, DType dtype);
/// The operand as a node of its own dtype.
NodeRef realise(const Operand& operand);
/// All in their common dtype.
std::vector<NodeRef> realise_all(std::span<const Operand> operands);

/// An elementwise op with promotion: integers become float64 for functions that need it, booleans 0 and 1 where numbers are needed.
NodeRef elementwise(const Op& op, std::span<const Operand> operands);
NodeRef elementwise(const Op& op, const Operand& a, const Operand& b);
NodeRef power(const Operand& base, const Operand& exponent);
/// Values limited to [lower, upper]; nullopt: no limit on that side.
NodeRef clip(const NodeRef& x, const std::optional<Operand>& lower, const std::optional<Operand>& upper);
/// NumPy's @ with its rules for one dimension. Both operands are dense.
NodeRef matrix_product(const Operand& a, const Operand& b);

// ---- along axes: normalised and ascending ----

/// "sum", "prod", "max", "min", "any", "all" or "mean", as functions of that name in NumPy.
NodeRef reduction(std::string_view name, const NodeRef& x, const std::vector<Index>& axes, bool keepdims);
NodeRef mean(const NodeRef& x, const std::vector<Index>& axes, bool keepdims);
NodeRef variance(const NodeRef& x, const std::vector<Index>& axes, double ddof, bool keepdims);
/// Without an axis: over all elements in row-major order.
NodeRef cumsum(const NodeRef& x, std::optional<Index> axis);

// ---- indexing, concatenation ----

/// One part of an index: x[1:5:2], x[-1], x[[0, 2]], x[None], x[...].
struct IndexPart {
  enum class Kind : std::uint8_t { slice, integer, array, new_axis, ellipsis } kind;
  SliceRange range{};
  Index integer = 0;
  Operand indices{};  ///< whole numbers
};
/// x[parts]; axes without a part are taken whole. std::out_of_range for an index out of range. At most one part is an array, and it cannot be
/// combined with integers.
NodeRef index(const NodeRef& x, std::span<const IndexPart> parts);
/// Elements along an axis; without an axis: of the flattened array.
NodeRef take(const NodeRef& x, const Operand& indices, std::optional<Index> axis);
NodeRef take_along_axis(const NodeRef& x, const NodeRef& indices, Index axis);
NodeRef one_hot(const NodeRef& indices, Index depth, DType dtype);
/// Pieces (at least one) in their common dtype, along an existing axis (concatenate) or a new one (stack).
NodeRef concatenate(std::span<const Operand> pieces, Index axis);
NodeRef stack(std::span<const Operand> pieces, Index axis);
/// Removes these axes of size 1 (normalised, ascending); without a list: all axes of size 1.
NodeRef squeeze(const NodeRef& x, const std::optional<std::vector<Index>>& axes);

}  // namespace plait::graph::frontend
