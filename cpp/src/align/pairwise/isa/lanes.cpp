// A few columns at a time, row after row: inputs from the row above stay in registers, those from the previous columns are
// read and written once for all of them.
#include "align/pairwise/lanes.hpp"

#include "align/pairwise/isa/vector.hpp"

namespace plait::align::detail {
namespace PLAIT_ISA_NS {
namespace {

#if defined(__AVX512F__)
constexpr int kBlock = 8;
#else
constexpr int kBlock = 4;  // limited by 16 registers
#endif

/// A block of columns of local alignment. Zero is the least T, at which sums saturate, so that no comparison with zero is needed; sums also
/// saturate at the greatest T, which shows in `best`.
template <class T, bool linear>
PLAIT_INLINE void local_block(PairwiseLanes<T>& s) {
  using W = V<T>;
  constexpr Index n = kLanesOf<T>;
  const W open = all(s.open), extend = all(s.extend), zero = all(s.zero);
  const T* const profiles = s.profile;
  const std::uint8_t* const x = s.x;
  T *const h = s.h, *const e = s.e;
  const Index rows = s.rows;
  W above[kBlock], insertion[kBlock];
  for (int c = 0; c < kBlock; ++c) above[c] = insertion[c] = zero;
  W corner = zero, most = load<W>(s.best);
  for (Index i = 0; i < rows; ++i) {
    const T* profile = profiles + x[i] * kBlock * n;
    const W left = load<W>(h + i * n);
    W opened = saturating_sum<T>(left, open), deletion = zero, diagonal = corner;
    if constexpr (!linear) deletion = load<W>(e + i * n);
    corner = left;
    for (int c = 0; c < kBlock; ++c) {
      deletion = linear ? opened : max(saturating_sum<T>(deletion, extend), opened);
      const W best = max(max(saturating_sum<T>(diagonal, load<W>(profile + c * n)), deletion), insertion[c]);
      most = max(most, best);
      diagonal = above[c];
      above[c] = best;
      opened = saturating_sum<T>(best, open);
      insertion[c] = linear ? opened : max(saturating_sum<T>(insertion[c], extend), opened);
    }
    store(h + i * n, above[kBlock - 1]);
    if constexpr (!linear) store(e + i * n, deletion);
  }
  store(s.best, most);
}

/// Columns j + 1 … j + kBlock. ends: sequences end among them, and the scores in their last columns count.
template <class T, bool linear, bool ends>
PLAIT_INLINE void block(PairwiseLanes<T>& s, Index j) {
  using W = V<T>;
  constexpr Index n = kLanesOf<T>;
  const T open = s.open, extend = s.extend;
  const W lowest = all(s.lowest);
  W above[kBlock], insertion[kBlock], counts[kBlock];
  for (int c = 0; c < kBlock; ++c) {
    above[c] = all(s.top[j + c + 1]);
    insertion[c] = above[c] + open;
    if constexpr (ends) {
      for (Index k = 0; k < n; ++k) counts[c][k] = static_cast<T>(s.ends[k] == j + c + 1 ? -1 : 0);
    }
  }
  W corner = all(s.top[j]), most = load<W>(s.best);
  for (Index i = 0; i < s.rows; ++i) {
    const T* profile = s.profile + s.x[i] * kBlock * n;
    const W left = load<W>(s.h + i * n);
    W opened = left + open, deletion = lowest, diagonal = corner;
    if constexpr (!linear) deletion = load<W>(s.e + i * n);
    corner = left;
    for (int c = 0; c < kBlock; ++c) {
      deletion = linear ? opened : max(deletion + extend, opened);
      const W best = max(max(diagonal + load<W>(profile + c * n), deletion), insertion[c]);
      if constexpr (ends) most = max(most, (best & counts[c]) | (lowest & ~counts[c]));
      diagonal = above[c];
      above[c] = best;
      opened = best + open;
      insertion[c] = linear ? opened : max(insertion[c] + extend, opened);
    }
    store(s.h + i * n, above[kBlock - 1]);
    if constexpr (!linear) store(s.e + i * n, deletion);
  }
  store(s.best, most);
  for (int c = 0; c < kBlock; ++c) store(s.bottom + (j + c + 1) * n, above[c]);
}

template <class T, bool local, bool linear>
void run(PairwiseLanes<T>& s, Index begin, Index end) {
  constexpr Index n = kLanesOf<T>;
  for (Index j = begin; j < end; j += kBlock) {
    // Scores of all ranks with the block's codes.
    for (Index a = 0; a < s.ranks; ++a) look_up<T>(s.y + j * n, kBlock * n, s.table + a * kLaneCodes, s.profile + a * kBlock * n);
    bool some = false;
    for (Index k = 0; !local && s.ends != nullptr && k < n; ++k) some = some || (s.ends[k] > j && s.ends[k] <= j + kBlock);
    if constexpr (local) {
      local_block<T, linear>(s);
    } else if (some) {
      block<T, linear, true>(s, j);
    } else {
      block<T, linear, false>(s, j);
    }
  }
}

template <class T>
constexpr PairwiseLanesKernels<T> kKernels = {
    {{run<T, false, false>, run<T, false, true>}, {run<T, true, false>, run<T, true, true>}}, kLanesOf<T>, kBlock};

}  // namespace

const PairwiseLanesTable& pairwise_lanes_table() {
  static constexpr PairwiseLanesTable table = {kKernels<std::int8_t>, kKernels<std::int16_t>};
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::align::detail
