// Shared by the fast forms of the elastic measures: the table of loops of each instruction set level, and the tile.
//
// The matrix is cut into tiles of a few rows. Within one, row p works on column c0 + s - p at step s, so that all rows of a step are
// independent of each other; between tiles one row D(i, ·) is handed on. There are two ways to fill a register:
//   one pair:   lane l of register r is row r · lanes + l. Values move down by one lane at each step.
//   many pairs: every lane is a pair of its own (one x against several y), register r is row r.
#pragma once

#include "align/elastic/costs.hpp"
#include "plait/base/isa.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::align::detail {

using namespace tensor;

#define PLAIT_ELASTIC_NAME(name, any, one) name,
/// What a cell costs: a row of an ElasticTable, and of the definition's table in measure.cpp.
enum class Cost : std::uint8_t { PLAIT_ELASTIC_MEASURES(PLAIT_ELASTIC_NAME) count };
#undef PLAIT_ELASTIC_NAME
constexpr int kCosts = static_cast<int>(Cost::count);

/// A tile. Columns are counted from 1; everything of a column is reached from that of c0, the first column of the tile's first row.
struct Tile {
  const double* x = nullptr;  ///< feature k of row p at x[k * x_stride + p]
  const double* y = nullptr;  ///< feature k of column c0; one pair: the next column is before it; many: `lanes` values, the next behind them.
                              ///< Cost::precomputed: the costs of step s, a register for each r, at y[(s * registers + r) * lanes]
  Index x_stride = 0, y_stride = 0;
  Index width = 1;                                ///< values of an element
  double* row = nullptr;                          ///< D(i0 - 1, c0) before, D(bottom, c0) after; both with what is beside them
  const double* left_column = nullptr;            ///< of row p, the cell before its first: D(i, 0), or none
  const double *start = nullptr, *end = nullptr;  ///< row p has cells at steps [start[p], end[p])
  Index steps = 0, full_begin = 0, full_end = 0;  ///< every row has a cell at steps [full_begin, full_end)
  Index bottom = 0;                               ///< position of the tile's last row (one pair)
  double parameter = 0;                           ///< the first of the measure
  Index offset = 0;                               ///< i - j of the cell at row 0, step 0; row p has i - j = offset + 2 p - s at step s
  const double* weights[2] = {nullptr, nullptr};  ///< of |i - j|: that of i - j = d is weights[d & 1][d >> 1], so that lanes are side by side
  std::uint64_t* moves = nullptr;  ///< 2 bits a cell: a register of 64-bit lanes for each r holds 32 steps, the oldest in the highest bits
  double* least = nullptr;         ///< out: the least of the bottom row (with its left_column cell), for each lane of a register; one pair: last lane
};
using TileLoop = void (*)(const Tile&);

constexpr int kTileRegisters = 4;                      ///< registers of a full tile; what is left over is done in tiles of one
constexpr int kMovesSteps = 32;                        ///< steps in one word of moves
constexpr int kMostLanes = 8;                          ///< doubles in the widest register of any level
constexpr int kTilePad = kTileRegisters * kMostLanes;  ///< what a tile may touch before and behind the columns 0 … m

/// [cost][elements of one value][registers: 1, kTileRegisters]; null where there is no such form: one register
/// there is always, but many pairs not for precomputed costs.
struct ElasticTable {
  int lanes;
  TileLoop pair[kCosts][2][2];
  TileLoop traced[kCosts][2][2];
  TileLoop many[kCosts][2][2];
  /// out[j] = cost of an element, feature k at x[k], and element j of y, feature k at y[k * y_stride + j], for j in [0, count); a register more of
  /// y and out may be touched. Null where costs are not those of a metric, or given.
  void (*row_costs[kCosts][2])(const double* x, const double* y, Index y_stride, Index width, Index count, double* out);
  /// A row of asymmetric steps: out[j] = costs[j] + the least of above[j - 1], above[j - 2], above[j], of which the first least is moves[j]
  /// (Move), if that is not null. A register more of all may be touched. Gives the least of out.
  double (*asymmetric_row)(const double* above, const double* costs, Index count, double* out, std::uint8_t* moves);
  /// The sum of what y lies outside of [lower, upper], and that of its squares: for lower bounds.
  double (*beyond)(const double* y, const double* lower, const double* upper, Index n);
  double (*squares_beyond)(const double* y, const double* lower, const double* upper, Index n);
  /// The same for [0] values and [1] squares, y being (y - mean) · inverse; and with the bounds being that. What is beyond by
  /// less than `slack` is not.
  double (*scaled_beyond[2])(const double* y, double mean, double inverse, const double* lower, const double* upper, Index n, double slack);
  double (*beyond_scaled[2])(const double* y, double mean, double inverse, const double* lower, const double* upper, Index n, double slack);
  /// Mean, the mean of the squares about it, and the greatest magnitude.
  void (*moments)(const double* y, Index n, double* mean, double* variance, double* largest);
};

PLAIT_DECLARE_TABLE(ElasticTable, elastic_table)
}  // namespace plait::align::detail
