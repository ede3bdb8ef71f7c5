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
  void* values;          // room for kDiagonals anti-diagonals of rows + 2, and as much for the numbers of paths
  void* above;           // columns + 1: the row above the strip; afterwards its last one
  void* above2;          // the row before it
  const void* number;    // 0, 1, 2, … rows - 1
  const void* left;      // the first column of the rows
  void* last;            // a row's last column before with its symbol, 0 for none; rows of zeros at first
  void* held;            // what was two rows above and before that column
  void* kept;            // for each column in reverse, ending like y: what was above and two columns before ...
  void* kept_at;         // ... the last row with its symbol, and that row; 0 for none
  double* counts_above;  // numbers of paths beside all of these, or null
  double* counts_above2;
  double* counts_held;
  double* counts_kept;
  double insert, remove, substitute;
  void (*poll)();
};
constexpr int kDiagonals = 5;

struct StripTable {
  void (*f64[3])(const EditStrip&);  // by Transposition
  void (*i32[3])(const EditStrip&);
  void (*i16[3])(const EditStrip&);      // null where i32 is as quick
  void (*counted[3])(const EditStrip&);  // doubles, and numbers of paths
};

/// D(n, m), as rows_score has it to the bit, for n, m >= 2.
double strips_score(const EditOptions& options, const Sequence& x, const Sequence& y, Workspace& workspace);
double strips_count(const EditOptions& options, const Sequence& x, const Sequence& y, Workspace& workspace);

}  // namespace plait::align::detail

namespace plait::align::detail {
PLAIT_DECLARE_TABLE(StripTable, strip_table)
}
