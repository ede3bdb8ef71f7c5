// A problem in scaled variables: x = size · y. Tolerances of the solvers are relative to 1.
#pragma once

#include "plait/optimize/problem.hpp"

namespace plait::optimize {

/// Typical sizes of variables, powers of two: 1 for sizes between 1e-3 and 1e3. From the start or the bounds; 0 if neither determines
/// it.
std::vector<double> typical_sizes(const Problem& problem, const std::vector<double>& x0);
/// Scale factors that balance the weights (|slope| times size) of variables: for those of size 0 in `sizes` (units 1), and for those with a small
/// start and no weight in that unit, whose start is taken as 0. `slopes`: of the objective, then of each row, with respect to x / units.
std::vector<double> balance(const std::vector<double>& sizes, double f, const std::vector<const double*>& slopes);
/// True if a unit is so large that it may come from a slope of rounding size: `towards` is x with such variables moved by 1, where the slopes are
/// evaluated again (correct_units).
bool doubtful(const std::vector<double>& ratio, const Problem& problem, const std::vector<double>& x, std::vector<double>& towards);
void correct_units(std::vector<double>& ratio, const std::vector<double>& sizes, double f, const std::vector<const double*>& slopes);
/// A power of two near v; 1 for v between 1e-3 and 1e3.
double rounded_size(double v);

class SizedProblem final : public Problem {
 public:
  /// Wraps `inner`.
  void wrap(Problem& inner, const std::vector<double>& units);
  /// Sizes are multiplied by these, powers of two.
  void resize(const std::vector<double>& ratio);
  [[nodiscard]] const std::vector<double>& units() const { return size_; }

  void values(const double* x, double& f, double* c) override;
  void derivatives(const double* x, double* gradient, double* jacobian) override;
  bool curvature(const double* x, const double* multipliers, const double* v, double* out) override;
  [[nodiscard]] bool differences() const override { return inner_->differences(); }

  /// In place: y to x.
  void to_inner(std::vector<double>& x) const;
  /// A gradient in y to one in x.
  void gradient_to_inner(std::vector<double>& g) const;

 private:
  const double* inner_x(const double* y);
  Problem* inner_ = nullptr;
  std::vector<double> size_, x_, v_;
};

}  // namespace plait::optimize
