// One row times a matrix: bound by the reading of the matrix, so there is nothing to pack.
#include "tensor/isa/matmul_internal.hpp"

namespace plait {
namespace PLAIT_ISA_NS {
namespace {

/// A strip of Vectors registers of columns. Few registers are summed in several parts (Parts over k), so that the sums do not wait for
/// each other.
template <class T, int Bytes, int Vectors>
PLAIT_INLINE void strip(Index k, const T* x, Index x_step, const T* b, Index b_row, T* y, Index y_step, bool accumulate) {
  using V = Vector<T, Bytes>;
  constexpr int kWide = kLanes<T, Bytes>;
  constexpr int kParts = Vectors >= 4 ? 1 : 4 / Vectors;
  V sum[kParts][Vectors];
#pragma GCC unroll 4
  for (int s = 0; s < kParts; ++s)
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) sum[s][v] = V{};
  Index i = 0;
  for (; i + kParts <= k; i += kParts)
#pragma GCC unroll 4
    for (int s = 0; s < kParts; ++s, x += x_step, b += b_row) {
      const V factor = *x - V{};
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) sum[s][v] += factor * load<V>(b + v * kWide);
    }
  for (; i < k; ++i, x += x_step, b += b_row)
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) sum[0][v] += *x * load<V>(b + v * kWide);
#pragma GCC unroll 8
  for (int v = 0; v < Vectors; ++v) {
    V total = sum[0][v];
    if constexpr (kParts == 2) total += sum[1][v];
    if constexpr (kParts == 4) total = (total + sum[1][v]) + (sum[2][v] + sum[3][v]);
    if (y_step == 1) store(y + v * kWide, accumulate ? load<V>(y + v * kWide) + total : total);
    else
      for (int lane = 0; lane < kWide; ++lane) {
        T& at = y[(v * kWide + lane) * y_step];
        at = accumulate ? at + total[lane] : total[lane];
      }
  }
}

template <class T, int Bytes, int Vectors>
PLAIT_INLINE Index strips(Index from, Index k, Index n, const T* x, Index x_step, const T* b, Index b_row, T* y, Index y_step, bool accumulate) {
  constexpr Index kStrip = kLanes<T, Bytes> * Vectors;
  for (; from + kStrip <= n; from += kStrip) strip<T, Bytes, Vectors>(k, x, x_step, b + from, b_row, y + from * y_step, y_step, accumulate);
  return from;
}

template <class T>
PLAIT_INLINE void put_one(T* y, T value, bool accumulate) {
  *y = accumulate ? *y + value : value;
}

constexpr int kDots = 4;  // columns at a time

template <class T>
PLAIT_INLINE T sum_lanes(Vector<T> v) {
  constexpr int kWide = kLanes<T>;
  T part[kWide];
  store(part, v);
#pragma GCC unroll 8
  for (int half = kWide / 2; half > 0; half /= 2)
#pragma GCC unroll 8
    for (int i = 0; i < half; ++i) part[i] += part[i + half];
  return part[0];
}

}  // namespace

template <class T>
void row_times(Index k, Index n, const T* x, Index x_step, const T* b, Index b_row, T* y, Index y_step, bool accumulate) {
  Index j = 0;
  j = strips<T, kVectorBytes, 8>(j, k, n, x, x_step, b, b_row, y, y_step, accumulate);
  j = strips<T, kVectorBytes, 4>(j, k, n, x, x_step, b, b_row, y, y_step, accumulate);
  j = strips<T, kVectorBytes, 2>(j, k, n, x, x_step, b, b_row, y, y_step, accumulate);
  j = strips<T, kVectorBytes, 1>(j, k, n, x, x_step, b, b_row, y, y_step, accumulate);
  if constexpr (kVectorBytes > 32) j = strips<T, 32, 1>(j, k, n, x, x_step, b, b_row, y, y_step, accumulate);
  if constexpr (kVectorBytes > 16) j = strips<T, 16, 1>(j, k, n, x, x_step, b, b_row, y, y_step, accumulate);
  for (; j < n; ++j) {
    T even = 0, odd = 0;
    Index i = 0;
    for (; i + 2 <= k; i += 2) {
      even += x[i * x_step] * b[i * b_row + j];
      odd += x[(i + 1) * x_step] * b[(i + 1) * b_row + j];
    }
    if (i < k) even += x[i * x_step] * b[i * b_row + j];
    put_one(y + j * y_step, even + odd, accumulate);
  }
}

template <class T>
void row_dots(Index k, Index n, const T* x, const T* b, Index b_col, T* y, Index y_step, bool accumulate) {
  using V = Vector<T>;
  constexpr Index kWide = kLanes<T>;
  for (Index j = 0; j < n; j += kDots, b += kDots * b_col, y += kDots * y_step) {
    const Index columns = n - j < kDots ? n - j : kDots;
    V sum[kDots];
#pragma GCC unroll 8
    for (int c = 0; c < kDots; ++c) sum[c] = V{};
    T rest[kDots] = {};
    const T* column[kDots];
    for (int c = 0; c < kDots; ++c) column[c] = b + (c < columns ? c : 0) * b_col;
    Index i = 0;
    for (; i + kWide <= k; i += kWide) {
      const V factor = load<V>(x + i);
#pragma GCC unroll 8
      for (int c = 0; c < kDots; ++c) sum[c] += factor * load<V>(column[c] + i);
    }
    for (; i < k; ++i)
      for (int c = 0; c < kDots; ++c) rest[c] += x[i] * column[c][i];
    for (Index c = 0; c < columns; ++c) put_one(y + c * y_step, sum_lanes<T>(sum[c]) + rest[c], accumulate);
  }
}

#define PLAIT_INSTANCES(T)                                                                     \
  template void row_times<T>(Index, Index, const T*, Index, const T*, Index, T*, Index, bool); \
  template void row_dots<T>(Index, Index, const T*, const T*, Index, T*, Index, bool);
PLAIT_INSTANCES(float)
PLAIT_INSTANCES(double)
#undef PLAIT_INSTANCES

}  // namespace PLAIT_ISA_NS
}  // namespace plait
