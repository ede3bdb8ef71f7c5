// The loop over tiles of rows, and the cells in which alignments may end.
#include "align/pairwise/strips.hpp"

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

Result all_strips(const PairwiseOptions& options, const PairwiseStripTable& table, const Sequence& x, const Sequence& y, bool counted,
                  Workspace& workspace) {
  const Index n = x.length, m = y.length, rows = table.rows;
  const Similarity& similarity = options.similarity;
  const Ends ends = options.ends;
  const double open = options.open, extend = options.extend;
  const auto size = [](Index count) { return static_cast<std::size_t>(count); };
  const bool profiles = similarity.size > 0;

  PairwiseStrip strip{};
  strip.columns = m;
  strip.equal = similarity.match, strip.different = similarity.mismatch;
  strip.open = open, strip.extend = extend;
  strip.poll = poll_interrupt;

  // The border's values, as in recursion.hpp: paths begin there, or are one gap.
  const auto gap = [&](Index k) { return open + static_cast<double>(k - 1) * extend; };
  const Index columns = m + 1 + rows;
  double* const of_columns = workspace.take_as<double>(size(4 * columns), kColumnsSlot);
  strip.h = of_columns, strip.insertion = of_columns + columns;
  strip.h_paths = strip.insertion + columns, strip.insertion_paths = strip.h_paths + columns;
  std::fill_n(of_columns, 2 * columns, kNone);
  std::fill_n(strip.h_paths, 2 * columns, 1.0);
  for (Index j = 0; j <= m; ++j) {
    strip.h[j] = ends.begin(0, j) ? 0 : gap(j);
    strip.insertion[j] = strip.h[j] + open;
  }
  double* const of_rows = workspace.take_as<double>(size(7 * rows), kRowsSlot);
  double *const left = of_rows, *const left_deletion = left + rows, *const xs = left_deletion + rows;
  strip.left = left, strip.left_deletion = left_deletion, strip.x = xs;
  strip.last_column = xs + rows, strip.last_column_paths = strip.last_column + rows;
  strip.best = strip.last_column_paths + rows, strip.best_paths = strip.best + rows;
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
    strip.profile = profile, strip.beginnings = beginnings;
  } else {
    codes = workspace.take_as<std::uint32_t>(size(n + m), kSymbolsSlot);
    encode(x, y, codes, codes + n);
    const Index width = m + 1 + 2 * rows;
    double* const ys = workspace.take_as<double>(size(width), kProfileSlot) + rows + m;
    std::fill_n(ys - rows - m, width, -1.0);
    for (Index j = 1; j <= m; ++j) ys[-j] = codes[n + j - 1];
    strip.y = ys;
  }

  Result best{kNone, 0};
  const auto offer = [&best](double score, double paths) { best = choose(best, Result{score, paths}); };
  if (ends.x_end) offer(strip.h[m], 1);
  const auto kernel = (counted ? table.count : table.score).run[profiles][ends.local][open == extend];
  for (Index top = 0; top < n; top += rows) {
    strip.rows = std::min(rows, n - top);
    for (Index i = 0; i < strip.rows; ++i) {
      const Index row = top + i + 1;
      left[i] = ends.begin(row, 0) ? 0 : gap(row);
      left_deletion[i] = left[i] + open;
      if (!profiles) xs[i] = codes[row - 1];
    }
    if (profiles) {
      for (Index symbol = 0; symbol < similarity.size; ++symbol) {
        for (Index i = 0; i < strip.rows; ++i) profile[symbol * rows + i] = similarity(x.symbol(top + i), static_cast<std::uint32_t>(symbol));
        std::fill(profile + symbol * rows + strip.rows, profile + (symbol + 1) * rows, kNone);
      }
    }
    poll_interrupt();
    kernel(strip);
    for (Index i = 0; ends.x_end && i < strip.rows && top + i + 1 < n; ++i) offer(strip.last_column[i], strip.last_column_paths[i]);
  }
  if (ends.local) {
    best = {0, 1};
    for (Index lane = 0; lane < rows; ++lane) {
      if (strip.best[lane] > 0) offer(strip.best[lane], strip.best_paths[lane]);
    }
    return best;
  }
  for (Index j = ends.y_end ? 0 : m; j <= m; ++j) offer(strip.h[j], strip.h_paths[j]);
  return best;
}

}  // namespace

double pairwise_strip_score(const PairwiseOptions& options, const PairwiseStripTable& table, const Sequence& x, const Sequence& y,
                            Workspace& workspace) {
  return all_strips(options, table, x, y, false, workspace).score;
}

double pairwise_strip_count(const PairwiseOptions& options, const PairwiseStripTable& table, const Sequence& x, const Sequence& y,
                            Workspace& workspace) {
  return all_strips(options, table, x, y, true, workspace).paths;
}

}  // namespace plait::align::detail
