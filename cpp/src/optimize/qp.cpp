#include "plait/optimize/qp.hpp"

#include <algorithm>
#include <cmath>

#include "block_pivot.hpp"
#include "dual_active_set.hpp"
#include "plait/base/error.hpp"

namespace plait::optimize {
namespace {

constexpr double kPivot = 1e-13;    // times the diagonal element: a smaller pivot means that H is singular
constexpr double kProximal = 1e-8;  // weight of a proximal term, over the diagonal
constexpr int kMostProximal = 500;
constexpr double kFlat = 1e-11;      // curvature along a step relative to that of the diagonal: a smaller one counts as 0
constexpr double kRounding = 1e-15;  // the same, relative to the terms of the gradient
constexpr double kSettled = 1e-13;   // stop if a proximal step changes the gradient relatively by less

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

}  // namespace

struct Qp::Body {
  Index n, m, ld;
  std::vector<double> hessian;  // as given, full
  std::vector<double> shifted;  // with the proximal term; empty where H is definite
  std::vector<double> rows, weights;
  std::vector<double> factor, least;
  bool factored = false, convex = true, inverted = false;
  DualActiveSet dual;
  BlockPivot pivot;
  QpResult polished;
  std::vector<double> lower, upper, row_lower, row_upper, gradient;

  Body(Index variables, Index count, std::span<const double> h, std::span<const double> a)
      : n(variables), m(count), ld(padded(variables)), rows(a.begin(), a.end()) {
    dual.limits_are_exact();
    PLAIT_REQUIRE(n > 0, "qp: expected at least one variable, got ", n);
    PLAIT_REQUIRE(h.size() == at(n * n), "qp: hessian: expected ", n * n, " elements, got ", h.size());
    PLAIT_REQUIRE(a.size() == at(n * m), "qp: rows: expected ", n * m, " elements, got ", a.size());
    hessian.assign(at(n * ld), 0.0);
    for (Index i = 0; i < n; ++i)
      for (Index k = 0; k <= i; ++k) {
        const double value = h[at(i * n + k)];
        PLAIT_REQUIRE(std::isfinite(value), "qp: hessian: element (", i, ", ", k, ") is ", value);
        hessian[at(i * ld + k)] = hessian[at(k * ld + i)] = value;
      }
    for (std::size_t k = 0; k < rows.size(); ++k) PLAIT_REQUIRE(std::isfinite(rows[k]), "qp: rows: element ", k, " is ", rows[k]);
  }

  bool try_factor(const std::vector<double>& of, double over_diagonal) {
    factor = of;
    least.resize(at(n));
    for (Index i = 0; i < n; ++i) least[at(i)] = std::max(over_diagonal * of[at(i * ld + i)], 0.0);
    return dense().cholesky(n, factor.data(), ld, least.data()) == n;
  }

  void factorise() {
    if (factored) return;
    factored = true;
    if (try_factor(hessian, kPivot)) return;
    double largest = 0;
    for (Index i = 0; i < n; ++i) largest = std::max(largest, std::abs(hessian[at(i * ld + i)]));
    weights.resize(at(n));
    shifted = hessian;
    for (Index i = 0; i < n; ++i) {
      const double own = hessian[at(i * ld + i)];
      weights[at(i)] = kProximal * (own > 1e-6 * largest ? own : largest > 0 ? 1e-6 * largest : 1.0);
      shifted[at(i * ld + i)] += weights[at(i)];
    }
    convex = try_factor(shifted, 0.0);
  }

  void take_limits(const QpLimits& given) {
    const auto take = [](std::vector<double>& to, std::span<const double> from, Index count, double none, const char* name) {
      PLAIT_REQUIRE(from.empty() || from.size() == at(count), "qp: ", name, ": expected ", count, " elements, got ", from.size());
      if (from.empty()) to.assign(at(count), none);
      else to.assign(from.begin(), from.end());
    };
    take(lower, given.lower, n, -kInfinity, "lower");
    take(upper, given.upper, n, kInfinity, "upper");
    take(row_lower, given.row_lower, m, -kInfinity, "row_lower");
    take(row_upper, given.row_upper, m, kInfinity, "row_upper");
    const auto check = [](const std::vector<double>& low, const std::vector<double>& high, const char* name) {
      for (std::size_t i = 0; i < low.size(); ++i)
        PLAIT_REQUIRE(low[i] <= high[i] && low[i] < kInfinity && high[i] > -kInfinity, "qp: ", name, " ", i, ": lower limit ", low[i],
                      " and upper limit ", high[i]);
    };
    check(lower, upper, "variable");
    check(row_lower, row_upper, "row");
  }

