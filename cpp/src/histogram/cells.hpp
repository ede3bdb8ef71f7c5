// The cell of a value, written once: the index is built with these functions and the kernels look up with them, so that both are bit-equal.
// Only subtractions, multiplications and comparisons in an order that permits no contraction: equal results on each level.
#pragma once

#include <cstdint>

#include "plait/base/isa.hpp"
#include "plait/histogram/locate.hpp"

namespace plait::histogram {

/// For `uniform`: values this near to a threshold, in bin widths, are compared with it.
constexpr double kNear = 0x1p-16;

/// In [0, cells - 1], 0 for NaN; monotone in x.
[[gnu::always_inline]] inline double linear_position(double x, double low, double scale, double last) {
  double q = (x - low) * scale;
  q = q > 0 ? q : 0;
  return q < last ? q : last;
}

/// The upper half of a double (x + 0.0, so that both zeros are equal), as an integer that increases with x.
[[gnu::always_inline]] inline std::int32_t upper_key(double x) {
  const std::int32_t upper = static_cast<std::int32_t>(__builtin_bit_cast(std::uint64_t, x + 0.0) >> 32);
  return upper ^ ((upper >> 31) & 0x7FFFFFFF);
}
[[gnu::always_inline]] inline std::int32_t bits_cell(double x, int shift, std::int32_t first, std::int32_t last) {
  std::int32_t cell = upper_key(x) >> shift;  // |cell| and |first| <= 2^31 >> shift, so their difference needs shift >= 1
  cell -= first;
  cell = cell > 0 ? cell : 0;
  return cell < last ? cell : last;
}

/// Size of the blocks in which the values of one call are located, between two arrays that stay in the first-level cache.
constexpr Index kBlock = 512;

struct LocateTable {
  void (*of_double)(const Lookup&, const double* x, Index n, Slot* out);
  void (*of_float)(const Lookup&, const float* x, Index n, Slot* out);
};

using histogram::LocateTable;
PLAIT_DECLARE_TABLE(LocateTable, locate_table)
}  // namespace plait::histogram
