#include <algorithm>
#include <cmath>

#include "align/elastic/measure.hpp"
#include "plait/align/elastic.hpp"
#include "plait/base/error.hpp"

namespace plait::align {

using namespace detail;

namespace {

Measure elastic(const char* name, Cost cost, const ElasticOptions& options) {
  Measure measure;
  measure.name = name;
  measure.cost = cost;
  measure.window = options.window;
  measure.propagate_nan = options.propagate_nan;
  return measure;
}
/// The loops abandon what is beyond a cutoff: no way may make a path cheaper again.
double not_negative(double value, const char* name) {
  PLAIT_REQUIRE(value >= 0 && std::isfinite(value), name, ": expected a finite number of at least 0, got ", value);
  return value;
}

}  // namespace

std::unique_ptr<Method> make_erp(std::vector<double> gap, const ElasticOptions& options) {
  PLAIT_REQUIRE(!gap.empty() && std::all_of(gap.begin(), gap.end(), [](double value) { return std::isfinite(value); }),
                "gap: expected a finite number, or one for each value of an element");
  Measure measure = elastic("ERP", Cost::erp, options);
  measure.gap = std::move(gap);
  return make_elastic(std::move(measure));
}
std::unique_ptr<Method> make_edr(double epsilon, const ElasticOptions& options) {
  Measure measure = elastic("EDR", Cost::edr, options);
  measure.parameter = not_negative(epsilon, "epsilon");
  return make_elastic(std::move(measure));
}
std::unique_ptr<Method> make_msm(double cost, const ElasticOptions& options) {
  Measure measure = elastic("MSM", Cost::msm, options);
  measure.parameter = not_negative(cost, "cost");
  return make_elastic(std::move(measure));
}
std::unique_ptr<Method> make_twe(double stiffness, double penalty, const ElasticOptions& options) {
  Measure measure = elastic("TWE", Cost::twe, options);
  measure.parameter = not_negative(stiffness, "stiffness");
  measure.penalty = not_negative(penalty, "penalty");
  return make_elastic(std::move(measure));
}

}  // namespace plait::align
