// What is to be minimised, as the solvers see it:
//   min f(x)   subject to   lower <= x <= upper,   row_lower <= c(x) <= row_upper,   linear_lower <= A x <= linear_upper.
// Equal limits make an equality. Solvers ask for values and derivatives, and know nothing of where they come from.
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
  std::vector<double> sizes;  ///< typical sizes of variables where they are known, 0 where not; may be empty

  /// f and c (m numbers) at x. Whatever is not finite is taken for a point outside of the domain.
  virtual void values(const double* x, double& f, double* c) = 0;
  /// The gradient (n) and the Jacobian of c (m × n, row-major) at x; always a point where values() was asked before.
  virtual void derivatives(const double* x, double* gradient, double* jacobian) = 0;
  /// (Hessian of f - Σ λ c at x) v. False: not available; solvers then take differences of gradients.
  virtual bool curvature(const double* /*x*/, const double* /*multipliers*/, const double* /*v*/, double* /*out*/) { return false; }
  /// True where derivatives() itself costs many values(): differences.
  [[nodiscard]] virtual bool differences() const { return false; }
};

/// SciPy's and Kraft's numbers where they have one.
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
