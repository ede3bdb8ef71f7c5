// Scores over many rows. Compiled without contraction to fused operations: a row has the same score here and where it is summed value by value.
#include "sparse/loops.hpp"

namespace plait::sparse::PLAIT_ISA_NS {
namespace {

using Index = std::int64_t;

template <class T>
void add_columns(T* scores, const T* const* columns, const T* weights, Index count, Index n) {
  Index c = 0;
  for (; c + 4 <= count; c += 4) {
    const T *p = columns[c], *q = columns[c + 1], *r = columns[c + 2], *s = columns[c + 3];
    const T u = weights[c], v = weights[c + 1], w = weights[c + 2], z = weights[c + 3];
#pragma GCC ivdep
    for (Index i = 0; i < n; ++i) scores[i] = (((scores[i] + u * p[i]) + v * q[i]) + w * r[i]) + z * s[i];
  }
  for (; c < count; ++c) {
    const T* const p = columns[c];
    const T u = weights[c];
#pragma GCC ivdep
    for (Index i = 0; i < n; ++i) scores[i] += u * p[i];
  }
}

template <class T>
Index next_above(const T* scores, Index from, Index n, T bound) {
  constexpr Index kBlock = 32;
  for (; from + kBlock <= n; from += kBlock) {
    int any = 0;
    for (Index i = 0; i < kBlock; ++i) any |= scores[from + i] > bound ? 1 : 0;
    if (any != 0) break;
  }
  while (from < n && !(scores[from] > bound)) ++from;
  return from;
}

}  // namespace

const SparseScoreTable& sparse_scores() {
  static constexpr SparseScoreTable table{{add_columns, next_above}, {add_columns, next_above}};
  return table;
}

}  // namespace plait::sparse::PLAIT_ISA_NS
