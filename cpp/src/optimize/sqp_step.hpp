// The quadratic program of a step: min ½ s'Bs + g's within the bounds and the linearised rows; where these contradict each other, rows give way
// elastically, at a price.
#pragma once

#include "block_pivot.hpp"
#include "evaluation.hpp"

namespace plait::optimize {

struct Step {
  std::vector<double> s, multipliers, bound_multipliers;
  bool solved = false;
  bool elastic = false;  ///< rows gave way
};

class StepSolver {
 public:
  void begin(Index n, Index rows);
  /// B: n × n with row stride ld, positive definite. `c`: values of the rows to linearise about, or nullptr for the point's own.
  void solve(const Evaluation& e, const Point& p, const std::vector<double>& b, Index ld, const double* c, Step& step);
  /// The same B and point, other values of rows: a correction. False where that has no solution.
  bool correct(const Evaluation& e, const Point& p, const double* c, Step& step);
  /// The step that makes the sum of squared violations of the linearised rows least, all but: B weighs next to nothing.
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
