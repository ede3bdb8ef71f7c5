// Small dense linear algebra of this module, row-major doubles: vector loops compiled per instruction set, picked once at load.
#pragma once

#include "plait/base/isa.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::optimize {

using namespace tensor;

struct DenseTable {
  double (*dot)(Index n, const double* x, const double* y);
  void (*axpy)(Index n, double a, const double* x, double* y);  ///< y += a x
  /// a (n × n, row stride ld): the lower triangle becomes L of a = L L'. Returns the first i whose pivot is not above least[i], or n.
  Index (*cholesky)(Index n, double* a, Index ld, const double* least);
  /// y = A x for rows of length n.
  void (*gemv)(Index rows, Index n, const double* a, Index ld, const double* x, double* y);
  /// A(i, :) += s[i] v for each of the rows: a rank-one change.
  void (*rank_one)(Index rows, Index n, const double* s, const double* v, double* a, Index ld);
};
PLAIT_DECLARE_TABLE(DenseTable, dense_table)

/// The table of the level in use.
const DenseTable& dense();

/// Solves L y = b in place, L lower triangular.
void solve_lower(const DenseTable& table, Index n, const double* l, Index ld, double* b);
/// Solves L' y = b in place.
void solve_lower_transposed(const DenseTable& table, Index n, const double* l, Index ld, double* b);

/// A row stride for n doubles: whole cache lines, and not a power of two, at which rows would map to the same cache sets.
inline Index padded(Index n) {
  const Index lines = (n + 7) / 8;
  return n < 32 ? n : 8 * (lines % 2 == 0 ? lines + 1 : lines);
}

}  // namespace plait::optimize
