// Copies of blocks into packed form: rows of B side by side in panels, transposed where the source is.
#include "tensor/isa/matmul_internal.hpp"

namespace plait {
namespace PLAIT_ISA_NS {
namespace {

template <class T>
PLAIT_INLINE void clear(Index n, T* to) {
  for (Index i = 0; i < n; ++i) to[i] = T(0);
}

/// The last block of a row or column of blocks is moved back so that it is whole: it copies some elements twice. Two blocks at a time read
/// whole cache lines of the source, whose distance may be such that they do not stay in the cache.
template <class T>
void pack_transposed(Index rows, Index columns, const T* from, Index from_col, T* to, Index to_row) {
  constexpr Index kSide = kLanes<T, kBlockBytes>;
  for (Index i = 0; i < rows;) {
    const bool two = i + 2 * kSide <= rows;
    const Index at = two || i + kSide <= rows ? i : rows - kSide;
    for (Index j = 0; j < columns; j += kSide) {
      const Index column = j + kSide <= columns ? j : columns - kSide;
      const T* source = from + column * from_col + at;
      T* target = to + at * to_row + column;
      transpose_block(source, from_col, target, to_row);
      if (two) transpose_block(source + kSide, from_col, target + kSide * to_row, to_row);
    }
    i += two ? 2 * kSide : kSide;
  }
}

template <class T, int Vectors>
void pack_full_rows(Index rows, const T* from, Index from_row, T* to, Index to_row) {
  using V = Vector<T>;
  for (Index i = 0; i < rows; ++i, from += from_row, to += to_row)
    for (int v = 0; v < Vectors; ++v) store(to + v * kLanes<T>, load<V>(from + v * kLanes<T>));
}

}  // namespace

template <class T>
void pack(Index rows, Index columns, Index padded, const T* from, Index from_row, Index from_col, T* to, Index to_row) {
  constexpr Index kSide = kLanes<T, kBlockBytes>;
  if (from_col == 1) {
    if (columns == 2 * kLanes<T>) return pack_full_rows<T, 2>(rows, from, from_row, to, to_row);
    for (Index i = 0; i < rows; ++i) {
      put(columns, from + i * from_row, to + i * to_row, false);
      clear(padded - columns, to + i * to_row + columns);
    }
    return;
  }
  if (from_row == 1 && rows >= kSide && columns >= kSide) pack_transposed(rows, columns, from, from_col, to, to_row);
  else
    for (Index i = 0; i < rows; ++i)
      for (Index j = 0; j < columns; ++j) to[i * to_row + j] = from[i * from_row + j * from_col];
  if (padded > columns)
    for (Index i = 0; i < rows; ++i) clear(padded - columns, to + i * to_row + columns);
}

template void pack<float>(Index, Index, Index, const float*, Index, Index, float*, Index);
template void pack<double>(Index, Index, Index, const double*, Index, Index, double*, Index);

}  // namespace PLAIT_ISA_NS
}  // namespace plait
