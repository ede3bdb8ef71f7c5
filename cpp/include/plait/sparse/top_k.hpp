// For each query the rows with the largest products.
#pragma once

#include <optional>

#include "plait/sparse/rows.hpp"

namespace plait::sparse {

enum class Metric : std::uint8_t { dot, cosine };

struct TopK {
  std::vector<Index> rows;     ///< (queries, k); -1 where fewer rows share a position with the query
  std::vector<double> scores;  ///< NaN there
};

/// The k best rows of r for every row of q, best first, equal scores by the lower row. Rows that share no position whose values are not zero are no
/// candidates, nor those below min_score. Values must be finite.
TopK top_k(const Rows& r, const Rows& q, Index k, Metric metric, std::optional<double> min_score, int threads = 0);

}  // namespace plait::sparse
