// First-order conditions, the check of derivatives, and the final report.
#include "derivative_check.hpp"
#include "slsqp_body.hpp"

namespace plait::optimize {
void Slsqp::Body::remember_best(const Point& p) {
  if (e.infeasibility(p, options.ctol) > 1) return;
  if (result.feasible_found && !(p.f < result.best_f)) return;
  result.feasible_found = true;
  result.best_f = p.f;
  result.best_x = p.x;
}

double Slsqp::Body::violation(const Point& p) const {
  double most = 0;
  for (std::size_t k = 0; k < p.c.size(); ++k) most = std::max(most, e.row_violation(p, k) / e.row_scale[k]);
  return most;
}

void Slsqp::Body::remember_path() {
  result.path.push_back(at.f / e.f_scale);
  result.path.push_back(violation(at));
}

double Slsqp::Body::kkt_residual(const Point& p, const std::vector<double>& multipliers, std::vector<double>& bound_multipliers) {
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
    // Complementarity: distance from the limit with a multiplier, scaled as a force.
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
  if (at.g.size() == n) result.kkt = kkt_residual(at, multipliers, result.bound_multipliers);
  result.bound_multipliers.resize(n, 0.0);
  for (double& z : result.bound_multipliers) z /= e.f_scale;
  result.rows = at.c;
  result.active.assign(multipliers.size(), 0);
  result.violation = violation(at);
  for (std::size_t k = 0; k < multipliers.size(); ++k) {
    result.rows[k] /= e.row_scale[k];
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
  if (result.path.empty()) result.path.resize(2);
  result.path.end()[-2] = result.f;
  result.path.back() = result.violation;
  result.evaluations = e.evaluations;
  result.derivative_evaluations = e.derivative_evaluations;
  result.products = e.products;
  return result;
}

bool Slsqp::Body::derivatives_agree() {
  WrongDerivative wrong;
  const bool agree = derivatives_agree_at(e, at, steepest_ever, wrong);
  result.wrong_row = wrong.row;
  result.wrong_by = wrong.by;
  return agree;
}

}  // namespace plait::optimize
