// Elastic measures besides DTW: warping that pays for leaving the diagonal, as edits do.
#pragma once

#include <memory>
#include <vector>

#include "plait/align/dtw.hpp"

namespace plait::align {

struct ElasticOptions {
  std::optional<Window> window;
  bool propagate_nan = false;
};

/// Edit distance with real penalty (Chen and Ng 2004): a gap costs the distance to `gap`, of one value for all or one for each.
std::unique_ptr<Method> make_erp(std::vector<double> gap, const ElasticOptions& options);
/// Edit distance on real sequences (Chen, Özsu and Oria 2005): elements match if no value differs by more than `epsilon`; all else costs 1.
std::unique_ptr<Method> make_edr(double epsilon, const ElasticOptions& options);
/// Move-split-merge (Stefan, Athitsos and Das 2013).
std::unique_ptr<Method> make_msm(double cost, const ElasticOptions& options);
/// Time warp edit distance (Marteau 2009).
std::unique_ptr<Method> make_twe(double stiffness, double penalty, const ElasticOptions& options);

}  // namespace plait::align
