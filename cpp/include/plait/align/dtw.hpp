// Dynamic time warping (Sakoe and Chiba 1978): the least sum of distances over a monotone path of cells.
#pragma once

#include <memory>
#include <optional>

#include "plait/align/method.hpp"

namespace plait::align {

/// precomputed: x is the matrix of distances, of shape (n, m); of y only the length m is used.
enum class Metric : std::uint8_t { squared, absolute, euclidean, cosine, precomputed };

/// |i - j| <= cells, or a fraction of the longer length, rounded up.
struct Window {
  Index cells = 0;
  double fraction = -1;  ///< used instead of `cells` if not negative
  [[nodiscard]] Index of(Index n, Index m) const;
};

/// The steps of a path and their costs, with d the distance of the cell entered (Sakoe and Chiba 1978; names of Giorgino
/// 2009).
enum class StepPattern : std::uint8_t {
  symmetric1,  ///< (1, 0), (0, 1), (1, 1), each d
  symmetric2,  ///< (1, 0), (0, 1) for d, (1, 1) for 2 d: all paths have weight n + m
  asymmetric   ///< (1, 0), (1, 1), (1, 2), each d: one cell for each element of x, elements of y may be skipped; all paths have weight n
};

struct DtwOptions {
  Metric metric = Metric::squared;
  StepPattern step = StepPattern::symmetric1;
  std::optional<Window> window;
  bool slanted = false;     ///< the window follows the diagonal between the corners (Band in align/elastic/measure.hpp)
  bool normalized = false;  ///< the sum is divided by the common weight of paths; not with symmetric1, whose paths have different weights
  double slope = 0;         ///< Itakura's parallelogram (1975): bounds of slope `slope` and 1 / slope from both corners; 0: none
  bool root = false;
  bool open_begin = false, open_end = false;
  bool propagate_nan = false;  ///< a series with NaN has the score NaN; otherwise NaN is not allowed
};
std::unique_ptr<Method> make_dtw(const DtwOptions& options);

}  // namespace plait::align
