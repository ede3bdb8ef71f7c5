// The register tile: rows × registers of sums, one row of B and one broadcast element of A at a time. A is read with any strides: broadcasts cost the
// same, so it needs no packed form.
#include "internal.hpp"

namespace plait::tensor {
namespace PLAIT_ISA_NS {
namespace {

template <class T>
using Tile = void (*)(Index k, const T* a, Index a_row, Index a_col, const T* b, Index b_row, T* c, Index c_row, bool accumulate);

template <class T, int Bytes, int Rows, int Vectors>
void tile(Index k, const T* a, Index a_row, Index a_col, const T* b, Index b_row, T* c, Index c_row, bool accumulate) {
  using V = Vector<T, Bytes>;
  constexpr int kWide = kLanes<T, Bytes>;
  // Three rows to a pointer (base, base + row, base + 2 row): more pointers than that would not fit the integer registers.
  constexpr int kGroups = (Rows + 2) / 3;
  const T* group[kGroups];
#pragma GCC unroll 16
  for (int g = 0; g < kGroups; ++g) group[g] = a + 3 * g * a_row;
  V sum[Rows][Vectors];
#pragma GCC unroll 16
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) sum[r][v] = V{};
  for (Index i = 0; i < k; ++i, b += b_row) {
    V row[Vectors];
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) row[v] = load<V>(b + v * kWide);
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
      const V x = group[r / 3][r % 3 * a_row] - V{};  // a broadcast; x - 0 is x for every x
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; ++v) sum[r][v] += x * row[v];
    }
#pragma GCC unroll 16
    for (int g = 0; g < kGroups; ++g) group[g] += a_col;
  }
  if (accumulate) {
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; ++v) sum[r][v] = load<V>(c + r * c_row + v * kWide) + sum[r][v];
  }
#pragma GCC unroll 16
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) store(c + r * c_row + v * kWide, sum[r][v]);
}

template <class T, int Bytes, int Vectors>
constexpr Tile<T> tile_of(int rows) {
  constexpr Tile<T> kFirst[] = {tile<T, Bytes, 1, Vectors>, tile<T, Bytes, 2, Vectors>, tile<T, Bytes, 3, Vectors>};
  if (rows <= 3) return kFirst[rows - 1];
  if constexpr (Vectors <= 2 || kFewRows >= 6) {
    constexpr Tile<T> kMore[] = {tile<T, Bytes, 4, Vectors>, tile<T, Bytes, 5, Vectors>, tile<T, Bytes, 6, Vectors>};
    if (rows <= 6) return kMore[rows - 4];
  }
  if constexpr (Vectors <= 2 && kTileRows >= 12) {
    constexpr Tile<T> kMost[] = {tile<T, Bytes, 7, Vectors>,  tile<T, Bytes, 8, Vectors>,  tile<T, Bytes, 9, Vectors>,
                                 tile<T, Bytes, 10, Vectors>, tile<T, Bytes, 11, Vectors>, tile<T, Bytes, 12, Vectors>};
    if (rows <= 12) return kMost[rows - 7];
  }
  return nullptr;
}

template <class T>
struct Tiles {
  Tile<T> half[kTileRows], one[kTileRows], two[kTileRows], four[kFewRows];
};
template <class T>
constexpr Tiles<T> tiles() {
  Tiles<T> all{};
  for (int r = 0; r < kTileRows; ++r) {
    all.half[r] = tile_of<T, kHalfBytes, 1>(r + 1);
    all.one[r] = tile_of<T, kVectorBytes, 1>(r + 1);
    all.two[r] = tile_of<T, kVectorBytes, 2>(r + 1);
    if (r < kFewRows) all.four[r] = tile_of<T, kVectorBytes, 4>(r + 1);
  }
  return all;
}

/// Rows of a tile rounded up to complete square blocks.
template <class T>
constexpr Index in_blocks(Index rows) {
  constexpr Index kSide = kLanes<T, kBlockBytes>;
  return (rows + kSide - 1) / kSide * kSide;
}

/// Stores a finished tile (rows × padded, contiguous) to C, for tiles cut at the right edge and for contiguous columns of C.
template <class T>
void put_tile(Index rows, Index width, Index padded, T* done, T* c, Index c_row, Index c_col, bool accumulate) {
  if (c_col == 1) {
    for (Index i = 0; i < rows; ++i) put(width, done + i * padded, c + i * c_row, accumulate);
    return;
  }
  constexpr Index kSide = kLanes<T, kBlockBytes>;
  constexpr Index kMost = in_blocks<T>(kTileRows);
  alignas(64) T transposed[4 * kLanes<T> * kMost];
  Index whole = rows;
  for (; whole % kSide != 0; ++whole)
    for (Index j = 0; j < padded; ++j) done[whole * padded + j] = T(0);
  for (Index i = 0; i < whole; i += kSide)
    for (Index j = 0; j < padded; j += kSide) transpose_block(done + i * padded + j, padded, transposed + j * kMost + i, kMost);
  for (Index j = 0; j < width; ++j) put(rows, transposed + j * kMost, c + j * c_col, accumulate);
}

}  // namespace

template <class T>
void panel_product(const PanelProduct<T>& p) {
  static constexpr Tiles<T> kTiles = tiles<T>();
  constexpr Index kWide = kLanes<T>, kNarrow = kLanes<T, kHalfBytes>;
  const Index padded = p.width >= kWide ? p.width : p.width > kNarrow ? kWide : kNarrow;
  const Tile<T>* const of_rows = padded == 4 * kWide ? kTiles.four : padded == 2 * kWide ? kTiles.two : padded == kWide ? kTiles.one : kTiles.half;
  const bool direct = p.width == padded && p.c_col == 1;
  // Tiles of nearly equal height: a last tile of one or two rows would be bound by latency. Transposed tiles are stored in pieces of four rows.
  const Index count = (p.rows + kTileRows - 1) / kTileRows;
  Index height = (p.rows + count - 1) / count;
  if (p.c_col != 1 && height % 4 != 0 && height / 4 * 4 + 4 <= kTileRows) height += 4 - height % 4;
  constexpr Index kRegisters = 2 * in_blocks<T>(kTileRows) > 4 * in_blocks<T>(kFewRows) ? 2 * in_blocks<T>(kTileRows) : 4 * in_blocks<T>(kFewRows);
  alignas(64) T done[kRegisters * kWide];
  for (Index i = 0; i < p.rows; i += height) {
    const Index rows = p.rows - i < height ? p.rows - i : height;
    const T* a = p.a + i * p.a_row;
    T* c = p.c + i * p.c_row;
    if (direct) of_rows[rows - 1](p.k, a, p.a_row, p.a_col, p.b, p.b_row, c, p.c_row, p.accumulate);
    else {
      of_rows[rows - 1](p.k, a, p.a_row, p.a_col, p.b, p.b_row, done, padded, false);
      put_tile(rows, p.width, padded, done, c, p.c_row, p.c_col, p.accumulate);
    }
  }
}

template void panel_product<float>(const PanelProduct<float>&);
template void panel_product<double>(const PanelProduct<double>&);

}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
