// Lower bounds of DTW by the recursion itself, in 16 bits and for many series at once: where envelopes are weak, as for noise, they leave one or two
// of fifty series for exact scores, in a fifth of the time of these.
//
// Values are quantised to q = floor(v · scale), so that differences of q exceed those of scaled values by less than 1; a cell costs the square of
// the reduced difference, rounded down, and sums saturate. Each of these can only lower a score.
#pragma once

#include <vector>

#include "align/elastic/measure.hpp"

namespace plait::align::detail {

constexpr Index kCoarseLanes = 32;

/// One series against kCoarseLanes others; rows and columns count from 1.
struct CoarsePass {
  const std::uint16_t* x;  ///< n values
  const std::uint16_t* y;  ///< column j at y[(j - 1) * kCoarseLanes]
  const Index *lo, *hi;    ///< columns lo[i] … hi[i] of row i; both are non-decreasing
  Index n;
  int shift;           ///< a cell costs (x - y)² / 2^(16 + shift)
  std::uint16_t* row;  ///< scratch: columns 0 … m; on return, the last row
};

struct CoarseTable {
  void (*run)(const CoarsePass& pass);
};

PLAIT_DECLARE_TABLE(CoarseTable, coarse_table)

/// Quantised univariate series, grouped into lanes by length.
class CoarseReferences {
 public:
  explicit CoarseReferences(const References& references);

  /// Raises the bounds of the candidates: those of `bounds` (by index) that are at most `limit`, unnormalised sums of squares.
  void raise(const Measure& measure, const Sequence& x, double limit, std::vector<double>& bounds, Workspace& workspace) const;

 private:
  struct Group {
    std::vector<Index> members;
    std::vector<Index> lengths;  // of the members; non-decreasing
    std::vector<std::uint16_t> values;
  };
  void quantise(const Sequence& s, std::uint16_t* out, Index by) const;

  double least_ = 0, scale_ = 0;  // scale 0: no bounds
  std::vector<Group> groups_;
};

/// Whether these bounds are valid for the measure.
bool has_coarse_bounds(const Measure& measure, Index width);

}  // namespace plait::align::detail
