// The dual method of Goldfarb and Idnani (1983) for a positive definite Hessian H = L L':
// it keeps J = L^-T Q and the triangle R of Q' L^-1 N, N the normals of the active constraints. Starts at the unconstrained minimum and adds violated
// constraints one by one, O(n²) each. Bounds are implicit: for the bound of x_i, J'e_i is a row of J.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "dense.hpp"
#include "plait/optimize/qp.hpp"

namespace plait::optimize {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// A quadratic program by reference. Limits must be given (±inf: none); rows has row stride n.
struct QpView {
  Index n = 0, m = 0;
  const double* gradient = nullptr;
  const double* rows = nullptr;
  const double *lower = nullptr, *upper = nullptr, *row_lower = nullptr, *row_upper = nullptr;
};

class DualActiveSet {
 public:
  /// Sets the factor L (row-major, row stride ld) of the Hessian and computes its inverse, O(n³).
  void set_factor(Index n, const double* l, Index ld);
  /// Minimises. `warm`: an active set to start from; constraints with multipliers of the right sign are kept. Sets x, multipliers, active and
  /// certificates of `result`, not the objective.
  void solve(const QpView& view, int max_steps, QpResult& result, const QpActive* warm = nullptr);

  /// Limits are exact: dependent equalities are checked again at the solution. Not for linearised constraints, whose limits are differences of larger
  /// numbers that vanish with the step.
  void limits_are_exact() { exact_limits_ = true; }

 private:
  bool exact_limits_ = false;
  struct Active {
    Index id;     ///< variable i, or n + row
    double sign;  ///< 1: at the lower limit, -1: at the upper
    bool equality;
  };
  void begin(const QpView& view);
  [[nodiscard]] double limit(Index id, double sign) const;
  [[nodiscard]] double violation(Index id, double sign) const;  ///< negative where violated
  [[nodiscard]] double tolerance(Index id, double sign) const;
  void project(Index id, double sign);  ///< d = J' normal
  [[nodiscard]] bool dependent() const;
  void add_constraint(Index id, double sign, bool equality, double multiplier);
  void drop(std::size_t position);
  void back_substitute();                                              ///< r = R^-1 d
  bool enter(Index id, double sign, bool equality, QpResult& result);  ///< false: stop; the reason is in result.status
  void refresh();
  void finish(QpResult& result) const;
  void certify(Index id, double sign, QpResult& result) const;

  const DenseTable* table_ = &dense();
  Index n_ = 0, ld_ = 0;
  int steps_ = 0, max_steps_ = 0;
  QpView view_;
  double scale_ = 0;             // of x
  std::vector<double> inverse_;  // L^-T, row-major
  std::vector<double> j_, r_;    // r_: column k at k * n
  std::vector<double> x_, d_, z_, slope_, norms_;
  std::vector<Active> active_;
  std::vector<double> multipliers_;
  std::vector<char> is_active_;
};

}  // namespace plait::optimize
