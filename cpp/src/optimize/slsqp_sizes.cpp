// Variables in units of their own size.
#include "slsqp_body.hpp"

namespace plait::optimize {
namespace {

constexpr int kMostResized = 4;
constexpr double kChanged = 1e-2;
constexpr double kSeen = 1e-6;       // of the largest in its row: a derivative that differences tell from nothing
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

void Slsqp::Body::find_reach() {
  const std::size_t n = seen.size();
  reach.resize(n);
  for (std::size_t i = 0; i < n; ++i) reach[i] = std::max(seen[i], std::abs(at.x[i]));
  std::vector<double> weighs(n, 0.0);
  for (std::size_t k = 0; k < at.c.size(); ++k) {
    const double* const row = at.jacobian.data() + k * n;
    double whole = std::abs(at.c[k]), most = 0;
    for (const double limit : {e.row_lower[k], e.row_upper[k]})
      if (std::isfinite(limit)) whole = std::max({whole, std::abs(limit), std::abs(at.c[k] - limit)});
    for (std::size_t i = 0; i < n; ++i) {
      whole = std::max(whole, std::abs(row[i] * at.x[i]));
      most = std::max(most, std::abs(row[i]));
    }
    if (whole == 0) continue;
    for (std::size_t i = 0; i < n; ++i)
      if (std::abs(row[i]) > (problem->differences() ? kSeen * most : 0.0)) weighs[i] = std::max(weighs[i], std::abs(row[i]) / whole);
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (weighs[i] > 0) reach[i] = std::max(reach[i], 1 / weighs[i]);
    if (reach[i] == 0) reach[i] = 1;
  }
}

bool Slsqp::Body::refine() {
  bool any = false;
  ratio.assign(seen.size(), 1.0);
  for (std::size_t i = 0; i < ratio.size(); ++i) {
    if (e.lower[i] == e.upper[i] || !(reach[i] > 0)) continue;
    ratio[i] = std::exp2(std::round(std::log2(std::min(std::max(reach[i], kRounding), 1 / kRounding))));
    any = any || ratio[i] > 4 || ratio[i] < 0.25;
  }
  if (!any) return false;
  take_units();
  // One unit is a first step, as long as nothing else is known.
  double most = 0;
  std::vector<double> z = at.g;
  for (std::size_t k = 0; k < step.multipliers.size(); ++k) table->axpy(e.n, -step.multipliers[k], at.jacobian.data() + k * z.size(), z.data());
  for (std::size_t i = 0; i < z.size(); ++i)
    if ((at.x[i] > e.lower[i] || z[i] < 0) && (at.x[i] < e.upper[i] || z[i] > 0)) most = std::max(most, std::abs(z[i]));
  b.reset(e.n, most > 0 ? most : 1);
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
