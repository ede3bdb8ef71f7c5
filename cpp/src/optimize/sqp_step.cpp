#include "sqp_step.hpp"

#include <algorithm>
#include <cmath>

namespace plait::optimize {
namespace {

constexpr Index kBlockPivot = 24;  // number of variables from which block pivoting is faster than adding constraints one by one

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

}  // namespace

void StepSolver::begin(Index, Index) {
  warm_ = {};
  elastic_warm_ = {};
}

void StepSolver::set_limits(const Evaluation& e, const Point& p, const double* c) {
  lower_.resize(at(e.n));
  upper_.resize(at(e.n));
  for (std::size_t i = 0; i < lower_.size(); ++i) {
    lower_[i] = std::min(e.lower[i] - p.x[i], 0.0);
    upper_[i] = std::max(e.upper[i] - p.x[i], 0.0);
    if (e.lower[i] == e.upper[i]) lower_[i] = upper_[i] = 0;
  }
  row_lower_.resize(at(e.rows));
  row_upper_.resize(at(e.rows));
  for (std::size_t k = 0; k < row_lower_.size(); ++k) {
    row_lower_[k] = e.row_lower[k] - c[k];
    row_upper_[k] = e.row_upper[k] - c[k];
  }
}

void StepSolver::take(Step& step, Index n, Index rows) const {
  step.s.assign(result_.x.begin(), result_.x.begin() + n);
  step.bound_multipliers.assign(result_.bound_multipliers.begin(), result_.bound_multipliers.begin() + n);
  step.multipliers.assign(result_.row_multipliers.begin(), result_.row_multipliers.begin() + rows);
}

void StepSolver::solve(const Evaluation& e, const Point& p, const std::vector<double>& b, Index ld, const double* c, Step& step) {
  const Index n = e.n;
  b_ = &b;
  ld_ = ld;
  inverted_ = false;
  factored_ = true;
  step.solved = step.elastic = false;
  set_limits(e, p, c != nullptr ? c : p.c.data());
  const QpView view{n, e.rows, p.g.data(), p.jacobian.data(), lower_.data(), upper_.data(), row_lower_.data(), row_upper_.data()};
  result_.steps = 0;
  if (n >= kBlockPivot && pivot_.solve(view, b.data(), ld, &warm_, result_)) {
    warm_ = result_.active;
    take(step, n, e.rows);
    step.solved = true;
    return;
  }
  factor_ = b;
  least_.assign(at(n), 0.0);
  for (Index i = 0; i < n; ++i) least_[at(i)] = 1e-15 * b[at(i * ld + i)];
  factored_ = table_->cholesky(n, factor_.data(), ld, least_.data()) == n;
  if (!factored_) return;
  dual_.set_factor(n, factor_.data(), ld);
  inverted_ = true;
  dual_.solve(view, static_cast<int>(20 * (n + e.rows) + 100), result_, &warm_);
  if (result_.status != QpStatus::solved) return;
  warm_ = result_.active;
  take(step, n, e.rows);
  step.solved = true;
}

bool StepSolver::correct(const Evaluation& e, const Point& p, const double* c, Step& step) {
  const Index n = e.n;
  set_limits(e, p, c);
  const QpView view{n, e.rows, p.g.data(), p.jacobian.data(), lower_.data(), upper_.data(), row_lower_.data(), row_upper_.data()};
  result_.steps = 0;
  if (!inverted_) {
    if (!pivot_.solve(view, b_->data(), ld_, &warm_, result_)) return false;
  } else {
    dual_.solve(view, static_cast<int>(20 * (n + e.rows) + 100), result_, &warm_);
    if (result_.status != QpStatus::solved) return false;
  }
  take(step, n, e.rows);
  return true;
}

// An elastic variable t for each row, J s + t within the limits, with penalty price/2 t²: always feasible.
void StepSolver::solve_elastic(const Evaluation& e, const Point& p, const std::vector<double>& b, Index ld, double price, Step& step) {
  const Index n = e.n, rows = e.rows, wide = n + rows, stride = padded(wide);
  step.solved = false;
  step.elastic = true;
  set_limits(e, p, p.c.data());
  lower_.resize(at(wide), -kInfinity);
  upper_.resize(at(wide), kInfinity);
  std::fill(lower_.begin() + n, lower_.end(), -kInfinity);
  std::fill(upper_.begin() + n, upper_.end(), kInfinity);
  wide_factor_.assign(at(wide * stride), 0.0);
  for (Index i = 0; i < n; ++i) std::copy_n(b.begin() + i * ld, n, wide_factor_.begin() + i * stride);
  for (Index k = n; k < wide; ++k) wide_factor_[at(k * stride + k)] = price;
  least_.assign(at(wide), 0.0);
  if (table_->cholesky(wide, wide_factor_.data(), stride, least_.data()) != wide) return;
  wide_rows_.assign(at(rows * wide), 0.0);
  for (Index k = 0; k < rows; ++k) {
    std::copy_n(p.jacobian.begin() + k * n, n, wide_rows_.begin() + k * wide);
    wide_rows_[at(k * wide + n + k)] = 1;
  }
  wide_gradient_.assign(at(wide), 0.0);
  std::copy(p.g.begin(), p.g.end(), wide_gradient_.begin());
  const QpView view{wide, rows, wide_gradient_.data(), wide_rows_.data(), lower_.data(), upper_.data(), row_lower_.data(), row_upper_.data()};
  elastic_dual_.set_factor(wide, wide_factor_.data(), stride);
  result_.steps = 0;
  elastic_dual_.solve(view, static_cast<int>(20 * (wide + rows) + 100), result_, &elastic_warm_);
  if (result_.status != QpStatus::solved) return;
  elastic_warm_ = result_.active;
  take(step, n, rows);
  step.solved = true;
}

}  // namespace plait::optimize
