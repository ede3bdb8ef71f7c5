// What judges a point: first-order conditions, given derivatives, and the report at the end.
#include "slsqp_body.hpp"

namespace plait::optimize {
namespace {

constexpr double kWrong = 1e-3;  // relative difference that a derivative may show
constexpr double kFlat = 1e-5;   // of the steepest slope: what counts as none

}  // namespace

void Slsqp::Body::remember_best(const Point& p) {
  if (e.infeasibility(p, options.ctol) > 1) return;
  if (result.feasible_found && !(p.f < result.best_f)) return;
  result.feasible_found = true;
  result.best_f = p.f;
  result.best_x = p.x;
}

double Slsqp::Body::judge(const Point& p, const std::vector<double>& multipliers, std::vector<double>& bound_multipliers) {
  const auto n = static_cast<std::size_t>(e.n);
  bound_multipliers = p.g;
  force = std::max(steepest, largest(p.g));
  double wrong = 0, pushed = 0;
  for (std::size_t k = 0; k < multipliers.size(); ++k) {
    if (multipliers[k] == 0) continue;
    const double* const row = p.jacobian.data() + k * n;
    double size = 0;
    for (std::size_t i = 0; i < n; ++i) size = std::max(size, std::abs(row[i]));
    pushed = std::max(pushed, size * std::abs(multipliers[k]));
    table->axpy(e.n, -multipliers[k], row, bound_multipliers.data());
    const double limit = multipliers[k] > 0 ? e.row_lower[k] : e.row_upper[k];
    // Complementarity: how far the row is from the limit that pushes, as a force.
    if (std::isinf(limit)) wrong = std::max(wrong, size * std::abs(multipliers[k]));
    else
      wrong = std::max(
          wrong, std::min(1.0, std::abs(p.c[k] - limit) / std::max({std::abs(limit), std::abs(p.c[k]), size})) * size * std::abs(multipliers[k]));
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (e.lower[i] == e.upper[i]) continue;
    double& z = bound_multipliers[i];
    const bool at_lower = p.x[i] <= e.lower[i], at_upper = p.x[i] >= e.upper[i];
    if ((at_lower && z > 0) || (at_upper && z < 0)) continue;
    wrong = std::max(wrong, std::abs(z));
    z = 0;
  }
  return std::max(wrong - 1e-14 * pushed, 0.0) / force;
}

SlsqpResult& Slsqp::Body::finish(Status status) {
  const auto n = static_cast<std::size_t>(e.n);
  result.status = status;
  result.x = at.x;
  result.f = at.f / e.f_scale;
  result.gradient = at.g;
  for (double& g : result.gradient) g /= e.f_scale;
  std::vector<double> multipliers = step.multipliers;
  multipliers.resize(static_cast<std::size_t>(e.rows), 0.0);
  if (at.g.size() == n) result.kkt = judge(at, multipliers, result.bound_multipliers);
  result.bound_multipliers.resize(n, 0.0);
  for (double& z : result.bound_multipliers) z /= e.f_scale;
  result.rows = at.c;
  result.active.assign(multipliers.size(), 0);
  result.violation = 0;
  for (std::size_t k = 0; k < multipliers.size(); ++k) {
    result.rows[k] /= e.row_scale[k];
    result.violation = std::max(result.violation, e.row_violation(at, k) / e.row_scale[k]);
    const double gap = std::min(std::abs(at.c[k] - e.row_lower[k]), std::abs(at.c[k] - e.row_upper[k]));
    result.active[k] = gap <= 1e-6 * std::max(1.0, std::abs(at.c[k])) || multipliers[k] != 0 ? 1 : 0;
    multipliers[k] *= e.row_scale[k] / e.f_scale;
  }
  result.multipliers = std::move(multipliers);
  if (result.feasible_found) result.best_f /= e.f_scale;
  result.hessian.resize(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < n; ++k)
      result.hessian[i * n + k] = b.matrix().empty() ? 0.0 : b.matrix()[i * static_cast<std::size_t>(b.stride()) + k] / e.f_scale;
  if (is_sized()) {
    const std::vector<double>& size = sized.units();
    sized.to_inner(result.x);
    sized.to_inner(result.best_x);
    sized.gradient_to_inner(result.gradient);
    sized.gradient_to_inner(result.bound_multipliers);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t k = 0; k < n; ++k) result.hessian[i * n + k] /= size[i] * size[k];
  }
  result.evaluations = e.evaluations;
  result.derivative_evaluations = e.derivative_evaluations;
  result.products = e.products;
  return result;
}

