// What the files of the dense product share within one level.
#pragma once

#include "tensor/isa/matmul.hpp"
#include "tensor/isa/vector.hpp"

namespace plait {
namespace PLAIT_ISA_NS {

// A register tile is kTileRows × two or kFewRows × four registers of sums; the others hold a row of B and broadcasts of A.
#if defined(__AVX512F__)
constexpr int kTileRows = 12, kFewRows = 6;
#elif defined(__aarch64__)
constexpr int kTileRows = 12, kFewRows = 6;
#else
constexpr int kTileRows = 6, kFewRows = 3;
#endif
constexpr int kHalfBytes = kVectorBytes > 16 ? kVectorBytes / 2 : 16;
constexpr int kBlockBytes = kVectorBytes > 32 ? 32 : kVectorBytes;  // registers that a square transpose works on

template <class T>
void panel_product(const PanelProduct<T>&);
template <class T>
void pack(Index rows, Index columns, Index padded, const T* from, Index from_row, Index from_col, T* to, Index to_row);
template <class T>
void row_times(Index k, Index n, const T* x, Index x_step, const T* b, Index b_row, T* y, Index y_step, bool accumulate);
template <class T>
void dots(const PanelProduct<T>&);

/// to (+)= from, n elements, in pieces that get smaller.
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

// Square transposes, in place. The shuffles are those that AVX does without crossing its 128-bit halves, then one that swaps halves.
PLAIT_INLINE void transpose(Vector<float, 16> (&r)[4]) {
  const auto a = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5), b = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
  const auto c = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5), d = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
  r[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
  r[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
  r[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
  r[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}
PLAIT_INLINE void transpose(Vector<double, 16> (&r)[2]) {
  const auto a = __builtin_shufflevector(r[0], r[1], 0, 2);
  r[1] = __builtin_shufflevector(r[0], r[1], 1, 3);
  r[0] = a;
}
#if defined(__AVX2__)
PLAIT_INLINE void transpose(Vector<float, 32> (&r)[8]) {
  Vector<float, 32> s[8], t[8];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    s[2 * i] = __builtin_shufflevector(r[2 * i], r[2 * i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    s[2 * i + 1] = __builtin_shufflevector(r[2 * i], r[2 * i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const int from = i / 2 * 4 + i % 2;
    t[2 * i] = __builtin_shufflevector(s[from], s[from + 2], 0, 1, 8, 9, 4, 5, 12, 13);
    t[2 * i + 1] = __builtin_shufflevector(s[from], s[from + 2], 2, 3, 10, 11, 6, 7, 14, 15);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    r[i] = __builtin_shufflevector(t[i], t[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    r[i + 4] = __builtin_shufflevector(t[i], t[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}
PLAIT_INLINE void transpose(Vector<double, 32> (&r)[4]) {
  const auto a = __builtin_shufflevector(r[0], r[1], 0, 4, 2, 6), b = __builtin_shufflevector(r[0], r[1], 1, 5, 3, 7);
  const auto c = __builtin_shufflevector(r[2], r[3], 0, 4, 2, 6), d = __builtin_shufflevector(r[2], r[3], 1, 5, 3, 7);
  r[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
  r[1] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
  r[2] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
  r[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}
#endif

/// A square block: to[i * to_row + j] = from[j * from_col + i].
template <class T>
PLAIT_INLINE void transpose_block(const T* from, Index from_col, T* to, Index to_row) {
  constexpr int kSide = kLanes<T, kBlockBytes>;
  using V = Vector<T, kBlockBytes>;
  V r[kSide];
#pragma GCC unroll 8
  for (int j = 0; j < kSide; ++j) r[j] = load<V>(from + j * from_col);
  transpose(r);
#pragma GCC unroll 8
  for (int i = 0; i < kSide; ++i) store(to + i * to_row, r[i]);
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait
