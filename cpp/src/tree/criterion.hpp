// Entropies, and comparisons with J48's tolerance: two numbers closer than 1e-6 are equal, so that rounding does not decide between ties.
#pragma once

#include <cmath>
#include <cstdint>

namespace plait::tree {

inline constexpr double kTolerance = 1e-6;
inline bool equal(double a, double b) { return std::abs(a - b) < kTolerance; }
inline bool greater(double a, double b) { return a - b > kTolerance; }
inline bool at_most(double a, double b) { return a - b < kTolerance; }
inline bool at_least(double a, double b) { return b - a < kTolerance; }

inline double xlogx(double x) { return x < kTolerance ? 0.0 : x * std::log2(x); }

/// Total · entropy: x log x of the total minus those of its parts.
inline double scaled_entropy(const double* counts, std::int32_t n, double total) {
  double sum = xlogx(total);
  for (std::int32_t k = 0; k < n; ++k) sum -= xlogx(counts[k]);
  return sum;
}

/// The first class whose count no other exceeds by more than the tolerance.
inline std::int32_t largest_class(const double* counts, std::int32_t n) {
  std::int32_t best = 0;
  double most = 0;
  for (std::int32_t k = 0; k < n; ++k)
    if (greater(counts[k], most)) {
      most = counts[k];
      best = k;
    }
  return best;
}

/// Least weight of either side of a numeric split: a tenth of the mean class weight, between min_leaf and 25.
inline double least_side(double known, std::int32_t classes, double min_leaf) {
  const double share = 0.1 * known / classes;
  if (at_most(share, min_leaf)) return min_leaf;
  return greater(share, 25) ? 25 : share;
}

}  // namespace plait::tree
