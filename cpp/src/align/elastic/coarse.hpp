// Lower bounds of DTW by the recursion itself, in 16 bits and for many series at once: where envelopes are weak, as for noise, they leave one or two
// of fifty series to be scored exactly, in a fifth of the time of scores.
//
// Values become whole numbers q = floor(v · scale), so that two of them differ by less than 1 more than the values do; a cell costs the square of
// that, rounded down, and a sum stays at the greatest number where it would leave the range. All of this only ever lowers a score.
#pragma once

#include <vector>

#include "align/elastic/measure.hpp"

namespace plait::align::detail {

constexpr Index kCoarseLanes = 32;

/// One series against kCoarseLanes others; rows and columns count from 1.
struct CoarsePass {
  const std::uint16_t* x;  ///< n values
  const std::uint16_t* y;  ///< column j at y[(j - 1) * kCoarseLanes]
  const Index *lo, *hi;    ///< columns of row i at lo[i], hi[i]; neither falls
  Index n;
  int shift;           ///< a cell costs (x - y)² / 2^(16 + shift)
  std::uint16_t* row;  ///< scratch: columns 0 … m; then the last row
};

struct CoarseTable {
  void (*run)(const CoarsePass& pass);
};

PLAIT_DECLARE_TABLE(CoarseTable, coarse_table)

/// Series of one value an element as whole numbers, dealt to lanes by length.
class CoarseReferences {
 public:
  explicit CoarseReferences(const References& references);

  /// Raises the bounds of the open ones: those of `bounds` (by index) that are at most `limit`, sums of squares without weights.
  void raise(const Measure& measure, const Sequence& x, double limit, std::vector<double>& bounds, Workspace& workspace) const;

 private:
  struct Group {
    std::vector<Index> members;
    std::vector<Index> lengths;  // theirs; they never fall
    std::vector<std::uint16_t> values;
  };
  void quantise(const Sequence& s, std::uint16_t* out, Index by) const;

  double least_ = 0, scale_ = 0;  // no scale: nothing is claimed
  std::vector<Group> groups_;
};

/// Whether these bounds hold.
bool has_coarse_bounds(const Measure& measure, Index width);

}  // namespace plait::align::detail
