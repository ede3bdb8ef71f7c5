// Integer scores in Farrar's (2007) striped layout: a block of rows is computed column by column, its rows distributed to the lanes of vectors:
// lane l has rows l·T … l·T + T - 1, so that no vector has adjacent rows and only lane ends interact.
#pragma once

#include <cstdint>

#include "plait/base/isa.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::align::detail {

using namespace tensor;

/// State of a block between two calls of the kernel. All values have the same offset, such that they just fit into T.
template <class T>
struct StripedBlock {
  Index segments = 0;                  ///< T: rows of a lane; the block has segments · lanes rows, of which the last may be padding
  Index columns = 0;                   ///< m
  const T* profile = nullptr;          ///< rows of segments · lanes scores, one for each symbol of y
  const std::uint32_t* row = nullptr;  ///< (m): the profile row of each column
  T open = 0, extend = 0;
  T lowest = 0;                ///< less than every gap value
  T zero = 0;                  ///< the offset
  const T* top = nullptr;      ///< (m + 1): H of the row above the block
  const T* top_gap = nullptr;  ///< (m + 1): insertions into the first row
  T* bottom = nullptr;         ///< (m + 1): H of row `last`, and insertions into the row after a full block
  T* bottom_gap = nullptr;
  Index last = 0;      ///< the last row that is not padding
  T* h = nullptr;      ///< (segments · lanes): H of a column; before the first column, that of the border
  T* e = nullptr;      ///< deletions, likewise; not used by linear gaps
  T* match = nullptr;  ///< scratch, for moves only
  T* carry = nullptr;  ///< (lanes): insertions into each lane's first row
  T* moves = nullptr;  ///< columns · words · lanes; a word has kMoves<T> nibbles of consecutive segments, the first in the highest bits
  // For local alignment only.
  T limit = 0;         ///< the kernel stops at values above, which may have overflowed
  bool place = false;  ///< whether to locate the best cell: the first in row order
  T best = 0;
  Index best_row = -1, best_column = -1;
  bool overflow = false;
};

/// Nibbles of moves in a T. Two bits are the last move of a path into the cell (the values of Move; none: it begins here). One is set if a deletion
/// into the next column extends one that ends here, one that an insertion into the next row does.
template <class T>
constexpr Index kMoves = 2 * sizeof(T);
constexpr int kDeletionExtends = 4, kInsertionExtends = 8;
template <class T>
constexpr Index move_words(Index segments) {
  return (segments + kMoves<T> - 1) / kMoves<T>;
}

constexpr Index kTableBytes = 32;

/// Columns begin + 1 … end of a block; the last call leaves h in its final state.
template <class T>
using StripedKernel = void (*)(StripedBlock<T>&, Index begin, Index end);

template <class T>
struct StripedKernels {
  StripedKernel<T> run[2][2][2];  ///< [local][linear gaps][moves]
  /// out[p] = table[codes[p]] for a whole number of lanes; a table has kTableBytes.
  void (*look_up)(const std::uint8_t* codes, Index count, const std::int8_t* table, T* out);
  Index lanes;
};

struct StripedTable {
  StripedKernels<std::int8_t> i8;
  StripedKernels<std::int16_t> i16;
  StripedKernels<std::int32_t> i32;
};

PLAIT_DECLARE_TABLE(StripedTable, striped_table)

}  // namespace plait::align::detail
