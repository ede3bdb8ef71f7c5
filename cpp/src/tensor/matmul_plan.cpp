// The choice of the way through a product. All limits here were measured against neighbouring values; none changes a result by more than
// the order of a sum.
#include <algorithm>

#include "tensor/matmul_internal.hpp"

namespace plait {
namespace {

constexpr Index kFewRows = 128;             // by_columns up to here
constexpr Index kRowsInPlace = 24;          // with so few rows, packing B costs more than it gives
constexpr Index kChunk = 1024;              // of k
constexpr Index kPackedElements = 1 << 20;  // of B at once
constexpr Index kBlockRows = 96;            // by_rows: rows of a task at most
constexpr Index kShort = 64;                // k up to which storing a padded rest costs more than computing a whole register
constexpr Index kColumnsThatPayPacking = 256;
constexpr double kParallelCycles = 70e3;  // about 20 µs

Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }
Index round_up(Index a, Index b) { return ceil_div(a, b) * b; }

// Costs in cycles, roughly, to choose by. They are computed for every call, so no divisions: the numbers of lanes are powers of two.
struct Costs {
  Index lanes, half;
  double per_lane;

  double registers(Index n, Index wide) const { return static_cast<double>((n + wide - 1) & -wide) * per_lane; }

  // Registers of products, plus copies into packed form (a strided copy is a transpose), plus turning the result.
  double tiles(const Product& p) const {
    const double m = static_cast<double>(p.m), n = static_cast<double>(p.n), k = static_cast<double>(p.k);
    const Index rest = p.n & (lanes - 1);
    const double last = may_dots(p) ? std::min(rest_by_tiles(p.k, rest), rest_by_dots(p.k, rest)) : rest_by_tiles(p.k, rest);
    return m * (k * registers(p.n - rest, lanes) + last) + (p.b_col == 1 ? 0.0 : 0.35 * k * n) + (p.c_col == 1 ? 0.0 : 0.5 * m * n);
  }
  // A single row waits for its loads. Adding up the lanes of a sum costs about 4.5.
  double dots(const Product& p) const {
    if (p.b_row != 1 || p.k < lanes || (p.a_col != 1 && p.m > 4)) return 1e300;
    return static_cast<double>(p.m * p.n) * (registers(p.k, lanes) * (p.m == 1 ? 2.0 : 1.0) + 4.5);
  }
  // Of one row in a rest of few columns, each of which could also be a dot product.
  bool may_dots(const Product& p) const { return p.a_col == 1 && p.k >= lanes && p.k <= kChunk; }
  double rest_by_dots(Index k, Index rest) const { return static_cast<double>(rest) * (registers(k, lanes) + 4.5); }
  double rest_by_tiles(Index k, Index rest) const { return registers(rest, half) * static_cast<double>(k); }
  double least(const Product& p) const { return std::min(tiles(p), dots(p)); }
};

Product turn(const Product& p) { return {p.n, p.m, p.k, p.b_col, p.b_row, p.a_col, p.a_row, p.c_col, p.c_row, p.accumulate, true}; }

}  // namespace

template <class T>
Plan plan_matmul(const MatmulShape& s, const MatmulKernels<T>& kernels) {
  const Index lanes = kernels.lanes;
  Plan plan{};
  Product& p = plan.p;
  p = {s.m, s.n, s.k, s.a_row, s.a_col, s.b_row, s.b_col, s.ldc, 1, s.accumulate, false};
  // A stride over a side of length 1 means nothing: let it be what makes the operand contiguous.
  if (p.m == 1) p.a_row = 1;
  if (p.n == 1) p.b_col = 1;
  if (p.k == 1) p.a_col = p.b_row = 1;
  const Costs costs{lanes, kernels.half_lanes, kernels.per_lane};
  if (p.m > 1 && p.n <= kFewRows) {
    const Product turned = turn(p);
    if (p.n == 1 || costs.least(turned) < costs.least(p)) p = turned;
  }
  const double tiles = costs.tiles(p), dots = costs.dots(p);
  if (p.m == 1 && p.b_col == 1 && (p.n > 1 || p.k < lanes)) plan.row_kernel = RowKernel::times;
  else if (dots < tiles) plan.row_kernel = RowKernel::dots;
  const bool by_row = plan.row_kernel != RowKernel::none;
  plan.order = p.m <= kFewRows || p.turned || by_row ? Order::by_columns : Order::by_rows;
  const Index chunks = std::max<Index>(1, ceil_div(p.k, kChunk));
  plan.k_chunk = ceil_div(p.k, chunks);

  const double work = plan.row_kernel == RowKernel::times ? 2.0 * tiles : std::min(tiles, dots);
  plan.parallel = work > kParallelCycles;

  if (by_row) {
    if (plan.row_kernel == RowKernel::dots && p.a_col != 1) plan.shared_elements = p.m * p.k;
    plan.block = round_up(std::max<Index>(1, ceil_div(p.n, 8)), 8 * lanes);
    return plan;
  }
  plan.panel = p.m <= kernels.few_rows ? 4 * lanes : 2 * lanes;
  plan.overlap = !p.accumulate && chunks == 1;
  plan.narrow_rest = p.m <= kernels.few_rows || p.k <= kShort ? 0 : kernels.half_lanes;
  const Index rest = p.n & (lanes - 1);
  plan.rest_by_dots = costs.may_dots(p) && costs.rest_by_dots(p.k, rest) < costs.rest_by_tiles(p.k, rest);
  if (plan.order == Order::by_columns) {
    plan.pack_b = p.b_col != 1 || p.m > kRowsInPlace;
    plan.worker_elements = plan.k_chunk * plan.panel;
    const double panel_work = static_cast<double>(p.m) * static_cast<double>(p.k) * static_cast<double>(plan.panel / lanes);
    const Index panels = panel_work > 20e3 ? 1 : static_cast<Index>(20e3 / (panel_work + 1.0)) + 1;
    plan.block = panels * plan.panel;
    return plan;
  }
  plan.pack_b = true;
  plan.pack_a = p.n >= kColumnsThatPayPacking && (p.a_col != 1 || chunks > 1 || p.a_row * static_cast<Index>(sizeof(T)) % 2048 == 0);
  plan.n_chunk = std::max(kPackedElements / std::max<Index>(plan.k_chunk, 1) / plan.panel, Index{1}) * plan.panel;
  plan.n_chunk = std::min(plan.n_chunk, round_up(p.n, plan.panel));
  plan.shared_elements = plan.k_chunk * plan.n_chunk;
  // A multiple of eight tasks, so that 2, 4 or 8 threads end together.
  const Index tasks = round_up(ceil_div(p.m, kBlockRows), p.m >= 16 * kernels.tile_rows ? 8 : 4);
  plan.block = ceil_div(p.m, tasks);
  if (plan.pack_a) plan.worker_elements = round_up(plan.block * (plan.k_chunk + 2 * lanes), 64);
  return plan;
}

template Plan plan_matmul<float>(const MatmulShape&, const MatmulKernels<float>&);
template Plan plan_matmul<double>(const MatmulShape&, const MatmulKernels<double>&);

}  // namespace plait
