#include "plait/optimize/slsqp.hpp"

#include <algorithm>
#include <cmath>

#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"
#include "quasi_newton.hpp"
#include "second_order.hpp"
#include "sqp_step.hpp"

namespace plait::optimize {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
constexpr double kArmijo = 0.1;     // Kraft's
constexpr double kLeastStep = 0.1;  // the search goes down by no more at a time
constexpr int kMostTrials = 25;
constexpr int kMostCurved = 20;     // steps along negative curvature
constexpr double kLooseKkt = 1e-5;  // where the objective has settled, the residual must be below this
constexpr double kFar = 1e12;       // of the start's size: unbounded
constexpr double kWrong = 1e-3;     // relative difference that a derivative may show

double largest(const std::vector<double>& v) {
  double most = 0;
  for (const double e : v) most = std::max(most, std::abs(e));
  return most;
}

}  // namespace

struct Slsqp::Body {
  Evaluation e;
  QuasiNewton b, identity;
  StepSolver steps;
  SecondOrder second;
  Point at, trial, corrected;
  Step step, correction;
  std::vector<double> penalty, bs, y, direction, image, row_values;
  SlsqpOptions options;
  const IterationCallback* callback = nullptr;
  Problem* problem = nullptr;
  SlsqpResult result;
  const DenseTable* table = &dense();
  double steepest = 1, low_f = 0, high_f = 0, start_size = 1, force = 1;
  int curved = 0, quiet = 0;

  [[nodiscard]] double dot(const std::vector<double>& a, const std::vector<double>& c) const {
    return table->dot(static_cast<Index>(a.size()), a.data(), c.data());
  }

  // ---- results ----

  void remember_best(const Point& p) {
    if (e.infeasibility(p, options.ctol) > 1) return;
    if (result.feasible_found && !(p.f < result.best_f)) return;
    result.feasible_found = true;
    result.best_f = p.f;
    result.best_x = p.x;
  }

  // The residual of the first-order conditions at a point, judged from nothing but its derivatives and the multipliers.
  double judge(const Point& p, const std::vector<double>& multipliers, std::vector<double>& bound_multipliers) {
    const auto n = static_cast<std::size_t>(e.n);
    bound_multipliers = p.g;
    force = std::max(steepest, largest(p.g));
    double wrong = 0, pushed = 0;
    for (std::size_t k = 0; k < multipliers.size(); ++k) {
      if (multipliers[k] == 0) continue;
      const double* const row = p.jacobian.data() + k * n;
      double size = 0;
      for (std::size_t i = 0; i < n; ++i) size = std::max(size, std::abs(row[i]));
      pushed = std::max(pushed, size * std::abs(multipliers[k]));
      table->axpy(e.n, -multipliers[k], row, bound_multipliers.data());
      const double limit = multipliers[k] > 0 ? e.row_lower[k] : e.row_upper[k];
      // Complementarity: how far the row is from the limit that pushes, as a force.
      if (std::isinf(limit)) wrong = std::max(wrong, size * std::abs(multipliers[k]));
      else
        wrong = std::max(
            wrong, std::min(1.0, std::abs(p.c[k] - limit) / std::max({std::abs(limit), std::abs(p.c[k]), size})) * size * std::abs(multipliers[k]));
    }
    for (std::size_t i = 0; i < n; ++i) {
      if (e.lower[i] == e.upper[i]) continue;
      double& z = bound_multipliers[i];
      const bool at_lower = p.x[i] <= e.lower[i], at_upper = p.x[i] >= e.upper[i];
      if ((at_lower && z > 0) || (at_upper && z < 0)) continue;
      wrong = std::max(wrong, std::abs(z));
      z = 0;
    }
    return std::max(wrong - 1e-14 * pushed, 0.0) / force;
  }

