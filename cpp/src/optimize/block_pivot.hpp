// Block principal pivoting (primal-dual active set method): many constraints change at a time. For a given active set the equality-constrained
// problem is solved by a factorisation of the free part of H, then every constraint with a wrong sign changes. Usually a few rounds; on cycling or
// singular equations the caller must use another method.
#pragma once

#include <vector>

#include "dual_active_set.hpp"

namespace plait::optimize {

class BlockPivot {
 public:
  /// True: result satisfies all optimality conditions. `hessian`: n × n, full, row stride ld.
  bool solve(const QpView& view, const double* hessian, Index ld, const QpActive* start, QpResult& result);

 private:
  bool solve_on_set(const QpView& view, const double* hessian, Index ld, QpResult& result);

  void add_solution(QpResult& result);
  bool measure(const QpView& view, const double* hessian, Index ld, const QpResult& result);
  [[nodiscard]] double tight_limit(const QpView& view, Index t, const QpResult& result) const;

  double size_ = 0, force_ = 0;  // size of x, size of the gradient's terms
  const DenseTable* table_ = &dense();
  std::vector<Index> free_, tight_;
  std::vector<double> factor_, least_, right_, fixed_, images_, schur_, schur_least_, target_, residual_;
};

}  // namespace plait::optimize
