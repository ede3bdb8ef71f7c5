// Variables in units of their own size.
#include "slsqp_body.hpp"

namespace plait::optimize {
namespace {

constexpr int kMostResized = 4;
constexpr double kChanged = 1e-2;
constexpr double kRounding = 1e-11;  // a variable that moved no further has not shown its size

}  // namespace

void Slsqp::Body::prepare(Problem& original, const std::vector<double>& x0) {
  problem = &original;
  typical = typical_sizes(original, x0);
  ratio = typical;
  bool ordinary = true;
  for (double& size : ratio) {
    if (size == 0) size = 1;
    ordinary = ordinary && size == 1;
  }
  if (!ordinary) {
    sized.wrap(original, ratio);
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
    // One that is still as steep as at the start has not gone far enough to show how far that is.
    const bool shown = std::abs(at.g[i] - start_slopes[i]) > kChanged * std::abs(start_slopes[i]);
    if (size > kRounding && (shown || size > 1)) ratio[i] = rounded_size(size);
    any = any || ratio[i] != 1;
  }
  if (!any) return false;
  ++resized;
  take_units();
  return true;
}

void Slsqp::Body::guess_sizes() {
  if (std::none_of(typical.begin(), typical.end(), [](double size) { return size < 1; })) return;
  std::vector<const double*> slopes{at.g.data()};
  for (std::size_t k = 0; k < at.c.size(); ++k) slopes.push_back(at.jacobian.data() + k * at.g.size());
  ratio = balance(typical, at.f, slopes);
  if (std::any_of(ratio.begin(), ratio.end(), [](double r) { return r != 1; })) take_units();
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
