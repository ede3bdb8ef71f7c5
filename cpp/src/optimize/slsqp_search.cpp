// Line search, second-order correction, feasibility restoration, and steps along negative curvature.
#include "plait/base/interrupt.hpp"
#include "slsqp_body.hpp"

namespace plait::optimize {
namespace {

constexpr double kArmijo = 0.1;         // Kraft's
constexpr double kLeastStep = 0.1;      // smallest reduction factor of the step length
constexpr double kMostViolation = 1e4;  // times max(1, violation at the start)
constexpr int kMostTrials = 40;
constexpr int kMostCurved = 20;                // steps along negative curvature
constexpr double kNewtonDecrease = 1e-6;       // times the objective: predicted decrease by a Newton step that is accepted at a solution
constexpr double kLargeNewtonDecrease = 1e-4;  // the same, if no step achieves the decrease
constexpr double kWeightless = 1e-6;
constexpr double kOfRange = 1e-6;
constexpr int kMostSharpened = 3;
constexpr int kMostSharpenedLong = 12;
constexpr int kMostAlongEigenvectors = 40;

}  // namespace

double Slsqp::Body::merit(const Point& p) const {
  double sum = p.f;
  for (std::size_t k = 0; k < penalty.size(); ++k) sum += penalty[k] * e.row_violation(p, k);
  return sum;
}

double Slsqp::Body::noise() const {
  double sum = std::abs(at.f);
  for (std::size_t k = 0; k < penalty.size(); ++k) sum += penalty[k] * std::abs(at.c[k]) * 1e-1;
  return 20 * kEpsilon * sum;
}

void Slsqp::Body::move(const Point& from, const std::vector<double>& s, double t, Point& to) const {
  to.x.resize(from.x.size());
  for (std::size_t i = 0; i < to.x.size(); ++i) to.x[i] = e.inside(i, from.x[i] + t * s[i]);
}

bool Slsqp::Body::search(double fall) {
  const double before = merit(at), tolerance = noise(), most_violation = std::max(kMostViolation * std::max(1.0, start_violation), at.violation);
  double t = 1;
  for (int k = 0; k < kMostTrials; ++k) {
    move(at, step.s, t, trial);
    e.values(trial);
    if (trial.f == -std::numeric_limits<double>::infinity()) return true;
    if (!trial.finite) {
      t *= k < 3 ? 0.25 : 0.1;
      continue;
    }
    if (trial.violation > most_violation) {  // far out the objective may decrease faster than any penalty increases
      t *= kLeastStep;
      continue;
    }
    const double after = merit(trial);
    if (after <= before + kArmijo * t * fall + tolerance) return true;
    if (k == 0 && e.m > 0 && correct(before, fall, tolerance)) return true;
    const double bend = after - before - t * fall;
    t *= k > 4 ? kLeastStep : std::min(std::max(bend > 0 ? -t * fall / (2 * bend) : 0.5, kLeastStep), 0.9);
    if (t * largest(step.s) < 1e-2 * kEpsilon * std::max(largest(at.x), 1e-300)) break;
  }
  return false;
}

bool Slsqp::Body::correct(double before, double fall, double tolerance) {
  if (!(trial.violation > at.violation * 0.1 + 1e-14)) return false;
  row_values.resize(trial.c.size());
  for (std::size_t k = 0; k < row_values.size(); ++k)
    row_values[k] = trial.c[k] - table->dot(e.n, at.jacobian.data() + static_cast<Index>(k) * e.n, step.s.data());
  if (step.elastic || !steps.correct(e, at, row_values.data(), correction)) return false;
  double change = 0;
  for (std::size_t i = 0; i < step.s.size(); ++i) change = std::max(change, std::abs(correction.s[i] - step.s[i]));
  if (!(change <= 2 * largest(step.s))) return false;
  move(at, correction.s, 1, corrected);
  e.values(corrected);
  if (!corrected.finite || merit(corrected) > before + kArmijo * fall + tolerance) return false;
  std::swap(trial, corrected);
  return true;
}

bool Slsqp::Body::restore() {
  std::vector<double> gradient(at.g.size(), 0.0);
  QuasiNewton damping;
  double weight = 1e-8;
  const double first = at.violation;
  penalty.assign(penalty.size(), 1.0);
  for (int k = 0; k < 60; ++k) {
    poll_interrupt();
    if (e.infeasibility(at, options.ctol) <= 0.5) return true;
    damping.reset(e.n, weight);
    std::swap(at.g, gradient);
    steps.solve_elastic(e, at, damping.matrix(), damping.stride(), 1.0, step);
    std::swap(at.g, gradient);
    if (!step.solved) return at.violation < 0.9 * first;
    const double promised = at.violation - linear_violation();
    if (!(promised > 1e-9 * at.violation) || weight > 1e12) return at.violation < 0.5 * first;
    move(at, step.s, 1, trial);
    e.values(trial);
    if (trial.finite && at.violation - trial.violation > 0.1 * promised) {
      e.derivatives(trial);
      if (trial.finite) {
        std::swap(at, trial);
        weight = std::max(1e-8, weight * 0.1);
        continue;
      }
    }
    weight = std::max(weight * 10, 1e-4);
  }
  return at.violation < 0.5 * first;
}

bool Slsqp::Body::restore_from_nearby() {
  if (e.m == 0) return false;
  const Point here = at;
  unsigned seed = 88172645U;
  for (const double scale : {1e-2, 0.1, 0.5, 2.0}) {
    for (std::size_t i = 0; i < at.x.size(); ++i) {
      seed = seed * 1664525U + 1013904223U;
      at.x[i] = e.inside(i, here.x[i] + scale * std::max(1.0, std::abs(here.x[i])) * (static_cast<double>(seed >> 8) / 8388608.0 - 1));
    }
    e.values(at);
    if (at.finite) e.derivatives(at);
    if (at.finite && (restore() || at.violation < 0.5 * here.violation) && e.infeasibility(at, options.ctol) <= 1) return true;
    at = here;
  }
  return false;
}

bool Slsqp::Body::restore_in_other_units() {
  find_reach();
  return e.m > 0 && refined < kMostRefined && refine() && restore();
}

double Slsqp::Body::linear_violation() const {
  double sum = 0;
  for (std::size_t k = 0; k < at.c.size(); ++k) {
    const double c = at.c[k] + table->dot(e.n, at.jacobian.data() + static_cast<Index>(k) * e.n, step.s.data());
    const double by = std::max({e.row_lower[k] - c, c - e.row_upper[k], 0.0});
    if (by > 1e-12 * std::max(1.0, std::abs(c))) sum += by;
  }
  return sum;
}

Slsqp::Body::Curved Slsqp::Body::leave_along_curvature() {
  std::vector<double> d;
  const double relative = problem->differences() ? 1e-3 : 1e-6;
  const double f = std::abs(at.f), worth = std::max(kNewtonDecrease, options.ftol) * f + 1e-9 * kNewtonDecrease * spread;
  find_reach();
  second.least_decrease = std::max(kEigenvectorDecrease, options.ftol * options.ftol) * (high_f - low_f);
  bool bent = second.find_descent(e, at, step.multipliers, result.bound_multipliers, force, relative, d, worth, reach);
  result.negative_curvature = false;
  if (!bent && !second.uncurved.empty()) {  // positive curvature is not the obstacle: rescale, or follow the direction
    if (refined < kMostRefined && refine()) return Curved::sharpened;
    d = second.uncurved;
    bent = true;
  }
  if (!bent && !second.improving.empty()) {
    if (sharpened < (second.along_eigenvectors ? kMostAlongEigenvectors : second.long_step ? kMostSharpenedLong : kMostSharpened)) {
      ++sharpened;
      for (const SecondOrder::ImprovingDirection& m : second.improving) b.learn_exactly(m.direction, m.image);
      return Curved::sharpened;
    }
    // A decrease is predicted, but no step achieves it.
    // Relative to |f| and, for short steps, to the total decrease, because f may be 0.
    const double whole = f + spread + (second.along_eigenvectors ? kEigenvectorDecrease : second.long_step ? 0.0 : kOfRange) * (high_f - low_f);
    if ((second.long_step && !problem->differences()) || second.predicted_decrease > kLargeNewtonDecrease * whole)
      return refined < kMostRefined && refine() ? Curved::sharpened : Curved::stuck;
  }
  if (!bent && !second.long_newton_step.empty() && curved < kMostCurved) {
    const double before = merit(at), enough = std::max(worth, 2 * noise());
    for (const double part : {1.0, 0.1, 0.01}) {
      move(at, second.long_newton_step, part, trial);
      e.values(trial);
      if (!trial.finite || (trial.violation > at.violation + 1e-10 && !project_on_rows()) || !(merit(trial) < before - enough)) continue;
      e.derivatives(trial);
      if (!trial.finite) continue;
      ++curved;
      std::swap(at, trial);
      b.reset(e.n, 1);
      return Curved::moved;
    }
  }
  const double way = bent ? 0 : step_off_plateau(worth, d);
  if (!bent && way == 0) return Curved::none;
  if (++curved > kMostCurved) return Curved::stuck;
  const double before = merit(at), lagrangian_before = lagrangian(at), tolerance = noise();
  double t = bent ? std::max(1.0, largest(at.x)) : way;
  for (int k = 0; k < 30; ++k, t *= bent ? 0.3 : 0.95) {
    move(at, d, t, trial);
    e.values(trial);
    if (!trial.finite) continue;
    if (trial.violation > at.violation + 1e-10 && !project_on_rows()) continue;
    const double after = merit(trial);
    // On a curved row the objective may stay constant while the row becomes inactive: the decrease of the Lagrangian is accepted, too.
    if (after < before - 2 * tolerance || (after <= before + tolerance && lagrangian(trial) < lagrangian_before - 2 * tolerance)) {
      e.derivatives(trial);
      if (!trial.finite) continue;
      std::swap(at, trial);
      b.reset(e.n, 1);
      return Curved::moved;
    }
  }
  result.negative_curvature = bent && second.uncurved.empty() && e.exact();
  // Negative curvature from differences that no function value confirms is rounding.
  return bent && second.uncurved.empty() && !e.exact() ? Curved::none : Curved::stuck;
}

double Slsqp::Body::step_off_plateau(double worth, std::vector<double>& d) {
  for (std::size_t i = 0; i < reach.size(); ++i) reach[i] = std::max(seen[i], std::abs(at.x[i]));
  const auto weightless = [&](std::size_t i) {
    if (std::abs(at.g[i]) * reach[i] > kWeightless * (std::abs(at.f) + spread)) return false;
    for (std::size_t k = 0; k < at.c.size(); ++k)
      if (std::abs(at.jacobian[k * at.x.size() + i]) * reach[i] > kWeightless * std::max(1.0, std::abs(at.c[k]))) return false;
    return true;
  };
  const double here = lagrangian(at), enough = std::max(worth, noise());
  for (std::size_t i = 0; i < at.x.size(); ++i) {
    const double back = start_x[i] - at.x[i];
    if (back == 0 || !weightless(i)) continue;
    d.assign(at.x.size(), 0.0);
    d[i] = back;
    e.curvature(at, step.multipliers, d, image);
    if (std::abs(back * image[i]) > kWeightless * (std::abs(at.f) + spread)) continue;
    double lowest = here - enough, way = 0;
    for (const double part : {1.0, 0.97, 0.94, 0.88, 0.75, 0.5}) {
      move(at, d, part, trial);
      e.values(trial);
      if (!trial.finite || !(lagrangian(trial) < lowest)) continue;
      lowest = lagrangian(trial);
      way = part;
    }
    if (way > 0) return way;
  }
  return 0;
}

double Slsqp::Body::lagrangian(const Point& p) const {
  double sum = p.f;
  for (std::size_t k = 0; k < step.multipliers.size(); ++k) sum -= step.multipliers[k] * p.c[k];
  return sum;
}

bool Slsqp::Body::project_on_rows() {
  corrected = trial;
  corrected.jacobian = at.jacobian;
  corrected.g.assign(at.g.size(), 0.0);
  identity.reset(e.n, 1);
  steps.solve(e, corrected, identity.matrix(), identity.stride(), nullptr, correction);
  if (!correction.solved) return false;
  move(trial, correction.s, 1, corrected);
  e.values(corrected);
  if (!corrected.finite) return false;
  std::swap(trial, corrected);
  return true;
}

}  // namespace plait::optimize
