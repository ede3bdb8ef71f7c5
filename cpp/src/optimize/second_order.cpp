#include "second_order.hpp"

#include <algorithm>
#include <cmath>

namespace plait::optimize {
namespace {

constexpr std::size_t kMostExact = 40;  // degrees of freedom
constexpr std::size_t kKrylov = 20;
constexpr double kTight = 1e-7;  // relative distance at which a limit counts as active
constexpr double kRounding = 1e-14;
constexpr double kBeyondAxes = 2;
constexpr double kUneven = 16;
constexpr double kFar = 1e-2;   // times |x|: a longer Newton step is not due to rounding
constexpr double kWeak = 1e-7;  // times the forces: smaller multipliers count as 0

/// Eigenvalues (diagonal of a afterwards) and vectors (columns of v) of a symmetric matrix by Jacobi's rotations.
void eigen(std::size_t n, std::vector<double>& a, std::vector<double>& v) {
  v.assign(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) v[i * n + i] = 1;
  for (int sweep = 0; sweep < 30; ++sweep) {
    double off = 0, all = 0;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t k = 0; k < n; ++k) {
        all += a[i * n + k] * a[i * n + k];
        if (i != k) off += a[i * n + k] * a[i * n + k];
      }
    if (off <= 1e-22 * all) return;
    for (std::size_t p = 0; p < n; ++p)
      for (std::size_t q = p + 1; q < n; ++q) {
        if (a[p * n + q] == 0) continue;
        const double theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
        const double t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
        const double c = 1 / std::sqrt(t * t + 1), s = t * c;
        for (std::size_t k = 0; k < n; ++k) {
          const double x = a[k * n + p], y = a[k * n + q];
          a[k * n + p] = c * x - s * y;
          a[k * n + q] = s * x + c * y;
        }
        for (std::size_t k = 0; k < n; ++k) {
          const double x = a[p * n + k], y = a[q * n + k];
          a[p * n + k] = c * x - s * y;
          a[q * n + k] = s * x + c * y;
        }
        for (std::size_t k = 0; k < n; ++k) {
          const double x = v[k * n + p], y = v[k * n + q];
          v[k * n + p] = c * x - s * y;
          v[k * n + q] = s * x + c * y;
        }
      }
  }
}

}  // namespace

// Orthogonalises v against the normals and the space (Gram-Schmidt, twice), and normalises it. False: v was linearly dependent.
bool SecondOrder::orthogonal(std::vector<double>& v, double least) const {
  const double before = std::sqrt(table_->dot(n_, v.data(), v.data()));
  if (before == 0) return false;
  for (int pass = 0; pass < 2; ++pass)
    for (const auto* basis : {&normals_, &space_})
      for (const std::vector<double>& b : *basis) table_->axpy(n_, -table_->dot(n_, b.data(), v.data()), b.data(), v.data());
  const double after = std::sqrt(table_->dot(n_, v.data(), v.data()));
  if (!(after > least * before)) return false;
  for (double& e : v) e /= after;
  return true;
}

bool SecondOrder::feasible(const Evaluation& e, const Point& p, const std::vector<double>& d) const {
  for (std::size_t i = 0; i < d.size(); ++i)
    if ((bound_[i] == Side::lower && d[i] < -1e-12) || (bound_[i] == Side::upper && d[i] > 1e-12)) return false;
  for (std::size_t k = 0; k < row_.size(); ++k) {
    if (row_[k] == Side::free) continue;
    const double move = table_->dot(n_, p.jacobian.data() + static_cast<Index>(k) * e.n, d.data());
    if ((row_[k] == Side::lower && move < -1e-10) || (row_[k] == Side::upper && move > 1e-10)) return false;
  }
  return true;
}

