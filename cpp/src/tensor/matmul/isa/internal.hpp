// Shared by the files of the dense product within one level.
#pragma once

#include "matmul.hpp"
#include "plait/tensor/vector.hpp"

namespace plait::tensor {
namespace PLAIT_ISA_NS {

// A register tile is kTileRows × two or kFewRows × four registers of sums; the others hold a row of B and broadcasts of A.
#if defined(__AVX512F__)
constexpr int kTileRows = 12, kFewRows = 6;
#elif defined(__aarch64__)
constexpr int kTileRows = 12, kFewRows = 6;
#else
constexpr int kTileRows = 6, kFewRows = 3;
#endif
// Products of many rows cut k so that a panel of B, two registers wide, lies in the first-level cache where a tile is so low that it reads B often:
// on AVX2 512 gives 99 GFLOP/s at 1024³ and 94 at 2048³, 1024 gives 91 and 88, 256 gives 99 and 93 but 102 against 106 at 512³ (float, Zen 4). Tiles
// of 12 rows hide the second-level cache, and a longer sum in registers writes C less often. After a change: PLAIT_ISA=v3 ./dev bench graph --only
// matmul.
constexpr Index kChunkOfManyRows = kTileRows < 12 && kVectorBytes > 16 ? 512 : 1024;
// Number of rows up to which B is read once, a panel at a time: on AVX-512 129 × 800 × 512 rises from 109 to 116 GFLOP/s by it, 160 × 784 ×
// 512 from 112 to 116, 192 × 784 × 512 from 111 to 115, and 256 × 1024 × 256 falls from 114 to 108; on AVX2 192 × 784 × 512 falls from 103 to 89.
constexpr Index kRowsByColumns = kVectorBytes > 32 ? 192 : 128;
constexpr int kHalfBytes = kVectorBytes > 16 ? kVectorBytes / 2 : 16;

template <class T>
void panel_product(const PanelProduct<T>&);
template <class T>
void pack(Index rows, Index columns, Index padded, const T* from, Index from_row, Index from_col, T* to, Index to_row);
template <class T>
void row_streams(Index k, Index n, const T* x, Index x_step, const T* b, Index b_row, T* y, bool accumulate);
template <class T>
void row_times(Index k, Index n, const T* x, Index x_step, const T* b, Index b_row, T* y, Index y_step, bool accumulate);
template <class T>
void dots(const PanelProduct<T>&);

/// Copies (or adds) n elements, in decreasing widths.
template <class T, int Bytes = kVectorBytes>
PLAIT_INLINE void put(Index n, const T* from, T* to, bool accumulate) {
  constexpr int kWide = kLanes<T, Bytes>;
  using V = Vector<T, Bytes>;
  for (; n >= kWide; n -= kWide, from += kWide, to += kWide) {
    const V v = load<V>(from);
    store(to, accumulate ? load<V>(to) + v : v);
  }
  if constexpr (Bytes > 16) put<T, Bytes / 2>(n, from, to, accumulate);
  else
    for (Index i = 0; i < n; ++i) to[i] = accumulate ? to[i] + from[i] : from[i];
}

// Transposes square blocks: to[i * to_row + j] = from[j * from_col + i]. Loads of 16 bytes place the rows of the block such that shuffles within
// 16 bytes, the fast ones, complete the transposition.
PLAIT_INLINE Vector<float, 16> half_line(const float* p) { return load<Vector<float, 16>>(p); }
PLAIT_INLINE Vector<double, 16> half_line(const double* p) { return load<Vector<double, 16>>(p); }

#if defined(__AVX2__)
constexpr int kBlockBytes = 32;

PLAIT_INLINE void transpose_block(const float* from, Index from_col, float* to, Index to_row) {
#pragma GCC unroll 2
  for (int half = 0; half < 2; ++half) {
    Vector<float, 32> r[4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j)
      r[j] =
          __builtin_shufflevector(half_line(from + j * from_col + 4 * half), half_line(from + (j + 4) * from_col + 4 * half), 0, 1, 2, 3, 4, 5, 6, 7);
    const auto a = __builtin_shufflevector(r[0], r[1], 0, 8, 1, 9, 4, 12, 5, 13), b = __builtin_shufflevector(r[0], r[1], 2, 10, 3, 11, 6, 14, 7, 15);
    const auto c = __builtin_shufflevector(r[2], r[3], 0, 8, 1, 9, 4, 12, 5, 13), d = __builtin_shufflevector(r[2], r[3], 2, 10, 3, 11, 6, 14, 7, 15);
    float* rows = to + 4 * half * to_row;
    store(rows, __builtin_shufflevector(a, c, 0, 1, 8, 9, 4, 5, 12, 13));
    store(rows + to_row, __builtin_shufflevector(a, c, 2, 3, 10, 11, 6, 7, 14, 15));
    store(rows + 2 * to_row, __builtin_shufflevector(b, d, 0, 1, 8, 9, 4, 5, 12, 13));
    store(rows + 3 * to_row, __builtin_shufflevector(b, d, 2, 3, 10, 11, 6, 7, 14, 15));
  }
}
PLAIT_INLINE void transpose_block(const double* from, Index from_col, double* to, Index to_row) {
#pragma GCC unroll 2
  for (int half = 0; half < 2; ++half) {
    const auto a = __builtin_shufflevector(half_line(from + 2 * half), half_line(from + 2 * from_col + 2 * half), 0, 1, 2, 3);
    const auto b = __builtin_shufflevector(half_line(from + from_col + 2 * half), half_line(from + 3 * from_col + 2 * half), 0, 1, 2, 3);
    store(to + 2 * half * to_row, __builtin_shufflevector(a, b, 0, 4, 2, 6));
    store(to + (2 * half + 1) * to_row, __builtin_shufflevector(a, b, 1, 5, 3, 7));
  }
}
#else
constexpr int kBlockBytes = 16;

PLAIT_INLINE void transpose_block(const float* from, Index from_col, float* to, Index to_row) {
  const auto r = half_line(from), s = half_line(from + from_col), t = half_line(from + 2 * from_col), u = half_line(from + 3 * from_col);
  const auto a = __builtin_shufflevector(r, s, 0, 4, 1, 5), b = __builtin_shufflevector(r, s, 2, 6, 3, 7);
  const auto c = __builtin_shufflevector(t, u, 0, 4, 1, 5), d = __builtin_shufflevector(t, u, 2, 6, 3, 7);
  store(to, __builtin_shufflevector(a, c, 0, 1, 4, 5));
  store(to + to_row, __builtin_shufflevector(a, c, 2, 3, 6, 7));
  store(to + 2 * to_row, __builtin_shufflevector(b, d, 0, 1, 4, 5));
  store(to + 3 * to_row, __builtin_shufflevector(b, d, 2, 3, 6, 7));
}
PLAIT_INLINE void transpose_block(const double* from, Index from_col, double* to, Index to_row) {
  const auto r = half_line(from), s = half_line(from + from_col);
  store(to, __builtin_shufflevector(r, s, 0, 2));
  store(to + to_row, __builtin_shufflevector(r, s, 1, 3));
}
#endif

}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
