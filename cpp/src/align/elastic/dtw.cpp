#include "plait/align/dtw.hpp"

#include <cmath>

#include "align/elastic/measure.hpp"
#include "plait/base/error.hpp"

namespace plait::align {

using namespace detail;

Measure detail::measure_of(const DtwOptions& options) {
  PLAIT_REQUIRE(!(options.slope != 0 && options.window), "DTW: window and slope both bound the path; give one of them");
  PLAIT_REQUIRE(options.slope == 0 || (options.slope > 1 && std::isfinite(options.slope)), "DTW: slope must be greater than 1, got ", options.slope);
  PLAIT_REQUIRE(options.slope == 0 || (!options.open_begin && !options.open_end),
                "DTW: a parallelogram (slope) stands on both corners; it has no open end");
  PLAIT_REQUIRE(!options.slanted || !options.window || (options.slope == 0 && !options.open_begin && !options.open_end),
                "DTW: a slanted window goes from corner to corner and is the only bound of the path; leave slope and open ends out");
  PLAIT_REQUIRE(!options.normalized || options.step != StepPattern::symmetric1,
                "DTW: paths of symmetric1 differ in their weight, so that the best has none to be divided by; take symmetric2 or asymmetric");
  Measure measure;
  measure.name = "DTW";
  const bool twice = options.step == StepPattern::symmetric2;
  switch (options.metric) {
    case Metric::squared: measure.cost = twice ? Cost::squared_symmetric2 : Cost::squared; break;
    case Metric::absolute: measure.cost = twice ? Cost::absolute_symmetric2 : Cost::absolute; break;
    case Metric::euclidean: measure.cost = twice ? Cost::euclidean_symmetric2 : Cost::euclidean; break;
    case Metric::cosine: measure.cost = twice ? Cost::cosine_symmetric2 : Cost::cosine; break;
    case Metric::precomputed: measure.cost = twice ? Cost::precomputed_symmetric2 : Cost::precomputed; break;
  }
  measure.step = options.step;
  measure.normalized = options.normalized;
  measure.window = options.window;
  measure.slanted = options.slanted && options.window;  // without a window there is no band to slant
  measure.slope = options.slope;
  measure.root = options.root;
  measure.open_begin = options.open_begin;
  measure.open_end = options.open_end;
  measure.propagate_nan = options.propagate_nan;
  return measure;
}

std::unique_ptr<Method> make_dtw(const DtwOptions& options) {
  Measure measure = measure_of(options);
  return measure.step == StepPattern::asymmetric ? make_asymmetric(std::move(measure)) : make_method(std::move(measure));
}

}  // namespace plait::align
