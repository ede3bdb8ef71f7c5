// Strided copies: transposes, slices, broadcasts, concatenations.
#pragma once

#include "plait/tensor/dtype.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::tensor {

/// Copies a space of elements of `bytes` bytes each (1, 4 or 8) from source to destination; strides in elements, either side may be anything
/// (source strides may be 0 or negative). Adjacent dimensions that are contiguous in both are merged first; a transpose goes tile by tile.
void copy_strided(void* destination, const Shape& destination_strides, const void* source, const Shape& source_strides, const Shape& space,
                  std::size_t bytes);

}  // namespace plait::tensor
