// Sequential quadratic programming after Kraft (1988), for small and medium dense problems: damped BFGS (Powell 1978) for the Hessian of the
// Lagrangian (or, up to 50 variables, the exact one if the problem provides products with it and it is positive definite), a convex quadratic program
// for each step, an L1 merit function with a safeguarded line search. Beyond Kraft's code: inconsistent linearised constraints are made elastic, a
// step to values that are not finite is shortened, saddle points are left along directions of negative curvature, and "solved" is reported after a
// separate check of the conditions.
#pragma once

#include <memory>
#include <vector>

#include "plait/optimize/problem.hpp"

namespace plait::optimize {

struct SlsqpOptions {
  int max_iterations = 1000;
  double ftol = 1e-10;                           ///< predicted decrease of f by a step, over its total decrease
  double gtol = 1e-8;                            ///< residual of the first-order conditions over the largest gradient seen
  double ctol = 1e-8;                            ///< violation of a constraint, over max(1, |limit|) and the constraint's own scale
  bool check_derivatives = false;                ///< compare with finite differences along one direction, at the start and at the end
  bool second_order = true;                      ///< search for directions of negative curvature where the first-order conditions hold
  const std::vector<double>* hessian = nullptr;  ///< initial B (n × n, of the unscaled Lagrangian), from an earlier result
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
  std::vector<double> best_x;  ///< the best feasible point visited
  double best_f = 0;
  std::vector<double> hessian;  ///< B, unscaled
  std::vector<double> path;     ///< (f, violation) at the start and after each iteration; the last are those of x
  int iterations = 0, evaluations = 0, derivative_evaluations = 0;
  int products = 0;                 ///< number of products of the exact Hessian with a vector
  double wrong_by = 0;              ///< status wrong_derivative: relative difference
  int wrong_row = -1;               ///< status wrong_derivative: -1 the objective, else the row of c
  bool negative_curvature = false;  ///< status no_descent: a direction of negative curvature exists, but no step along it lowered the merit
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
