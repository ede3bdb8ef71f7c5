// Any weights, any transposition, and the number of best paths: strips of rows with cells in registers, in doubles. The interface of
// isa/registers.cpp.
#pragma once

#include <cstdint>

#include "plait/align/edit.hpp"
#include "plait/base/isa.hpp"

namespace plait::align::detail {

/// Columns are 0 (the border) … m. Rows of columns are those of the row above the strip, and, unless it is the last one, afterwards of its
/// last row; two columns before them may be read. Numbers of paths stand beside values.
struct EditRows {
  Index rows, columns;
  bool last;        // of all strips: only its corner is asked for
  const double* x;  // symbols, at least 0, of the rows; one before them is read
  const double* y;  // that of column j at y[-j]; beyond both ends so many symbols as a strip has rows, and one more, that equal nothing
  double *h, *h2;   // the row above, and the row above that
  double* kept;     // what exchanges of a column's symbol and the one before it with rows further up cost at the next row
  double *h_paths, *h2_paths, *kept_paths;
  const double* left;  // the border of each row
  double insert, remove, substitute;
  double score, paths;  // out: the corner
  void (*poll)();
};

struct EditRowsKernel {
  Index rows;  // of a strip but the last one
  void (*run)(EditRows&);
};
struct EditRowsTable {
  EditRowsKernel score[3], counted[3];  // by Transposition
};

/// D(n, m), as rows_score has it to the bit, for n, m >= 1.
double registers_score(const EditOptions& options, const Sequence& x, const Sequence& y, Workspace& workspace);
double registers_count(const EditOptions& options, const Sequence& x, const Sequence& y, Workspace& workspace);

}  // namespace plait::align::detail

namespace plait::align::detail {
PLAIT_DECLARE_TABLE(EditRowsTable, edit_rows_table)
}
