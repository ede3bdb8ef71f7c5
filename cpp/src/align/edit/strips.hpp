// Strips of rows along anti-diagonals, in the numbers themselves: any weights, any transposition, and how many paths are best. The interface
// of isa/strips.cpp. A lane is a row; what a cell needs lies on the four anti-diagonals before it.
#pragma once

#include <cstdint>

#include "plait/align/edit.hpp"
#include "plait/base/isa.hpp"

namespace plait::align::detail {

/// Numbers are doubles with symbols of 64 bits, or integers with symbols as wide as they are.
struct EditStrip {
  Index rows, columns;
  Index top;             // rows before the strip
  const void* x;         // symbols of the rows; one before them is read: the last one above, or what equals nothing
  const void* y;         // behind the last of the symbols in reverse, between `rows` + 2 symbols that equal nothing on either side
  void* values;          // room for kDiagonals anti-diagonals, and as many for the numbers of paths,
  Index stride;          // ... so many places from one to the next, at least rows + 2
  void* above;           // columns + 1: the row above the strip; afterwards its last one
  void* above2;          // the row before it
  const void* left;      // the first column of the rows
  void* held;            // for each row what exchanging its symbol and the one above with columns further left costs at the next column ...
  void* kept;            // ... and for each column in reverse, ending like y, with rows further up, at the next row; `none` at first
  double* counts_above;  // numbers of paths beside all of these, or null
  double* counts_above2;
  double* counts_held;
  double* counts_kept;
  double insert, remove, substitute;
  double none;  // above all distances, and so far below the greatest number that rows or columns of edits may be added
  void (*poll)();
};
constexpr int kDiagonals = 5;

struct StripTable {
  void (*f64[3])(const EditStrip&);  // by Transposition
  void (*i32[3])(const EditStrip&);
  void (*i16[3])(const EditStrip&);      // null where i32 is quicker
  void (*counted[3])(const EditStrip&);  // doubles, and numbers of paths
};

/// D(n, m), as rows_score has it to the bit, for n, m >= 2.
double strips_score(const EditOptions& options, const Sequence& x, const Sequence& y, Workspace& workspace);
double strips_count(const EditOptions& options, const Sequence& x, const Sequence& y, Workspace& workspace);

}  // namespace plait::align::detail

namespace plait::align::detail {
PLAIT_DECLARE_TABLE(StripTable, strip_table)
}
