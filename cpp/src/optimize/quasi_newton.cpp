#include "quasi_newton.hpp"

#include <algorithm>
#include <cmath>

namespace plait::optimize {
namespace {

constexpr double kDamping = 0.2;

}  // namespace

void QuasiNewton::reset(Index n, double scale) {
  n_ = n;
  ld_ = padded(n);
  b_.assign(static_cast<std::size_t>(n * ld_), 0.0);
  for (Index i = 0; i < n; ++i) b_[static_cast<std::size_t>(i * ld_ + i)] = scale;
  bs_.resize(static_cast<std::size_t>(n));
  fresh_ = true;
}

void QuasiNewton::set(Index n, const std::vector<double>& b, double scale) {
  reset(n, 1);
  for (Index i = 0; i < n; ++i)
    for (Index k = 0; k < n; ++k) b_[static_cast<std::size_t>(i * ld_ + k)] = scale * b[static_cast<std::size_t>(i * n + k)];
  fresh_ = false;
}

bool QuasiNewton::update(const std::vector<double>& s, const std::vector<double>& y) {
  const double ss = table_->dot(n_, s.data(), s.data());
  double sy = table_->dot(n_, s.data(), y.data());
  const double yy = table_->dot(n_, y.data(), y.data());
  if (!(ss > 0) || !std::isfinite(sy) || !std::isfinite(yy)) return false;
  if (fresh_ && sy > 0.01 * std::sqrt(ss * yy)) {  // initial scaling from the first step
    reset(n_, sy / ss);
  }
  multiply(s, bs_);
  const double sbs = table_->dot(n_, s.data(), bs_.data());
  if (!(sbs > 0)) return false;
  r_ = y;
  if (sy < kDamping * sbs) {
    const double theta = (1 - kDamping) * sbs / (sbs - sy);
    for (std::size_t i = 0; i < r_.size(); ++i) r_[i] = theta * y[i] + (1 - theta) * bs_[i];
    sy = kDamping * sbs;
  }
  replace(sy, sbs);
  return true;
}

void QuasiNewton::learn_exactly(const std::vector<double>& s, const std::vector<double>& y) {
  multiply(s, bs_);
  const double sy = table_->dot(n_, s.data(), y.data()), sbs = table_->dot(n_, s.data(), bs_.data());
  if (!(sy > 0) || !(sbs > 0)) return;
  r_ = y;
  replace(sy, sbs);
}

// B <- B + r r'/s'y - B s s'B / s'B s
void QuasiNewton::replace(double sy, double sbs) {
  scaled_.resize(r_.size());
  for (std::size_t i = 0; i < r_.size(); ++i) scaled_[i] = r_[i] / sy;
  table_->rank_one(n_, n_, scaled_.data(), r_.data(), b_.data(), ld_);
  for (std::size_t i = 0; i < r_.size(); ++i) scaled_[i] = -bs_[i] / sbs;
  table_->rank_one(n_, n_, scaled_.data(), bs_.data(), b_.data(), ld_);
  for (Index i = 0; i < n_; ++i)  // restore symmetry: the two updates round differently above and below the diagonal
    for (Index k = 0; k < i; ++k) b_[static_cast<std::size_t>(k * ld_ + i)] = b_[static_cast<std::size_t>(i * ld_ + k)];
  fresh_ = false;
}

}  // namespace plait::optimize
