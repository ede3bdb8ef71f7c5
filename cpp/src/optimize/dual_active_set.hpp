// The dual method of Goldfarb and Idnani (1983) for a positive definite Hessian H = L L':
// it keeps J = L^-T Q and the triangle R of Q' L^-1 N, N the normals of the active constraints. Begins at the unconstrained minimum and takes in
// violated constraints one by one; O(n²) for each. Bounds are implicit: for the bound of x_i, J'e_i is a row of J.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "dense.hpp"
#include "plait/optimize/qp.hpp"

namespace plait::optimize {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// What a quadratic program is made of, by reference. Limits are always there; rows has row stride n.
struct QpView {
  Index n = 0, m = 0;
  const double* gradient = nullptr;
  const double* rows = nullptr;
  const double *lower = nullptr, *upper = nullptr, *row_lower = nullptr, *row_upper = nullptr;
};

class DualActiveSet {
 public:
  /// Takes the factor L (row-major, row stride ld) of the Hessian: computes its inverse, O(n³).
  void set_factor(Index n, const double* l, Index ld);
  /// Minimises; with `active` given, the active set that it ended with last time or any other is tried first: constraints with a multiplier of the
  /// right sign stay. Fills in x, multipliers, active, certificates of `result`, not the objective.
  void solve(const QpView& view, int max_steps, QpResult& result, const QpActive* warm = nullptr);

  /// Limits are exact: equalities that depend on others are judged beside the answer at last. Not for rows that are linear only at a point, whose
  /// limits, differences of larger numbers, go to 0 along with the step.
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
  void take_in(Index id, double sign, bool equality, double multiplier);
  void drop(std::size_t position);
  void back_substitute();                                              ///< r = R^-1 d
  bool enter(Index id, double sign, bool equality, QpResult& result);  ///< false: stop, result.status says why
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
