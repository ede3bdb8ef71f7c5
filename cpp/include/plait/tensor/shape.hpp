// Shapes: sizes from outermost to innermost, row-major. kAny stands for a size that is bound when a program runs.
#pragma once

#include <cstdint>
#include <string>

#include "plait/base/small_vector.hpp"

namespace plait::tensor {

using Index = std::int64_t;
constexpr Index kAny = -1;
/// Up to two sizes are stored inline: every value of a module of millions holds a shape and strides.
using Shape = SmallVector<Index, 2>;

/// "(2, None, 3)", "(2,)", "()".
std::string to_string(const Shape& shape);

/// True if no size is kAny.
bool is_known(const Shape& shape);

/// Number of elements of a known shape; throws ShapeError if that overflows.
Index count_of(const Shape& shape);

/// NumPy's broadcasting. kAny against 1 or kAny gives kAny; kAny against n > 1 gives n (checked again when bound).
/// Throws ShapeError: "<what>: shapes (2, 3) and (4,) do not broadcast".
Shape broadcast(const Shape& a, const Shape& b, const char* what);

/// Row-major strides in elements.
Shape contiguous_strides(const Shape& shape);

/// Maps an axis in [-rank, rank) to [0, rank); throws ShapeError that names `what`.
int normalize_axis(Index axis, std::size_t rank, const char* what);

}  // namespace plait::tensor