// The smallest eigenvalue of the Lagrangian's Hessian on the null space of the active constraints; if it is negative, best_ is its eigenvector.
bool SecondOrder::search_space(Evaluation& e, const Point& p, const std::vector<double>& multipliers, bool keep_weak, double force, double relative) {
  const auto n = static_cast<std::size_t>(n_);
  normals_.clear();
  space_.clear();
  axes_.clear();
  images_.clear();
  work_.assign(n, 0.0);
  std::vector<char> held(n, 0);
  for (std::size_t i = 0; i < n; ++i) held[i] = bound_[i] != Side::free && (keep_weak || bound_weak_[i] == 0) ? 1 : 0;
  for (std::size_t k = 0; k < row_.size(); ++k) {
    if (row_[k] == Side::free || (!keep_weak && row_weak_[k] != 0)) continue;
    std::copy_n(p.jacobian.begin() + static_cast<std::ptrdiff_t>(k * n), n, work_.begin());
    for (std::size_t i = 0; i < n; ++i)
      if (held[i] != 0) work_[i] = 0;
    if (orthogonal(work_, 1e-9)) normals_.push_back(work_);
  }
  const auto loose = static_cast<std::size_t>(std::count(held.begin(), held.end(), 0));
  if (normals_.size() >= loose) return false;
  const std::size_t freedom = loose - normals_.size();
  const auto image_of_last = [&] {
    images_.emplace_back(n);
    e.curvature(p, multipliers, space_.back(), images_.back());
  };
  if (freedom <= kMostExact) {
    for (std::size_t i = 0; i < n && space_.size() < freedom; ++i) {
      if (held[i] != 0) continue;
      std::fill(work_.begin(), work_.end(), 0.0);
      work_[i] = 1;
      if (!orthogonal(work_, 1e-2 / static_cast<double>(loose))) continue;
      space_.push_back(work_);
      axes_.push_back(static_cast<std::ptrdiff_t>(i));
      image_of_last();
    }
  } else {
    unsigned seed = 12345;
    for (std::size_t i = 0; i < n; ++i) {
      seed = seed * 1664525U + 1013904223U;
      work_[i] = held[i] != 0 ? 0.0 : static_cast<double>(seed >> 8) / 16777216.0 - 0.5;
    }
    while (space_.size() < kKrylov && orthogonal(work_, 1e-8)) {
      space_.push_back(work_);
      axes_.push_back(-1);
      image_of_last();
      work_ = images_.back();
      for (std::size_t i = 0; i < n; ++i)
        if (held[i] != 0) work_[i] = 0;
    }
  }
  const std::size_t k = space_.size();
  if (k == 0) return false;
  reduced_.assign(k * k, 0.0);
  for (std::size_t a = 0; a < k; ++a)
    for (std::size_t b = 0; b <= a; ++b) {
      const double value = 0.5 * (table_->dot(n_, space_[a].data(), images_[b].data()) + table_->dot(n_, space_[b].data(), images_[a].data()));
      reduced_[a * k + b] = reduced_[b * k + a] = value;
    }
  if (k > 1) eigen(k, reduced_, vectors_);
  else vectors_.assign(1, 1.0);
  std::size_t least = 0;
  double largest = 0;
  for (std::size_t a = 0; a < k; ++a) {
    largest = std::max(largest, std::abs(reduced_[a * k + a]));
    if (reduced_[a * k + a] < reduced_[least * k + least]) least = a;
  }
  if (!(reduced_[least * k + least] < -relative * std::max(largest, 1e-2 * force))) return false;
  best_.assign(n, 0.0);
  for (std::size_t a = 0; a < k; ++a) table_->axpy(n_, vectors_[a * k + least], space_[a].data(), best_.data());
  return true;
}

double SecondOrder::max_length(const Evaluation& e, const Point& p, const std::vector<double>& d, std::ptrdiff_t axis,
                               const std::vector<double>& reach) const {
  double most = std::numeric_limits<double>::infinity();
  if (axis >= 0 && !reach.empty()) most = reach[static_cast<std::size_t>(axis)] / std::max(std::abs(d[static_cast<std::size_t>(axis)]), 1e-2);
  for (std::size_t i = 0; i < d.size(); ++i) {
    if (std::abs(d[i]) < 1e-14) continue;
    if (axis < 0 && !reach.empty()) most = std::min(most, reach[i] / std::abs(d[i]));
    most = std::min(most, (d[i] > 0 ? e.upper[i] - p.x[i] : p.x[i] - e.lower[i]) / std::abs(d[i]));
  }
  for (std::size_t k = 0; k < row_.size(); ++k) {
    if (row_[k] != Side::free) continue;  // active rows are kept
    const double move = table_->dot(n_, p.jacobian.data() + static_cast<Index>(k) * e.n, d.data());
    if (move != 0) most = std::min(most, (move > 0 ? e.row_upper[k] - p.c[k] : p.c[k] - e.row_lower[k]) / std::abs(move));
  }
  return std::max(most, 0.0);
}

