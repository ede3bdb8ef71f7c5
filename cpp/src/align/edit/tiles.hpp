// Tiles of rows along anti-diagonals, in integers, with transpositions. The interface of isa/tiles.cpp. A lane is a row; a cell depends on
// the four previous anti-diagonals.
#pragma once

#include <cstdint>

#include "plait/align/edit.hpp"
#include "plait/base/isa.hpp"

namespace plait::align::detail {

/// Symbols have the width of the values.
struct EditTile {
  Index rows, columns;
  Index top;         // rows before the tile
  const void* x;     // symbols of the rows; one before them is read: the last one above, or one that matches nothing
  const void* y;     // end of the reversed symbols, padded on both ends by `rows` + 2 symbols that match nothing
  void* values;      // memory for kDiagonals anti-diagonals,
  Index stride;      // ... with this stride, at least rows + 2
  void* above;       // columns + 1: the row above the tile; afterwards its last one
  void* above2;      // the row before it
  const void* left;  // the first column of the rows
  void* held;        // for each row, the cost in the next column of transposing its symbol and the one above with earlier columns ...
  void* kept;        // ... and for each column, reversed like y, that in the next row with earlier rows; `none` at first
  double insert, remove, substitute;
  double none;  // greater than any distance, and sums with rows or columns of edits do not overflow
  void (*poll)();
};
constexpr int kDiagonals = 5;

/// [unrestricted]
struct EditTileTable {
  void (*i32[2])(const EditTile&);
  void (*i16[2])(const EditTile&);  // null where i32 is faster
};

/// D(n, m), bit-equal to rows_score, for n, m >= 2; calls registers_score where that is faster.
double tiles_score(const EditOptions& options, const Sequence& x, const Sequence& y, Workspace& workspace);

}  // namespace plait::align::detail

namespace plait::align::detail {
PLAIT_DECLARE_TABLE(EditTileTable, edit_tile_table)
}
