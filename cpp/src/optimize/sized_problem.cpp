#include "sized_problem.hpp"

#include <algorithm>
#include <cmath>

namespace plait::optimize {
namespace {

constexpr double kOrdinary = 1e3;   // sizes within this of 1 are left alone
constexpr double kLargest = 1e150;  // products of three sizes and a derivative stay finite
constexpr double kNoLimit = 1e20;
constexpr double kWeightless = 1e-5;  // times the largest weight of a variable
constexpr double kDoubtful = 1e7;
constexpr double kOfValue = 1e-6;  // times the objective: least value for the largest weight

}  // namespace

double rounded_size(double v) {
  if (!(v > 0) || (v >= 1 / kOrdinary && v <= kOrdinary)) return 1;
  return std::exp2(std::round(std::log2(std::min(std::max(v, 1 / kLargest), kLargest))));
}

std::vector<double> typical_sizes(const Problem& problem, const std::vector<double>& x0) {
  std::vector<double> sizes(x0.size());
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const double low = problem.lower[i], high = problem.upper[i];
    double size = std::abs(x0[i]);
    const bool below = low > -kNoLimit, above = high < kNoLimit;
    const double width = below && above ? high - low : 0;
    // The width of a narrow interval is the size in any case; that of a wide one if the start is at its end.
    if (width > 0 && (width < size || x0[i] == low || x0[i] == high)) size = std::max(width, 1e-8 * size);
    else if (size == 0) size = std::max(below ? std::abs(low) : 0.0, above ? std::abs(high) : 0.0);
    if (!problem.sizes.empty() && problem.sizes[i] > 0) size = problem.sizes[i];
    sizes[i] = size > 0 ? rounded_size(size) : 0;
  }
  return sizes;
}

std::vector<double> balance(const std::vector<double>& sizes, double f, const std::vector<const double*>& slopes) {
  const std::size_t n = sizes.size();
  std::vector<double> ratio(n, 1.0), weights(n, 0.0);
  std::vector<char> unknown(n, 0);
  bool any = false;
  const auto heaviest = [&](const double* slope, bool known) {
    double most = 0;
    for (std::size_t i = 0; i < n; ++i)
      if (!known || unknown[i] == 0) most = std::max(most, std::abs(slope[i]));
    return most;
  };
  for (std::size_t i = 0; i < n; ++i) unknown[i] = sizes[i] == 0 || sizes[i] < 1 ? 1 : 0;
  for (std::size_t k = 0; k < slopes.size(); ++k) {  // small sizes of variables with weight are trusted
    const double enough = kWeightless * std::max(heaviest(slopes[k], false), k == 0 ? kOfValue * std::abs(f) : 0.0);
    for (std::size_t i = 0; i < n; ++i)
      if (sizes[i] > 0 && std::abs(slopes[k][i]) > enough) unknown[i] = 0;
  }
  for (std::size_t i = 0; i < n; ++i) any = any || unknown[i] != 0;
  if (!any) return ratio;
  for (const double* slope : slopes) {
    const double known = heaviest(slope, true), most = heaviest(slope, false);
    if (!(most > 0)) continue;
    for (std::size_t i = 0; i < n; ++i)
      if (unknown[i] != 0 && weights[i] == 0) weights[i] = std::abs(slope[i]) / (known > 0 ? known : most);
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (unknown[i] == 0) continue;
    if (weights[i] > 0) ratio[i] = rounded_size(1 / weights[i]);
    if (sizes[i] > 0) ratio[i] = weights[i] > 0 && ratio[i] > 1 ? std::min(ratio[i], 1 / sizes[i]) : 1 / sizes[i];
  }
  return ratio;
}

bool doubtful(const std::vector<double>& ratio, const Problem& problem, const std::vector<double>& x, std::vector<double>& towards) {
  bool any = false;
  towards = x;
  for (std::size_t i = 0; i < ratio.size(); ++i) {
    if (ratio[i] < kDoubtful) continue;
    towards[i] = problem.upper[i] - x[i] >= 1 ? x[i] + 1 : std::max(x[i] - 1, problem.lower[i]);
    any = any || towards[i] != x[i];
  }
  return any;
}

void correct_units(std::vector<double>& ratio, const std::vector<double>& sizes, double f, const std::vector<const double*>& slopes) {
  const std::vector<double> there = balance(sizes, f, slopes);
  for (std::size_t i = 0; i < ratio.size(); ++i)
    if (ratio[i] >= kDoubtful && there[i] < ratio[i] / kOrdinary) ratio[i] = std::max(there[i], 1.0);
}

void SizedProblem::wrap(Problem& inner, const std::vector<double>& units) {
  inner_ = &inner;
  n = inner.n;
  m = inner.m;
  lower = inner.lower;
  upper = inner.upper;
  row_lower = inner.row_lower;
  row_upper = inner.row_upper;
  linear = inner.linear;
  linear_lower = inner.linear_lower;
  linear_upper = inner.linear_upper;
  sizes = inner.sizes;
  size_.assign(static_cast<std::size_t>(n), 1.0);
  x_.resize(size_.size());
  v_.resize(size_.size());
  for (std::size_t i = 0; i < size_.size(); ++i) {  // ±1e20 and beyond stay infinite after scaling
    if (lower[i] <= -kNoLimit) lower[i] = -std::numeric_limits<double>::infinity();
    if (upper[i] >= kNoLimit) upper[i] = std::numeric_limits<double>::infinity();
  }
  resize(units);
}

void SizedProblem::resize(const std::vector<double>& ratio) {
  for (std::size_t i = 0; i < size_.size(); ++i) {
    size_[i] *= ratio[i];
    lower[i] /= ratio[i];
    upper[i] /= ratio[i];
    for (std::size_t k = i; k < linear.size(); k += size_.size()) linear[k] *= ratio[i];
  }
}

const double* SizedProblem::inner_x(const double* y) {
  // Scaling by powers of two is exact: points within the bounds stay there.
  for (std::size_t i = 0; i < x_.size(); ++i) x_[i] = std::min(std::max(size_[i] * y[i], inner_->lower[i]), inner_->upper[i]);
  return x_.data();
}

void SizedProblem::values(const double* x, double& f, double* c) { inner_->values(inner_x(x), f, c); }

void SizedProblem::derivatives(const double* x, double* gradient, double* jacobian) {
  inner_->derivatives(inner_x(x), gradient, jacobian);
  const std::size_t count = size_.size();
  for (std::size_t i = 0; i < count; ++i) {
    gradient[i] *= size_[i];
    for (std::size_t k = 0; k < static_cast<std::size_t>(m); ++k) jacobian[k * count + i] *= size_[i];
  }
}

bool SizedProblem::curvature(const double* x, const double* multipliers, const double* v, double* out) {
  for (std::size_t i = 0; i < v_.size(); ++i) v_[i] = size_[i] * v[i];
  if (!inner_->curvature(inner_x(x), multipliers, v_.data(), out)) return false;
  for (std::size_t i = 0; i < v_.size(); ++i) out[i] *= size_[i];
  return true;
}

void SizedProblem::to_inner(std::vector<double>& x) const {
  for (std::size_t i = 0; i < x.size(); ++i) x[i] *= size_[i];
}

void SizedProblem::gradient_to_inner(std::vector<double>& g) const {
  for (std::size_t i = 0; i < g.size(); ++i) g[i] /= size_[i];
}

}  // namespace plait::optimize
