// Compares derivatives with finite differences, whose steps are halved until errors from curvature and rounding can be told from wrong derivatives.
#include "derivative_check.hpp"

#include <algorithm>
#include <cmath>

namespace plait::optimize {
namespace {

constexpr double kWrong = 1e-3;  // accepted relative difference
constexpr double kFlat = 1e-5;   // times the steepest slope: smaller ones count as 0
constexpr double kEpsilon = 2.220446049250313e-16;

double largest(const std::vector<double>& v) {
  double most = 0;
  for (const double e : v) most = std::max(most, std::abs(e));
  return most;
}

}  // namespace

bool derivatives_agree_at(Evaluation& e, Point& at, double steepest, WrongDerivative& wrong) {
  const auto n = static_cast<std::size_t>(e.n);
  std::vector<double> direction(n);
  Point trial;
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
  // Where the objective is flat a difference shows only curvature.
  const double flat = kFlat * steepest;
  trial.x = at.x;
  for (std::size_t i = 0; i < n; ++i) trial.x[i] = at.x[i] + h * direction[i];
  e.values(trial);
  if (!trial.finite) return true;
  int row = -2;
  bool clear = true;                         // not explained by rounding
  std::vector<double> differences, earlier;  // of the objective, then of the rows
  // `shrink`: distance of the two points; `finer`: ratio to the previous, longer step: quadratic terms of the error are eliminated by
  // extrapolation.
  const auto compare = [&](double shrink, double finer = 0) {
    row = -2;
    differences.clear();
    const auto check = [&](int k, const double* slopes, double from, double to) {
      double slope = 0, terms = 0;
      for (std::size_t i = 0; i < n; ++i) {
        slope += slopes[i] * direction[i];
        terms += std::abs(slopes[i] * direction[i]);
      }
      double difference = (to - from) / shrink;
      double noise = 1e2 * kEpsilon * (std::abs(from) + std::abs(to)) / shrink;
      clear = clear && noise <= kWrong * std::max(terms, std::abs(difference));
      const double shown = std::abs(difference);
      differences.push_back(difference);
      if (finer > 0) {
        noise += 4 * kEpsilon * size / shrink * std::abs(difference - slope);  // rounding of x, relative to the step
        difference -= (earlier[differences.size() - 1] - difference) / (finer - 1);
      }
      if (row == -2 && differs(slope, difference, std::max(terms, shown), noise + (k < 0 ? flat : 0.0))) {
        row = k;
        wrong.by = std::abs(slope - difference) / std::max({terms, std::abs(difference), 1e-300});
      }
    };
    check(-1, at.g.data(), at.f, trial.f);
    for (Index k = 0; k < e.m; ++k) {
      const auto r = static_cast<std::size_t>(k);
      check(static_cast<int>(k), at.jacobian.data() + k * e.n, at.c[r], trial.c[r]);
    }
    return row == -2;
  };
  if (compare(h)) return true;
  // Curvature also makes forward differences inaccurate: a derivative is reported as wrong only if a shorter, central difference disagrees, too.
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
  if (!fine) {  // once more with steps relative to each variable: for 1/x near 0 any other step is too long
    for (std::size_t i = 0; i < n; ++i) direction[i] *= std::abs(at.x[i]);
    for (std::size_t i = 0; i < n; ++i) trial.x[i] = e.inside(i, at.x[i] + 1e-6 * direction[i]);
    e.values(trial);
    if (!trial.finite) return true;
    const double most = largest(direction);
    if (most > 0) {
      const int accused = row;
      const double by = wrong.by;
      fine = compare(1e-6);
      if (!fine) {
        row = accused;
        wrong.by = by;
      }
    }
  }
  // The scale of curvature is unknown: steps are shortened as long as differences exceed rounding.
  for (int k = 0; k < 2 && !fine; ++k) {
    h *= 1e-3;
    for (std::size_t i = 0; i < n; ++i) trial.x[i] = e.inside(i, at.x[i] + h * shape[i]);
    e.values(trial);
    if (!trial.finite) break;
    const int accused = row;
    const double by = wrong.by;
    std::swap(direction, shape);
    clear = true;
    fine = compare(h) && clear;
    if (!fine && !earlier.empty()) fine = compare(h, 1e3);
    earlier = differences;
    std::swap(direction, shape);
    row = accused;
    wrong.by = by;
  }
  wrong.row = row;
  return fine;
}

}  // namespace plait::optimize
