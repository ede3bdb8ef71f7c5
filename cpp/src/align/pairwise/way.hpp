// The way back through an alignment, from its last column to its first.
#pragma once

#include "plait/align/method.hpp"

namespace plait::align::detail {

class WayBack {
 public:
  WayBack(double score, Index end_i, Index end_j) : i(end_i), j(end_j) {
    path_.score = score;
    path_.pairs.reserve(static_cast<std::size_t>(2 * (i + j)));
  }

  /// Where the way has come to.
  Index i, j;

  void step(Move move) {
    path_.pairs.push_back(move == Move::deletion ? -1 : i - 1);
    path_.pairs.push_back(move == Move::insertion ? -1 : j - 1);
    i -= move != Move::deletion;
    j -= move != Move::insertion;
  }

  /// Along the border to where the path begins; then the columns in their order.
  Path finish(const Ends& ends) {
    while (i == 0 && j > 0 && !ends.local && !ends.y_begin) step(Move::deletion);
    while (j == 0 && i > 0 && !ends.local && !ends.x_begin) step(Move::insertion);
    std::vector<Index>& pairs = path_.pairs;
    for (std::size_t a = 0, b = pairs.size(); a + 2 <= b; a += 2, b -= 2) {
      std::swap(pairs[a], pairs[b - 2]);
      std::swap(pairs[a + 1], pairs[b - 1]);
    }
    return std::move(path_);
  }

 private:
  Path path_;
};

}  // namespace plait::align::detail