void SecondOrder::find_improving(Evaluation& e, const Point& p, const std::vector<double>& multipliers, double worth,
                                 const std::vector<double>& reach) {
  const bool differences = e.differences();
  bool any = false;
  long_step = along_eigenvectors = false;
  predicted_decrease = 0;
  uncurved.clear();
  long_newton_step.clear();
  double size = 1, most_uncurved = 0, most_long = worth;
  for (const double x : p.x) size = std::max(size, std::abs(x));
  for (std::size_t a = 0; a < space_.size(); ++a) {
    std::vector<double> z = space_[a];
    const double slope = table_->dot(n_, p.g.data(), z.data()), curve = table_->dot(n_, z.data(), images_[a].data());
    double terms = 0;
    for (std::size_t i = 0; i < z.size(); ++i) terms += std::abs(p.g[i] * z[i]);
    const double bend = std::max(curve, 0.0);
    const bool spaced = axes_[a] >= 0 && !spacing.empty();
    const double spaces = spaced ? spacing[static_cast<std::size_t>(axes_[a])] : 1;
    const double noise = differences ? 1e-7 * (std::abs(p.f) / spaces + bend * (spaced ? spaces : size)) + 1e-6 * terms : 1e-12 * terms;
    bool worthwhile = false;
    if (std::abs(slope) > noise) {
      if (slope > 0)
        for (double& v : z) v = -v;
      const double far = reach.empty() ? std::numeric_limits<double>::infinity() : max_length(e, p, z, axes_[a], reach);
      const bool curvature_limits = bend * far >= std::abs(slope);  // the step is limited by curvature
      const double decrease = curvature_limits ? slope * slope / (2 * bend) : std::isfinite(far) ? (std::abs(slope) - 0.5 * bend * far) * far : 0.0;
      worthwhile = decrease > worth;
      if (!curvature_limits && !worthwhile && !differences && bend > 0 && slope * slope / (2 * bend) > most_long) {
        most_long = slope * slope / (2 * bend);
        long_newton_step = z;
        for (double& v : long_newton_step) v *= std::min(std::abs(slope) / bend, max_length(e, p, z, axes_[a], {}));
      }
      if (worthwhile) predicted_decrease = std::max(predicted_decrease, decrease);
      if (worthwhile && !curvature_limits && decrease > most_uncurved) {
        most_uncurved = decrease;
        uncurved = z;
      }
      long_step = long_step || (worthwhile && curvature_limits && std::abs(slope) > kFar * size * bend);
    }
    if (curve > 0) improving.push_back({space_[a], images_[a]});  // all of them, for consistent updates
    any = any || (worthwhile && curve > 0);
  }
  if (!any) improving.clear();
  find_improving_eigenvectors(e, p, multipliers, worth, reach);
}

