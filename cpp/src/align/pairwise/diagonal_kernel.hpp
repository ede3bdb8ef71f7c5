// Scores of any kind, a diagonal of cells at a time: cells of a diagonal do not need each other. The arithmetic is that of the definition,
// operation by operation, so that sums are rounded and ties are broken as there, also where open > extend.
#pragma once

#include <cstdint>

#include "plait/base/isa.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::align::detail {

using namespace tensor;

/// A matrix between two calls of the kernel. Arrays of a diagonal are indexed by the row i = 0 … n.
struct PairwiseDiagonals {
  Index n = 0, m = 0;
  const std::int32_t* x = nullptr;  ///< (n): symbols, or beginnings of their rows in `matrix`
  const std::int32_t* y = nullptr;  ///< (m): symbols, last one first
  const double* matrix = nullptr;   ///< none: equal symbols and different ones
  double equal = 0, different = 0, open = 0, extend = 0;
  const double* gaps = nullptr;  ///< by length. Not computed by the kernel, which might round once where others round twice
  bool x_begin = false, y_begin = false, local = false;
  // Of the diagonals d and d + 1 in turn, by the parity of their numbers; h: three in turn.
  double *match[2] = {}, *deletion[2] = {}, *insertion[2] = {}, *h[3] = {};
  double* last_row = nullptr;     ///< (m + 1): H of row n
  double* last_column = nullptr;  ///< (n + 1)
  double* best = nullptr;         ///< local: (n + 1): the greatest H of each row
  std::int32_t* where = nullptr;  ///< the diagonal on which it stands, the first of them
  std::uint8_t* moves = nullptr;  ///< none, or (diagonals, n + 1) from diagonal `first` on
  Index first = 0;
};

/// A byte of moves: the best last move of a path into the cell; from 2 bits on, the move before a deletion that ends here; from 4 bits on,
/// that before an insertion; and whether a path begins here rather than comes by a match.
constexpr int kBeforeDeletion = 2, kBeforeInsertion = 4, kBegins = 64;

struct PairwiseDiagonalTable {
  void (*run)(PairwiseDiagonals&, Index begin, Index end);  ///< diagonals begin … end - 1; cells (i, j) with i + j = d
};

PLAIT_DECLARE_TABLE(PairwiseDiagonalTable, pairwise_diagonal_table)

}  // namespace plait::align::detail
