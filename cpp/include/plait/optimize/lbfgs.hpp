// L-BFGS within bounds, for many variables: a two-loop recursion on the free ones and a search along the path that is bent back into the bounds.
#pragma once

#include <string>
#include <vector>

#include "plait/optimize/problem.hpp"

namespace plait::optimize {

struct LbfgsOptions {
  int memory = 10;
  int max_iterations = 15000;
  int max_evaluations = 100000;
  double ftol = 1e-10;  ///< stop where a step lowers f by less than this share of |f|, and of all it has come down, twice in a row
  double gtol = 1e-8;   ///< stop where the projected gradient is below this share of the largest one seen
  double gtol_absolute = 0;
  bool check_derivatives = false;  ///< compare the gradient with a difference at the start and at a solution
  bool second_order = false;       ///< where the gradient vanishes, look for directions in which the objective bends down
};

struct LbfgsResult {
  Status status = Status::step_limit;
  std::vector<double> x, gradient;
  double f = 0, projected_gradient = 0;
  int iterations = 0, evaluations = 0;
  std::vector<double> path;  ///< f at the start and after each step; the last is that of x
  double wrong_by = 0;       ///< status wrong_derivative: relative difference
};

/// Minimises over the bounds alone; rows of the problem are not looked at. x0 is moved into the bounds.
LbfgsResult lbfgs(Problem& problem, const std::vector<double>& x0, const LbfgsOptions& options = {}, const IterationCallback& callback = {});

}  // namespace plait::optimize
