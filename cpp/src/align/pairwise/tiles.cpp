// The loop over tiles of rows, and the cells in which alignments may end.
#include "align/pairwise/tiles.hpp"

#include <algorithm>
#include <limits>

#include "align/edit/codes.hpp"
#include "plait/align/algebra.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align::detail {
namespace {

enum Slot { kColumnsSlot, kRowsSlot, kProfileSlot, kSymbolsSlot };
constexpr double kNone = kWorst<Order::maximum>;
using Result = Counted<Order::maximum>::Value;

Result all_tiles(const PairwiseOptions& options, const PairwiseTileTable& table, const Sequence& x, const Sequence& y, bool counted,
                 Workspace& workspace) {
  const Index n = x.length, m = y.length, rows = table.rows;
  const Similarity& similarity = options.similarity;
  const Ends ends = options.ends;
  const double open = options.open, extend = options.extend;
  const auto size = [](Index count) { return static_cast<std::size_t>(count); };
  const bool profiles = similarity.size > 0;

  PairwiseTile tile{};
  tile.columns = m;
  tile.equal = similarity.match, tile.different = similarity.mismatch;
  tile.open = open, tile.extend = extend;
  tile.poll = poll_interrupt;

  // The border's values, as in recursion.hpp: paths begin there, or are one gap.
  const auto gap = [&](Index k) { return open + static_cast<double>(k - 1) * extend; };
  const Index columns = m + 1 + rows;
  double* const of_columns = workspace.take_as<double>(size(4 * columns), kColumnsSlot);
  tile.h = of_columns, tile.insertion = of_columns + columns;
  tile.h_paths = tile.insertion + columns, tile.insertion_paths = tile.h_paths + columns;
  std::fill_n(of_columns, 2 * columns, kNone);
  std::fill_n(tile.h_paths, 2 * columns, 1.0);
  for (Index j = 0; j <= m; ++j) {
    tile.h[j] = ends.begin(0, j) ? 0 : gap(j);
    tile.insertion[j] = tile.h[j] + open;
  }
  double* const of_rows = workspace.take_as<double>(size(7 * rows), kRowsSlot);
  double *const left = of_rows, *const left_deletion = left + rows, *const xs = left_deletion + rows;
  tile.left = left, tile.left_deletion = left_deletion, tile.x = xs;
  tile.last_column = xs + rows, tile.last_column_paths = tile.last_column + rows;
  tile.best = tile.last_column_paths + rows, tile.best_paths = tile.best + rows;
  std::fill_n(of_rows, 7 * rows, 0.0);

  // Offsets of symbols in the profile, or symbol numbers.
  double* profile = nullptr;
  std::uint32_t* codes = nullptr;
  if (profiles) {
    profile = workspace.take_as<double>(size((similarity.size + 1) * rows), kProfileSlot);
    std::fill_n(profile + similarity.size * rows, rows, kNone);
    std::int32_t* const beginnings = workspace.take_as<std::int32_t>(size(m + 1 + 2 * rows), kSymbolsSlot) + rows;
    std::fill_n(beginnings - rows, m + 1 + 2 * rows, static_cast<std::int32_t>(similarity.size * rows));
    for (Index j = 1; j <= m; ++j) beginnings[j] = static_cast<std::int32_t>(y.symbol(j - 1) * static_cast<std::uint32_t>(rows));
    tile.profile = profile, tile.beginnings = beginnings;
  } else {
    codes = workspace.take_as<std::uint32_t>(size(n + m), kSymbolsSlot);
    encode(x, y, codes, codes + n);
    const Index width = m + 1 + 2 * rows;
    double* const ys = workspace.take_as<double>(size(width), kProfileSlot) + rows + m;
    std::fill_n(ys - rows - m, width, -1.0);
    for (Index j = 1; j <= m; ++j) ys[-j] = codes[n + j - 1];
    tile.y = ys;
  }

  Result best{kNone, 0};
  const auto offer = [&best](double score, double paths) { best = choose(best, Result{score, paths}); };
  if (ends.x_end) offer(tile.h[m], 1);
  const auto kernel = (counted ? table.count : table.score).run[profiles][ends.local][open == extend];
  for (Index top = 0; top < n; top += rows) {
    tile.rows = std::min(rows, n - top);
    for (Index i = 0; i < tile.rows; ++i) {
      const Index row = top + i + 1;
      left[i] = ends.begin(row, 0) ? 0 : gap(row);
      left_deletion[i] = left[i] + open;
      if (!profiles) xs[i] = codes[row - 1];
    }
    if (profiles) {
      for (Index symbol = 0; symbol < similarity.size; ++symbol) {
        for (Index i = 0; i < tile.rows; ++i) profile[symbol * rows + i] = similarity(x.symbol(top + i), static_cast<std::uint32_t>(symbol));
        std::fill(profile + symbol * rows + tile.rows, profile + (symbol + 1) * rows, kNone);
      }
    }
    poll_interrupt();
    kernel(tile);
    for (Index i = 0; ends.x_end && i < tile.rows && top + i + 1 < n; ++i) offer(tile.last_column[i], tile.last_column_paths[i]);
  }
  if (ends.local) {
    best = {0, 1};
    for (Index lane = 0; lane < rows; ++lane) {
      if (tile.best[lane] > 0) offer(tile.best[lane], tile.best_paths[lane]);
    }
    return best;
  }
  for (Index j = ends.y_end ? 0 : m; j <= m; ++j) offer(tile.h[j], tile.h_paths[j]);
  return best;
}

}  // namespace

double pairwise_tile_score(const PairwiseOptions& options, const PairwiseTileTable& table, const Sequence& x, const Sequence& y,
                           Workspace& workspace) {
  return all_tiles(options, table, x, y, false, workspace).score;
}

double pairwise_tile_count(const PairwiseOptions& options, const PairwiseTileTable& table, const Sequence& x, const Sequence& y,
                           Workspace& workspace) {
  return all_tiles(options, table, x, y, true, workspace).paths;
}

}  // namespace plait::align::detail
