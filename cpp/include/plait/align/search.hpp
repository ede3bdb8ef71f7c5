// Search of a query in a stream: lower bounds of windows, and open-ended matches.
#pragma once

#include <vector>

#include "plait/align/dtw.hpp"

namespace plait::align {

/// A lower bound of the score for each window of the stream of the query's length; 0 if there is no bound for the metric.
/// normalize: windows are normalised to mean 0 and standard deviation 1, value by value; the query is not. Both of one width, all values
/// finite, the stream at least as long. At most `threads` threads.
std::vector<double> window_bounds(const DtwOptions& options, const Sequence& query, const Sequence& stream, bool normalize, int threads);

/// The best match of the query with a part of the stream that ends at a given element.
struct Ending {
  double score;  ///< infinite if there is none
  Index start;
};
/// For each element of the stream (Sakurai, Faloutsos and Yamamuro 2007). The options must have open ends, and neither window nor slope.
std::vector<Ending> endings(const DtwOptions& options, const Sequence& query, const Sequence& stream);

}  // namespace plait::align
