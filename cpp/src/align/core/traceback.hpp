// Traceback: the path of an alignment, built from its last cell to its first.
#pragma once

#include <algorithm>
#include <vector>

#include "plait/align/algebra.hpp"

namespace plait::align::detail {

class Traceback {
 public:
  /// The representation of a deletion or an insertion in the path: a gap, (-1, j) or (i, -1); or, as in warping, the cell (i, j).
  enum class Columns : std::uint8_t { gaps, cells };

  /// From cell (i, j), counted from 1.
  Traceback(Index i, Index j, Columns columns = Columns::gaps) : i_(i), j_(j), cells_(columns == Columns::cells) {
    reversed_.reserve(static_cast<std::size_t>(2 * (i + j)));
  }

  [[nodiscard]] Index i() const { return i_; }
  [[nodiscard]] Index j() const { return j_; }

  /// Appends the move into the current cell and goes to the previous cell.
  void step(Move move) {
    const bool by_x = move != Move::deletion, by_y = move != Move::insertion;
    reversed_.push_back(by_y || cells_ ? j_ - 1 : -1);
    reversed_.push_back(by_x || cells_ ? i_ - 1 : -1);
    i_ -= by_x ? 1 : 0;
    j_ -= by_y ? 1 : 0;
  }

  /// Follows the border to the start of the path; returns the 0-based pairs (i, j), first to last.
  std::vector<Index> finish(const Ends& ends = {}) {
    while (j_ == 0 && i_ > 0 && !ends.local && !ends.x_begin) step(Move::insertion);
    while (i_ == 0 && j_ > 0 && !ends.local && !ends.y_begin) step(Move::deletion);
    std::reverse(reversed_.begin(), reversed_.end());
    return std::move(reversed_);
  }

 private:
  Index i_, j_;
  bool cells_;
  std::vector<Index> reversed_;  // j, i of the last column, then of the previous one, and so on
};

/// The pairs of a path logged by the algebra Traced.
inline std::vector<Index> pairs_of(const std::vector<Step>& steps, Traceback::Columns columns = Traceback::Columns::gaps) {
  if (steps.empty()) return {};
  Traceback traceback(steps.back().i, steps.back().j, columns);
  for (std::size_t k = steps.size(); k-- > 0;) {
    if (steps[k].move != Move::none) traceback.step(steps[k].move);
  }
  return traceback.finish({.local = true});  // the log contains the border's moves
}

}  // namespace plait::align::detail
