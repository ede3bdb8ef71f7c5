// The interface of a problem to the solvers:
//   min f(x)   subject to   lower <= x <= upper,   row_lower <= c(x) <= row_upper,   linear_lower <= A x <= linear_upper.
// Equal limits make an equality. Solvers evaluate values and derivatives only through this interface.
#pragma once

#include <functional>
#include <limits>
#include <vector>

#include "plait/tensor/shape.hpp"

namespace plait::optimize {

using namespace tensor;

class Problem {
 public:
  virtual ~Problem() = default;

  Index n = 0;                               ///< variables
  Index m = 0;                               ///< rows of c
  std::vector<double> lower, upper;          ///< n, ±inf for none
  std::vector<double> row_lower, row_upper;  ///< m
  std::vector<double> linear;                ///< A, row-major, (linear_lower.size(), n)
  std::vector<double> linear_lower, linear_upper;
  std::vector<double> sizes;  ///< typical sizes of variables, 0: not known; may be empty

  /// f and c (m numbers) at x. A value that is not finite means that x is outside the domain.
  virtual void values(const double* x, double& f, double* c) = 0;
  /// The gradient (n) and the Jacobian of c (m × n, row-major) at x; values() has been called at x before.
  virtual void derivatives(const double* x, double* gradient, double* jacobian) = 0;
  /// (Hessian of f - Σ λ c at x) v. False: not available; solvers then take differences of gradients.
  virtual bool curvature(const double* /*x*/, const double* /*multipliers*/, const double* /*v*/, double* /*out*/) { return false; }
  /// True if derivatives() uses finite differences, at the cost of many values().
  [[nodiscard]] virtual bool differences() const { return false; }
};

/// Numbered as in SciPy and in Kraft's code where they have the status.
enum class Status : int {
  solved = 0,
  infeasible = 4,
  no_descent = 8,
  step_limit = 9,
  unbounded = 10,
  not_finite = 11,
  stopped = 12,
  wrong_derivative = 13,
};

/// After each iteration. True: stop.
using IterationCallback = std::function<bool(const double* x, double f, int iteration)>;

}  // namespace plait::optimize
