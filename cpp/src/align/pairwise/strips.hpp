// Scores of any kind, and how many alignments have the best one: strips of rows whose cells stay in registers. The interface of isa/strips.cpp.
//
// A lane is a row, at step t lane l is at column t - l. Sums are those of the definition along each path, and rounded sums keep their order,
// so that a maximum may be taken before or after a gap is added: results are the definition's to the bit.
#pragma once

#include <cstdint>

#include "plait/align/pairwise.hpp"
#include "plait/base/isa.hpp"

namespace plait::align::detail {

/// Columns are 0 (the border) … m. Numbers of paths stand beside values, or are null.
struct PairwiseStrip {
  Index rows, columns;
  // Either the rows' scores beside each symbol, StripTable::rows for each, and where those of column j begin (columns beyond both ends, as
  // many as rows on either side, have scores of -infinity) ...
  const double* profile;
  const std::int32_t* beginnings;
  // ... or symbols, which are worth `equal` or `different` beside each other; that of column j at y[-j], as many beyond both ends.
  const double *x, *y;
  double equal, different;
  double open, extend;
  // The row above the strip: H, and the value of a path whose last move is an insertion into the row below (not where open == extend). Afterwards of
  // the last row.
  double *h, *insertion, *h_paths, *insertion_paths;
  // The border: H, and the value of a path into column 1 whose last move is a deletion. Both are one path.
  const double *left, *left_deletion;
  double *last_column, *last_column_paths;  // H of column m
  double *best, *best_paths;                // local: a lane each, of all strips so far
  void (*poll)();
};

/// [profile][local][open == extend]; for open <= extend.
struct PairwiseStripKernels {
  void (*run[2][2][2])(const PairwiseStrip&);
};

struct PairwiseStripTable {
  Index rows;  // of a strip
  PairwiseStripKernels score, count;
};

PLAIT_DECLARE_TABLE(PairwiseStripTable, pairwise_strip_table)

/// Neither sequence is empty; open <= extend.
double pairwise_strip_score(const PairwiseOptions& options, const PairwiseStripTable& table, const Sequence& x, const Sequence& y,
                            Workspace& workspace);
/// The number of best alignments; neither sequence is empty; open <= extend.
double pairwise_strip_count(const PairwiseOptions& options, const PairwiseStripTable& table, const Sequence& x, const Sequence& y,
                            Workspace& workspace);

}  // namespace plait::align::detail
