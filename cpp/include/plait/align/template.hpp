// The recursion that every alignment here is an instance of (n elements x_1 … x_n against m elements y_1 … y_m):
//
//   D(i, 0) = init(i, 0)      D(0, j) = init(0, j)
//   D(i, j) = rank(D(i-1, j), D(i-1, j-1), D(i, j-1), x_i, y_j)          insertion, match, deletion
//
// DTW, Levenshtein and Needleman–Wunsch differ in init and rank alone. The value type of a cell is an algebra (algebra.hpp): the same init and rank
// give the best score, the score with its path, the number of best paths, or a soft minimum.
// This is the definition, not a fast form: cell by cell, with two rows. The kernels behind `Method` are tested against
// it.
#pragma once

#include <utility>
#include <vector>

#include "plait/align/move.hpp"
#include "plait/base/interrupt.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::align {

using namespace tensor;

/// Free ends. Global alignment: all false. Local: a path may begin and end in any cell.
struct Ends {
  bool x_begin = false, y_begin = false, x_end = false, y_end = false;
  bool local = false;

  /// Whether a path may end in cell (i, j) of (n, m).
  [[nodiscard]] bool end(Index i, Index j, Index n, Index m) const {
    return local || ((i == n || (x_end && j == m)) && (j == m || (y_end && i == n)));
  }
  /// Whether a path may begin in a cell of the border.
  [[nodiscard]] bool begin(Index i, Index j) const { return local || (i == 0 && j == 0) || (j == 0 && x_begin) || (i == 0 && y_begin); }
};

/// init(i, j): the border's cell as the algebra can lift it (a number; three for affine gaps). rank: generic in the type of a cell; it may also take
/// (i, j).
template <class Element, class Init, class Rank>
class Alignment {
 public:
  explicit Alignment(Init init, Rank rank, Ends ends = {}) : init_(std::move(init)), rank_(std::move(rank)), ends_(ends) {}

  /// The best cell in which a path may end; among equals the first in the order of rows.
  template <class Algebra>
  auto run(Algebra& algebra, const std::vector<Element>& x, const std::vector<Element>& y) const {
    const Index n = static_cast<Index>(x.size()), m = static_cast<Index>(y.size());
    using Cell = decltype(algebra.lift(init_(Index{0}, Index{0})));
    std::vector<Cell> above(y.size() + 1), row(y.size() + 1);
    auto best = algebra.none();
    for (Index i = 0; i <= n; ++i) {
      poll_interrupt();
      for (Index j = 0; j <= m; ++j) {
        if (i > 0 && j > 0) {
          const Cell insertion = algebra.arrive(above[j], Move::insertion), match = algebra.arrive(above[j - 1], Move::match),
                     deletion = algebra.arrive(row[j - 1], Move::deletion);
          if constexpr (requires { rank_(insertion, match, deletion, x[i - 1], y[j - 1], i, j); }) {
            row[j] = rank_(insertion, match, deletion, x[i - 1], y[j - 1], i, j);
          } else {
            row[j] = rank_(insertion, match, deletion, x[i - 1], y[j - 1]);
          }
        } else if (ends_.begin(i, j)) {
          row[j] = algebra.lift(init_(i, j));
        } else {  // the border is a single path: extended from the previous cell
          row[j] = algebra.border(init_(i, j), i > 0 ? algebra.arrive(above[0], Move::insertion) : algebra.arrive(row[j - 1], Move::deletion));
        }
        row[j] = algebra.settle(row[j], i, j);
        if (ends_.end(i, j, n, m)) best = choose(best, result(row[j]));
      }
      std::swap(above, row);
    }
    return best;
  }

 private:
  Init init_;
  Rank rank_;
  Ends ends_;
};

}  // namespace plait::align
