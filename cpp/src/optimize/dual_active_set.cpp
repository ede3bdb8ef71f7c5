#include "dual_active_set.hpp"

#include <algorithm>
#include <cmath>

#include "plait/base/interrupt.hpp"

namespace plait::optimize {
namespace {

constexpr double kFeasible = 1e-13;   // times the size of the subtracted terms: smaller violations are rounding
constexpr double kDependent = 1e-11;  // |part outside of the span of the active normals| / |normal|, in the metric of H
constexpr double kNegative = 1e-12;   // times the largest multiplier: multipliers below -kNegative are not rounding
constexpr int kMostRefreshes = 8;
constexpr double kConsistent = 1e-9;  // accepted relative residual of a dependent equality

}  // namespace

void DualActiveSet::set_factor(Index n, const double* l, Index ld) {
  n_ = n;
  ld_ = padded(n);
  inverse_.assign(static_cast<std::size_t>(n * ld_), 0.0);
  // Rows of L^-1 by forward substitution, then transposed.
  std::vector<double>& by_rows = j_;
  by_rows.assign(static_cast<std::size_t>(n * ld_), 0.0);
  for (Index i = 0; i < n; ++i) {
    double* const row = by_rows.data() + i * ld_;
    for (Index k = 0; k < i; ++k) table_->axpy(k + 1, -l[i * ld + k], by_rows.data() + k * ld_, row);
    const double over = 1 / l[i * ld + i];
    for (Index k = 0; k < i; ++k) row[k] *= over;
    row[i] = over;
  }
  for (Index i = 0; i < n; ++i)
    for (Index k = 0; k <= i; ++k) inverse_[static_cast<std::size_t>(k * ld_ + i)] = by_rows[static_cast<std::size_t>(i * ld_ + k)];
  r_.resize(static_cast<std::size_t>(n * n));
  for (std::vector<double>* v : {&x_, &d_, &z_, &slope_}) v->resize(static_cast<std::size_t>(n));
}

double DualActiveSet::limit(Index id, double sign) const {
  if (id < n_) return sign > 0 ? view_.lower[id] : view_.upper[id];
  return sign > 0 ? view_.row_lower[id - n_] : view_.row_upper[id - n_];
}

double DualActiveSet::violation(Index id, double sign) const {
  const double at = id < n_ ? x_[static_cast<std::size_t>(id)] : table_->dot(n_, view_.rows + (id - n_) * n_, x_.data());
  return sign * (at - limit(id, sign));
}

double DualActiveSet::tolerance(Index id, double sign) const {
  const double normal = id < n_ ? 1.0 : norms_[static_cast<std::size_t>(id - n_)];
  return kFeasible * (normal * scale_ + std::abs(limit(id, sign)));
}

void DualActiveSet::project(Index id, double sign) {
  double* const d = d_.data();
  if (id < n_) {
    const double* const row = j_.data() + id * ld_;
    for (Index k = 0; k < n_; ++k) d[k] = sign * row[k];
    return;
  }
  std::fill(d_.begin(), d_.end(), 0.0);
  const double* const row = view_.rows + (id - n_) * n_;
  for (Index i = 0; i < n_; ++i)
    if (row[i] != 0) table_->axpy(n_, sign * row[i], j_.data() + i * ld_, d);
}

bool DualActiveSet::dependent() const {
  const auto q = static_cast<Index>(active_.size());
  const double inside = table_->dot(q, d_.data(), d_.data()), outside = table_->dot(n_ - q, d_.data() + q, d_.data() + q);
  return !(outside > kDependent * kDependent * (inside + outside));
}

void DualActiveSet::back_substitute() {
  const auto q = static_cast<Index>(active_.size());
  std::copy_n(d_.begin(), q, slope_.begin());
  for (Index k = q; k-- > 0;) {
    const double* const column = r_.data() + k * n_;
    slope_[static_cast<std::size_t>(k)] /= column[k];
    table_->axpy(k, -slope_[static_cast<std::size_t>(k)], column, slope_.data());
  }
}

// Adds a constraint: a Householder reflection of J's inactive columns maps the rest of d to a multiple of e1; z_ holds J2 d2, from which J2 v follows
// at no cost.
void DualActiveSet::add_constraint(Index id, double sign, bool equality, double multiplier) {
  const auto q = static_cast<Index>(active_.size());
  double* const d = d_.data();
  const double length = std::sqrt(table_->dot(n_ - q, d + q, d + q));
  const double alpha = d[q] > 0 ? -length : length;
  std::copy_n(d, q, r_.begin() + q * n_);
  r_[static_cast<std::size_t>(q * n_ + q)] = alpha;
  // v = d2 - alpha e1, |v|² = 2 alpha (alpha - d2[0])
  const double beta = 1 / (alpha * (alpha - d[q]));
  const double first = d[q] - alpha;
  for (Index i = 0; i < n_; ++i) {
    auto& z = z_[static_cast<std::size_t>(i)];
    z = -beta * (z - alpha * j_[static_cast<std::size_t>(i * ld_ + q)]);
  }
  d[q] = first;
  if (n_ - q > 1) table_->rank_one(n_, n_ - q, z_.data(), d + q, j_.data() + q, ld_);
  else
    for (Index i = 0; i < n_; ++i) j_[static_cast<std::size_t>(i * ld_ + q)] += z_[static_cast<std::size_t>(i)] * first;
  active_.push_back({id, sign, equality});
  multipliers_.push_back(multiplier);
  is_active_[static_cast<std::size_t>(id)] = 1;
}

void DualActiveSet::drop(std::size_t position) {
  is_active_[static_cast<std::size_t>(active_[position].id)] = 0;
  active_.erase(active_.begin() + static_cast<std::ptrdiff_t>(position));
  multipliers_.erase(multipliers_.begin() + static_cast<std::ptrdiff_t>(position));
  const auto q = static_cast<Index>(active_.size());
  for (auto k = static_cast<Index>(position); k < q; ++k) std::copy_n(r_.begin() + (k + 1) * n_, k + 2, r_.begin() + k * n_);
  for (auto k = static_cast<Index>(position); k < q; ++k) {  // rotate rows k and k + 1 of R, columns k and k + 1 of J
    double* const column = r_.data() + k * n_;
    const double length = std::hypot(column[k], column[k + 1]);
    if (length == 0) continue;
    const double c = column[k] / length, s = column[k + 1] / length;
    column[k] = length;
    column[k + 1] = 0;
    for (Index t = k + 1; t < q; ++t) {
      double* const other = r_.data() + t * n_;
      const double a = other[k], b = other[k + 1];
      other[k] = c * a + s * b;
      other[k + 1] = c * b - s * a;
    }
    double* j = j_.data() + k;
    for (Index i = 0; i < n_; ++i, j += ld_) {
      const double a = j[0], b = j[1];
      j[0] = c * a + s * b;
      j[1] = c * b - s * a;
    }
  }
}

void DualActiveSet::begin(const QpView& view) {
  view_ = view;
  steps_ = 0;
  active_.clear();
  multipliers_.clear();
  is_active_.assign(static_cast<std::size_t>(n_ + view.m), 0);
  norms_.resize(static_cast<std::size_t>(view.m));
  for (Index k = 0; k < view.m; ++k) {
    double sum = 0;
    for (Index i = 0; i < n_; ++i) sum += std::abs(view.rows[k * n_ + i]);
    norms_[static_cast<std::size_t>(k)] = sum;
  }
  j_ = inverse_;
  // x = -J J'g
  std::fill(d_.begin(), d_.end(), 0.0);
  for (Index i = 0; i < n_; ++i) table_->axpy(n_, -view.gradient[i], j_.data() + i * ld_, d_.data());
  table_->gemv(n_, n_, j_.data(), ld_, d_.data(), x_.data());
  scale_ = 0;
  for (const double v : x_) scale_ = std::max(scale_, std::abs(v));
}

// Recomputes x and multipliers from J and R, without the rounding accumulated along the path: with N'J = [R' 0],
// x = J [R'^-1 b; -J2'g] and R λ = R'^-1 b + J1'g. A negative multiplier means that its constraint must leave the active set.
void DualActiveSet::refresh() {
  while (true) {
    const auto q = static_cast<Index>(active_.size());
    std::fill(d_.begin(), d_.end(), 0.0);
    for (Index i = 0; i < n_; ++i) table_->axpy(n_, view_.gradient[i], j_.data() + i * ld_, d_.data());
    for (Index k = 0; k < q; ++k) {
      const double* const column = r_.data() + k * n_;
      const auto& [id, sign, equality] = active_[static_cast<std::size_t>(k)];
      z_[static_cast<std::size_t>(k)] = (sign * limit(id, sign) - table_->dot(k, column, z_.data())) / column[k];
      d_[static_cast<std::size_t>(k)] += z_[static_cast<std::size_t>(k)];
    }
    for (Index k = q; k < n_; ++k) z_[static_cast<std::size_t>(k)] = -d_[static_cast<std::size_t>(k)];
    table_->gemv(n_, n_, j_.data(), ld_, z_.data(), x_.data());
    back_substitute();
    std::size_t worst = active_.size();
    double least = 0, largest = 0;
    for (std::size_t k = 0; k < active_.size(); ++k) {
      multipliers_[k] = slope_[k];
      largest = std::max(largest, std::abs(slope_[k]));
      if (active_[k].equality || !(slope_[k] < least)) continue;
      least = slope_[k];
      worst = k;
    }
    if (worst == active_.size() || least >= -kNegative * largest) break;
    drop(worst);
  }
  scale_ = 0;
  for (const double v : x_) scale_ = std::max(scale_, std::abs(v));
}

void DualActiveSet::certify(Index id, double sign, QpResult& result) const {
  result.status = QpStatus::infeasible;
  result.bound_certificate.assign(static_cast<std::size_t>(n_), 0.0);
  result.row_certificate.assign(static_cast<std::size_t>(view_.m), 0.0);
  const auto put = [&](Index at, double value) {
    (at < n_ ? result.bound_certificate[static_cast<std::size_t>(at)] : result.row_certificate[static_cast<std::size_t>(at - n_)]) = value;
  };
  for (std::size_t k = 0; k < active_.size(); ++k) put(active_[k].id, -slope_[k] * active_[k].sign);
  put(id, sign);
}

bool DualActiveSet::enter(Index id, double sign, bool equality, QpResult& result) {
  double multiplier = 0;
  while (true) {
    poll_interrupt();
    if (++steps_ > max_steps_) {
      result.status = QpStatus::step_limit;
      return false;
    }
    project(id, sign);
    back_substitute();
    const auto q = static_cast<Index>(active_.size());
    const double short_by = violation(id, sign);
    const bool stuck = q == n_ || dependent();
    if (stuck && equality && std::abs(short_by) <= kConsistent * (tolerance(id, sign) / kFeasible)) return true;  // implied by the others
    double most = kInfinity;
    std::size_t blocking = 0;
    double slope_size = 0;
    for (Index k = 0; k < q; ++k) slope_size = std::max(slope_size, std::abs(slope_[static_cast<std::size_t>(k)]));
    for (std::size_t k = 0; k < active_.size(); ++k) {
      if (active_[k].equality || !(slope_[k] > 1e-14 * slope_size)) continue;
      const double ratio = std::max(multipliers_[k], 0.0) / slope_[k];
      if (ratio < most) {
        most = ratio;
        blocking = k;
      }
    }
    double full = kInfinity;
    if (!stuck) {
      table_->gemv(n_, n_ - q, j_.data() + q, ld_, d_.data() + q, z_.data());
      full = -short_by / table_->dot(n_ - q, d_.data() + q, d_.data() + q);
    }
    if (most == kInfinity && full == kInfinity) {
      certify(id, sign, result);
      return false;
    }
    const double step = std::min(most, full);
    if (!stuck) {
      table_->axpy(n_, step, z_.data(), x_.data());
      for (const double v : x_) scale_ = std::max(scale_, std::abs(v));
    }
    for (std::size_t k = 0; k < active_.size(); ++k) multipliers_[k] -= step * slope_[k];
    multiplier += step;
    if (full <= most) {
      add_constraint(id, sign, equality, multiplier);
      return true;
    }
    drop(blocking);
  }
}

void DualActiveSet::finish(QpResult& result) const {
  result.x = x_;
  result.bound_multipliers.assign(static_cast<std::size_t>(n_), 0.0);
  result.row_multipliers.assign(static_cast<std::size_t>(view_.m), 0.0);
  result.active.bounds.assign(static_cast<std::size_t>(n_), 0);
  result.active.rows.assign(static_cast<std::size_t>(view_.m), 0);
  for (std::size_t k = 0; k < active_.size(); ++k) {
    const auto [id, sign, equality] = active_[k];
    const double value = sign * (equality ? multipliers_[k] : std::max(multipliers_[k], 0.0));
    const auto side = static_cast<std::int8_t>(equality ? -1 : -sign);
    if (id < n_) {
      const auto i = static_cast<std::size_t>(id);
      result.x[i] = limit(id, sign);
      result.bound_multipliers[i] = value;
      result.active.bounds[i] = side;
    } else {
      result.row_multipliers[static_cast<std::size_t>(id - n_)] = value;
      result.active.rows[static_cast<std::size_t>(id - n_)] = side;
    }
  }
  for (std::size_t i = 0; i < result.x.size(); ++i) result.x[i] = std::min(std::max(result.x[i], view_.lower[i]), view_.upper[i]);
  result.steps += steps_;
}

void DualActiveSet::solve(const QpView& view, int max_steps, QpResult& result, const QpActive* warm) {
  begin(view);
  max_steps_ = max_steps;
  result.status = QpStatus::solved;
  result.bound_certificate.clear();
  result.row_certificate.clear();
  const Index all = n_ + view.m;
  bool going = true;
  for (Index id = 0; id < all && going; ++id) {
    const double low = limit(id, 1);
    if (low != limit(id, -1)) continue;
    going = enter(id, violation(id, 1) <= 0 ? 1.0 : -1.0, true, result);
  }
  // Warm start: violated constraints that were active last time first, since most remain active.
  if (warm != nullptr && warm->bounds.size() == static_cast<std::size_t>(n_) && warm->rows.size() == static_cast<std::size_t>(view.m))
    for (Index id = 0; id < all && going; ++id) {
      const int side = id < n_ ? warm->bounds[static_cast<std::size_t>(id)] : warm->rows[static_cast<std::size_t>(id - n_)];
      const double sign = -side;
      if (side == 0 || is_active_[static_cast<std::size_t>(id)] != 0 || limit(id, 1) == limit(id, -1) || std::isinf(limit(id, sign))) continue;
      if (violation(id, sign) < -tolerance(id, sign)) going = enter(id, sign, false, result);
    }
  for (int refreshes = 0; going;) {
    Index worst = -1;
    double worst_sign = 1, by = 0;
    bool worst_equality = false;
    for (Index id = 0; id < all; ++id) {
      if (is_active_[static_cast<std::size_t>(id)] != 0) continue;
      const double low = limit(id, 1), high = limit(id, -1);
      // Dependent equalities: consistent within the tolerances of a long path, they may be violated relative to the final x.
      const bool equality = low == high;
      if (equality && (!exact_limits_ || refreshes == 0)) continue;
      const double at = id < n_ ? x_[static_cast<std::size_t>(id)] : table_->dot(n_, view_.rows + (id - n_) * n_, x_.data());
      const double over = std::max(low - at, at - high);
      if (!(over > 0)) continue;
      const double sign = low - at > at - high ? 1.0 : -1.0;
      const double norm = id < n_ ? 1.0 : norms_[static_cast<std::size_t>(id - n_)];
      if (over <= tolerance(id, sign) * (equality ? kConsistent / kFeasible : 1.0)) continue;
      const double relative = norm > 0 ? over / norm : kInfinity;
      if (relative > by) {
        by = relative;
        worst = id;
        worst_sign = sign;
        worst_equality = equality;
      }
    }
    if (worst < 0) {
      if (active_.empty() || ++refreshes > kMostRefreshes) break;
      const double before = scale_;
      refresh();
      if (refreshes > 1 && scale_ >= before) break;
      continue;
    }
    going = enter(worst, worst_sign, worst_equality, result);
  }
  finish(result);
}

}  // namespace plait::optimize
