// Alignments that maximise similarity: Needleman and Wunsch (1970), Smith and Waterman (1981), and semi-global alignment; with linear or affine gap
// costs (Gotoh 1982).
#pragma once

#include <memory>
#include <vector>

#include "plait/align/method.hpp"

namespace plait::align {

/// Substitution scores: a row-major matrix over symbols 0 … size - 1, or, without one, two numbers for equal and different
/// symbols.
struct Similarity {
  std::vector<double> matrix;
  Index size = 0;
  double match = 1, mismatch = -1;

  [[nodiscard]] double operator()(std::uint32_t a, std::uint32_t b) const {
    if (size == 0) return a == b ? match : mismatch;
    return matrix[static_cast<std::size_t>(a) * static_cast<std::size_t>(size) + b];
  }
};

/// A gap of k elements scores open + (k - 1) · extend; neither is positive. A gap in one sequence may follow one in the other.
struct PairwiseOptions {
  Similarity similarity;
  double open = -5, extend = -5;
  Ends ends;
};

/// Symbols of a pair must be below similarity.size if that is not 0.
std::unique_ptr<Method> make_pairwise(PairwiseOptions options);

}  // namespace plait::align
