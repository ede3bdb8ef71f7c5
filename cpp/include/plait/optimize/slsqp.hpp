// Sequential quadratic programming after Kraft (1988), for small and middling dense problems: damped BFGS (Powell 1978) for the Hessian of the
// Lagrangian (or, up to 50 variables, the exact one where the problem gives products with it and it is positive definite), a convex quadratic program
// for each step, an L1 merit function with a safeguarded search along the step. What Kraft's code gives up on is gone on with: linearised constraints
// that contradict each other are made elastic, values that are not finite make a step shorter, points that only look like minima are left along
// directions of negative curvature, and "solved" is said after a check of its own.
#pragma once

#include <memory>
#include <vector>

#include "plait/optimize/problem.hpp"

namespace plait::optimize {

struct SlsqpOptions {
  int max_iterations = 1000;
  double ftol = 1e-10;                           ///< the step promises to lower f by less than this share of all it has come down
  double gtol = 1e-8;                            ///< residual of the first-order conditions over the largest gradient seen
  double ctol = 1e-8;                            ///< violation of a constraint, over max(1, |limit|) and the constraint's own scale
  bool check_derivatives = false;                ///< compare with differences along one direction, at the start and at the end
  bool second_order = true;                      ///< look for directions of negative curvature where the first-order conditions hold
  const std::vector<double>* hessian = nullptr;  ///< a B to begin with (n × n, of the unscaled Lagrangian), from an earlier result
};

struct SlsqpResult {
  Status status = Status::step_limit;
  std::vector<double> x, gradient;
  double f = 0;
  /// Of the Lagrangian f - Σ λ c, rows of c first, then linear rows; ≥ 0 at a lower limit, <= 0 at an upper one.
  std::vector<double> multipliers, bound_multipliers;
  std::vector<double> rows;       ///< c(x), then A x
  std::vector<char> active;       ///< like multipliers
  double kkt = 0, violation = 0;  ///< scaled residual of the first-order conditions (max norm); largest violation, unscaled
  bool feasible_found = false;
  std::vector<double> best_x;  ///< the best point met that is feasible
  double best_f = 0;
  std::vector<double> hessian;  ///< B, unscaled
  std::vector<double> path;     ///< (f, violation) at the start and after each iteration; the last are those of x
  int iterations = 0, evaluations = 0, derivative_evaluations = 0;
  int products = 0;                 ///< of the exact Hessian with a vector
  double wrong_by = 0;              ///< status wrong_derivative: relative difference
  int wrong_row = -1;               ///< and which: -1 the objective, else the row of c
  bool negative_curvature = false;  ///< status no_descent: the point has a direction of negative curvature that led nowhere
};

/// A solver with its workspace, for one problem at a time.
class Slsqp {
 public:
  Slsqp();
  ~Slsqp();
  Slsqp(Slsqp&&) noexcept;
  Slsqp& operator=(Slsqp&&) noexcept;

  SlsqpResult solve(Problem& problem, const std::vector<double>& x0, const SlsqpOptions& options = {}, const IterationCallback& callback = {});

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace plait::optimize