  void solve_definite(const QpView& view, const QpOptions& options, const QpActive* warm, QpResult& result) {
    const std::vector<double>& matrix = shifted.empty() ? hessian : shifted;
    if (pivot.solve(view, matrix.data(), ld, warm, result)) return;
    if (!inverted) dual.set_factor(n, factor.data(), ld);
    inverted = true;
    const int most = options.max_steps > 0 ? options.max_steps : static_cast<int>(20 * (n + m) + 100);
    dual.solve(view, most, result, warm);
    if (result.status != QpStatus::solved) return;
    polished = result;
    if (pivot.solve(view, matrix.data(), ld, &result.active, polished)) std::swap(result, polished);
  }

  // Proximal point method: H + E, gradient g - E x_k, from the last point x_k; E (x_k - x_k+1) is the residual of the true gradient. Each step is
  // extended as far as the objective decreases within the limits, because in the null space of H only the proximal term limits it.
  void solve_proximal(const QpView& given, const QpOptions& options, QpResult& result) {
    std::vector<double> centre(at(n), 0.0), image(at(n)), step(at(n));
    for (Index i = 0; i < n; ++i) centre[at(i)] = std::min(std::max(0.0, lower[at(i)]), upper[at(i)]);
    QpView view = given;
    QpActive active;
    for (int round = 0; round < kMostProximal; ++round) {
      for (Index i = 0; i < n; ++i) gradient[at(i)] = given.gradient[i] - weights[at(i)] * centre[at(i)];
      view.gradient = gradient.data();
      solve_definite(view, options, round == 0 ? options.warm : &active, result);
      if (result.status != QpStatus::solved) return;
      double left = 0, force = 0, terms = 0, moved = 0, size = 0;
      dense().gemv(n, n, hessian.data(), ld, result.x.data(), image.data());
      for (Index i = 0; i < n; ++i) {
        step[at(i)] = result.x[at(i)] - centre[at(i)];
        left = std::max(left, std::abs(weights[at(i)] * step[at(i)]));
        const double unit = std::sqrt(shifted[at(i * ld + i)]);  // lengths scaled by the diagonal, independent of the variables' units
        moved = std::max(moved, unit * std::abs(step[at(i)]));
        size = std::max(size, unit * std::abs(result.x[at(i)]));
        force = std::max({force, std::abs(image[at(i)]), std::abs(given.gradient[i])});
        image[at(i)] += given.gradient[i];
        double sum = std::abs(given.gradient[i]);
        for (Index k = 0; k < n; ++k) sum += std::abs(hessian[at(i * ld + k)] * result.x[at(k)]);
        terms = std::max(terms, sum);
      }
      // If the minimum is 0, force vanishes with the residual: then stop when the step is below rounding of the point.
      if (left <= kSettled * force || moved <= kRounding * size) return;
      // If the minimum is 0, the gradient vanishes there up to the rounding of its terms. Where rounding hides the given gradient, the points may
      // diverge.
      if (left <= kRounding * terms) {
        double own = 0;
        for (Index i = 0; i < n; ++i) own = std::max(own, std::abs(given.gradient[i]));
        if (kRounding * terms > own && recedes(given, result.x, result.ray)) result.status = QpStatus::unbounded;
        return;
      }
      const double longer = round == 0 ? 0.0 : best_length(given, image, step, result.x);
      if (longer == kInfinity) {
        result.status = QpStatus::unbounded;
        result.ray = step;
        const double length = std::abs(*std::max_element(step.begin(), step.end(), [](double a, double b) { return std::abs(a) < std::abs(b); }));
        for (double& s : result.ray) s /= length;
        return;
      }
      for (Index i = 0; i < n; ++i) centre[at(i)] = std::min(std::max(result.x[at(i)] + longer * step[at(i)], lower[at(i)]), upper[at(i)]);
      active = result.active;
    }
    result.status = QpStatus::step_limit;
  }

