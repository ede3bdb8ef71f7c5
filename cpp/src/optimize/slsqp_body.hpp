// State and parts of the SLSQP iteration. slsqp.cpp has the loop, slsqp_search.cpp the line search and restoration, slsqp_report.cpp the optimality
// conditions.
#pragma once

#include <algorithm>
#include <cmath>

#include "plait/optimize/slsqp.hpp"
#include "quasi_newton.hpp"
#include "second_order.hpp"
#include "sized_problem.hpp"
#include "sqp_step.hpp"

namespace plait::optimize {

constexpr int kMostRefined = 3;                 // largest number of full rescalings
constexpr double kEigenvectorDecrease = 5e-16;  // times the total decrease: predicted decrease accepted along eigenvectors
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

inline double largest(const std::vector<double>& v) {
  double most = 0;
  for (const double e : v) most = std::max(most, std::abs(e));
  return most;
}

struct Slsqp::Body {
  Evaluation e;
  QuasiNewton b, identity;
  StepSolver steps;
  SecondOrder second;
  Point at, trial, corrected;
  Step step, correction;
  std::vector<double> penalty, y, direction, image, row_values;
  std::vector<double> hessian, weights, unit, tried, floor;  // the exact Hessian, its augmentation by rows, and workspace for both
  SlsqpOptions options;
  const IterationCallback* callback = nullptr;
  SizedProblem sized;
  Problem* problem = nullptr;                     ///< the problem, or `sized` wrapping it
  std::vector<double> seen, ratio, outer, reach;  // largest |x| visited, scale factors, workspace, expected range of movement
  double steepest_ever = 1;                       ///< the steepest slope of all
  double base = 1;                                ///< the start's largest derivative
  std::vector<double> start_slopes, start_x;
  std::vector<double> typical;  ///< typical sizes from start and bounds, 0: not known
  int resized = 0, refined = 0, far_away = 0;
  SlsqpResult result;
  const DenseTable* table = &dense();
  double start_violation = 0;
  double steepest = 1, low_f = 0, high_f = 0, start_size = 1, force = 1;
  int curved = 0, sharpened = 0, polished = 0, idle = 0;
  double idle_f = 0;
  double last_f = 0, spread = 0;  // recent change of the objective
  bool exact = true;              ///< the problem provides exact Hessian-vector products
  bool exact_step = false;        ///< the current step uses the exact Hessian
  enum class Curved { none, moved, sharpened, stuck };

  [[nodiscard]] double dot(const std::vector<double>& a, const std::vector<double>& c) const;
  void remember_best(const Point& p);
  /// The largest violation of all rows, unscaled.
  [[nodiscard]] double violation(const Point& p) const;
  /// Records objective and violation at `at` for the report.
  void remember_path();
  /// The residual of the first-order conditions, from the derivatives at the point and the multipliers only.
  double kkt_residual(const Point& p, const std::vector<double>& multipliers, std::vector<double>& bound_multipliers);
  SlsqpResult& finish(Status status);
  bool derivatives_agree();
  [[nodiscard]] double merit(const Point& p) const;
  [[nodiscard]] double noise() const;
  void move(const Point& from, const std::vector<double>& s, double t, Point& to) const;
  /// Line search: sets `trial` with sufficient decrease of the merit; `fall` < 0 is its slope along the step.
  bool search(double fall);
  /// Second-order correction (Maratos effect): the same quadratic program with the constraint values at the end of the step.
  bool correct(double before, double fall, double tolerance);
  /// Feasibility restoration by damped Gauss-Newton steps, ignoring the objective. False: the violation cannot be reduced here.
  bool restore();
  /// The same from random points nearby, for maxima and saddle points of the violation, where its gradient vanishes.
  bool restore_from_nearby();
  /// The same after rescaling the variables.
  bool restore_in_other_units();
  [[nodiscard]] double linear_violation() const;
  bool next_step(bool newton);
  /// Computes the exact `hessian` at `at` for the multipliers of the last step. False: not available or not positive definite.
  bool sharpen();
  /// Sets `step` using the exact Hessian. False: none was found.
  bool newton_step();
  void raise_penalties();
  /// BFGS update of B with the multipliers of the step; bounds do not contribute.
  void learn(const Point& from, const Point& to);
  /// Leaves a point that violates the second-order conditions.
  Curved leave_along_curvature();
  /// For a variable that moved to a plateau where no function depends on it (exp of a large negative number), although the Lagrangian is lower nearer
  /// to its start: `d` is the direction back; returns the best step along it, 0 if there is no such variable.
  double step_off_plateau(double worth, std::vector<double>& d);
  [[nodiscard]] double lagrangian(const Point& p) const;
  /// Projects `trial` on the constraints linearised at `at`.
  bool project_on_rows();
  Status end_solved();
  SlsqpResult& run(const std::vector<double>& x0);
  void prepare(Problem& original, const std::vector<double>& x0);
  /// Rescales variables whose observed size differs from the estimate. False: there are none.
  bool resize();
  /// Sets `reach`: the distance that each variable moved, or may move until its effect on some row equals that of the others.
  void find_reach();
  /// Rescales variables to `reach`, the objective by its current slope, and resets B. False: all factors are near 1.
  bool refine();
  /// Scales the objective by `by`.
  void rescale(double by);
  /// Estimates sizes that start and bounds do not determine, by balancing weights.
  void guess_sizes();
  /// Transforms the whole state to variables x / ratio.
  void take_units();
  [[nodiscard]] bool is_sized() const { return problem == &sized; }
  bool shorten_to_finite_derivatives();
  /// True if the step is negligible relative to every variable.
  [[nodiscard]] bool step_is_short() const;
  /// True if recent steps brought no decrease although the derivatives predict one.
  bool stagnates();
  /// When f is at rounding level: one full step, accepted if it halves the first-order residual.
  bool reduce_gradient(double kkt);
  /// The objective is unbounded below.
  bool is_unbounded();
  void after_move();
  /// Resets B and penalties after restoration.
  void recover();
  Status each_iteration();
  /// True if there is negative curvature, or a predicted decrease that rounding does not explain.
  bool decrease_is_possible();
  /// Restarts in new units if rounding does not explain the predicted decrease.
  bool restart_in_new_units();
  /// No step decreases the merit: solved if the first-order conditions hold up to rounding.
  SlsqpResult& finish_stuck(bool feasible);
};

}  // namespace plait::optimize
