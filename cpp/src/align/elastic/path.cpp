// The path of one pair: two bits a cell tell the way back. Where they do not all fit, the matrix is cut into groups of strips: on the way down
// only the row before each group is kept, on the way back each group is computed once more with its moves (as Hirschberg 1975 saves memory,
// but with two passes in all).
#include <algorithm>
#include <cmath>
#include <cstring>

#include "align/elastic/pair.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align::detail {
namespace {

/// Groups so that moves of one group and rows kept for all stay below the limit, or take the least there is.
std::size_t count_groups(std::size_t strips, double move_bytes, double row_bytes, double limit) {
  std::size_t groups = 1;
  const auto best = static_cast<std::size_t>(std::ceil(std::sqrt(move_bytes / row_bytes)));
  const std::size_t most = std::max<std::size_t>(1, std::min(strips, best));
  const auto needed = [&](std::size_t g) { return move_bytes / static_cast<double>(g) + row_bytes * static_cast<double>(g - 1); };
  while (groups < most && needed(groups) > limit) ++groups;
  return groups;
}

/// Walks back and writes what it passes, last first.
class Walk {
 public:
  Walk(const Measure& measure, Index i, Index j) : shared_cells_(!measure.gaps()), i_(i), j_(j) {}
  [[nodiscard]] Index i() const { return i_; }
  [[nodiscard]] Index j() const { return j_; }

  void step(Move move) {
    const bool by_x = move != Move::deletion, by_y = move != Move::insertion;
    pairs_.push_back(by_y || shared_cells_ ? j_ - 1 : -1);
    pairs_.push_back(by_x || shared_cells_ ? i_ - 1 : -1);
    i_ -= by_x ? 1 : 0;
    j_ -= by_y ? 1 : 0;
  }
  /// To the first row of the strip, or to the left border.
  void through(const TilePlace& place, const std::uint64_t* moves, Index lanes) {
    while (i_ >= place.first && j_ > 0) {
      const Index p = i_ - place.first, s = j_ - place.column + p;
      const std::uint64_t word = moves[(s / kMovesSteps * place.registers + p / lanes) * lanes + p % lanes];
      const auto code = word >> (2 * (kMovesSteps - 1 - s % kMovesSteps)) & 3;
      step(code == 0 ? Move::match : code == 1 ? Move::deletion : Move::insertion);
    }
  }
  /// First to last.
  std::vector<Index> take() {
    std::reverse(pairs_.begin(), pairs_.end());
    return std::move(pairs_);
  }

 private:
  bool shared_cells_;
  Index i_, j_;
  std::vector<Index> pairs_;
};

}  // namespace

Path pair_path(const Measure& measure, const ElasticTable& table, const Sequence& x, const Sequence& y, std::size_t memory_limit,
               Workspace& workspace) {
  const Index n = x.length, m = y.length;
  PairRun run(measure, table, x, y, workspace);
  run.begin();
  std::vector<TilePlace> strips;
  double move_bytes = 0;
  for (Index first = 1; first <= n && m > 0; first += strips.back().rows) {
    strips.push_back(run.place(first));
    move_bytes += 8.0 * static_cast<double>(strips.back().moves);
  }
  const double row_bytes = 8.0 * static_cast<double>(m + 1);
  const std::size_t groups = count_groups(strips.size(), move_bytes, row_bytes, static_cast<double>(memory_limit));
  const auto group_begin = [&](std::size_t g) { return strips.size() * g / groups; };

  const std::size_t length = static_cast<std::size_t>(m) + 1;
  std::vector<double> kept;  // the row before each group but the first
  for (std::size_t g = 0; g + 1 < groups; ++g) {
    for (std::size_t k = group_begin(g); k < group_begin(g + 1); ++k) {
      run.run(strips[k], m, nullptr);
      poll_interrupt();
    }
    kept.insert(kept.end(), run.row(), run.row() + length);
  }

  Path out;
  Walk walk(measure, n, m);
  for (std::size_t g = groups; g-- > 0;) {
    if (g + 1 < groups) {
      run.begin();
      if (g > 0) std::copy_n(kept.data() + (g - 1) * length, length, run.row());
    }
    const std::size_t begin = group_begin(g), end = group_begin(g + 1);
    const Index last = g + 1 == groups ? m : walk.j();  // the path does not come back to the right of where it is
    std::size_t words = 0;
    for (std::size_t k = begin; k < end; ++k) words += strips[k].moves;
    auto* moves = workspace.take_as<std::uint64_t>(words, 3);
    std::uint64_t* at = moves;
    for (std::size_t k = begin; k < end; ++k) {
      run.run(strips[k], last, at);
      at += strips[k].moves;
      poll_interrupt();
    }
    if (g + 1 == groups) {
      const Index j = n > 0 && m > 0 ? run.end_column() : m;
      out.score = m == 0 ? run.left(n) : run.row()[j];
      if (!(out.score < kUnreachable)) return out;
      walk = Walk(measure, n, j);
    }
    for (std::size_t k = end; k-- > begin;) {
      at -= strips[k].moves;
      walk.through(strips[k], moves + (at - moves), table.lanes);
    }
    if (walk.j() == 0) break;
  }
  // What is left runs along the border: gaps, or at an open begin nothing.
  while (walk.i() > 0) walk.step(Move::insertion);
  while (walk.j() > 0 && !measure.open_begin) walk.step(Move::deletion);
  out.pairs = walk.take();
  return out;
}

}  // namespace plait::align::detail
