#include "evaluation.hpp"

#include <algorithm>
#include <cmath>

namespace plait::optimize {
namespace {

constexpr double kNoLimit = 1e20;
constexpr double kSteep = 10;    // times the other slopes: replaces an infinite slope
constexpr double kSmall = 1e-3;  // nonlinear rows with smaller gradients are scaled up
constexpr double kLeastScale = 1e-60, kMostScale = 1e60;

}  // namespace

void Evaluation::begin(Problem& problem) {
  problem_ = &problem;
  n = problem.n;
  m = problem.m;
  rows = m + static_cast<Index>(problem.linear_lower.size());
  const auto limits = [](std::vector<double>& low, std::vector<double>& high) {
    for (double& v : low)
      if (v <= -kNoLimit) v = -std::numeric_limits<double>::infinity();
    for (double& v : high)
      if (v >= kNoLimit) v = std::numeric_limits<double>::infinity();
  };
  lower = problem.lower;
  upper = problem.upper;
  limits(lower, upper);
  row_lower = problem.row_lower;
  row_upper = problem.row_upper;
  row_lower.insert(row_lower.end(), problem.linear_lower.begin(), problem.linear_lower.end());
  row_upper.insert(row_upper.end(), problem.linear_upper.begin(), problem.linear_upper.end());
  limits(row_lower, row_upper);
  f_scale = 1;
  row_scale.assign(static_cast<std::size_t>(rows), 1.0);
  evaluations = derivative_evaluations = products = 0;
}

void Evaluation::scale_at(Point& p) {
  const auto largest = [](const double* v, Index count) {
    double most = 0;
    for (Index i = 0; i < count; ++i) most = std::max(most, std::abs(v[i]));
    return most;
  };
  const double steepest = largest(p.g.data(), n);
  f_scale = steepest > 0 ? std::min(std::max(1 / steepest, kLeastScale), kMostScale) : 1;
  p.f *= f_scale;
  for (double& g : p.g) g *= f_scale;
  for (Index k = 0; k < rows; ++k) {
    double* const row = p.jacobian.data() + k * n;
    const double size = largest(row, n);
    // A nonlinear row with a small gradient is scaled up only if its values are small, too.
    const double all = k >= m ? size
                              : std::max(size, std::min(std::abs(p.c[static_cast<std::size_t>(k)] - row_lower[static_cast<std::size_t>(k)]),
                                                        std::abs(p.c[static_cast<std::size_t>(k)] - row_upper[static_cast<std::size_t>(k)])));
    const double scale = size > 1 || k >= m ? (size > 0 ? std::max(1 / size, kLeastScale) : 1) : all < kSmall && all > 1 / kMostScale ? 1 / all : 1;
    row_scale[static_cast<std::size_t>(k)] = scale;
    row_lower[static_cast<std::size_t>(k)] *= scale;
    row_upper[static_cast<std::size_t>(k)] *= scale;
    p.c[static_cast<std::size_t>(k)] *= scale;
    for (Index i = 0; i < n; ++i) row[i] *= scale;
  }
  p.violation = violation_of(p.c);
}

void Evaluation::resize(Problem& problem, const std::vector<double>& ratio) {
  problem_ = &problem;
  for (std::size_t i = 0; i < ratio.size(); ++i) {
    lower[i] /= ratio[i];
    upper[i] /= ratio[i];
  }
}

void Evaluation::values(Point& p) {
  p.c.resize(static_cast<std::size_t>(rows));
  problem_->values(p.x.data(), p.f, p.c.data());
  ++evaluations;
  p.f *= f_scale;
  p.finite = std::isfinite(p.f);
  for (Index k = 0; k < m; ++k) {
    p.finite = p.finite && std::isfinite(p.c[static_cast<std::size_t>(k)]);
    p.c[static_cast<std::size_t>(k)] *= row_scale[static_cast<std::size_t>(k)];
  }
  for (Index k = m; k < rows; ++k)
    p.c[static_cast<std::size_t>(k)] = row_scale[static_cast<std::size_t>(k)] * table_->dot(n, problem_->linear.data() + (k - m) * n, p.x.data());
  p.violation = p.finite ? violation_of(p.c) : 0;
}

void Evaluation::derivatives(Point& p) {
  p.g.resize(static_cast<std::size_t>(n));
  p.jacobian.resize(static_cast<std::size_t>(rows * n));
  problem_->derivatives(p.x.data(), p.g.data(), p.jacobian.data());
  ++derivative_evaluations;
  std::copy(problem_->linear.begin(), problem_->linear.end(), p.jacobian.begin() + m * n);
  double total = 0;
  for (double& g : p.g) {
    g *= f_scale;
    total += g;
  }
  for (Index k = 0; k < rows; ++k) {
    const double scale = row_scale[static_cast<std::size_t>(k)];
    double* const row = p.jacobian.data() + k * n;
    for (Index i = 0; i < n; ++i) {
      row[i] *= scale;
      total += row[i];
    }
  }
  if (!std::isfinite(total) && p.finite) p.finite = lean_on_bounds(p);
}

bool Evaluation::lean_on_bounds(Point& p) const {
  double most = 1;
  for (const double g : p.g)
    if (std::isfinite(g)) most = std::max(most, std::abs(g));
  for (std::size_t i = 0; i < p.g.size(); ++i) {
    if (std::isfinite(p.g[i])) continue;
    const bool held = (p.x[i] <= lower[i] && p.g[i] > 0) || (p.x[i] >= upper[i] && p.g[i] < 0);  // false for NaN
    if (!held) return false;
    p.g[i] = std::copysign(kSteep * most, p.g[i]);
  }
  return std::all_of(p.jacobian.begin(), p.jacobian.end(), [](double v) { return std::isfinite(v); });
}

double Evaluation::row_violation(const Point& p, std::size_t k) const {
  const double c = p.c[k];
  return c < row_lower[k] ? row_lower[k] - c : c > row_upper[k] ? c - row_upper[k] : 0.0;
}

double Evaluation::violation_of(const std::vector<double>& c) const {
  double sum = 0;
  for (std::size_t k = 0; k < c.size(); ++k) sum += c[k] < row_lower[k] ? row_lower[k] - c[k] : c[k] > row_upper[k] ? c[k] - row_upper[k] : 0.0;
  return sum;
}

double Evaluation::infeasibility(const Point& p, double ctol) const {
  double most = 0;
  for (std::size_t k = 0; k < p.c.size(); ++k) {
    const double by = row_violation(p, k);
    if (by == 0) continue;
    const double limit = p.c[k] < row_lower[k] ? row_lower[k] : row_upper[k];
    double tolerance = ctol * std::max(std::min(1.0, row_scale[k]), std::abs(limit));
    if (by > tolerance && p.jacobian.size() == p.c.size() * p.x.size()) {  // rounding of x is not a violation
      double terms = 0;
      for (std::size_t i = 0; i < p.x.size(); ++i) terms += std::abs(p.jacobian[k * p.x.size() + i] * p.x[i]);
      tolerance = std::max(tolerance, 4 * std::numeric_limits<double>::epsilon() * terms);
    }
    most = std::max(most, by / tolerance);
  }
  return most;
}

bool Evaluation::exact_curvature(const Point& p, const std::vector<double>& multipliers, const std::vector<double>& v, std::vector<double>& out) {
  out.resize(static_cast<std::size_t>(n));
  unscaled_.resize(static_cast<std::size_t>(m));
  for (std::size_t k = 0; k < unscaled_.size(); ++k) unscaled_[k] = multipliers[k] * row_scale[k] / f_scale;
  if (!problem_->curvature(p.x.data(), unscaled_.data(), v.data(), out.data())) return false;
  ++products;
  for (double& h : out) h *= f_scale;
  return true;
}

void Evaluation::curvature(const Point& p, const std::vector<double>& multipliers, const std::vector<double>& v, std::vector<double>& out) {
  if (exact_curvature(p, multipliers, v, out)) return;
  // (grad L(x + h v) - grad L(x)) / h, with h < 0 where a bound is in the way.
  double size = 0, length = 0;
  for (std::size_t i = 0; i < v.size(); ++i) {
    size = std::max(size, std::abs(p.x[i]));
    length = std::max(length, std::abs(v[i]));
  }
  double h = (problem_->differences() ? 1e-4 : 1e-7) * std::max(1.0, size) / length;
  near_ = p;
  const auto fits = [&](double step) {
    for (std::size_t i = 0; i < v.size(); ++i) {
      near_.x[i] = p.x[i] + step * v[i];
      if (near_.x[i] != inside(i, near_.x[i])) return false;
    }
    return true;
  };
  if (!fits(h) && !fits(-h)) {
    h *= 1e-2;
    if (!fits(h)) fits(-h);
    for (std::size_t i = 0; i < v.size(); ++i) near_.x[i] = inside(i, near_.x[i]);
  }
  std::size_t largest = 0;
  for (std::size_t i = 0; i < v.size(); ++i)
    if (std::abs(v[i]) > std::abs(v[largest])) largest = i;
  h = (near_.x[largest] - p.x[largest]) / v[largest];
  derivatives(near_);
  for (Index i = 0; i < n; ++i) {
    double change = near_.g[static_cast<std::size_t>(i)] - p.g[static_cast<std::size_t>(i)];
    for (Index k = 0; k < m; ++k)
      change -= multipliers[static_cast<std::size_t>(k)] *
                (near_.jacobian[static_cast<std::size_t>(k * n + i)] - p.jacobian[static_cast<std::size_t>(k * n + i)]);
    out[static_cast<std::size_t>(i)] = h != 0 && std::isfinite(change) ? change / h : 0.0;
  }
}

}  // namespace plait::optimize
