// The second-order conditions at a point that satisfies the first-order conditions: search for a feasible direction of negative curvature of the
// Lagrangian.
#pragma once

#include <limits>

#include "evaluation.hpp"

namespace plait::optimize {

class SecondOrder {
 public:
  /// True: `direction` (unit length, not ascending) satisfies all active constraints to first order, and the Lagrangian's second derivative along
  /// it is negative. Exact for up to 40 degrees of freedom, in a Krylov space of Hessian-vector products beyond. `force`: the size of the terms in
  /// the first-order conditions; multipliers below its rounding count as 0. `improving` receives the examined directions if a step along one of them
  /// is predicted to decrease the objective by more than `worth`: the residual of the first-order conditions is not conclusive where variables differ
  /// in scale, or after a very steep start. Steps are Newton steps, limited by `reach` (the distance that each variable may be expected to move) and
  /// the limits.
  bool find_descent(Evaluation& e, const Point& p, const std::vector<double>& multipliers, const std::vector<double>& bound_multipliers, double force,
                    double relative, std::vector<double>& direction, double worth = std::numeric_limits<double>::infinity(),
                    const std::vector<double>& reach = {});

  /// With finite differences: steps are √ε times these, per variable; empty: max(1, |x|).
  std::vector<double> spacing;

  /// Least predicted decrease of a step along an eigenvector.
  double least_decrease = 0;

  struct ImprovingDirection {
    std::vector<double> direction, image;
  };
  std::vector<ImprovingDirection> improving;
  bool long_step = false;           ///< one of these steps is long
  bool along_eigenvectors = false;  ///< `improving` holds eigenvectors of the Hessian, not axes
  double predicted_decrease = 0;    ///< the largest predicted decrease
  /// A Newton step along an axis that is longer than the variable has moved and predicts more than `worth`: to be confirmed by a function value.
  std::vector<double> long_newton_step;
  std::vector<double> uncurved;  ///< the best direction whose step is not limited by positive curvature; empty if there is none

 private:
  void find_improving(Evaluation& e, const Point& p, const std::vector<double>& multipliers, double worth, const std::vector<double>& reach);
  /// The same for the eigenvectors of the Hessian.
  void find_improving_eigenvectors(Evaluation& e, const Point& p, const std::vector<double>& multipliers, double worth,
                                   const std::vector<double>& reach);
  /// The step length along d (unit length, derived from axis `axis`, or -1) that limits and reach allow.
  [[nodiscard]] double max_length(const Evaluation& e, const Point& p, const std::vector<double>& d, std::ptrdiff_t axis,
                                  const std::vector<double>& reach) const;
  enum class Side : signed char { free, lower, upper, fixed };
  bool search_space(Evaluation& e, const Point& p, const std::vector<double>& multipliers, bool keep_weak, double force, double relative);
  bool orthogonal(std::vector<double>& v, double least) const;
  [[nodiscard]] bool feasible(const Evaluation& e, const Point& p, const std::vector<double>& d) const;

  const DenseTable* table_ = &dense();
  Index n_ = 0;
  std::vector<Side> bound_, row_;
  std::vector<char> bound_weak_, row_weak_;
  std::vector<std::vector<double>> normals_, space_, images_;
  std::vector<std::ptrdiff_t> axes_;  ///< for each vector of space_: the axis it was derived from, -1 for none
  std::vector<double> reduced_, vectors_, best_, work_, rounding_;
};

}  // namespace plait::optimize