  SlsqpResult& finish(Status status) {
    const auto n = static_cast<std::size_t>(e.n);
    result.status = status;
    result.x = at.x;
    result.f = at.f / e.f_scale;
    result.gradient = at.g;
    for (double& g : result.gradient) g /= e.f_scale;
    std::vector<double> multipliers = step.multipliers;
    multipliers.resize(static_cast<std::size_t>(e.rows), 0.0);
    if (at.g.size() == n) result.kkt = judge(at, multipliers, result.bound_multipliers);
    result.bound_multipliers.resize(n, 0.0);
    for (double& z : result.bound_multipliers) z /= e.f_scale;
    result.rows = at.c;
    result.active.assign(multipliers.size(), 0);
    result.violation = 0;
    for (std::size_t k = 0; k < multipliers.size(); ++k) {
      result.rows[k] /= e.row_scale[k];
      result.violation = std::max(result.violation, e.row_violation(at, k) / e.row_scale[k]);
      const double gap = std::min(std::abs(at.c[k] - e.row_lower[k]), std::abs(at.c[k] - e.row_upper[k]));
      result.active[k] = gap <= 1e-6 * std::max(1.0, std::abs(at.c[k])) || multipliers[k] != 0 ? 1 : 0;
      multipliers[k] *= e.row_scale[k] / e.f_scale;
    }
    result.multipliers = std::move(multipliers);
    if (result.feasible_found) result.best_f /= e.f_scale;
    result.hessian.resize(n * n);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t k = 0; k < n; ++k)
        result.hessian[i * n + k] = b.matrix().empty() ? 0.0 : b.matrix()[i * static_cast<std::size_t>(b.stride()) + k] / e.f_scale;
    result.evaluations = e.evaluations;
    result.derivative_evaluations = e.derivative_evaluations;
    return result;
  }

  // ---- derivatives given by the user, beside a difference along one direction ----

  bool derivatives_agree() {
    const auto n = static_cast<std::size_t>(e.n);
    direction.resize(n);
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
    trial.x = at.x;
    for (std::size_t i = 0; i < n; ++i) trial.x[i] = at.x[i] + h * direction[i];
    e.values(trial);
    if (!trial.finite) return true;
    int row = -2;
    const auto compare = [&](double shrink) {
      row = -2;
      const auto check = [&](int k, const double* slopes, double from, double to) {
        double slope = 0, terms = 0;
        for (std::size_t i = 0; i < n; ++i) {
          slope += slopes[i] * direction[i];
          terms += std::abs(slopes[i] * direction[i]);
        }
        const double difference = (to - from) / shrink;
        const double noise = 1e2 * kEpsilon * (std::abs(from) + std::abs(to)) / shrink;
        if (row == -2 && differs(slope, difference, terms, noise)) {
          row = k;
          result.wrong_by = std::abs(slope - difference) / std::max({terms, std::abs(difference), 1e-300});
        }
      };
      check(-1, at.g.data(), at.f, trial.f);
      for (Index k = 0; k < e.m; ++k)
        check(static_cast<int>(k), at.jacobian.data() + k * e.n, at.c[static_cast<std::size_t>(k)], trial.c[static_cast<std::size_t>(k)]);
      return row == -2;
    };
    if (compare(h)) return true;
    // Curvature makes a forward difference wrong, too: once more, central and shorter, before anybody is accused.
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
    const bool fine = compare(central ? 2 * h : h);
    if (central) {
      std::swap(at.f, back.f);
      std::swap(at.c, back.c);
    }
    result.wrong_row = row;
    return fine;
  }

  // ---- the search along a step ----

  [[nodiscard]] double merit(const Point& p) const {
    double sum = p.f;
    for (std::size_t k = 0; k < penalty.size(); ++k) sum += penalty[k] * e.row_violation(p, k);
    return sum;
  }
  [[nodiscard]] double noise() const {
    double sum = std::abs(at.f);
    for (std::size_t k = 0; k < penalty.size(); ++k) sum += penalty[k] * std::abs(at.c[k]) * 1e-1;
    return 20 * kEpsilon * sum;
  }
  void move(const Point& from, const std::vector<double>& s, double t, Point& to) const {
    to.x.resize(from.x.size());
    for (std::size_t i = 0; i < to.x.size(); ++i) to.x[i] = e.inside(i, from.x[i] + t * s[i]);
  }

  // `trial` lower by what `fall` (negative: the merit's slope along the step) promises.
  bool search(double fall) {
    const double before = merit(at), tolerance = noise();
    double t = 1;
    for (int k = 0; k < kMostTrials; ++k) {
      move(at, step.s, t, trial);
      e.values(trial);
      if (trial.f == -std::numeric_limits<double>::infinity()) return true;
      if (!trial.finite) {
        t *= k < 3 ? 0.25 : 0.1;
        continue;
      }
      const double after = merit(trial);
      if (after <= before + kArmijo * t * fall + tolerance) return true;
      if (k == 0 && e.m > 0 && correct(before, fall, tolerance)) return true;
      const double bend = after - before - t * fall;
      t *= std::min(std::max(bend > 0 ? -t * fall / (2 * bend) : 0.5, kLeastStep), 0.9);
      if (t * largest(step.s) < 1e-2 * kEpsilon * std::max(largest(at.x), 1e-300)) break;
    }
    return false;
  }

  // Rows that curve away make the merit rise along a good step (Maratos): the same quadratic program about the rows' values at the end of it.
  bool correct(double before, double fall, double tolerance) {
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

  // ---- violations alone ----

  // Gauss-Newton steps with damping that lower the violation, whatever becomes of the objective. False: it can't be lowered here.
  bool restore() {
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

  [[nodiscard]] double linear_violation() const {
    double sum = 0;
    for (std::size_t k = 0; k < at.c.size(); ++k) {
      const double c = at.c[k] + table->dot(e.n, at.jacobian.data() + static_cast<Index>(k) * e.n, step.s.data());
      const double by = std::max({e.row_lower[k] - c, c - e.row_upper[k], 0.0});
      if (by > 1e-12 * std::max(1.0, std::abs(c))) sum += by;
    }
    return sum;
  }

  // ---- steps ----

  bool next_step() {
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

  void raise_penalties() {
    for (std::size_t k = 0; k < penalty.size(); ++k) {
      const double r = std::abs(step.multipliers[k]);
      penalty[k] = std::max(r, 0.5 * (penalty[k] + r));
    }
  }

  // y for the multipliers of the step, bounds aside.
  void learn(const Point& from, const Point& to) {
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

  enum class Curved { none, moved, stuck };

  // Leaves a point that only looks like a minimum.
  Curved leave_along_curvature() {
    std::vector<double> d;
    const double relative = problem->differences() ? 1e-3 : 1e-6;
    if (!second.find_descent(e, at, step.multipliers, result.bound_multipliers, force, relative, d)) return Curved::none;
    if (++curved > kMostCurved) return Curved::stuck;
    const double before = merit(at), lagrangian_before = lagrangian(at), tolerance = noise();
    double t = std::max(1.0, largest(at.x));
    for (int k = 0; k < 30; ++k, t *= 0.3) {
      move(at, d, t, trial);
      e.values(trial);
      if (!trial.finite) continue;
      if (trial.violation > at.violation + 1e-10 && !back_to_rows()) continue;
      const double after = merit(trial);
      // Where a row bends away, the objective may stay as it is while room is won: then the Lagrangian has fallen.
      if (after < before - 2 * tolerance || (after <= before + tolerance && lagrangian(trial) < lagrangian_before - 2 * tolerance)) {
        e.derivatives(trial);
        if (!trial.finite) continue;
        std::swap(at, trial);
        b.reset(e.n, 1);
        return Curved::moved;
      }
    }
    return Curved::stuck;
  }

  [[nodiscard]] double lagrangian(const Point& p) const {
    double sum = p.f;
    for (std::size_t k = 0; k < step.multipliers.size(); ++k) sum -= step.multipliers[k] * p.c[k];
    return sum;
  }

  // The nearest point to `trial` on the rows as they are linear at `at`.
  bool back_to_rows() {
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

  Status end_solved() {
    if (options.check_derivatives && !derivatives_agree()) return Status::wrong_derivative;
    return Status::solved;
  }

  SlsqpResult& run(const std::vector<double>& x0) {
    at.x = x0;
    for (std::size_t i = 0; i < at.x.size(); ++i) at.x[i] = e.inside(i, at.x[i]);
    step.multipliers.assign(static_cast<std::size_t>(e.rows), 0.0);
    penalty.assign(static_cast<std::size_t>(e.rows), 0.0);
    b.reset(e.n, 1);
    e.values(at);
    if (!at.finite) return finish(Status::not_finite);
    e.derivatives(at);
    if (!at.finite) return finish(Status::not_finite);
    if (options.check_derivatives && !derivatives_agree()) return finish(Status::wrong_derivative);
    e.scale_at(at);
    if (options.hessian != nullptr) b.set(e.n, *options.hessian, e.f_scale);
    low_f = high_f = at.f;
    steepest = largest(at.g);
    start_size = std::max(1.0, largest(at.x));
    steps.begin(e.n, e.rows);
    remember_best(at);
    int failures = 0;
    while (true) {
      poll_interrupt();
      if (!next_step()) return finish(at.violation > 0 && e.infeasibility(at, options.ctol) > 1 ? Status::infeasible : Status::no_descent);
      b.multiply(step.s, bs);
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
        const double kkt = judge(at, step.multipliers, result.bound_multipliers);
        const double promise = std::abs(slope) + priced;
        const bool settled = promise <= options.ftol * std::min(high_f - low_f, std::max(std::abs(at.f), 1e-6 * (high_f - low_f)));
        const bool invisible = promise <= 4 * kEpsilon * std::abs(at.f);
        quiet = settled || invisible ? quiet + 1 : 0;
        if (kkt <= options.gtol || ((settled || invisible) && kkt <= kLooseKkt)) {
          if (!options.second_order) return finish(end_solved());
          const Curved found = leave_along_curvature();
          if (found == Curved::none) return finish(end_solved());
          if (found == Curved::stuck) {
            result.negative_curvature = true;
            return finish(Status::no_descent);
          }
          after_move();
          failures = 0;
          if (const Status ended = each_iteration(); ended != Status::solved) return finish(ended);
          continue;
        }
      }
      if (step.elastic && !feasible && left > (1 - 1e-3) * at.violation) {
        if (!restore()) return finish(e.infeasibility(at, options.ctol) > 1 ? Status::infeasible : Status::no_descent);
        recover();
        if (const Status ended = each_iteration(); ended != Status::solved) return finish(ended);
        continue;
      }
      if (!(fall < 0) || !search(fall)) {
        if (failures == 0 && !b.fresh()) {
          b.reset(e.n, 1);
          ++failures;
          if (const Status ended = each_iteration(); ended != Status::solved) return finish(ended);
          continue;
        }
        if (!feasible && failures < 4) {
          ++failures;
          const double before = at.violation;
          if (!restore() && !(at.violation < before)) return finish(Status::infeasible);
          recover();
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
      if (!trial.finite) {  // derivatives that are not finite: nearer to where they were
        if (!closer_with_derivatives()) return finish(Status::not_finite);
      }
      learn(at, trial);
      std::swap(at, trial);
      after_move();
      if (largest(at.x) > kFar * start_size && e.infeasibility(at, options.ctol) <= 1 && at.f < low_f + kEpsilon * std::abs(low_f))
        return finish(Status::unbounded);
      if (const Status ended = each_iteration(); ended != Status::solved) return finish(ended);
    }
  }

  bool closer_with_derivatives() {
    for (int k = 0; k < 8; ++k) {
      for (std::size_t i = 0; i < trial.x.size(); ++i) trial.x[i] = 0.5 * (trial.x[i] + at.x[i]);
      e.values(trial);
      if (!trial.finite) continue;
      e.derivatives(trial);
      if (trial.finite) return true;
    }
    return false;
  }

  void after_move() {
    low_f = std::min(low_f, at.f);
    high_f = std::max(high_f, at.f);
    steepest = std::max(steepest, largest(at.g));
    remember_best(at);
  }

  // After restoration nothing of what was learnt holds.
  void recover() {
    b.reset(e.n, 1);
    std::fill(penalty.begin(), penalty.end(), 0.0);
    after_move();
  }

  Status each_iteration() {
    ++result.iterations;
    if (*callback && (*callback)(at.x.data(), at.f / e.f_scale, result.iterations)) return Status::stopped;
    return result.iterations >= options.max_iterations ? Status::step_limit : Status::solved;
  }

  // No step goes down. That is a solution where the first-order conditions hold but for what rounding leaves.
  SlsqpResult& finish_stuck(bool feasible) {
    if (!feasible) return finish(Status::infeasible);
    const double kkt = judge(at, step.multipliers, result.bound_multipliers);
    if (kkt > kLooseKkt) return finish(Status::no_descent);
    if (options.second_order) {
      std::vector<double> d;
      if (second.find_descent(e, at, step.multipliers, result.bound_multipliers, force, problem->differences() ? 1e-3 : 1e-6, d)) {
        result.negative_curvature = true;
        return finish(Status::no_descent);
      }
    }
    return finish(end_solved());
  }
};

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
  body.problem = &problem;
  body.result = {};
  body.curved = body.quiet = 0;
  body.e.begin(problem);
  return std::move(body.run(x0));
}

}  // namespace plait::optimize
