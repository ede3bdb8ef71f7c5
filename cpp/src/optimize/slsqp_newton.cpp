// The exact Hessian of the Lagrangian instead of B, if the problem provides products with it and it is positive definite.
#include "slsqp_body.hpp"

namespace plait::optimize {
namespace {

constexpr Index kMostExact = 50;     // largest number of variables: each needs a Hessian-vector product per point
constexpr double kDefinite = 1e-12;  // times the diagonal: smaller pivots are rounding

}  // namespace

bool Slsqp::Body::sharpen() {
  if (!exact || e.n > kMostExact) return false;
  const auto n = static_cast<std::size_t>(e.n);
  const Index ld = b.stride();
  hessian.assign(static_cast<std::size_t>(e.n * ld), 0.0);
  unit.assign(n, 0.0);
  double most = 0;
  for (std::size_t i = 0; i < n; ++i) {
    unit[i] = 1;
    exact = e.exact_curvature(at, step.multipliers, unit, image);
    unit[i] = 0;
    if (!exact) return false;
    for (std::size_t k = 0; k < n; ++k) {
      if (!std::isfinite(image[k])) return false;
      hessian[i * static_cast<std::size_t>(ld) + k] = image[k];
      most = std::max(most, std::abs(image[k]));
    }
  }
  for (std::size_t i = 0; i < n; ++i)  // symmetrise: the halves differ by rounding
    for (std::size_t k = 0; k < i; ++k) hessian[k * static_cast<std::size_t>(ld) + i] = hessian[i * static_cast<std::size_t>(ld) + k];
  const auto definite = [&] {
    tried = hessian;
    floor.resize(n);
    for (std::size_t i = 0; i < n; ++i) floor[i] = kDefinite * hessian[i * static_cast<std::size_t>(ld) + i];
    return table->cholesky(e.n, tried.data(), ld, floor.data()) == e.n;
  };
  weights.assign(step.multipliers.size(), 0.0);
  if (!(most > 0)) return false;
  if (definite()) return true;
  // Augmentation: along an active row A s is fixed, so adding a multiple of A'A makes the Hessian definite there without changing the step.
  for (const double weight : {1.0, 10.0}) {
    for (std::size_t r = 0; r < weights.size(); ++r) {
      if (e.row_lower[r] != e.row_upper[r] && step.multipliers[r] == 0) continue;
      const double* const row = at.jacobian.data() + r * n;
      const double length = table->dot(e.n, row, row);
      if (!(length > 0)) continue;
      const double w = weight * most / length;
      for (std::size_t i = 0; i < n; ++i) table->axpy(e.n, w * row[i], row, hessian.data() + i * static_cast<std::size_t>(ld));
      weights[r] += w;
    }
    if (definite()) return true;
  }
  return false;
}

bool Slsqp::Body::newton_step() {
  if (!sharpen()) return false;
  steps.solve(e, at, hessian, b.stride(), nullptr, step);
  if (!step.solved || !(largest(step.s) < 1e100)) return false;
  for (std::size_t r = 0; r < weights.size(); ++r) {
    if (weights[r] == 0 || step.multipliers[r] == 0) continue;
    const double found = step.multipliers[r];
    step.multipliers[r] -= weights[r] * table->dot(e.n, at.jacobian.data() + r * static_cast<std::size_t>(e.n), step.s.data());
    if (e.row_lower[r] != e.row_upper[r] && found * step.multipliers[r] < 0) step.multipliers[r] = 0;
  }
  return true;
}

}  // namespace plait::optimize
