// Scores of any kind, and the number of best alignments: tiles of rows whose cells stay in registers. The interface of isa/tiles.cpp.
//
// A lane is a row; at step t lane l is at column t - l. Sums are those of the definition along each path, and rounding is monotonic,
// so that a maximum may be taken before or after a gap is added: results are bit-equal to the definition's.
#pragma once

#include <cstdint>

#include "plait/align/pairwise.hpp"
#include "plait/base/isa.hpp"

namespace plait::align::detail {

/// Columns are 0 (the border) … m. Each array of values has one of path counts, or null.
struct PairwiseTile {
  Index rows, columns;
  // Either the rows' scores with each symbol, `rows` of the kernel for each, and the offset of column j's symbol (padding columns on both ends,
  // as many as rows, have scores of -infinity) ...
  const double* profile;
  const std::int32_t* beginnings;
  // ... or symbols, with scores `equal` and `different`; that of column j at y[-j], with as much padding on both ends.
  const double *x, *y;
  double equal, different;
  double open, extend;
  // The row above the tile: H, and the value of a path whose last move is an insertion into the next row (unused if open == extend). On return, the
  // last row.
  double *h, *insertion, *h_paths, *insertion_paths;
  // The border: H, and the value of a path into column 1 whose last move is a deletion. Both have one path.
  const double *left, *left_deletion;
  double *last_column, *last_column_paths;  // H of column m
  double *best, *best_paths;                // local: one lane each, of all tiles so far
  void (*poll)();
};

/// [profile][local][open == extend]; for open <= extend.
struct PairwiseTileKernels {
  void (*run[2][2][2])(const PairwiseTile&);
};

struct PairwiseTileTable {
  Index rows;  // of a tile
  PairwiseTileKernels score, count;
};

PLAIT_DECLARE_TABLE(PairwiseTileTable, pairwise_tile_table)

/// Neither sequence is empty; open <= extend.
double pairwise_tile_score(const PairwiseOptions& options, const PairwiseTileTable& table, const Sequence& x, const Sequence& y,
                           Workspace& workspace);
/// The number of best alignments; neither sequence is empty; open <= extend.
double pairwise_tile_count(const PairwiseOptions& options, const PairwiseTileTable& table, const Sequence& x, const Sequence& y,
                           Workspace& workspace);

}  // namespace plait::align::detail
