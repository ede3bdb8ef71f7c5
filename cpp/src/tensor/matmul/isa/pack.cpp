// Copies blocks into packed form: rows of B contiguous in panels, transposed where the source is.
#include "internal.hpp"

namespace plait::tensor {
namespace PLAIT_ISA_NS {
namespace {

/// Zeros up to `padded`, one of the two register widths; columns before `columns` are written afterwards.
template <class T>
PLAIT_INLINE void clear(Index columns, Index padded, T* to) {
  if (columns == padded) return;
  if (padded == kLanes<T>) store(to, Vector<T>{});
  else store(to, Vector<T, kHalfBytes>{});
}

/// The last block of a row or column of blocks is shifted back to be complete: some elements are copied twice. A few columns at a time, which the
/// hardware prefetches as that many streams.
template <class T>
void pack_transposed(Index rows, Index columns, const T* from, Index from_col, T* to, Index to_row) {
  constexpr Index kSide = kLanes<T, kBlockBytes>;
  for (Index j = 0; j < columns; j += kSide) {
    const Index column = j + kSide <= columns ? j : columns - kSide;
    const T* source = from + column * from_col;
    T* target = to + column;
    for (Index i = 0; i + kSide <= rows; i += kSide) transpose_block(source + i, from_col, target + i * to_row, to_row);
    if (rows % kSide != 0) transpose_block(source + rows - kSide, from_col, target + (rows - kSide) * to_row, to_row);
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
      clear(columns, padded, to + i * to_row);
      put(columns, from + i * from_row, to + i * to_row, false);
    }
    return;
  }
  if (padded > columns)
    for (Index i = 0; i < rows; ++i) clear(columns, padded, to + i * to_row);
  if (from_row == 1 && rows >= kSide && columns >= kSide) pack_transposed(rows, columns, from, from_col, to, to_row);
  else
    for (Index i = 0; i < rows; ++i)
      for (Index j = 0; j < columns; ++j) to[i * to_row + j] = from[i * from_row + j * from_col];
}

template void pack<float>(Index, Index, Index, const float*, Index, Index, float*, Index);
template void pack<double>(Index, Index, Index, const double*, Index, Index, double*, Index);

}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
