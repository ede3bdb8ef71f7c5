// Products of rows with rows, C = A B with B transposed in memory: the registers are along k. Nothing is packed, but the lanes of each
// sum have to be added up.
#include "internal.hpp"

namespace plait::tensor {
namespace PLAIT_ISA_NS {
namespace {

constexpr int kMostRows = 4;
/// Columns of a tile of that many rows: as many sums as registers allow, in multiples that total() supports.
constexpr int columns_of(int rows) {
#if defined(__AVX512F__) || defined(__aarch64__)
  return rows == 4 ? 4 : 8;
#else
  return rows == 1 ? 8 : rows == 4 ? 2 : 4;
#endif
}

/// The sums over lanes of kSide registers, as one register.
#if defined(__AVX2__)
PLAIT_INLINE Vector<float, 32> total(const Vector<float, 32>* r) {
  Vector<float, 32> s[4], t[2];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i)
    s[i] = __builtin_shufflevector(r[2 * i], r[2 * i + 1], 0, 8, 1, 9, 4, 12, 5, 13) +
           __builtin_shufflevector(r[2 * i], r[2 * i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
#pragma GCC unroll 2
  for (int i = 0; i < 2; ++i)
    t[i] = __builtin_shufflevector(s[2 * i], s[2 * i + 1], 0, 1, 8, 9, 4, 5, 12, 13) +
           __builtin_shufflevector(s[2 * i], s[2 * i + 1], 2, 3, 10, 11, 6, 7, 14, 15);
  return __builtin_shufflevector(t[0], t[1], 0, 1, 2, 3, 8, 9, 10, 11) + __builtin_shufflevector(t[0], t[1], 4, 5, 6, 7, 12, 13, 14, 15);
}
PLAIT_INLINE Vector<double, 32> total(const Vector<double, 32>* r) {
  const auto a = __builtin_shufflevector(r[0], r[1], 0, 4, 2, 6) + __builtin_shufflevector(r[0], r[1], 1, 5, 3, 7);
  const auto b = __builtin_shufflevector(r[2], r[3], 0, 4, 2, 6) + __builtin_shufflevector(r[2], r[3], 1, 5, 3, 7);
  return __builtin_shufflevector(a, b, 0, 1, 4, 5) + __builtin_shufflevector(a, b, 2, 3, 6, 7);
}
#else
PLAIT_INLINE Vector<float, 16> total(const Vector<float, 16>* r) {
  const auto a = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5) + __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
  const auto b = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5) + __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
  return __builtin_shufflevector(a, b, 0, 1, 4, 5) + __builtin_shufflevector(a, b, 2, 3, 6, 7);
}
PLAIT_INLINE Vector<double, 16> total(const Vector<double, 16>* r) {
  return __builtin_shufflevector(r[0], r[1], 0, 2) + __builtin_shufflevector(r[0], r[1], 1, 3);
}
#endif

#if defined(__AVX512F__)
PLAIT_INLINE Vector<float, 32> fold(Vector<float, 64> v) {
  return __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) + __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
}
PLAIT_INLINE Vector<double, 32> fold(Vector<double, 64> v) {
  return __builtin_shufflevector(v, v, 0, 1, 2, 3) + __builtin_shufflevector(v, v, 4, 5, 6, 7);
}
#endif

/// The last lanes of a load that begins before the rest of k: both factors are masked, to avoid 0 * infinity.
template <class T>
PLAIT_INLINE Vector<T> keep(Vector<T> v, Mask<T> lanes) {
  return (Vector<T>)((Mask<T>)v & lanes);
}

template <class T, int Rows>
void tile(Index k, Index columns, const T* a, Index a_row, const T* b, Index b_col, T* sums, Mask<T> rest) {
  using V = Vector<T>;
  constexpr int kWide = kLanes<T>, kColumns = columns_of(Rows), kSide = kLanes<T, kBlockBytes>;
  const T* column[kColumns];
#pragma GCC unroll 8
  for (int c = 0; c < kColumns; ++c) column[c] = b + (c < columns ? c : 0) * b_col;
  V sum[Rows * kColumns];
#pragma GCC unroll 32
  for (int i = 0; i < Rows * kColumns; ++i) sum[i] = V{};
  Index i = 0;
  for (; i + kWide <= k; i += kWide) {
    V x[Rows];
#pragma GCC unroll 4
    for (int r = 0; r < Rows; ++r) x[r] = load<V>(a + r * a_row + i);
#pragma GCC unroll 8
    for (int c = 0; c < kColumns; ++c) {
      const V y = load<V>(column[c] + i);
#pragma GCC unroll 4
      for (int r = 0; r < Rows; ++r) sum[r * kColumns + c] += x[r] * y;
    }
  }
  if (i < k) {
    V x[Rows];
#pragma GCC unroll 4
    for (int r = 0; r < Rows; ++r) x[r] = keep<T>(load<V>(a + r * a_row + k - kWide), rest);
#pragma GCC unroll 8
    for (int c = 0; c < kColumns; ++c) {
      const V y = keep<T>(load<V>(column[c] + k - kWide), rest);
#pragma GCC unroll 4
      for (int r = 0; r < Rows; ++r) sum[r * kColumns + c] += x[r] * y;
    }
  }
  constexpr int kGroups = (Rows * kColumns + kSide - 1) / kSide;
  Vector<T, kBlockBytes> folded[kGroups * kSide];
#pragma GCC unroll 32
  for (int s = 0; s < kGroups * kSide; ++s) {
    if constexpr (kVectorBytes > kBlockBytes) folded[s] = fold(sum[s < Rows * kColumns ? s : 0]);
    else folded[s] = sum[s < Rows * kColumns ? s : 0];
  }
#pragma GCC unroll 16
  for (int g = 0; g < kGroups; ++g) store(sums + g * kSide, total(folded + g * kSide));
}

template <class T, int Rows>
void rows_of(const PanelProduct<T>& p, const T* a, T* c, Mask<T> rest) {
  constexpr int kColumns = columns_of(Rows);
  alignas(64) T sums[40];
  for (Index j = 0; j < p.width; j += kColumns) {
    const Index columns = p.width - j < kColumns ? p.width - j : kColumns;
    tile<T, Rows>(p.k, columns, a, p.a_row, p.b + j * p.b_col, p.b_col, sums, rest);
    for (Index r = 0; r < Rows; ++r)
      for (Index s = 0; s < columns; ++s) {
        T& at = c[r * p.c_row + (j + s) * p.c_col];
        at = p.accumulate ? at + sums[r * kColumns + s] : sums[r * kColumns + s];
      }
  }
}

}  // namespace

template <class T>
void dots(const PanelProduct<T>& p) {
  constexpr int kWide = kLanes<T>;
  Mask<T> rest;
#pragma GCC unroll 16
  for (int lane = 0; lane < kWide; ++lane) rest[lane] = lane >= kWide - static_cast<int>(p.k % kWide) ? -1 : 0;
  for (Index i = 0; i < p.rows;) {
    const Index left = p.rows - i;
    const T* a = p.a + i * p.a_row;
    T* c = p.c + i * p.c_row;
    // Five rows are faster as three and two than as four and one.
    const Index rows = left == 5 ? 3 : left < kMostRows ? left : kMostRows;
    if (rows == 4) rows_of<T, 4>(p, a, c, rest);
    else if (rows == 3) rows_of<T, 3>(p, a, c, rest);
    else if (rows == 2) rows_of<T, 2>(p, a, c, rest);
    else rows_of<T, 1>(p, a, c, rest);
    i += rows;
  }
}

template void dots<float>(const PanelProduct<float>&);
template void dots<double>(const PanelProduct<double>&);

}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
