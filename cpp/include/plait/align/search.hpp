// A query looked for in a stream: what its windows cannot be below, and where it may end.
#pragma once

#include <vector>

#include "plait/align/dtw.hpp"

namespace plait::align {

/// For each window of the stream that is as long as the query a number that its score cannot be below; 0 where no bound holds for the metric.
/// normalize: windows are brought to mean 0 and standard deviation 1, value by value; the query is as it is. Both of one width, all values
/// finite, the stream at least as long. At most `threads` threads.
std::vector<double> window_bounds(const DtwOptions& options, const Sequence& query, const Sequence& stream, bool normalize, int threads);

/// The best path of the query through a part of the stream that ends at an element.
struct Ending {
  double score;  ///< infinite if there is none
  Index start;
};
/// Of each element of the stream (Sakurai, Faloutsos and Yamamuro 2007). The options' window and slope must not be set, its ends be open.
std::vector<Ending> endings(const DtwOptions& options, const Sequence& query, const Sequence& stream);

}  // namespace plait::align
