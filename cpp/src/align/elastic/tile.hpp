// Shared by the optimised forms of the elastic measures: the table of loops of each instruction set level, and the tile.
//
// The matrix is cut into tiles of a few rows. Within one, row p is at column c0 + s - p in step s, so that the rows of a step are
// independent of each other; between tiles one row D(i, ·) is passed. There are two uses of a register:
//   one pair:   lane l of register r is row r · lanes + l. Values move to the next lane at each step.
//   many pairs: each lane is a pair (one x against several y), register r is row r.
#pragma once

#include "align/elastic/costs.hpp"
#include "plait/base/isa.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::align::detail {

using namespace tensor;

#define PLAIT_ELASTIC_NAME(name, any, one) name,
/// The cost of a cell: a row of an ElasticTable, and of the definition's table in measure.cpp.
enum class Cost : std::uint8_t { PLAIT_ELASTIC_MEASURES(PLAIT_ELASTIC_NAME) count };
#undef PLAIT_ELASTIC_NAME
constexpr int kCosts = static_cast<int>(Cost::count);

/// A tile. Columns are counted from 1; pointers to columns point to c0, the first column of the tile's first row.
struct Tile {
  const double* x = nullptr;  ///< feature k of row p at x[k * x_stride + p]
  const double* y = nullptr;  ///< feature k of column c0; one pair: the next column is before it; many: `lanes` values, the next column after them.
                              ///< Cost::precomputed: the costs of step s, a register for each r, at y[(s * registers + r) * lanes]
  Index x_stride = 0, y_stride = 0;
  Index width = 1;                                ///< values of an element
  double* row = nullptr;                          ///< D(i0 - 1, c0) before, D(bottom, c0) after; both with the columns around it
  const double* left_column = nullptr;            ///< for each row, the cell before its first: D(i, 0), or infinity
  const double *start = nullptr, *end = nullptr;  ///< row p has cells at steps [start[p], end[p])
  Index steps = 0, full_begin = 0, full_end = 0;  ///< every row has a cell at steps [full_begin, full_end)
  Index bottom = 0;                               ///< position of the tile's last row (one pair)
  double parameter = 0;                           ///< the first of the measure
  Index offset = 0;                               ///< i - j of the cell at row 0, step 0; row p has i - j = offset + 2 p - s at step s
  const double* weights[2] = {nullptr, nullptr};  ///< of |i - j|: that of i - j = d is weights[d & 1][d >> 1], so that lanes are side by side
  std::uint64_t* moves = nullptr;  ///< 2 bits a cell: a register of 64-bit lanes for each r holds 32 steps, the oldest in the highest bits
  double* least = nullptr;         ///< out: the minimum of the bottom row (with its left_column cell), by lane of a register; one pair: last lane
};
using TileLoop = void (*)(const Tile&);

constexpr int kTileRegisters = 4;                      ///< registers of a full tile; remaining rows are computed in tiles of one
constexpr int kMovesSteps = 32;                        ///< steps in one word of moves
constexpr int kMostLanes = 8;                          ///< doubles in the widest register of any level
constexpr int kTilePad = kTileRegisters * kMostLanes;  ///< padding before and after the columns 0 … m that a tile may access

/// [cost][elements of one value][registers: 1, kTileRegisters]; null if there is no such form: one register
/// always has one, except for precomputed costs of many pairs.
struct ElasticTable {
  int lanes;
  TileLoop pair[kCosts][2][2];
  TileLoop traced[kCosts][2][2];
  TileLoop many[kCosts][2][2];
  /// out[j] = cost of an element, feature k at x[k], and element j of y, feature k at y[k * y_stride + j], for j in [0, count); may access up to one
  /// register more of y and out. Null for costs that are not a metric's, or precomputed.
  void (*row_costs[kCosts][2])(const double* x, const double* y, Index y_stride, Index width, Index count, double* out);
  /// A row of asymmetric steps: out[j] = costs[j] + min(above[j - 1], above[j - 2], above[j]), of which the first minimum is moves[j]
  /// (Move), unless that is null. May access up to one register more of each. Returns the minimum of out.
  double (*asymmetric_row)(const double* above, const double* costs, Index count, double* out, std::uint8_t* moves);
  /// The sum of the distances of y to [lower, upper], and that of their squares: for lower bounds.
  double (*beyond)(const double* y, const double* lower, const double* upper, Index n);
  double (*squares_beyond)(const double* y, const double* lower, const double* upper, Index n);
  /// The same for [0] values and [1] squares, with y replaced by (y - mean) · inverse; and with the bounds replaced. Distances
  /// below `slack` do not count.
  double (*scaled_beyond[2])(const double* y, double mean, double inverse, const double* lower, const double* upper, Index n, double slack);
  double (*beyond_scaled[2])(const double* y, double mean, double inverse, const double* lower, const double* upper, Index n, double slack);
  /// Mean, variance, and greatest magnitude.
  void (*moments)(const double* y, Index n, double* mean, double* variance, double* largest);
};

PLAIT_DECLARE_TABLE(ElasticTable, elastic_table)
}  // namespace plait::align::detail
