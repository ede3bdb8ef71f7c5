// A problem as the iteration sees it: linear rows beside the others, everything scaled, points with what is known of them.
#pragma once

#include <vector>

#include "dense.hpp"
#include "plait/optimize/problem.hpp"

namespace plait::optimize {

struct Point {
  std::vector<double> x, c, g, jacobian;  // c: rows of the problem, then linear rows; scaled
  double f = 0;                           // scaled
  double violation = 0;                   // sum over rows
  bool finite = false;
};

class Evaluation {
 public:
  /// Limits at or beyond ±1e20 count as none.
  void begin(Problem& problem);
  /// Scales the objective and the rows by their gradients at a point whose derivatives are known, which is scaled along.
  void scale_at(Point& point);

  /// The same problem in variables x / ratio from now on.
  void resize(Problem& problem, const std::vector<double>& ratio);

  void values(Point& point);
  void derivatives(Point& point);
  /// (Hessian of the scaled Lagrangian) v, exactly or by a difference of gradients. Multipliers of all rows.
  void curvature(const Point& point, const std::vector<double>& multipliers, const std::vector<double>& v, std::vector<double>& out);

  /// The same, exactly; false where the problem has no products with its Hessian.
  bool exact_curvature(const Point& point, const std::vector<double>& multipliers, const std::vector<double>& v, std::vector<double>& out);

  /// Products with the Hessian are exact; known after the first.
  [[nodiscard]] bool exact() const { return products > 0; }
  [[nodiscard]] bool differences() const { return problem_->differences(); }
  [[nodiscard]] double row_violation(const Point& point, std::size_t k) const;
  [[nodiscard]] double violation_of(const std::vector<double>& c) const;
  /// The largest of violation / tolerance: at most 1 at a feasible point.
  [[nodiscard]] double infeasibility(const Point& point, double ctol) const;
  [[nodiscard]] double inside(std::size_t i, double v) const { return v < lower[i] ? lower[i] : v > upper[i] ? upper[i] : v; }

  Index n = 0, m = 0, rows = 0;                            // rows: all
  std::vector<double> lower, upper, row_lower, row_upper;  // rows scaled
  double f_scale = 1;
  std::vector<double> row_scale;
  int evaluations = 0, derivative_evaluations = 0, products = 0;

 private:
  /// An infinite slope towards a bound that holds (√x at 0) becomes a steep one. False: others are not finite.
  bool lean_on_bounds(Point& point) const;
  Problem* problem_ = nullptr;
  const DenseTable* table_ = &dense();
  Point near_;
  std::vector<double> unscaled_;
};

}  // namespace plait::optimize
