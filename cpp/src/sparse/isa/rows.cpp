// Rows times dense matrices.
#include "sparse/loops.hpp"

namespace plait::sparse::PLAIT_ISA_NS {
namespace {

using Index = std::int64_t;

/// kWidth columns of one row of the result, kept in registers over all values of the row.
template <Index kWidth, class I, class T>
inline void times_block(Index from, Index to, const I* a, const T* x, const T* dense, Index m, T* out) {
  T sums[kWidth] = {};
  for (Index k = from; k < to; ++k) {
    const T* const row = dense + static_cast<Index>(a[k]) * m;
    const T factor = x[k];
    for (Index c = 0; c < kWidth; ++c) sums[c] += factor * row[c];
  }
  for (Index c = 0; c < kWidth; ++c) out[c] = sums[c];
}

template <class I, class T>
void times(const Index* begin, const Index* end, Index rows, const I* a, const T* x, const T* dense, Index m, T* out) {
  for (Index i = 0; i < rows; ++i) {
    T* const to = out + i * m;
    Index c = 0;
    for (; c + 32 <= m; c += 32) times_block<32>(begin[i], end[i], a, x, dense + c, m, to + c);
    for (; c + 8 <= m; c += 8) times_block<8>(begin[i], end[i], a, x, dense + c, m, to + c);
    for (; c + 2 <= m; c += 2) times_block<2>(begin[i], end[i], a, x, dense + c, m, to + c);
    for (; c < m; ++c) times_block<1>(begin[i], end[i], a, x, dense + c, m, to + c);
  }
}

template <class I, class T>
void transposed_times(const Index* begin, const Index* end, Index rows, const I* a, const T* x, const T* dense, Index m, T* out) {
  for (Index i = 0; i < rows; ++i) {
    const T* const from = dense + i * m;
    for (Index k = begin[i]; k < end[i]; ++k) {
      T* const to = out + static_cast<Index>(a[k]) * m;
      const T factor = x[k];
#pragma GCC ivdep
      for (Index c = 0; c < m; ++c) to[c] += factor * from[c];
    }
  }
}

template <class I, class T>
constexpr sparse::RowLoops<I, T> kRows{times, transposed_times};

}  // namespace

const SparseRowTable& sparse_row_loops() {
  static constexpr SparseRowTable table{kRows<std::int32_t, float>, kRows<std::int32_t, double>, kRows<std::int64_t, float>,
                                        kRows<std::int64_t, double>};
  return table;
}

}  // namespace plait::sparse::PLAIT_ISA_NS
