#include "block_pivot.hpp"

#include <algorithm>
#include <cmath>

#include "plait/base/interrupt.hpp"

namespace plait::optimize {
namespace {

constexpr int kMostRounds = 60;
constexpr int kPatience = 4;         // rounds without a decrease of wrong signs
constexpr double kRound = 1e-12;     // times the size of the terms: a smaller value has no sign
constexpr double kOff = 4e-15;       // times the largest term: larger residuals are reduced by another solve
constexpr double kSingular = 1e-11;  // pivots of the Schur complement over its diagonal

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

}  // namespace

// x and multipliers for result.active. False: the equations are singular.
bool BlockPivot::solve_on_set(const QpView& v, const double* hessian, Index ld, QpResult& result) {
  const Index n = v.n;
  free_.clear();
  tight_.clear();
  fixed_.assign(at(n), 0.0);
  for (Index i = 0; i < n; ++i) {
    const int side = result.active.bounds[at(i)];
    if (side == 0) free_.push_back(i);
    else fixed_[at(i)] = side < 0 ? v.lower[i] : v.upper[i];
  }
  for (Index k = 0; k < v.m; ++k)
    if (result.active.rows[at(k)] != 0) tight_.push_back(k);
  const auto nf = static_cast<Index>(free_.size()), nt = static_cast<Index>(tight_.size());
  if (nt > nf) return false;
  const Index stride = padded(nf);
  factor_.resize(at(nf * stride));
  least_.resize(at(nf));
  right_.resize(at(nf));
  for (Index a = 0; a < nf; ++a) {
    const double* const row = hessian + free_[at(a)] * ld;
    for (Index b = 0; b <= a; ++b) factor_[at(a * stride + b)] = row[free_[at(b)]];
    least_[at(a)] = 1e-14 * row[free_[at(a)]];
    right_[at(a)] = -v.gradient[free_[at(a)]] - (nf == n ? 0.0 : table_->dot(n, row, fixed_.data()));
  }
  if (table_->cholesky(nf, factor_.data(), stride, least_.data()) != nf) return false;
  if (nt > 0) {
    const Index wide = padded(nt);
    images_.resize(at(nt * stride));
    schur_.resize(at(nt * wide));
    schur_least_.resize(at(nt));
    target_.resize(at(nt));
    for (Index t = 0; t < nt; ++t) {
      const double* const row = v.rows + tight_[at(t)] * n;
      double* const image = images_.data() + t * stride;
      for (Index a = 0; a < nf; ++a) image[a] = row[free_[at(a)]];
      solve_lower(*table_, nf, factor_.data(), stride, image);
      target_[at(t)] = tight_limit(v, t, result) - table_->dot(n, row, fixed_.data());
      for (Index s = 0; s <= t; ++s) schur_[at(t * wide + s)] = table_->dot(nf, image, images_.data() + s * stride);
      schur_least_[at(t)] = kSingular * schur_[at(t * wide + t)];
    }
    if (table_->cholesky(nt, schur_.data(), wide, schur_least_.data()) != nt) return false;
  }
  result.x = fixed_;
  std::fill(result.row_multipliers.begin(), result.row_multipliers.end(), 0.0);
  add_solution(result);
  return true;
}

double BlockPivot::tight_limit(const QpView& v, Index t, const QpResult& result) const {
  const Index k = tight_[at(t)];
  return result.active.rows[at(k)] < 0 ? v.row_lower[k] : v.row_upper[k];
}

// Solves for the right-hand sides right_ (free part of the gradient) and target_ (active rows); adds the solution to x and multipliers.
void BlockPivot::add_solution(QpResult& result) {
  const auto nf = static_cast<Index>(free_.size()), nt = static_cast<Index>(tight_.size());
  const Index stride = padded(nf), wide = padded(nt);
  solve_lower(*table_, nf, factor_.data(), stride, right_.data());
  for (Index t = 0; t < nt; ++t) target_[at(t)] -= table_->dot(nf, images_.data() + t * stride, right_.data());
  solve_lower(*table_, nt, schur_.data(), wide, target_.data());
  solve_lower_transposed(*table_, nt, schur_.data(), wide, target_.data());
  for (Index t = 0; t < nt; ++t) table_->axpy(nf, target_[at(t)], images_.data() + t * stride, right_.data());
  solve_lower_transposed(*table_, nf, factor_.data(), stride, right_.data());
  for (Index a = 0; a < nf; ++a) result.x[at(free_[at(a)])] += right_[at(a)];
  for (Index t = 0; t < nt; ++t) result.row_multipliers[at(tight_[at(t)])] += target_[at(t)];
}

// residual_ = g + Hx - A'λ. True if its free part or the residuals of active rows exceed rounding; right_ and target_ then hold them.
bool BlockPivot::measure(const QpView& v, const double* hessian, Index ld, const QpResult& result) {
  const Index n = v.n;
  size_ = force_ = 0;
  for (Index i = 0; i < n; ++i) size_ = std::max(size_, std::abs(result.x[at(i)]));
  table_->gemv(n, n, hessian, ld, result.x.data(), residual_.data());
  for (Index i = 0; i < n; ++i) {
    force_ = std::max({force_, std::abs(residual_[at(i)]), std::abs(v.gradient[i])});
    residual_[at(i)] += v.gradient[i];
  }
  for (Index k = 0; k < v.m; ++k)
    if (result.row_multipliers[at(k)] != 0) table_->axpy(n, -result.row_multipliers[at(k)], v.rows + k * n, residual_.data());
  bool off = false;
  for (std::size_t a = 0; a < free_.size(); ++a) {
    right_[a] = -residual_[at(free_[a])];
    off |= std::abs(right_[a]) > kOff * force_;
  }
  for (std::size_t t = 0; t < tight_.size(); ++t) {
    const double* const row = v.rows + tight_[t] * n;
    const double limit = tight_limit(v, static_cast<Index>(t), result);
    target_[t] = limit - table_->dot(n, row, result.x.data());
    double terms = std::abs(limit);
    for (Index i = 0; i < n; ++i) terms = std::max(terms, std::abs(row[i] * result.x[at(i)]));
    off |= std::abs(target_[t]) > kOff * terms;
  }
  return off;
}

bool BlockPivot::solve(const QpView& v, const double* hessian, Index ld, const QpActive* start, QpResult& result) {
  const Index n = v.n, m = v.m;
  const bool usable = start != nullptr && start->bounds.size() == at(n) && start->rows.size() == at(m);
  result.active.bounds.assign(at(n), 0);
  result.active.rows.assign(at(m), 0);
  if (usable) result.active = *start;
  const auto settle = [](std::int8_t& side, double low, double high) {  // only a finite limit can be active
    if (low == high) side = -1;
    else if ((side < 0 && low == -kInfinity) || (side > 0 && high == kInfinity)) side = 0;
  };
  for (Index i = 0; i < n; ++i) settle(result.active.bounds[at(i)], v.lower[i], v.upper[i]);
  for (Index k = 0; k < m; ++k) settle(result.active.rows[at(k)], v.row_lower[k], v.row_upper[k]);
  result.bound_multipliers.assign(at(n), 0.0);
  result.row_multipliers.assign(at(m), 0.0);
  residual_.resize(at(n));

  Index fewest = n + m + 1;
  int patience = kPatience;
  for (int round = 0; round < kMostRounds; ++round) {
    poll_interrupt();
    ++result.steps;
    if (!solve_on_set(v, hessian, ld, result)) return false;
    for (int refinement = 0; measure(v, hessian, ld, result) && refinement < 3; ++refinement) add_solution(result);
    if (!(size_ < kInfinity) || !(force_ < kInfinity)) return false;
    const double size = size_, force = force_;
    Index wrong = 0;
    // A constraint with a multiplier of the wrong sign becomes inactive; a violated one becomes active.
    const auto judge = [&](std::int8_t& side, double value, double low, double high, double norm, double multiplier, double least) {
      if (low == high) return;
      if (side != 0) {
        if (side * multiplier > least) {
          side = 0;
          ++wrong;
        }
        return;
      }
      if (value < low - kRound * (norm * size + std::abs(low))) side = -1;
      else if (value > high + kRound * (norm * size + std::abs(high))) side = 1;
      else return;
      ++wrong;
    };
    for (Index i = 0; i < n; ++i) {
      const int before = result.active.bounds[at(i)];
      judge(result.active.bounds[at(i)], result.x[at(i)], v.lower[i], v.upper[i], 1.0, residual_[at(i)], kRound * force);
      result.bound_multipliers[at(i)] = before == 0 ? 0.0 : residual_[at(i)];
    }
    for (Index k = 0; k < m; ++k) {
      const double* const row = v.rows + k * n;
      double norm = 0;
      for (Index i = 0; i < n; ++i) norm += std::abs(row[i]);
      judge(result.active.rows[at(k)], table_->dot(n, row, result.x.data()), v.row_lower[k], v.row_upper[k], norm, result.row_multipliers[at(k)],
            norm > 0 ? kRound * force / norm : 0.0);
    }
    if (wrong == 0) {
      for (Index i = 0; i < n; ++i) {
        result.x[at(i)] = std::min(std::max(result.x[at(i)], v.lower[i]), v.upper[i]);
        if (v.lower[i] < v.upper[i] && result.active.bounds[at(i)] * result.bound_multipliers[at(i)] > 0) result.bound_multipliers[at(i)] = 0;
      }
      result.status = QpStatus::solved;
      return true;
    }
    if (wrong < fewest) {
      fewest = wrong;
      patience = kPatience;
    } else if (--patience == 0) return false;
  }
  return false;
}

}  // namespace plait::optimize
