#include "pessimism.hpp"

#include <algorithm>
#include <cmath>

#include "criterion.hpp"
#include "plait/tree/fit.hpp"

namespace plait::tree {

// z with P(Z > z) = confidence, by bisection: it is computed once.
Pessimism::Pessimism(double confidence) : confidence_(confidence) {
  double low = 0, high = 40;
  for (int i = 0; i < 200; ++i) {
    const double middle = 0.5 * (low + high);
    (0.5 * std::erfc(middle * std::sqrt(0.5)) > confidence ? low : high) = middle;
  }
  z_ = low;
}

double Pessimism::added(double weight, double errors) const {
  if (errors < 1) {
    const double none = weight * (1 - std::pow(confidence_, 1 / weight));
    return errors == 0 ? none : none + errors * (added(weight, 1) - none);  // linear between 0 and 1 error, as in C4.5
  }
  if (errors + 0.5 >= weight) return std::max(weight - errors, 0.0);
  const double f = (errors + 0.5) / weight, zz = z_ * z_;
  const double limit = (f + zz / (2 * weight) + z_ * std::sqrt(f / weight - f * f / weight + zz / (4 * weight * weight))) / (1 + zz / weight);
  return limit * weight - errors;
}

double Pessimism::estimate(const double* counts, int classes) const {
  double weight = 0;
  for (int k = 0; k < classes; ++k) weight += counts[k];
  if (equal(weight, 0)) return 0;
  const double errors = std::max(0.0, weight - counts[largest_class(counts, classes)]);
  return errors + added(weight, errors);
}

double added_errors(double weight, double errors, double confidence) { return Pessimism(confidence).added(weight, errors); }

}  // namespace plait::tree
