// The iteration behind Slsqp: what it holds, and its parts. slsqp.cpp has the loop, slsqp_search.cpp what moves a point, slsqp_report.cpp what judges
// one.
#pragma once

#include <algorithm>
#include <cmath>

#include "plait/optimize/slsqp.hpp"
#include "quasi_newton.hpp"
#include "second_order.hpp"
#include "sized_problem.hpp"
#include "sqp_step.hpp"

namespace plait::optimize {

constexpr int kMostRefined = 3;      // times that all units are chosen anew
constexpr double kInValley = 5e-16;  // of what the objective came down by: what may be left in a valley
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
  std::vector<double> hessian, weights, unit, tried, floor;  // the exact Hessian, what rows add to it, and what it takes to find and judge it
  SlsqpOptions options;
  const IterationCallback* callback = nullptr;
  SizedProblem sized;
  Problem* problem = nullptr;                     ///< the problem, or `sized` before it
  std::vector<double> seen, ratio, outer, reach;  // the largest |x| met, what sizes change by, how far variables may go
  double ever = 1;                                ///< the steepest slope of all
  double base = 1;                                ///< the start's largest derivative
  std::vector<double> start_slopes, start_x;
  std::vector<double> typical;  ///< sizes that start and bounds tell, 0 where they don't
  int resized = 0, refined = 0, far_away = 0;
  SlsqpResult result;
  const DenseTable* table = &dense();
  double start_violation = 0;
  double steepest = 1, low_f = 0, high_f = 0, start_size = 1, force = 1;
  int curved = 0, sharpened = 0, polished = 0, idle = 0;
  double idle_f = 0;
  double last_f = 0, spread = 0;  // what the objective changed by lately
  bool exact = true;              ///< the problem gives products with the exact Hessian
  bool sharp = false;             ///< the step in work is one with the exact Hessian
  enum class Curved { none, moved, sharpened, stuck };

  [[nodiscard]] double dot(const std::vector<double>& a, const std::vector<double>& c) const;
  void remember_best(const Point& p);
  /// The largest of all rows, unscaled.
  [[nodiscard]] double violation(const Point& p) const;
  /// Objective and violation at `at`, for the report.
  void remember_path();
  /// The residual of the first-order conditions at a point, judged from nothing but its derivatives and the multipliers.
  double judge(const Point& p, const std::vector<double>& multipliers, std::vector<double>& bound_multipliers);
  SlsqpResult& finish(Status status);
  bool derivatives_agree();
  [[nodiscard]] double merit(const Point& p) const;
  [[nodiscard]] double noise() const;
  void move(const Point& from, const std::vector<double>& s, double t, Point& to) const;
  /// `trial` lower by what `fall` (negative: the merit's slope along the step) promises.
  bool search(double fall);
  /// Rows that curve away make the merit rise along a good step (Maratos): the same quadratic program about the rows' values at the end of it.
  bool correct(double before, double fall, double tolerance);
  /// Gauss-Newton steps with damping that lower the violation, whatever becomes of the objective. False: it can't be lowered here.
  bool restore();
  /// The same from points around: where violations are largest, or at a saddle of them, their gradients say nothing.
  bool restore_from_nearby();
  /// And in units in which no variable weighs much more than another.
  bool restore_in_other_units();
  [[nodiscard]] double linear_violation() const;
  bool next_step(bool newton);
  /// `hessian` at `at` for the multipliers of the last step. False: it is not to be had, or not positive definite.
  bool sharpen();
  /// `step` by it. False: there is none.
  bool newton_step();
  void raise_penalties();
  /// y for the multipliers of the step, bounds aside.
  void learn(const Point& from, const Point& to);
  /// Leaves a point that only looks like a minimum.
  Curved leave_along_curvature();
  /// A variable went so far that nothing depends on it any more (exp of a large negative number), and the Lagrangian is lower where it came from: `d`
  /// is the way back, of which this is the best part; 0 if there is none such.
  double way_off_plateau(double worth, std::vector<double>& d);
  [[nodiscard]] double lagrangian(const Point& p) const;
  /// The nearest point to `trial` on the rows as they are linear at `at`.
  bool back_to_rows();
  Status end_solved();
  SlsqpResult& run(const std::vector<double>& x0);
  void prepare(Problem& original, const std::vector<double>& x0);
  /// Variables that turned out to be of another size than was thought: in new units, all that is known along with them. False: there are none.
  bool resize();
  /// `reach`: how far each variable went; or how far it may go until it weighs in some row what the others do.
  void find_reach();
  /// Units of `reach`, however near to 1, the objective scaled by its slope here, and B anew. False: nothing of it is far from what it was.
  bool refine();
  /// The objective times `by`.
  void rescale(double by);
  /// Sizes that neither start nor bounds tell: such that no variable weighs more than the others.
  void guess_sizes();
  /// All that is known in variables x / ratio.
  void take_units();
  [[nodiscard]] bool is_sized() const { return problem == &sized; }
  bool closer_with_derivatives();
  /// The step is short beside each variable.
  [[nodiscard]] bool still() const;
  /// Derivatives point on, but for some time there has been nothing to be had that way.
  bool stagnates();
  /// Where f can't tell any more, one step that the gradient can: `at` at its end, where the first-order conditions hold better there.
  bool polish(double kkt);
  /// The objective is unbounded below.
  bool runs_away();
  void after_move();
  /// After restoration nothing of what was learnt holds.
  void recover();
  Status each_iteration();
  /// Along some direction the objective bends down, or there is more to win than rounding would explain.
  bool leaves_something();
  /// There is more to win than rounding would explain, and new units in which it may be won.
  bool begins_anew();
  /// No step goes down. That is a solution where the first-order conditions hold but for what rounding leaves.
  SlsqpResult& finish_stuck(bool feasible);
};

}  // namespace plait::optimize
