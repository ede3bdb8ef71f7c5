// Scores of any kind, by anti-diagonals: the cells of one are independent. The arithmetic is that of the definition,
// operation by operation, so that sums round and ties are broken as there, also if open > extend.
#pragma once

#include <cstdint>

#include "plait/base/isa.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::align::detail {

using namespace tensor;

/// State between two calls of the kernel. Arrays of a diagonal are indexed by the row i = 0 … n.
struct PairwiseDiagonals {
  Index n = 0, m = 0;
  const std::int32_t* x = nullptr;  ///< (n): symbols, or offsets of their rows in `matrix`
  const std::int32_t* y = nullptr;  ///< (m): symbols, reversed
  const double* matrix = nullptr;   ///< null: match and mismatch scores instead
  double equal = 0, different = 0, open = 0, extend = 0;
  const double* gaps = nullptr;  ///< by length. Not computed by the kernel, which might contract operations that the definition rounds separately
  bool x_begin = false, y_begin = false, local = false;
  // Of the diagonals d and d + 1, by parity; h: of three.
  double *match[2] = {}, *deletion[2] = {}, *insertion[2] = {}, *h[3] = {};
  double* last_row = nullptr;     ///< (m + 1): H of row n
  double* last_column = nullptr;  ///< (n + 1)
  double* best = nullptr;         ///< local: (n + 1): the greatest H of each row
  std::int32_t* where = nullptr;  ///< the first diagonal with that value
  std::uint8_t* moves = nullptr;  ///< null, or (diagonals, n + 1) from diagonal `first` on
  Index first = 0;
};

/// A byte of moves: bits 0-1, the best last move of a path into the cell; bits 2-3, the move before a deletion that ends here; bits 4-5,
/// that before an insertion; then whether a path begins here instead of extending a match.
constexpr int kBeforeDeletion = 2, kBeforeInsertion = 4, kBegins = 64;

struct PairwiseDiagonalTable {
  void (*run)(PairwiseDiagonals&, Index begin, Index end);  ///< diagonals begin … end - 1; cells (i, j) with i + j = d
};

PLAIT_DECLARE_TABLE(PairwiseDiagonalTable, pairwise_diagonal_table)

}  // namespace plait::align::detail
