// An active set found by changing many of its members at a time (block principal pivoting, the primal-dual active set method): for a given set the
// equality-constrained problem is solved through a factor of the free part of H, then whatever has the wrong sign changes sides. Usually a handful of
// rounds; where they cycle, or the set's equations are singular, the caller has to take another way.
#pragma once

#include <vector>

#include "dual_active_set.hpp"

namespace plait::optimize {

class BlockPivot {
 public:
  /// True: result holds a point that fulfils all conditions of optimality. `hessian`: n × n, full, row stride ld.
  bool solve(const QpView& view, const double* hessian, Index ld, const QpActive* start, QpResult& result);

 private:
  bool solve_on_set(const QpView& view, const double* hessian, Index ld, QpResult& result);

  void add_solution(QpResult& result);
  bool measure(const QpView& view, const double* hessian, Index ld, const QpResult& result);
  [[nodiscard]] double tight_limit(const QpView& view, Index t, const QpResult& result) const;

  double size_ = 0, force_ = 0;  // of x, of the terms of the gradient
  const DenseTable* table_ = &dense();
  std::vector<Index> free_, tight_;
  std::vector<double> factor_, least_, right_, fixed_, images_, schur_, schur_least_, target_, residual_;
};

}  // namespace plait::optimize