  // True if the objective is unbounded below within all limits along the direction of a distant point; `ray` is that direction.
  [[nodiscard]] bool recedes(const QpView& v, const std::vector<double>& x, std::vector<double>& ray) const {
    double longest = 0, slope = 0, bend = 0, stiff = 0;
    for (const double value : x) longest = std::max(longest, std::abs(value));
    ray.resize(at(n));
    for (Index i = 0; i < n; ++i) ray[at(i)] = x[at(i)] / longest;
    std::vector<double> image(at(n));
    dense().gemv(n, n, hessian.data(), ld, ray.data(), image.data());
    const auto outside = [](double move, double noise, double low, double high) {
      return (move < -noise && low > -kInfinity) || (move > noise && high < kInfinity);
    };
    bool inside = true;
    for (Index i = 0; i < n; ++i) {
      slope += v.gradient[i] * ray[at(i)];
      bend += image[at(i)] * ray[at(i)];
      stiff += hessian[at(i * ld + i)] * ray[at(i)] * ray[at(i)];
      inside = inside && !outside(ray[at(i)], 1e-12, v.lower[i], v.upper[i]);
    }
    for (Index k = 0; k < m && inside; ++k) {
      double move = 0, size = 0;
      for (Index i = 0; i < n; ++i) {
        move += rows[at(k * n + i)] * ray[at(i)];
        size += std::abs(rows[at(k * n + i)]);
      }
      inside = !outside(move, 1e-12 * size, v.row_lower[k], v.row_upper[k]);
    }
    return inside && slope < 0 && bend <= kFlat * stiff;
  }

  // The largest t such that the objective decreases along x + t step and the limits hold.
  [[nodiscard]] double best_length(const QpView& v, const std::vector<double>& slope_at, const std::vector<double>& step,
                                   const std::vector<double>& x) const {
    std::vector<double> image(at(n));
    dense().gemv(n, n, hessian.data(), ld, step.data(), image.data());
    double slope = 0, bend = 0, length = 0, force = 0, stiff = 0;
    for (Index i = 0; i < n; ++i) {
      slope += slope_at[at(i)] * step[at(i)];
      force += std::abs(slope_at[at(i)] * step[at(i)]);
      bend += image[at(i)] * step[at(i)];
      stiff += hessian[at(i * ld + i)] * step[at(i)] * step[at(i)];
      length = std::max(length, std::abs(step[at(i)]));
    }
    if (!(slope < -1e-12 * force) || length == 0) return 0;
    double most = bend > kFlat * stiff ? -slope / bend : kInfinity;
    const auto limited = [&](double move, double noise, double value, double low, double high) {
      if (move < -noise && low > -kInfinity) most = std::min(most, std::max(0.0, (low - value) / move));
      if (move > noise && high < kInfinity) most = std::min(most, std::max(0.0, (high - value) / move));
    };
    for (Index i = 0; i < n; ++i) limited(step[at(i)], 1e-12 * length, x[at(i)], v.lower[i], v.upper[i]);
    for (Index k = 0; k < m; ++k) {
      const double* const row = rows.data() + k * n;
      double move = 0, size = 0;
      for (Index i = 0; i < n; ++i) {
        move += row[i] * step[at(i)];
        size += std::abs(row[i] * step[at(i)]);
      }
      limited(move, 1e-10 * size, dense().dot(n, row, x.data()), v.row_lower[k], v.row_upper[k]);
    }
    return most;
  }
};

Qp::Qp(Index n, Index m, std::span<const double> hessian, std::span<const double> rows) : body_(std::make_unique<Body>(n, m, hessian, rows)) {}
Qp::~Qp() = default;
Qp::Qp(Qp&&) noexcept = default;
Qp& Qp::operator=(Qp&&) noexcept = default;

Index Qp::variables() const { return body_->n; }
Index Qp::rows() const { return body_->m; }

QpResult Qp::solve(std::span<const double> gradient, const QpLimits& limits, const QpOptions& options) {
  Body& b = *body_;
  PLAIT_REQUIRE(gradient.size() == at(b.n), "qp: gradient: expected ", b.n, " elements, got ", gradient.size());
  for (std::size_t i = 0; i < gradient.size(); ++i) PLAIT_REQUIRE(std::isfinite(gradient[i]), "qp: gradient: element ", i, " is ", gradient[i]);
  b.take_limits(limits);
  QpResult result;
  b.factorise();
  if (!b.convex) {
    result.status = QpStatus::not_convex;
    return result;
  }
  const QpView view{b.n, b.m, gradient.data(), b.rows.data(), b.lower.data(), b.upper.data(), b.row_lower.data(), b.row_upper.data()};
  if (b.shifted.empty()) {
    b.solve_definite(view, options, options.warm, result);
  } else {
    b.gradient.resize(at(b.n));
    b.solve_proximal(view, options, result);
  }
  std::vector<double> image(at(b.n));
  dense().gemv(b.n, b.n, b.hessian.data(), b.ld, result.x.data(), image.data());
  for (std::size_t i = 0; i < image.size(); ++i) result.objective += result.x[i] * (0.5 * image[i] + gradient[i]);
  return result;
}

}  // namespace plait::optimize
