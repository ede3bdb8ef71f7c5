// Any weights, any transposition, and the number of best paths: tiles of rows with cells in registers, in doubles. The interface of
// isa/registers.cpp.
#pragma once

#include <cstdint>

#include "plait/align/edit.hpp"
#include "plait/base/isa.hpp"

namespace plait::align::detail {

/// Columns are 0 (the border) … m. Arrays of columns contain the row above the tile and, unless it is the last tile, afterwards its
/// last row; two columns before them may be read. Each array of values has one of path counts.
struct EditRows {
  Index rows, columns;
  bool last;        // last tile: only its corner is needed
  const double* x;  // symbols (>= 0) of the rows; one before them is read
  const double* y;  // that of column j at y[-j]; padded on both ends by one more symbol than a tile has rows, which match nothing
  double *h, *h2;   // the row above, and the row above that
  double* kept;     // for each column, the cost in the next row of transposing its symbol and the previous one with earlier rows
  double *h_paths, *h2_paths, *kept_paths;
  const double* left;  // the border of each row
  double insert, remove, substitute;
  double score, paths;  // out: the corner
  void (*poll)();
};

struct EditRowsKernel {
  Index rows;  // of every tile but the last
  void (*run)(EditRows&);
};
struct EditRowsTable {
  EditRowsKernel score[3], counted[3];  // by Transposition
};

/// D(n, m), bit-equal to rows_score, for n, m >= 1.
double registers_score(const EditOptions& options, const Sequence& x, const Sequence& y, Workspace& workspace);
double registers_count(const EditOptions& options, const Sequence& x, const Sequence& y, Workspace& workspace);

}  // namespace plait::align::detail

namespace plait::align::detail {
PLAIT_DECLARE_TABLE(EditRowsTable, edit_rows_table)
}
