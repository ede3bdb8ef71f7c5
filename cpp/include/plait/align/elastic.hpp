// Elastic measures besides DTW: warping with costs for leaving the diagonal, like edit distances.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plait/align/dtw.hpp"

namespace plait::align {

struct ElasticOptions {
  std::optional<Window> window;
  bool slanted = false;
  bool propagate_nan = false;
};

/// By its key in the list of measures (src/align/elastic/costs.hpp): "erp" with `gap`, one number or one for each value of an element; "edr" with
/// epsilon; "msm" with cost; "twe" with stiffness and penalty; the metrics of DTW with none.
std::unique_ptr<Method> make_elastic(const std::string& key, std::vector<double> parameters, const ElasticOptions& options);

}  // namespace plait::align