// In a narrow valley oblique to the axes the curvature along every axis is large although a long step along the valley decreases the objective:
// eigenvectors find it.
void SecondOrder::find_improving_eigenvectors(Evaluation& e, const Point& p, const std::vector<double>& multipliers, double worth,
                                              const std::vector<double>& reach) {
  const std::size_t k = space_.size();
  if (k < 2 || axes_.front() < 0 || vectors_.size() != k * k || e.differences()) return;
  // In units of each variable's reach, if these differ.
  std::vector<double> unit(k, 1.0);
  if (!reach.empty()) {
    double longest = 0, shortest = std::numeric_limits<double>::infinity();
    for (std::size_t a = 0; a < k; ++a) {
      unit[a] = reach[static_cast<std::size_t>(axes_[a])];
      longest = std::max(longest, unit[a]);
      shortest = std::min(shortest, unit[a]);
    }
    if (longest > kUneven * shortest && shortest > 0 && std::isfinite(longest)) {
      for (std::size_t a = 0; a < k; ++a)
        for (std::size_t b = 0; b <= a; ++b)
          reduced_[a * k + b] = reduced_[b * k + a] =
              0.5 * unit[a] * unit[b] * (table_->dot(n_, space_[a].data(), images_[b].data()) + table_->dot(n_, space_[b].data(), images_[a].data()));
      eigen(k, reduced_, vectors_);
    } else {
      unit.assign(k, 1.0);
    }
  }
  double steepest = 0;
  for (std::size_t a = 0; a < k; ++a) steepest = std::max(steepest, std::abs(reduced_[a * k + a]));
  rounding_.assign(p.x.size(), 0.0);  // rounding error of the slopes due to rounding of x
  for (std::size_t b = 0; b < k; ++b) {
    double along = 0;
    for (std::size_t i = 0; i < p.x.size(); ++i) along += std::abs(p.x[i] * space_[b][i]);
    for (std::size_t i = 0; i < p.x.size(); ++i) rounding_[i] += kRounding * along * std::abs(images_[b][i]);
  }
  std::vector<ImprovingDirection> found;
  double most = std::max({worth, least_decrease, kBeyondAxes * predicted_decrease});  // more than what the axes predict
  bool any = false, any_long = false;
  std::vector<double> uncurved_direction;  // the direction with the largest predicted decrease, if its curvature is not positive
  for (std::size_t a = 0; a < k; ++a) {
    ImprovingDirection m{std::vector<double>(p.x.size(), 0.0), std::vector<double>(p.x.size(), 0.0)};
    for (std::size_t b = 0; b < k; ++b) {
      table_->axpy(n_, vectors_[b * k + a] * unit[b], space_[b].data(), m.direction.data());
      table_->axpy(n_, vectors_[b * k + a] * unit[b], images_[b].data(), m.image.data());
    }
    const double length = std::sqrt(table_->dot(n_, m.direction.data(), m.direction.data()));
    if (!(length > 0)) continue;
    for (double& v : m.direction) v /= length;
    for (double& v : m.image) v /= length;
    double slope = 0, noise = 0;
    for (std::size_t i = 0; i < p.x.size(); ++i) {
      slope += p.g[i] * m.direction[i];
      noise += std::abs(m.direction[i]) * (kRounding * std::abs(p.g[i]) + rounding_[i]);
    }
    double curve = reduced_[a * k + a] / (length * length);
    std::vector<double> down = m.direction;
    if (slope > 0)
      for (double& v : down) v = -v;
    const double far = reach.empty() ? std::numeric_limits<double>::infinity() : max_length(e, p, down, -1, reach);
    if (std::abs(slope) > noise && std::abs(slope) * far > most) {
      if (!e.exact()) {  // eigenvalues by differences are accurate only relative to the largest
        e.curvature(p, multipliers, m.direction, m.image);
        curve = table_->dot(n_, m.direction.data(), m.image.data());
      }
      const double bend = std::max(curve, kRounding * steepest / (length * length));
      const bool curvature_limits = bend * far >= std::abs(slope);
      const double decrease = curvature_limits ? slope * slope / (2 * bend) : (std::abs(slope) - 0.5 * bend * far) * far;
      if (decrease > most) {
        any = true;
        most = predicted_decrease = decrease;
        uncurved_direction = curve > 0 ? std::vector<double>{} : down;
        double size = 1;
        for (const double x : p.x) size = std::max(size, std::abs(x));
        any_long = any_long || (curvature_limits && std::abs(slope) > kFar * size * bend);
      }
    }
    if (curve > 0) found.push_back(std::move(m));
  }
  if (!any) return;
  improving = std::move(found);
  long_step = long_step || any_long;
  along_eigenvectors = uncurved_direction.empty();
  uncurved = std::move(uncurved_direction);
  if (!along_eigenvectors) improving.clear();
}

