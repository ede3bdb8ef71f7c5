// Strips of rows along anti-diagonals, in whole numbers, with transpositions. The interface of isa/strips.cpp. A lane is a row; what a cell
// needs lies on the four anti-diagonals before it.
#pragma once

#include <cstdint>

#include "plait/align/edit.hpp"
#include "plait/base/isa.hpp"

namespace plait::align::detail {

/// Symbols are as wide as the numbers.
struct EditStrip {
  Index rows, columns;
  Index top;         // rows before the strip
  const void* x;     // symbols of the rows; one before them is read: the last one above, or what equals nothing
  const void* y;     // behind the last of the symbols in reverse, between `rows` + 2 symbols that equal nothing on either side
  void* values;      // room for kDiagonals anti-diagonals,
  Index stride;      // ... so many places from one to the next, at least rows + 2
  void* above;       // columns + 1: the row above the strip; afterwards its last one
  void* above2;      // the row before it
  const void* left;  // the first column of the rows
  void* held;        // for each row what exchanging its symbol and the one above with columns further left costs at the next column ...
  void* kept;        // ... and for each column in reverse, ending like y, with rows further up, at the next row; `none` at first
  double insert, remove, substitute;
  double none;  // above all distances, and so far below the greatest number that rows or columns of edits may be added
  void (*poll)();
};
constexpr int kDiagonals = 5;

/// [unrestricted]
struct StripTable {
  void (*i32[2])(const EditStrip&);
  void (*i16[2])(const EditStrip&);  // null where i32 is quicker
};

/// D(n, m), as rows_score has it to the bit, for n, m >= 2; where it is not the way, registers_score.
double strips_score(const EditOptions& options, const Sequence& x, const Sequence& y, Workspace& workspace);

}  // namespace plait::align::detail

namespace plait::align::detail {
PLAIT_DECLARE_TABLE(StripTable, strip_table)
}
