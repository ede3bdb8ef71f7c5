#include "plait/optimize/slsqp.hpp"

#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"
#include "slsqp_body.hpp"

namespace plait::optimize {
namespace {

constexpr double kLooseKkt = 1e-5;   // bound on the residual if the objective has converged
constexpr double kSlopeDecay = 0.1;  // decay per iteration of earlier slopes
constexpr double kUnresolved = 1e-2;
constexpr double kLargeNewtonDecrease = 1e-4;  // times the objective: predicted decrease accepted at a solution if no step can be taken
constexpr double kStepDecrease = 1e-6;         // times the objective: predicted decrease accepted at a solution
constexpr double kNothing = 1e-12;             // predicted decrease accepted if the objective never changed
constexpr double kFar = 1e12;                  // times the start's size: counts as unbounded
constexpr int kMostIdle = 10;                  // iterations without progress, with finite differences
constexpr int kMostIdleExact = 30;             // the same, with exact derivatives
constexpr int kMostPolished = 3;               // steps that reduce only the gradient
constexpr int kMostFar = 6;                    // iterations at kFar with a decreasing objective
constexpr double kStill = 1e-3;                // times a variable: a shorter step is negligible

}  // namespace

double Slsqp::Body::dot(const std::vector<double>& a, const std::vector<double>& c) const {
  return table->dot(static_cast<Index>(a.size()), a.data(), c.data());
}

bool Slsqp::Body::next_step(bool newton) {
  exact_step = newton && newton_step();
  if (exact_step) return true;
  for (int again = 0; again < 2; ++again) {
    steps.solve(e, at, b.matrix(), b.stride(), nullptr, step);
    if (steps.factored()) break;
    b.reset(e.n, 1);
  }
  if (step.solved) {
    const double size = largest(step.s);
    if (std::isfinite(size) && size < 1e100) return true;
    b.reset(e.n, 1);
    step.solved = false;
  }
  double price = 1e2;
  for (int k = 0; k < 3; ++k, price *= 1e2) {
    steps.solve_elastic(e, at, b.matrix(), b.stride(), price, step);
    if (step.solved && linear_violation() <= 0.5 * at.violation) return true;
  }
  return step.solved;
}

void Slsqp::Body::raise_penalties() {
  for (std::size_t k = 0; k < penalty.size(); ++k) {
    const double r = std::abs(step.multipliers[k]);
    penalty[k] = std::max(r, 0.5 * (penalty[k] + r));
  }
}

void Slsqp::Body::learn(const Point& from, const Point& to) {
  y = to.g;
  direction.resize(y.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    y[i] -= from.g[i];
    direction[i] = to.x[i] - from.x[i];
  }
  for (std::size_t k = 0; k < step.multipliers.size(); ++k) {
    const double r = step.multipliers[k];
    if (r == 0 || static_cast<Index>(k) >= e.m) continue;
    table->axpy(e.n, -r, to.jacobian.data() + static_cast<Index>(k) * e.n, y.data());
    table->axpy(e.n, r, from.jacobian.data() + static_cast<Index>(k) * e.n, y.data());
  }
  b.update(direction, y);
}

Status Slsqp::Body::end_solved() {
  for (Index k = 0; k < e.m; ++k) {  // x so large that rounding of x dominates a row
    double terms = 0;
    for (Index i = 0; i < e.n; ++i) terms += std::abs(at.jacobian[static_cast<std::size_t>(k * e.n + i)] * at.x[static_cast<std::size_t>(i)]);
    if (4 * kEpsilon * terms > kUnresolved * std::max(1.0, std::abs(at.c[static_cast<std::size_t>(k)]))) return Status::no_descent;
  }
  if (options.check_derivatives && !derivatives_agree()) return Status::wrong_derivative;
  return Status::solved;
}

SlsqpResult& Slsqp::Body::run(const std::vector<double>& x0) {
  at.x = x0;
  if (is_sized())
    for (std::size_t i = 0; i < at.x.size(); ++i) at.x[i] /= sized.units()[i];
  for (std::size_t i = 0; i < at.x.size(); ++i) at.x[i] = e.inside(i, at.x[i]);
  step.multipliers.assign(static_cast<std::size_t>(e.rows), 0.0);
  penalty.assign(static_cast<std::size_t>(e.rows), 0.0);
  b.reset(e.n, 1);
  e.values(at);
  if (!at.finite) return finish(Status::not_finite);
  e.derivatives(at);
  if (!at.finite) return finish(Status::not_finite);
  start_slopes = at.g;
  start_x = at.x;
  seen.resize(at.x.size());
  for (std::size_t i = 0; i < seen.size(); ++i) seen[i] = std::abs(at.x[i]);
  guess_sizes();
  steepest_ever = 0;
  if (options.check_derivatives && !derivatives_agree()) return finish(Status::wrong_derivative);
  e.scale_at(at);
  start_slopes = at.g;
  if (options.hessian != nullptr) {
    b.set(e.n, *options.hessian, e.f_scale);
    if (is_sized()) b.resize(sized.units());
  }
  base = steepest_ever = 1;
  low_f = high_f = last_f = at.f;
  spread = 0;
  steepest = 1;
  start_size = std::max(1.0, largest(at.x));
  start_violation = at.violation;
  steps.begin(e.n, e.rows);
  remember_best(at);
  remember_path();
  int failures = 0;
  while (true) {
    poll_interrupt();
    if (stagnates() && !restart_in_new_units()) return finish_stuck(true);
    if (!next_step(failures == 0)) return finish(at.violation > 0 && e.infeasibility(at, options.ctol) > 1 ? Status::infeasible : Status::no_descent);
    const bool feasible = e.infeasibility(at, options.ctol) <= 1;
    const double slope = dot(at.g, step.s), left = step.elastic ? linear_violation() : 0.0;
    raise_penalties();
    double fall = slope, priced = 0;
    for (std::size_t k = 0; k < penalty.size(); ++k) {
      double c = at.c[k];
      const double now = e.row_violation(at, k);
      double then = 0;
      if (step.elastic) {
        c += table->dot(e.n, at.jacobian.data() + static_cast<Index>(k) * e.n, step.s.data());
        then = std::max({e.row_lower[k] - c, c - e.row_upper[k], 0.0});
      }
      fall -= penalty[k] * (now - then);
      priced += std::abs(step.multipliers[k]) * now;
    }
    if (feasible && !step.elastic) {
      const double kkt = kkt_residual(at, step.multipliers, result.bound_multipliers);
      const double promise = std::abs(slope) + priced;
      const double range = high_f - low_f;
      // The total decrease of f is a scale for convergence only if x no longer moves: near a pole the start's value is arbitrarily large.
      const double whole = step_is_short() ? range : 0.0;
      const bool settled = promise <= options.ftol * std::min(range, std::max(std::abs(at.f), 1e-6 * whole));
      const bool invisible = promise <= 4 * kEpsilon * std::abs(at.f);
      // After a very steep start the residual may be relatively small far from a solution.
      const bool near =
          promise <= std::max(kStepDecrease, options.ftol) * std::max(std::abs(at.f), 1e-9 * whole) || (range == 0 && promise <= kNothing);
      if ((kkt <= options.gtol && near) || ((settled || invisible) && kkt <= kLooseKkt)) {
        if (resize()) {
          if (const Status ended = each_iteration(); ended != Status::solved) return finish(ended);
          continue;
        }
        if (kkt > options.gtol && reduce_gradient(kkt)) {
          after_move();
          if (const Status ended = each_iteration(); ended != Status::solved) return finish(ended);
          continue;
        }
        if (!options.second_order) return finish(end_solved());
        const Curved found = leave_along_curvature();
        if (found == Curved::none) return finish(end_solved());
        if (found == Curved::stuck) return finish(Status::no_descent);
        if (found == Curved::moved) after_move();
        failures = 0;
        if (const Status ended = each_iteration(); ended != Status::solved) return finish(ended);
        continue;
      }
    }
    if (step.elastic && !feasible && left > (1 - 1e-3) * at.violation) {
      if (!restore() && !restore_from_nearby() && !restore_in_other_units())
        return finish(e.infeasibility(at, options.ctol) > 1 ? Status::infeasible : Status::no_descent);
      recover();
      if (const Status ended = each_iteration(); ended != Status::solved) return finish(ended);
      continue;
    }
    if (!(fall < 0) || !search(fall)) {
      if (failures == 0 && (exact_step || !b.fresh())) {
        if (!exact_step) b.reset(e.n, 1);
        ++failures;
        if (const Status ended = each_iteration(); ended != Status::solved) return finish(ended);
        continue;
      }
      if (!feasible && failures < 4) {
        ++failures;
        const double before = at.violation;
        if (!restore() && !(at.violation < before) && !restore_from_nearby() && !restore_in_other_units()) return finish(Status::infeasible);
        recover();
        if (const Status ended = each_iteration(); ended != Status::solved) return finish(ended);
        continue;
      }
      if (feasible && options.second_order && kkt_residual(at, step.multipliers, result.bound_multipliers) <= kLooseKkt) {
        const Curved found = leave_along_curvature();
        if (found == Curved::sharpened || found == Curved::moved) {
          if (found == Curved::moved) after_move();
          failures = 0;
          if (const Status ended = each_iteration(); ended != Status::solved) return finish(ended);
          continue;
        }
      }
      if (feasible && restart_in_new_units()) {
        failures = 0;
        if (const Status ended = each_iteration(); ended != Status::solved) return finish(ended);
        continue;
      }
      return finish_stuck(feasible);
    }
    failures = 0;
    if (trial.f == -std::numeric_limits<double>::infinity()) {
      at.x = trial.x;
      at.f = trial.f;
      return finish(Status::unbounded);
    }
    e.derivatives(trial);
    if (!trial.finite) {  // derivatives not finite: move back towards the last point
      if (!shorten_to_finite_derivatives()) return finish(Status::not_finite);
    }
    learn(at, trial);
    std::swap(at, trial);
    after_move();
    if (is_unbounded()) return finish(Status::unbounded);
    if (const Status ended = each_iteration(); ended != Status::solved) return finish(ended);
  }
}

bool Slsqp::Body::reduce_gradient(double kkt) {
  if (polished >= kMostPolished || problem->differences()) return false;
  ++polished;
  move(at, step.s, 1, trial);
  e.values(trial);
  if (!trial.finite || e.infeasibility(trial, options.ctol) > 1 || trial.f > at.f + noise()) return false;
  e.derivatives(trial);
  if (!trial.finite || !(kkt_residual(trial, step.multipliers, outer) < 0.5 * kkt)) return false;
  learn(at, trial);
  std::swap(at, trial);
  return true;
}

bool Slsqp::Body::stagnates() {
  const bool quiet = std::abs(at.f - idle_f) <= options.ftol * std::min(high_f - low_f, std::abs(at.f)) && e.infeasibility(at, options.ctol) <= 1;
  idle = quiet ? idle + 1 : 0;
  idle_f = at.f;
  return idle >= (problem->differences() ? kMostIdle : kMostIdleExact) && kkt_residual(at, step.multipliers, result.bound_multipliers) <= kLooseKkt;
}

bool Slsqp::Body::step_is_short() const {
  for (std::size_t i = 0; i < at.x.size(); ++i)
    if (std::abs(step.s[i]) > kStill * std::max(1.0, std::abs(at.x[i]))) return false;
  return true;
}

bool Slsqp::Body::is_unbounded() {
  double most = 0;
  for (std::size_t i = 0; i < at.x.size(); ++i)
    if (std::isinf(at.x[i] < 0 ? e.lower[i] : e.upper[i])) most = std::max(most, std::abs(at.x[i]));
  const bool far = most > kFar * start_size && e.infeasibility(at, options.ctol) <= 1 && at.f < low_f + kEpsilon * std::abs(low_f);
  far_away = far ? far_away + 1 : 0;
  return far_away >= kMostFar || (far && most > kFar * kFar * start_size);
}

bool Slsqp::Body::shorten_to_finite_derivatives() {
  for (int k = 0; k < 8; ++k) {
    for (std::size_t i = 0; i < trial.x.size(); ++i) trial.x[i] = 0.5 * (trial.x[i] + at.x[i]);
    e.values(trial);
    if (!trial.finite) continue;
    e.derivatives(trial);
    if (trial.finite) return true;
  }
  return false;
}

void Slsqp::Body::after_move() {
  spread = std::max(std::abs(at.f - last_f), kSlopeDecay * spread);
  last_f = at.f;
  low_f = std::min(low_f, at.f);
  high_f = std::max(high_f, at.f);
  // The scale of the first-order residual: the start's gradient, or a steeper one of recent steps.
  steepest = std::max({base, largest(at.g), kSlopeDecay * steepest});
  steepest_ever = std::max(steepest_ever, steepest);
  for (std::size_t i = 0; i < seen.size(); ++i) seen[i] = std::max(seen[i], std::abs(at.x[i] - start_x[i]));
  remember_best(at);
}

void Slsqp::Body::recover() {
  b.reset(e.n, 1);
  std::fill(penalty.begin(), penalty.end(), 0.0);
  after_move();
}

Status Slsqp::Body::each_iteration() {
  ++result.iterations;
  remember_path();
  if (*callback) {
    outer = at.x;
    if (is_sized()) sized.to_inner(outer);
    if ((*callback)(outer.data(), at.f / e.f_scale, result.iterations)) return Status::stopped;
  }
  return result.iterations >= options.max_iterations ? Status::step_limit : Status::solved;
}

SlsqpResult& Slsqp::Body::finish_stuck(bool feasible) {
  if (!feasible) return finish(Status::infeasible);
  if (kkt_residual(at, step.multipliers, result.bound_multipliers) > kLooseKkt) return finish(Status::no_descent);
  if (options.second_order && decrease_is_possible()) return finish(Status::no_descent);
  return finish(end_solved());
}

bool Slsqp::Body::restart_in_new_units() {
  idle = 0;
  return options.second_order && refined < kMostRefined && kkt_residual(at, step.multipliers, result.bound_multipliers) <= kLooseKkt &&
         decrease_is_possible() && !result.negative_curvature && refine();
}

bool Slsqp::Body::decrease_is_possible() {
  std::vector<double> d;
  const double whole = std::abs(at.f) + spread;
  find_reach();
  result.negative_curvature = second.find_descent(e, at, step.multipliers, result.bound_multipliers, force, problem->differences() ? 1e-3 : 1e-6, d,
                                                  kLargeNewtonDecrease * whole, reach);
  return result.negative_curvature || second.predicted_decrease > kLargeNewtonDecrease * (whole + (second.along_eigenvectors ? kEigenvectorDecrease
                                                                                                   : second.long_step        ? 0.0
                                                                                                                             : kStepDecrease) *
                                                                                                      (high_f - low_f));
}

Slsqp::Slsqp() : body_(std::make_unique<Body>()) {}
Slsqp::~Slsqp() = default;
Slsqp::Slsqp(Slsqp&&) noexcept = default;
Slsqp& Slsqp::operator=(Slsqp&&) noexcept = default;

SlsqpResult Slsqp::solve(Problem& problem, const std::vector<double>& x0, const SlsqpOptions& options, const IterationCallback& callback) {
  PLAIT_REQUIRE(x0.size() == static_cast<std::size_t>(problem.n), "slsqp: x0: expected ", problem.n, " numbers, got ", x0.size());
  for (std::size_t i = 0; i < x0.size(); ++i) {
    PLAIT_REQUIRE(std::isfinite(x0[i]), "slsqp: x0: element ", i, " is ", x0[i]);
    PLAIT_REQUIRE(problem.lower[i] <= problem.upper[i], "slsqp: bounds: variable ", i, ": lower bound ", problem.lower[i], ", upper bound ",
                  problem.upper[i]);
  }
  Body& body = *body_;
  body.options = options;
  body.callback = &callback;
  body.result = {};
  body.idle = body.polished = body.curved = body.sharpened = body.resized = body.refined = body.far_away = 0;
  body.exact = true;
  body.prepare(problem, x0);
  return std::move(body.run(x0));
}

}  // namespace plait::optimize
