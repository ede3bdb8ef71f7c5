// Whole scores, many cells at once: a block of rows is computed column by column, its rows dealt to the lanes of vectors as Farrar (2007)
// does: lane l has rows l·T … l·T + T - 1, so that a vector's cells have no row beside each other and only lane ends meet.
#pragma once

#include <cstdint>

#include "plait/base/isa.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::align::detail {

using namespace tensor;

/// A block between two calls of the kernel. All values have the same offset, so that those that can occur just fit into T.
template <class T>
struct StripedBlock {
  Index segments = 0;                  ///< T: rows of a lane; the block has segments · lanes rows, of which the last may be padding
  Index columns = 0;                   ///< m
  const T* profile = nullptr;          ///< rows of segments · lanes scores, one for each symbol of y
  const std::uint32_t* row = nullptr;  ///< (m): which of them belongs to a column
  T open = 0, extend = 0;
  T lowest = 0;                ///< below every gap's value
  T zero = 0;                  ///< the offset
  const T* top = nullptr;      ///< (m + 1): H of the row above the block
  const T* top_gap = nullptr;  ///< (m + 1): insertions that come into the first row
  T* bottom = nullptr;         ///< (m + 1): the same of row `last`, and of the row after a full block
  T* bottom_gap = nullptr;
  Index last = 0;      ///< the last row that is not padding
  T* h = nullptr;      ///< (segments · lanes): H of a column; before the first column, that of the border
  T* e = nullptr;      ///< deletions, likewise; not used by linear gaps
  T* match = nullptr;  ///< scratch, for moves only
  T* carry = nullptr;  ///< (lanes): insertions that come into each lane's first row
  T* moves = nullptr;  ///< columns · words · lanes; a word holds kMoves<T> nibbles of consecutive segments, first one highest
  // Local alignment alone.
  T limit = 0;         ///< values above may not be right: the kernel gives up
  bool place = false;  ///< whether the place of the best is wanted: the first in the order of rows
  T best = 0;
  Index best_row = -1, best_column = -1;
  bool overflow = false;
};

/// Nibbles of moves in a T. Two bits say how the path comes into a cell (the values of Move; none: it begins here). One says that a deletion
/// into the cell to the right goes on with one that ends here, one that an insertion into the cell below does.
template <class T>
constexpr Index kMoves = 2 * sizeof(T);
constexpr int kDeletionGoesOn = 4, kInsertionGoesOn = 8;
template <class T>
constexpr Index move_words(Index segments) {
  return (segments + kMoves<T> - 1) / kMoves<T>;
}

constexpr Index kTableBytes = 32;

/// Columns begin + 1 … end of a block; the last call brings h to its final state.
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
