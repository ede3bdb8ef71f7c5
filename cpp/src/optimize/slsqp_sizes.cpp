// Variables in units of their own size.
#include "slsqp_body.hpp"

namespace plait::optimize {
namespace {

constexpr int kMostResized = 4;
constexpr double kRounding = 1e-11;  // a variable that moved no further has not shown its size

}  // namespace

void Slsqp::Body::prepare(Problem& original, const std::vector<double>& x0) {
  problem = &original;
  std::vector<double> sizes = typical_sizes(original, x0);
  bool ordinary = true;
  unknown.assign(sizes.size(), 0);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == 0) {
      sizes[i] = 1;
      unknown[i] = 1;
    }
    ordinary = ordinary && sizes[i] == 1;
  }
  if (!ordinary) {
    sized.wrap(original, std::move(sizes));
    problem = &sized;
  }
  e.begin(*problem);
}

bool Slsqp::Body::resize() {
  if (resized >= kMostResized) return false;
  bool any = false;
  ratio.assign(seen.size(), 1.0);
  for (std::size_t i = 0; i < ratio.size(); ++i) {
    if (e.lower[i] == e.upper[i]) continue;
    const double size = std::max(seen[i], std::abs(at.x[i]));
    if (size > kRounding) ratio[i] = rounded_size(size);
    any = any || ratio[i] != 1;
  }
  if (!any) return false;
  ++resized;
  take_units();
  return true;
}

void Slsqp::Body::guess_sizes() {
  const std::size_t n = unknown.size();
  if (std::find(unknown.begin(), unknown.end(), 1) == unknown.end()) return;
  weights.assign(n, 0.0);  // the most that a variable weighs anywhere, beside those that are known
  const auto weigh = [&](const double* slopes) {
    double known = 0, most = 0;
    for (std::size_t i = 0; i < n; ++i) {
      most = std::max(most, std::abs(slopes[i]));
      if (unknown[i] == 0) known = std::max(known, std::abs(slopes[i]));
    }
    if (!(most > 0)) return;
    for (std::size_t i = 0; i < n; ++i) weights[i] = std::max(weights[i], std::abs(slopes[i]) / (known > 0 ? known : most));
  };
  weigh(at.g.data());
  for (std::size_t k = 0; k < at.c.size(); ++k) weigh(at.jacobian.data() + k * n);
  ratio.assign(n, 1.0);
  bool any = false;
  for (std::size_t i = 0; i < n; ++i) {
    if (unknown[i] == 0 || !(weights[i] > 0)) continue;
    ratio[i] = rounded_size(1 / weights[i]);
    any = any || ratio[i] != 1;
  }
  if (any) take_units();
}

void Slsqp::Body::take_units() {
  if (!is_sized()) {
    sized.wrap(*problem, std::vector<double>(ratio.size(), 1.0));
    problem = &sized;
  }
  sized.resize(ratio);
  e.resize(*problem, ratio);
  b.resize(ratio);
  base = 0;
  const auto n = ratio.size();
  for (std::size_t i = 0; i < n; ++i) {
    at.x[i] /= ratio[i];
    at.g[i] *= ratio[i];
    seen[i] /= ratio[i];
    start_x[i] /= ratio[i];
    start_slopes[i] *= ratio[i];
    base = std::max(base, std::abs(start_slopes[i]));
    if (result.feasible_found) result.best_x[i] /= ratio[i];
    for (std::size_t k = i; k < at.jacobian.size(); k += n) at.jacobian[k] *= ratio[i];
  }
  steepest = std::max(base, largest(at.g));
  start_size = std::max(1.0, largest(start_x));
}

}  // namespace plait::optimize
