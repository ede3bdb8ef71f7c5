// Evaluation of a scaled problem, with linear rows appended to the nonlinear ones; a Point holds x with its values and derivatives.
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
  /// Scales the objective and the rows by their gradients at a point with derivatives; the point is rescaled, too.
  void scale_at(Point& point);

  /// The same problem in variables x / ratio from now on.
  void resize(Problem& problem, const std::vector<double>& ratio);

  void values(Point& point);
  void derivatives(Point& point);
  /// (Hessian of the scaled Lagrangian) v, exact or by a difference of gradients. `multipliers`: of all rows.
  void curvature(const Point& point, const std::vector<double>& multipliers, const std::vector<double>& v, std::vector<double>& out);

  /// The same, exact; false if the problem provides no Hessian-vector products.
  bool exact_curvature(const Point& point, const std::vector<double>& multipliers, const std::vector<double>& v, std::vector<double>& out);

  /// True if Hessian-vector products are exact; known after the first one.
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
  /// Replaces an infinite slope towards an active bound (√x at 0) by a steep one. False: other derivatives are not finite.
  bool lean_on_bounds(Point& point) const;
  Problem* problem_ = nullptr;
  const DenseTable* table_ = &dense();
  Point near_;
  std::vector<double> unscaled_;
};

}  // namespace plait::optimize
