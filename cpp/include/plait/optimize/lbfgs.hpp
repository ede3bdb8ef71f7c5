// L-BFGS within bounds, for many variables: the two-loop recursion on the free variables and a line search along the projected path.
#pragma once

#include <string>
#include <vector>

#include "plait/optimize/problem.hpp"

namespace plait::optimize {

struct LbfgsOptions {
  int memory = 10;
  int max_iterations = 15000;
  int max_evaluations = 100000;
  double ftol = 1e-10;  ///< stop if twice in a row a step lowers f by less than this fraction of |f| and of the total decrease
  double gtol = 1e-8;   ///< stop if the projected gradient is below this fraction of the largest one seen
  double gtol_absolute = 0;
  bool check_derivatives = false;  ///< compare the gradient with finite differences at the start and at a solution
  bool second_order = false;       ///< where the gradient vanishes, search for directions of negative curvature
};

struct LbfgsResult {
  Status status = Status::step_limit;
  std::vector<double> x, gradient;
  double f = 0, projected_gradient = 0;
  int iterations = 0, evaluations = 0;
  std::vector<double> path;  ///< f at the start and after each step; the last is that of x
  double wrong_by = 0;       ///< status wrong_derivative: relative difference
};

/// Minimises over the bounds alone; constraint rows of the problem are ignored. x0 is clipped to the bounds.
LbfgsResult lbfgs(Problem& problem, const std::vector<double>& x0, const LbfgsOptions& options = {}, const IterationCallback& callback = {});

}  // namespace plait::optimize
