// The cell of a value, written once: the index is built with these functions and the kernels look up with them, so both agree bit by bit.
// Only subtractions, multiplications and comparisons in an order that leaves nothing to contract: each level computes the same.
#pragma once

#include <cstdint>

#include "plait/base/isa.hpp"
#include "plait/histogram/locate.hpp"

namespace plait::histogram {

/// Of `uniform`, in widths of a bin: how near to a threshold a value must be to be compared with it.
constexpr double kNear = 0x1p-16;

/// In [0, cells - 1], 0 for NaN; monotone in x.
[[gnu::always_inline]] inline double linear_position(double x, double low, double scale, double last) {
  double q = (x - low) * scale;
  q = q > 0 ? q : 0;
  return q < last ? q : last;
}

/// Of the upper half of a double (x + 0.0, so that both zeros are one): increasing with x.
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

/// Values of one call are located in blocks of so many, between two arrays that stay in the first-level cache.
constexpr Index kBlock = 512;

struct LocateTable {
  void (*of_double)(const Lookup&, const double* x, Index n, Slot* out);
  void (*of_float)(const Lookup&, const float* x, Index n, Slot* out);
};

using histogram::LocateTable;
PLAIT_DECLARE_TABLE(LocateTable, locate_table)
}  // namespace plait::histogram
