// Plain loops that the compiler vectorises.
#include "align/pairwise/diagonal_kernel.hpp"
#include "plait/tensor/vector.hpp"

namespace plait::align::detail {
namespace PLAIT_ISA_NS {

using namespace tensor;
using namespace tensor::PLAIT_ISA_NS;
namespace {

PLAIT_INLINE double max(double a, double b) { return b > a ? b : a; }
constexpr double kNone = -__builtin_huge_val();

/// A cell of the border.
void border(PairwiseDiagonals& s, Index i, Index j) {
  const Index d = i + j, p = d & 1;
  const bool begins = d == 0 || s.local || (i == 0 ? s.y_begin : s.x_begin);
  const double gap = s.gaps[d];
  s.match[p][i] = begins ? 0 : kNone;
  s.deletion[p][i] = !begins && i == 0 ? gap : kNone;
  s.insertion[p][i] = !begins && j == 0 ? gap : kNone;
  s.h[d % 3][i] = begins ? 0 : gap;
}

template <bool table, bool local, bool moves>
void inner(PairwiseDiagonals& s, Index d, Index low, Index high) {
  const double open = s.open, extend = s.extend, equal = s.equal, different = s.different;
  const std::int32_t* __restrict x = s.x - 1;
  const std::int32_t* __restrict y = s.y + s.m - d;
  const double* __restrict matrix = s.matrix;
  const double* __restrict m1 = s.match[~d & 1], * __restrict d1 = s.deletion[~d & 1], * __restrict i1 = s.insertion[~d & 1];
  const double* __restrict h2 = s.h[(d + 1) % 3];
  double* __restrict m0 = s.match[d & 1], * __restrict d0 = s.deletion[d & 1], * __restrict i0 = s.insertion[d & 1], * __restrict h0 = s.h[d % 3];
  std::uint8_t* __restrict out = moves ? s.moves + (d - s.first) * (s.n + 1) : nullptr;
#pragma GCC ivdep
  for (Index i = low; i <= high; ++i) {
    const double come = h2[i - 1] + (table ? matrix[x[i] + y[i]] : x[i] == y[i] ? equal : different);
    const double match = local ? max(0.0, come) : come;
    const double dm = m1[i] + open, dd = d1[i] + extend, di = i1[i] + open;
    const double im = m1[i - 1] + open, id = d1[i - 1] + open, ii = i1[i - 1] + extend;
    const double deletion = max(max(dm, dd), di), insertion = max(max(im, id), ii);
    const double best = max(max(match, deletion), insertion);
    m0[i] = match;
    d0[i] = deletion;
    i0[i] = insertion;
    h0[i] = best;
    if constexpr (moves) {
      const int last = best == match ? 0 : best == deletion ? 1 : 2;  // as Move
      const int before_deletion = deletion == dm ? 0 : deletion == dd ? 1 : 2;
      const int before_insertion = insertion == im ? 0 : insertion == id ? 1 : 2;
      const int begins = local && !(come > 0) ? kBegins : 0;
      out[i] = static_cast<std::uint8_t>(last | (before_deletion << kBeforeDeletion) | (before_insertion << kBeforeInsertion) | begins);
    }
  }
  if constexpr (local) {
    double* __restrict row_best = s.best;
    std::int32_t* __restrict where = s.where;
    for (Index i = low; i <= high; ++i) {
      const bool more = h0[i] > row_best[i];
      row_best[i] = more ? h0[i] : row_best[i];
      where[i] = more ? static_cast<std::int32_t>(d) : where[i];
    }
  }
}

template <bool table, bool local>
PLAIT_INLINE void inner(PairwiseDiagonals& s, Index d, Index low, Index high) {
  s.moves != nullptr ? inner<table, local, true>(s, d, low, high) : inner<table, local, false>(s, d, low, high);
}

void run(PairwiseDiagonals& s, Index begin, Index end) {
  for (Index d = begin; d < end; ++d) {
    const Index low = d > s.m ? d - s.m : 1, high = d - 1 < s.n ? d - 1 : s.n;
    if (s.matrix != nullptr) {
      s.local ? inner<true, true>(s, d, low, high) : inner<true, false>(s, d, low, high);
    } else {
      s.local ? inner<false, true>(s, d, low, high) : inner<false, false>(s, d, low, high);
    }
    if (d <= s.m) border(s, 0, d);
    if (d <= s.n && d > 0) border(s, d, 0);
    if (d >= s.m) s.last_column[d - s.m] = s.h[d % 3][d - s.m];
    if (d >= s.n) s.last_row[d - s.n] = s.h[d % 3][s.n];
    if (d == s.n + s.m) break;
  }
}

}  // namespace

const PairwiseDiagonalTable& pairwise_diagonal_table() {
  static constexpr PairwiseDiagonalTable table = {run};
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::align::detail
