// Soft-DTW (Cuturi and Blondel 2017): -gamma · log of the sum of exp(-cost / gamma) over all warping paths, the cost of a path being the sum of
// squared distances along it. Smooth in both series.
#pragma once

#include <memory>

#include "plait/align/dtw.hpp"

namespace plait::align {

/// Destinations for the derivatives of a score; null: not computed.
struct SoftGradient {
  double* x = nullptr;         ///< d score / dx, (n, width)
  double* y = nullptr;         ///< d score / dy, (m, width)
  double* expected = nullptr;  ///< (n, m): the probability that a path goes through each cell, which is d score / d distance
};

struct SoftOptions {
  double gamma = 1;
  std::optional<Window> window{};  ///< of paths, as for DTW
  bool slanted = false;
};

/// Whether a path fits into the window of series of these lengths.
bool soft_path_fits(const SoftOptions& options, Index n, Index m);

/// Series of float64 and of one width, neither empty; gamma > 0; a path fits. Where distances overflow the score is infinite and all gradients are
/// zero. Time O(n m), or that of the window's cells; memory O((n + m)^1.5), and that of the results. Weights and shares below 1e-307 count as zero.
double soft_dtw(const Sequence& x, const Sequence& y, const SoftOptions& options, const SoftGradient& gradient, Workspace& workspace);

/// The score, if distances have not overflowed; std::invalid_argument if they have.
double below_infinity(double score);

/// As a Method; scores must be finite, and the path is the most probable one, that of DTW.
std::unique_ptr<Method> make_soft_dtw(const SoftOptions& options);

}  // namespace plait::align
