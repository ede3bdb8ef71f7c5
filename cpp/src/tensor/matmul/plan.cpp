// The plan of a product. All limits here were measured against neighbouring values; they change results only by the order of
// sums.
#include <algorithm>

#include "internal.hpp"
#include "plait/base/cache.hpp"

namespace plait::tensor {
namespace {

constexpr Index kFewRows = 128;             // by_columns up to here, and beyond if the level allows it and A is small
constexpr Index kNearBytes = 640 << 10;     // small: a block of A that stays in the second-level cache beside panels of B
constexpr Index kFewColumns = 128;          // up to here the transposed product is considered
constexpr Index kRowsInPlace = 24;          // with so few rows, packing B costs more than it saves
constexpr Index kChunk = 1024;              // of k, by_columns
constexpr Index kPackedElements = 1 << 20;  // of B at once
constexpr Index kBlockRows = 96;            // by_rows: rows of a task at most
constexpr Index kFarBytes = 8 << 20;        // a larger matrix comes from memory or a shared cache
constexpr Index kShort = 64;                // k up to which storing a padded rest costs more than computing a whole register
constexpr Index kColumnsThatPayPacking = 256;
constexpr Index kLinesInPlace = 128;      // k up to which columns of A are read in place: few enough lines and pages to stay in cache
constexpr double kTaskCycles = 20e3;      // by_columns: smallest task
constexpr double kParallelCycles = 70e3;  // about 20 µs

// Packing also gains nothing if B fits the second-level cache unpacked, or twice that if it is read a few times only: the latency of that cache
// is hidden.
bool reads_in_place(const Product& p, Index element, Index few_rows) {
  return p.b_col == 1 && p.k * p.b_row * element <= (p.m <= few_rows ? 2 : 1) * second_level_cache();
}

Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }
Index round_up(Index a, Index b) { return ceil_div(a, b) * b; }

template <class T>
bool has_few_rows(const Product& p, const MatmulKernels<T>& kernels) {
  return p.m <= kFewRows || (p.m <= kernels.rows_by_columns && p.m * std::min(p.k, kChunk) * static_cast<Index>(sizeof(T)) <= kNearBytes);
}

// Rough costs in cycles, for the choice of a plan. Computed for every call, so without divisions: lane counts are powers of two.
struct Costs {
  Index lanes, half;
  double per_lane;

  double registers(Index n, Index wide) const { return static_cast<double>((n + wide - 1) & -wide) * per_lane; }

  // Registers of products, plus copies into packed form (a strided copy is a transpose), plus transposing the result.
  double tiles(const Product& p) const {
    const double m = static_cast<double>(p.m), n = static_cast<double>(p.n), k = static_cast<double>(p.k);
    const Index rest = p.n & (lanes - 1);
    const double last = may_dots(p) ? std::min(rest_by_tiles(p.k, rest), rest_by_dots(p.k, rest)) : rest_by_tiles(p.k, rest);
    return m * (k * registers(p.n - rest, lanes) + last) + (p.b_col == 1 ? 0.0 : 0.35 * k * n) + (p.c_col == 1 ? 0.0 : 0.5 * m * n);
  }
  // A single row is bound by load latency. Summing the lanes of a register costs about 4.5.
  double dots(const Product& p) const {
    if (p.b_row != 1 || p.k < lanes || (p.a_col != 1 && p.m > 4)) return 1e300;
    return static_cast<double>(p.m * p.n) * (registers(p.k, lanes) * (p.m == 1 ? 2.0 : 1.0) + 4.5);
  }
  // True if the columns left over after whole registers can be computed as dot products.
  bool may_dots(const Product& p) const { return p.a_col == 1 && p.k >= lanes && p.k <= kChunk; }
  double rest_by_dots(Index k, Index rest) const { return static_cast<double>(rest) * (registers(k, lanes) + 4.5); }
  double rest_by_tiles(Index k, Index rest) const { return registers(rest, half) * static_cast<double>(k); }
  double least(const Product& p) const { return std::min(tiles(p), dots(p)); }
};

Product transpose(const Product& p) { return {p.n, p.m, p.k, p.b_col, p.b_row, p.a_col, p.a_row, p.c_col, p.c_row, p.accumulate, true}; }

Product product_of(const MatmulShape& s, const Costs& costs) {
  Product p{s.m, s.n, s.k, s.a_row, s.a_col, s.b_row, s.b_col, s.ldc, 1, s.accumulate, false};
  // The stride of a dimension of size 1 is arbitrary: set it so that the operand counts as contiguous.
  if (p.m == 1) p.a_row = 1;
  if (p.n == 1) p.b_col = 1;
  if (p.k == 1) p.a_col = p.b_row = 1;
  if (p.m <= 1 || p.n > kFewColumns) return p;
  const Product transposed = transpose(p);
  return p.n == 1 || costs.least(transposed) < costs.least(p) ? transposed : p;
}

RowKernel row_kernel_of(const Product& p, Index lanes, Index element, double tiles, double dots) {
  if (p.m != 1 || p.b_col != 1 || (p.n == 1 && p.b_row == 1 && p.k >= lanes)) return dots < tiles ? RowKernel::dots : RowKernel::none;
  const bool far = p.c_col == 1 && p.n >= 16 * lanes && p.k * p.n * element > kFarBytes;
  return far ? RowKernel::streams : RowKernel::times;
}

void cut_row_kernel(Plan& plan, Index lanes) {
  if (plan.row_kernel == RowKernel::dots && plan.p.a_col != 1) plan.shared_elements = plan.p.m * plan.p.k;
  const Index tasks = plan.row_kernel == RowKernel::streams ? 4 : 8;
  plan.block = round_up(std::max<Index>(1, ceil_div(plan.p.n, tasks)), 8 * lanes);
}

void cut_columns(Plan& plan, Index lanes, Index element, Index few_rows) {
  const Product& p = plan.p;
  plan.pack_b = !reads_in_place(p, element, few_rows) && (p.b_col != 1 || p.m > kRowsInPlace);
  plan.worker_elements = plan.k_chunk * plan.panel;
  const Index registers = plan.panel / lanes;
  const double panel_cycles = static_cast<double>(p.m) * static_cast<double>(p.k) * static_cast<double>(registers);
  plan.block = (static_cast<Index>(kTaskCycles / (panel_cycles + 1.0)) + 1) * plan.panel;
}

void cut_rows(Plan& plan, Index lanes, Index tile_rows, Index element) {
  const Product& p = plan.p;
  plan.pack_b = !reads_in_place(p, element, kFewRows);
  // Rows or columns at a power-of-two distance of half a page or more map to the same few cache sets.
  const Index stride = p.a_col == 1 ? p.a_row : p.a_col;
  const bool near = p.a_col == 1 || (p.a_row == 1 && p.k <= kLinesInPlace);
  plan.pack_a = p.n >= kColumnsThatPayPacking && (!near || p.k > plan.k_chunk || stride * element % 2048 == 0);
  plan.n_chunk = std::max(kPackedElements / std::max<Index>(plan.k_chunk, 1) / plan.panel, Index{1}) * plan.panel;
  plan.n_chunk = std::min(plan.n_chunk, round_up(p.n, plan.panel));
  plan.shared_elements = plan.k_chunk * plan.n_chunk;
  // A multiple of eight tasks, so that 2, 4 or 8 threads finish together.
  const Index tasks = round_up(ceil_div(p.m, kBlockRows), p.m >= 16 * tile_rows ? 8 : 4);
  plan.block = ceil_div(p.m, tasks);
  if (plan.pack_a) plan.worker_elements = plan.block * (plan.k_chunk + 2 * lanes);
}

}  // namespace

