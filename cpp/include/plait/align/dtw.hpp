// Dynamic time warping (Sakoe and Chiba 1978): the least sum of distances over a monotone path of cells.
#pragma once

#include <memory>
#include <optional>

#include "plait/align/method.hpp"

namespace plait::align {

/// precomputed: x is the matrix of distances, of shape (n, m); of y only the length m is looked at.
enum class Metric : std::uint8_t { squared, absolute, euclidean, cosine, precomputed };

/// |i - j| <= cells, or a fraction of the longer length, rounded up.
struct Window {
  Index cells = 0;
  double fraction = -1;  ///< used instead of `cells` if not negative
  [[nodiscard]] Index of(Index n, Index m) const;
};

/// How a path may go on from a cell, and what a step costs in distances d of the cell that it comes into (Sakoe and Chiba 1978; the names of Giorgino
/// 2009).
enum class StepPattern : std::uint8_t {
  symmetric1,  ///< (1, 0), (0, 1), (1, 1), each d
  symmetric2,  ///< (1, 0), (0, 1) for d, (1, 1) for 2 d: all paths have the weight n + m
  asymmetric   ///< (1, 0), (1, 1), (1, 2), each d: a cell for each element of x, and elements of y may be left out; all paths have the weight n
};

struct DtwOptions {
  Metric metric = Metric::squared;
  StepPattern step = StepPattern::symmetric1;
  std::optional<Window> window;
  bool slanted = false;     ///< the window lies about the diagonal that is stretched to both lengths (Band in align/elastic/measure.hpp)
  bool normalized = false;  ///< the sum is divided by the weight of all paths; not with symmetric1, whose paths differ in theirs
  double slope = 0;         ///< Itakura's parallelogram (1975): seen from either corner no steeper than this and no flatter than its inverse; 0: none
  bool root = false;
  bool open_begin = false, open_end = false;
  bool propagate_nan = false;  ///< a series with NaN has the score NaN; else there must be none
};
std::unique_ptr<Method> make_dtw(const DtwOptions& options);

}  // namespace plait::align
