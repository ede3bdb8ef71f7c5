#include "dense.hpp"

namespace plait::optimize {

const DenseTable& dense() {
  static const DenseTable& table = PLAIT_PICK(dense_table);
  return table;
}

void solve_lower(const DenseTable& table, Index n, const double* l, Index ld, double* b) {
  for (Index i = 0; i < n; ++i) b[i] = (b[i] - table.dot(i, l + i * ld, b)) / l[i * ld + i];
}

void solve_lower_transposed(const DenseTable& table, Index n, const double* l, Index ld, double* b) {
  for (Index i = n; i-- > 0;) {
    b[i] /= l[i * ld + i];
    table.axpy(i, -b[i], l + i * ld, b);
  }
}

}  // namespace plait::optimize
