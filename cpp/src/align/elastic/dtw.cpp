#include "plait/align/dtw.hpp"

#include <cmath>

#include "align/elastic/measure.hpp"
#include "plait/base/error.hpp"

namespace plait::align {

using namespace detail;

std::unique_ptr<Method> make_dtw(const DtwOptions& options) {
  PLAIT_REQUIRE(!(options.slope != 0 && options.window), "DTW: window and slope both bound the path; give one of them");
  PLAIT_REQUIRE(options.slope == 0 || (options.slope > 1 && std::isfinite(options.slope)), "DTW: slope must be greater than 1, got ", options.slope);
  PLAIT_REQUIRE(options.slope == 0 || (!options.open_begin && !options.open_end),
                "DTW: a parallelogram (slope) stands on both corners; it has no open end");
  Measure measure;
  measure.name = "DTW";
  switch (options.metric) {
    case Metric::squared: measure.cost = Cost::squared; break;
    case Metric::absolute: measure.cost = Cost::absolute; break;
    case Metric::euclidean: measure.cost = Cost::euclidean; break;
    case Metric::cosine: measure.cost = Cost::cosine; break;
    case Metric::precomputed: measure.cost = Cost::precomputed; break;
  }
  measure.window = options.window;
  measure.slope = options.slope;
  measure.root = options.root;
  measure.open_begin = options.open_begin;
  measure.open_end = options.open_end;
  measure.propagate_nan = options.propagate_nan;
  return make_method(std::move(measure));
}

}  // namespace plait::align
