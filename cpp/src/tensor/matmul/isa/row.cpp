// One row times a matrix with contiguous rows: bound by reading the matrix, so packing saves nothing.
#include "internal.hpp"

namespace plait::tensor {
namespace PLAIT_ISA_NS {
namespace {

/// A strip of Vectors registers of columns. Few registers are summed in several parts (Parts over k), so that the sums are
/// independent.
template <class T, int Bytes, int Vectors>
PLAIT_INLINE void strip(Index k, const T* x, Index x_step, const T* b, Index b_row, T* y, bool accumulate) {
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
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) sum[s][v] += *x * load<V>(b + v * kWide);
    }
  for (; i < k; ++i, x += x_step, b += b_row)
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) sum[0][v] += *x * load<V>(b + v * kWide);
#pragma GCC unroll 8
  for (int v = 0; v < Vectors; ++v) {
    V total = sum[0][v];
    if constexpr (kParts == 2) total += sum[1][v];
    if constexpr (kParts == 4) total = (total + sum[1][v]) + (sum[2][v] + sum[3][v]);
    store(y + v * kWide, accumulate ? load<V>(y + v * kWide) + total : total);
  }
}

template <class T, int Bytes, int Vectors>
PLAIT_INLINE Index strips(Index from, Index k, Index n, const T* x, Index x_step, const T* b, Index b_row, T* y, bool accumulate) {
  constexpr Index kStrip = kLanes<T, Bytes> * Vectors;
  for (; from + kStrip <= n; from += kStrip) strip<T, Bytes, Vectors>(k, x, x_step, b + from, b_row, y + from, accumulate);
  return from;
}

template <class T>
void contiguous(Index k, Index n, const T* x, Index x_step, const T* b, Index b_row, T* y, bool accumulate) {
  Index j = 0;
  j = strips<T, kVectorBytes, 8>(j, k, n, x, x_step, b, b_row, y, accumulate);
  j = strips<T, kVectorBytes, 4>(j, k, n, x, x_step, b, b_row, y, accumulate);
  j = strips<T, kVectorBytes, 2>(j, k, n, x, x_step, b, b_row, y, accumulate);
  j = strips<T, kVectorBytes, 1>(j, k, n, x, x_step, b, b_row, y, accumulate);
  if constexpr (kVectorBytes > 32) j = strips<T, 32, 1>(j, k, n, x, x_step, b, b_row, y, accumulate);
  if constexpr (kVectorBytes > 16) j = strips<T, 16, 1>(j, k, n, x, x_step, b, b_row, y, accumulate);
  for (; j < n; ++j) {
    T even = 0, odd = 0;
    Index i = 0;
    for (; i + 2 <= k; i += 2) {
      even += x[i * x_step] * b[i * b_row + j];
      odd += x[(i + 1) * x_step] * b[(i + 1) * b_row + j];
    }
    if (i < k) even += x[i * x_step] * b[i * b_row + j];
    y[j] = accumulate ? y[j] + (even + odd) : even + odd;
  }
}

}  // namespace

template <class T>
void row_times(Index k, Index n, const T* x, Index x_step, const T* b, Index b_row, T* y, Index y_step, bool accumulate) {
  if (y_step == 1) return contiguous(k, n, x, x_step, b, b_row, y, accumulate);
  constexpr Index kPart = 16 * kLanes<T>;
  alignas(64) T part[kPart];
  for (; n > 0; n -= kPart, b += kPart, y += kPart * y_step) {
    const Index columns = n < kPart ? n : kPart;
    contiguous(k, columns, x, x_step, b, b_row, part, false);
    for (Index j = 0; j < columns; ++j) y[j * y_step] = accumulate ? y[j * y_step] + part[j] : part[j];
  }
}

template <class T>
void row_streams(Index k, Index n, const T* x, Index x_step, const T* b, Index b_row, T* y, bool accumulate) {
  using V = Vector<T>;
  constexpr int kRows = 8;
  const Index whole = n / kLanes<T> * kLanes<T>;
  contiguous(k, n - whole, x, x_step, b + whole, b_row, y + whole, accumulate);
  Index i = 0;
  for (; i + kRows <= k; i += kRows, b += kRows * b_row) {
    T factor[kRows];
    const T* row[kRows];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) factor[r] = x[(i + r) * x_step], row[r] = b + r * b_row;
    for (Index j = 0; j < whole; j += kLanes<T>) {
      V even = i > 0 || accumulate ? load<V>(y + j) : V{}, odd = V{};
#pragma GCC unroll 4
      for (int r = 0; r < kRows; r += 2) {
        even += factor[r] * load<V>(row[r] + j);
        odd += factor[r + 1] * load<V>(row[r + 1] + j);
      }
      store(y + j, even + odd);
    }
  }
  for (; i < k; ++i, b += b_row)
    for (Index j = 0; j < whole; j += kLanes<T>) {
      const V before = i > 0 || accumulate ? load<V>(y + j) : V{};
      store(y + j, before + x[i * x_step] * load<V>(b + j));
    }
}

template void row_streams<float>(Index, Index, const float*, Index, const float*, Index, float*, bool);
template void row_streams<double>(Index, Index, const double*, Index, const double*, Index, double*, bool);
template void row_times<float>(Index, Index, const float*, Index, const float*, Index, float*, Index, bool);
template void row_times<double>(Index, Index, const double*, Index, const double*, Index, double*, Index, bool);

}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
