// The second-order conditions at a point where the first-order ones hold: is there a feasible direction in which the Lagrangian bends down?
#pragma once

#include <limits>

#include "evaluation.hpp"

namespace plait::optimize {

class SecondOrder {
 public:
  /// True: `direction` (unit length, downhill if at all) keeps to first order to all constraints that hold, and the Lagrangian's second derivative
  /// along it is negative. Exact for up to 40 degrees of freedom, a Krylov space of Hessian-vector products beyond. `force`: the size of the terms in
  /// the first-order conditions; multipliers below rounding of it count as none.
  /// On the way `missed` gets the directions looked at if a step along one would lower the objective by more than `worth`: the residual of the
  /// first-order conditions says little where variables differ in scale, or a start was very steep. A step is Newton's, or as long as `reach` (of
  /// each variable, how far it may be expected to go) and the limits allow.
  bool find_descent(Evaluation& e, const Point& p, const std::vector<double>& multipliers, const std::vector<double>& bound_multipliers, double force,
                    double relative, std::vector<double>& direction, double worth = std::numeric_limits<double>::infinity(),
                    const std::vector<double>& reach = {});

  /// With derivatives by differences: what their steps are √ε of, for each variable; empty: 1 and |x|.
  std::vector<double> spacing;

  /// What a step along a valley must bring at least.
  double least_gain = 0;

  struct Missed {
    std::vector<double> direction, image;
  };
  std::vector<Missed> missed;
  bool missed_far = false;  ///< and one of these steps is long
  bool in_valley = false;   ///< what was missed is the Hessian's eigenvectors, not axes
  double gain = 0;          ///< the most that one of them promises
  /// A Newton step along an axis that is longer than a variable has gone, and promises more than `worth`: only a value tells whether it holds.
  std::vector<double> beyond;
  std::vector<double> unspent;  ///< the direction of the most promising step that no curvature ends; empty if there is none

 private:
  void look_for_missed(Evaluation& e, const Point& p, const std::vector<double>& multipliers, double worth, const std::vector<double>& reach);
  /// The same along the eigenvectors of the Hessian.
  void look_along_valleys(Evaluation& e, const Point& p, const std::vector<double>& multipliers, double worth, const std::vector<double>& reach);
  /// How far along d (unit length, which began as axis `axis`, or -1) limits and reach allow.
  [[nodiscard]] double room(const Evaluation& e, const Point& p, const std::vector<double>& d, std::ptrdiff_t axis,
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
  std::vector<std::ptrdiff_t> axes_;  ///< of space_: the variable that each began with, -1 for none
  std::vector<double> reduced_, vectors_, best_, work_, rounding_;
};

}  // namespace plait::optimize