bool SecondOrder::find_descent(Evaluation& e, const Point& p, const std::vector<double>& multipliers, const std::vector<double>& bound_multipliers,
                               double force, double relative, std::vector<double>& direction, double worth, const std::vector<double>& reach) {
  n_ = e.n;
  improving.clear();
  uncurved.clear();
  long_newton_step.clear();
  predicted_decrease = 0;
  const auto n = static_cast<std::size_t>(n_);
  bool any_weak = false;
  bound_.assign(n, Side::free);
  bound_weak_.assign(n, 0);
  for (std::size_t i = 0; i < n; ++i) {
    const double near = kTight * std::max(1.0, std::abs(p.x[i]));
    if (e.lower[i] == e.upper[i]) bound_[i] = Side::fixed;
    else if (p.x[i] - e.lower[i] <= std::min(near, 1e-3 * (e.upper[i] - e.lower[i]))) bound_[i] = Side::lower;
    else if (e.upper[i] - p.x[i] <= std::min(near, 1e-3 * (e.upper[i] - e.lower[i]))) bound_[i] = Side::upper;
    // A bound is not active if the Lagrangian decreases away from it.
    if (bound_[i] == Side::lower || bound_[i] == Side::upper) {
      double slope = p.g[i], terms = std::abs(p.g[i]);
      for (std::size_t k = 0; k < multipliers.size(); ++k) {
        const double pull = multipliers[k] * p.jacobian[k * n + i];
        slope -= pull;
        terms += std::abs(pull);
      }
      const double noise = (e.differences() ? 1e-6 : 1e-12) * terms;
      if (bound_[i] == Side::lower ? slope < -noise : slope > noise) bound_[i] = Side::free;
    }
    bound_weak_[i] = (bound_[i] == Side::lower || bound_[i] == Side::upper) && std::abs(bound_multipliers[i]) <= kWeak * force ? 1 : 0;
    any_weak = any_weak || bound_weak_[i] != 0;
  }
  row_.assign(static_cast<std::size_t>(e.rows), Side::free);
  row_weak_.assign(row_.size(), 0);
  for (std::size_t k = 0; k < row_.size(); ++k) {
    const double near = kTight * std::max(1.0, std::abs(p.c[k]));
    if (e.row_lower[k] == e.row_upper[k]) row_[k] = Side::fixed;
    else if (p.c[k] - e.row_lower[k] <= near) row_[k] = Side::lower;
    else if (e.row_upper[k] - p.c[k] <= near) row_[k] = Side::upper;
    double size = 0;
    for (std::size_t i = 0; i < n; ++i) size = std::max(size, std::abs(p.jacobian[k * n + i]));
    row_weak_[k] = (row_[k] == Side::lower || row_[k] == Side::upper) && std::abs(multipliers[k]) * size <= kWeak * force ? 1 : 0;
    any_weak = any_weak || row_weak_[k] != 0;
  }
  const auto take = [&] {
    const double slope = table_->dot(n_, p.g.data(), best_.data());
    if (slope > 0)
      for (double& d : best_) d = -d;
    if (!feasible(e, p, best_)) {
      for (double& d : best_) d = -d;
      if (!feasible(e, p, best_)) return false;
    }
    direction = best_;
    return true;
  };
  // Weakly active constraints (zero multipliers) may become inactive: first all are kept, then none, then each bound is tried separately.
  const bool found = search_space(e, p, multipliers, true, force, relative);
  if (std::isfinite(worth)) find_improving(e, p, multipliers, worth, reach);
  if (found && take()) return true;
  if (!any_weak) return false;
  if (search_space(e, p, multipliers, false, force, relative) && take()) return true;
  for (std::size_t i = 0; i < n; ++i) {
    if (bound_weak_[i] == 0) continue;
    best_.assign(n, 0.0);
    best_[i] = bound_[i] == Side::lower ? 1 : -1;
    bool normal = false;
    for (std::size_t k = 0; k < row_.size(); ++k) normal = normal || (row_[k] != Side::free && p.jacobian[k * n + i] != 0);
    if (normal) continue;
    e.curvature(p, multipliers, best_, work_);
    if (best_[i] * work_[i] < 0 && p.g[i] * best_[i] <= kWeak * force) {
      direction = best_;
      return true;
    }
  }
  return false;
}

}  // namespace plait::optimize
