// Scaling of variables.
#include "slsqp_body.hpp"

namespace plait::optimize {
namespace {

constexpr int kMostResized = 4;
constexpr double kFlattened = 1e-3;  // relative to the start's slope: below it the objective is rescaled
constexpr double kChanged = 1e-2;
constexpr double kSeen = 1e-7;       // times a row over a variable's size: smallest slope that finite differences resolve
constexpr double kRounding = 1e-11;  // a shorter movement does not determine a variable's scale

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
    // A slope equal to that at the start means that the movement was too short to determine the scale.
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
  // The scale of finite-difference steps: 1, a smaller start, or a known size.
  second.spacing.assign(problem->differences() ? n : 0, 1.0);
  for (std::size_t i = 0; i < second.spacing.size(); ++i) {
    const bool learnt = i < problem->sizes.size() && problem->sizes[i] > 0;
    const double size = learnt ? problem->sizes[i] : typical[i] > 0 ? std::min(typical[i], 1.0) : 1.0;
    second.spacing[i] = std::max(size / (is_sized() ? sized.units()[i] : 1.0), std::abs(at.x[i]));
  }
  std::vector<double> weighs(n, 0.0);
  for (std::size_t k = 0; k < at.c.size(); ++k) {
    const double* const row = at.jacobian.data() + k * n;
    double whole = std::abs(at.c[k]);
    for (const double limit : {e.row_lower[k], e.row_upper[k]})
      if (std::isfinite(limit)) whole = std::max({whole, std::abs(limit), std::abs(at.c[k] - limit)});
    for (std::size_t i = 0; i < n; ++i) whole = std::max(whole, std::abs(row[i] * at.x[i]));
    if (whole == 0) continue;
    for (std::size_t i = 0; i < n; ++i) {
      const double rounding = problem->differences() ? kSeen * whole / second.spacing[i] : 0;
      if (std::abs(row[i]) > rounding) weighs[i] = std::max(weighs[i], std::abs(row[i]) / whole);
    }
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
  // The largest free slope of the Lagrangian in the new units: its reciprocal scales the objective, so that the first step has length 1.
  std::vector<double> z = at.g;
  for (std::size_t k = 0; k < step.multipliers.size(); ++k) table->axpy(e.n, -step.multipliers[k], at.jacobian.data() + k * z.size(), z.data());
  double most = 0;
  for (std::size_t i = 0; i < z.size(); ++i)
    if ((at.x[i] > e.lower[i] || z[i] < 0) && (at.x[i] < e.upper[i] || z[i] > 0)) most = std::max(most, std::abs(z[i] * ratio[i]));
  if (!(most > 0) || (!any && most > kFlattened)) return false;
  ++refined;
  if (any) take_units();
  if (most < kFlattened || most > 1 / kFlattened) rescale(1 / most);
  b.reset(e.n, most < kFlattened || most > 1 / kFlattened ? 1 : most);
  return true;
}

void Slsqp::Body::rescale(double by) {
  by = std::exp2(std::round(std::log2(std::min(std::max(by, 1e-100), 1e100))));
  e.f_scale *= by;
  at.f *= by;
  for (std::vector<double>* v : {&at.g, &step.multipliers, &penalty, &start_slopes})
    for (double& value : *v) value *= by;
  for (double* v : {&low_f, &high_f, &last_f, &spread, &idle_f, &result.best_f}) *v *= by;
  steepest = base = steepest_ever = std::max(1.0, largest(at.g));
}

void Slsqp::Body::guess_sizes() {
  if (std::none_of(typical.begin(), typical.end(), [](double size) { return size < 1; })) return;
  const auto slopes_at = [](const Point& p) {
    std::vector<const double*> slopes{p.g.data()};
    for (std::size_t k = 0; k < p.c.size(); ++k) slopes.push_back(p.jacobian.data() + k * p.g.size());
    return slopes;
  };
  ratio = balance(typical, at.f, slopes_at(at));
  if (doubtful(ratio, *problem, at.x, trial.x)) {
    e.values(trial);
    if (trial.finite) e.derivatives(trial);
    if (trial.finite) correct_units(ratio, typical, at.f, slopes_at(trial));
  }
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