bool Slsqp::Body::derivatives_agree() {
  const auto n = static_cast<std::size_t>(e.n);
  direction.resize(n);
  const double size = std::max(1.0, largest(at.x));
  double h = 1e-6 * size;
  unsigned seed = 2463534242U;
  for (std::size_t i = 0; i < n; ++i) {
    seed = seed * 1664525U + 1013904223U;
    const double pick = 0.5 + static_cast<double>(seed >> 8) / 33554432.0;  // in [0.5, 1)
    direction[i] = e.upper[i] - at.x[i] > 2 * h ? pick : at.x[i] - e.lower[i] > 2 * h ? -pick : 0.0;
  }
  const auto differs = [&](double slope, double difference, double scale, double noise) {
    return std::abs(slope - difference) > kWrong * std::max(scale, std::abs(difference)) + noise;
  };
  // Where the objective is flat all that a difference shows is curvature.
  const double flat = kFlat * ever;
  trial.x = at.x;
  for (std::size_t i = 0; i < n; ++i) trial.x[i] = at.x[i] + h * direction[i];
  e.values(trial);
  if (!trial.finite) return true;
  int row = -2;
  bool clear = true;  // rounding has no part in it
  const auto compare = [&](double shrink) {
    row = -2;
    const auto check = [&](int k, const double* slopes, double from, double to) {
      double slope = 0, terms = 0;
      for (std::size_t i = 0; i < n; ++i) {
        slope += slopes[i] * direction[i];
        terms += std::abs(slopes[i] * direction[i]);
      }
      const double difference = (to - from) / shrink;
      const double noise = 1e2 * kEpsilon * (std::abs(from) + std::abs(to)) / shrink;
      clear = clear && noise <= kWrong * std::max(terms, std::abs(difference));
      if (row == -2 && differs(slope, difference, terms, noise + (k < 0 ? flat : 0.0))) {
        row = k;
        result.wrong_by = std::abs(slope - difference) / std::max({terms, std::abs(difference), 1e-300});
      }
    };
    check(-1, at.g.data(), at.f, trial.f);
    for (Index k = 0; k < e.m; ++k)
      check(static_cast<int>(k), at.jacobian.data() + k * e.n, at.c[static_cast<std::size_t>(k)], trial.c[static_cast<std::size_t>(k)]);
    return row == -2;
  };
  if (compare(h)) return true;
  // Curvature makes a forward difference wrong, too: once more, central and shorter, before anybody is accused.
  Point back;
  back.x = at.x;
  h *= 1e-1;
  bool central = true;
  for (std::size_t i = 0; i < n; ++i) {
    trial.x[i] = at.x[i] + h * direction[i];
    back.x[i] = at.x[i] - h * direction[i];
    central = central && back.x[i] == e.inside(i, back.x[i]);
  }
  e.values(trial);
  if (!trial.finite) return true;
  if (central) {
    e.values(back);
    if (!back.finite) return true;
    std::swap(at.f, back.f);
    std::swap(at.c, back.c);
  }
  bool fine = compare(central ? 2 * h : h);
  if (central) {
    std::swap(at.f, back.f);
    std::swap(at.c, back.c);
  }
  std::vector<double> shape = direction;
  if (!fine) {  // and once beside each variable's own size: 1/x near 0 is far from straight on any other
    for (std::size_t i = 0; i < n; ++i) direction[i] *= std::abs(at.x[i]);
    for (std::size_t i = 0; i < n; ++i) trial.x[i] = e.inside(i, at.x[i] + 1e-6 * direction[i]);
    e.values(trial);
    if (!trial.finite) return true;
    const double most = largest(direction);
    if (most > 0) {
      const int accused = row;
      const double by = result.wrong_by;
      fine = compare(1e-6);
      if (!fine) {
        row = accused;
        result.wrong_by = by;
      }
    }
  }
  // Nothing tells how quickly it bends: shorter and shorter, as far as a difference shows more than rounding.
  for (int k = 0; k < 2 && !fine; ++k) {
    h *= 1e-3;
    for (std::size_t i = 0; i < n; ++i) trial.x[i] = e.inside(i, at.x[i] + h * shape[i]);
    e.values(trial);
    if (!trial.finite) break;
    const int accused = row;
    const double by = result.wrong_by;
    std::swap(direction, shape);
    clear = true;
    fine = compare(h) && clear;
    std::swap(direction, shape);
    row = accused;
    result.wrong_by = by;
  }
  result.wrong_row = row;
  return fine;
}

}  // namespace plait::optimize
