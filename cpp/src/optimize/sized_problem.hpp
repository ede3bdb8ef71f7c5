// A problem in variables of comparable size: x = size · y. What the solvers call small or near, they mean beside 1.
#pragma once

#include "plait/optimize/problem.hpp"

namespace plait::optimize {

/// Typical sizes of variables, powers of two: 1 where a variable is within a thousand of it. From where they start, or their bounds, or 0 if neither
/// tells.
std::vector<double> typical_sizes(const Problem& problem, const std::vector<double>& x0);
/// Factors for units in which no variable weighs much more than the others: for those of size 0 in `sizes` (whose units are 1), and those whose small
/// start must have stood for 0, as they weigh nothing in units of it. `slopes`: of the objective, then of each row, with respect to x / units.
std::vector<double> balance(const std::vector<double>& sizes, double f, const std::vector<const double*>& slopes);
/// A unit so large that a slope of rounding size may be all that it comes from: such variables are moved by 1 (`towards`: where to), and `ratio`
/// becomes smaller where the slopes there say so.
bool doubtful(const std::vector<double>& ratio, const Problem& problem, const std::vector<double>& x, std::vector<double>& towards);
void correct_units(std::vector<double>& ratio, const std::vector<double>& sizes, double f, const std::vector<const double*>& slopes);
/// A power of two near v; 1 where v is within a thousand of it.
double rounded_size(double v);

class SizedProblem final : public Problem {
 public:
  /// Stands before `inner` from now on.
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