template <class T>
Plan plan_matmul(const MatmulShape& s, const MatmulKernels<T>& kernels, bool keep) {
  constexpr Index kElement = static_cast<Index>(sizeof(T));
  const Index lanes = kernels.lanes;
  const Costs costs{lanes, kernels.half_lanes, kernels.per_lane};
  Plan plan{};
  plan.p = product_of(s, costs);
  const Product& p = plan.p;
  const double tiles = costs.tiles(p), dots = costs.dots(p);
  plan.row_kernel = row_kernel_of(p, lanes, kElement, tiles, dots);
  plan.parallel = (p.m == 1 ? 2.0 * tiles : std::min(tiles, dots)) > kParallelCycles;

  plan.order = has_few_rows(p, kernels) || p.transposed || plan.row_kernel != RowKernel::none ? Order::by_columns : Order::by_rows;
  const Index chunks = std::max<Index>(1, ceil_div(p.k, plan.order == Order::by_rows ? kernels.k_chunk : kChunk));
  plan.k_chunk = ceil_div(p.k, chunks);
  plan.panel = p.m <= kernels.few_rows ? 4 * lanes : 2 * lanes;
  plan.overlap = !p.accumulate && chunks == 1;
  plan.narrow_rest = p.m <= kernels.few_rows || p.k <= kShort ? 0 : kernels.half_lanes;
  const Index rest = p.n & (lanes - 1);
  plan.rest_by_dots = costs.may_dots(p) && costs.rest_by_dots(p.k, rest) < costs.rest_by_tiles(p.k, rest);

  if (plan.row_kernel != RowKernel::none) cut_row_kernel(plan, lanes);
  else if (plan.order == Order::by_columns) cut_columns(plan, lanes, kElement, kernels.rows_by_columns);
  else cut_rows(plan, lanes, kernels.tile_rows, kElement);
  plan.rows_at = -1;
  if (!keep && plan.order == Order::by_rows && chunks == 1 && plan.n_chunk >= p.n && s.batch == 1 && s.ldc == p.n && !p.accumulate) {
    plan.rows_at = round_up(plan.worker_elements, 16);
    plan.worker_elements = plan.rows_at + plan.block * p.n;
  }
  return plan;
}

template Plan plan_matmul<float>(const MatmulShape&, const MatmulKernels<float>&, bool);
template Plan plan_matmul<double>(const MatmulShape&, const MatmulKernels<double>&, bool);

}  // namespace plait::tensor
