// Dot products, rank-one changes and the Cholesky factor. Compiled per level: nothing of the standard library here.
#include "../dense.hpp"
#include "plait/tensor/vector.hpp"

namespace plait::optimize {
namespace PLAIT_ISA_NS {

using namespace tensor;
using namespace tensor::PLAIT_ISA_NS;
namespace {

using V = Vector<double>;
constexpr Index kWidth = kLanes<double>;

PLAIT_INLINE double sum_of(V v) {
  double s = 0;
  for (Index k = 0; k < kWidth; ++k) s += v[k];
  return s;
}

double dot(Index n, const double* x, const double* y) {
  Index k = 0;
  double s = 0;
  if (n >= kWidth) {
    V a{}, b{}, c{}, d{};
    for (; k + 4 * kWidth <= n; k += 4 * kWidth) {
      a += load<V>(x + k) * load<V>(y + k);
      b += load<V>(x + k + kWidth) * load<V>(y + k + kWidth);
      c += load<V>(x + k + 2 * kWidth) * load<V>(y + k + 2 * kWidth);
      d += load<V>(x + k + 3 * kWidth) * load<V>(y + k + 3 * kWidth);
    }
    for (; k + kWidth <= n; k += kWidth) a += load<V>(x + k) * load<V>(y + k);
    s = sum_of((a + b) + (c + d));
  }
  for (; k < n; ++k) s += x[k] * y[k];
  return s;
}

void axpy(Index n, double a, const double* x, double* y) {
  Index k = 0;
  for (; k + kWidth <= n; k += kWidth) store(y + k, load<V>(y + k) + a * load<V>(x + k));
  for (; k < n; ++k) y[k] += a * x[k];
}

void gemv(Index rows, Index n, const double* a, Index ld, const double* x, double* y) {
  Index i = 0;
  for (; i + 4 <= rows; i += 4) {
    const double *p = a + i * ld, *q = p + ld, *r = q + ld, *t = r + ld;
    V s0{}, s1{}, s2{}, s3{};
    Index k = 0;
    for (; k + kWidth <= n; k += kWidth) {
      const V v = load<V>(x + k);
      s0 += load<V>(p + k) * v;
      s1 += load<V>(q + k) * v;
      s2 += load<V>(r + k) * v;
      s3 += load<V>(t + k) * v;
    }
    double y0 = sum_of(s0), y1 = sum_of(s1), y2 = sum_of(s2), y3 = sum_of(s3);
    for (; k < n; ++k) {
      y0 += p[k] * x[k];
      y1 += q[k] * x[k];
      y2 += r[k] * x[k];
      y3 += t[k] * x[k];
    }
    y[i] = y0;
    y[i + 1] = y1;
    y[i + 2] = y2;
    y[i + 3] = y3;
  }
  for (; i < rows; ++i) y[i] = dot(n, a + i * ld, x);
}

void rank_one(Index rows, Index n, const double* s, const double* v, double* a, Index ld) {
  for (Index i = 0; i < rows; ++i) axpy(n, s[i], v, a + i * ld);
}

// A 4 × 4 block of products of rows: c[r][s] = sum over k of a_r[k] b_s[k].
PLAIT_INLINE void products(Index n, const double* a, const double* b, Index ld, double (&c)[4][4]) {
  V s[4][4] = {};
  Index k = 0;
  for (; k + kWidth <= n; k += kWidth) {
    const V b0 = load<V>(b + k), b1 = load<V>(b + ld + k), b2 = load<V>(b + 2 * ld + k), b3 = load<V>(b + 3 * ld + k);
    for (int r = 0; r < 4; ++r) {
      const V v = load<V>(a + r * ld + k);
      s[r][0] += v * b0;
      s[r][1] += v * b1;
      s[r][2] += v * b2;
      s[r][3] += v * b3;
    }
  }
  for (int r = 0; r < 4; ++r)
    for (int t = 0; t < 4; ++t) c[r][t] = sum_of(s[r][t]);
  for (; k < n; ++k)
    for (int r = 0; r < 4; ++r)
      for (int t = 0; t < 4; ++t) c[r][t] += a[r * ld + k] * b[t * ld + k];
}

// Left-looking in blocks of four columns: the update by columns to the left of a block uses products of rows, which are contiguous.
Index cholesky(Index n, double* a, Index ld, const double* least) {
  Index j = 0;
  const auto column = [&](Index at, Index from) {  // column `at`, updated by columns before `from` already; rows from `at` on
    double* const row = a + at * ld;
    double pivot = row[at];
    for (Index k = from; k < at; ++k) pivot -= row[k] * row[k];
    if (!(pivot > least[at])) return false;
    pivot = __builtin_sqrt(pivot);
    row[at] = pivot;
    return true;
  };
  for (; j + 4 <= n; j += 4) {
    double c[4][4];
    if (j > 0) {
      products(j, a + j * ld, a + j * ld, ld, c);
      for (int r = 0; r < 4; ++r)
        for (int s = 0; s <= r; ++s) a[(j + r) * ld + j + s] -= c[r][s];
    }
    for (Index r = 0; r < 4; ++r) {
      double* const row = a + (j + r) * ld + j;
      for (Index s = 0; s < r; ++s) {
        const double* const other = a + (j + s) * ld + j;
        double v = row[s];
        for (Index k = 0; k < s; ++k) v -= row[k] * other[k];
        row[s] = v / other[s];
      }
      if (!column(j + r, j)) return j + r;
    }
    double inverse[4];
    for (Index s = 0; s < 4; ++s) inverse[s] = 1 / a[(j + s) * ld + j + s];
    Index i = j + 4;
    const auto finish = [&](double* row, const double* taken) {
      for (Index s = 0; s < 4; ++s) {
        const double* const other = a + (j + s) * ld + j;
        double v = row[s] - taken[s];
        for (Index k = 0; k < s; ++k) v -= row[k] * other[k];
        row[s] = v * inverse[s];
      }
    };
    for (; i + 4 <= n; i += 4) {
      products(j, a + i * ld, a + j * ld, ld, c);
      for (Index r = 0; r < 4; ++r) finish(a + (i + r) * ld + j, c[r]);
    }
    for (; i < n; ++i) {
      double taken[4];
      for (Index s = 0; s < 4; ++s) taken[s] = dot(j, a + i * ld, a + (j + s) * ld);
      finish(a + i * ld + j, taken);
    }
  }
  for (Index i = j; i < n; ++i) {
    double* const row = a + i * ld;
    for (Index s = j; s < i; ++s) row[s] = (row[s] - dot(s, row, a + s * ld)) / a[s * ld + s];
    if (!column(i, 0)) return i;
  }
  return n;
}

}  // namespace

const DenseTable& dense_table() {
  static const DenseTable table{dot, axpy, cholesky, gemv, rank_one};
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::optimize
