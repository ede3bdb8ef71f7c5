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
  /// On the way `missed` gets the directions looked at if a Newton step along one would lower the objective by more than `worth`: the residual of the
  /// first-order conditions says little where variables differ in scale, or a start was very steep.
  bool find_descent(Evaluation& e, const Point& p, const std::vector<double>& multipliers, const std::vector<double>& bound_multipliers, double force,
                    double relative, std::vector<double>& direction, double worth = std::numeric_limits<double>::infinity());

  struct Missed {
    std::vector<double> direction, image;
  };
  std::vector<Missed> missed;
  bool missed_far = false;  ///< and one of these steps is long

 private:
  void look_for_missed(const Point& p, double worth, bool differences);
  enum class Side : signed char { free, lower, upper, fixed };
  bool search_space(Evaluation& e, const Point& p, const std::vector<double>& multipliers, bool keep_weak, double force, double relative);
  bool orthogonal(std::vector<double>& v, double least) const;
  [[nodiscard]] bool feasible(const Evaluation& e, const Point& p, const std::vector<double>& d) const;

  const DenseTable* table_ = &dense();
  Index n_ = 0;
  std::vector<Side> bound_, row_;
  std::vector<char> bound_weak_, row_weak_;
  std::vector<std::vector<double>> normals_, space_, images_;
  std::vector<double> reduced_, vectors_, best_, work_;
};

}  // namespace plait::optimize
