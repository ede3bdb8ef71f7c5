// The quadratic program of a step: min ½ s'Bs + g's within the bounds and the linearised rows; inconsistent rows are relaxed by elastic variables
// with a penalty.
#pragma once

#include "block_pivot.hpp"
#include "evaluation.hpp"

namespace plait::optimize {

struct Step {
  std::vector<double> s, multipliers, bound_multipliers;
  bool solved = false;
  bool elastic = false;  ///< rows were relaxed
};

class StepSolver {
 public:
  void begin(Index n, Index rows);
  /// B: n × n with row stride ld, positive definite. `c`: constraint values for the linearisation, nullptr: those of the point.
  void solve(const Evaluation& e, const Point& p, const std::vector<double>& b, Index ld, const double* c, Step& step);
  /// Second-order correction: the same B and point with other constraint values. False: infeasible.
  bool correct(const Evaluation& e, const Point& p, const double* c, Step& step);
  /// The step that (nearly) minimises the sum of squared violations of the linearised rows; B has a negligible weight.
  void solve_elastic(const Evaluation& e, const Point& p, const std::vector<double>& b, Index ld, double price, Step& step);
  [[nodiscard]] bool factored() const { return factored_; }

 private:
  void set_limits(const Evaluation& e, const Point& p, const double* c);
  void take(Step& step, Index n, Index rows) const;

  const DenseTable* table_ = &dense();
  DualActiveSet dual_, elastic_dual_;
  BlockPivot pivot_;
  QpResult result_;
  QpActive warm_, elastic_warm_;
  bool factored_ = false, inverted_ = false;
  Index ld_ = 0;
  const std::vector<double>* b_ = nullptr;
  std::vector<double> factor_, least_, lower_, upper_, row_lower_, row_upper_;
  std::vector<double> wide_factor_, wide_rows_, wide_gradient_;
};

}  // namespace plait::optimize
