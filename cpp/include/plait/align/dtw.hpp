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

struct DtwOptions {
  Metric metric = Metric::squared;
  std::optional<Window> window;
  double slope = 0;  ///< Itakura's parallelogram (1975): seen from either corner no steeper than this and no flatter than its inverse; 0: none
  bool root = false;
  bool open_begin = false, open_end = false;
  bool propagate_nan = false;  ///< a series with NaN has the score NaN; else there must be none
};
std::unique_ptr<Method> make_dtw(const DtwOptions& options);

}  // namespace plait::align
