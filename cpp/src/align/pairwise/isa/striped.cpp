// A column of a block at a time. H(i, j) needs the insertion that comes from above, which crosses from the end of a lane to the beginning of
// the next. So a column is first computed without insertions into lanes; then one scan over the lanes computes these; and they are
// applied when the column is next read (scores), or in a second pass (moves). There is no iteration until convergence (lazy F), so the time does not
// depend on the data. Correct because open <= extend: opening a gap out of a gap is never better than extending it.
#include "align/pairwise/striped.hpp"

#include "align/pairwise/isa/vector.hpp"

namespace plait::align::detail {
namespace PLAIT_ISA_NS {
namespace {

/// Lane k of the result is lane k - by; `first` enters the other lanes. Moved in the widest words possible.
template <Index by, class T>
PLAIT_INLINE V<T> shifted(V<T> v, V<T> first) {
  if constexpr (by % 2 == 0 && sizeof(T) < 8) {
    using Twice = std::conditional_t<sizeof(T) == 1, std::int16_t, std::conditional_t<sizeof(T) == 2, std::int32_t, std::int64_t>>;
    return reinterpret_cast<V<T>>(shifted<by / 2, Twice>(reinterpret_cast<V<Twice>>(v), reinterpret_cast<V<Twice>>(first)));
  } else {
    V<T> from{};
    for (Index k = 0; k < kLanesOf<T>; ++k) from[k] = static_cast<T>(k < by ? kLanesOf<T> + k : k - by);
    return shuffle(v, first, from);
  }
}
template <class T>
PLAIT_INLINE V<T> shifted_in(V<T> v, T first) {
  V<T> from{};
  for (Index k = 1; k < kLanesOf<T>; ++k) from[k] = static_cast<T>(k - 1);
  V<T> out = shuffle(v, v, from);
  out[0] = first;
  return out;
}
template <class T>
PLAIT_INLINE bool any(V<T> mask) {
  const auto words = reinterpret_cast<V<long long>>(mask);
  long long found = 0;
  for (Index k = 0; k < kLanesOf<long long>; ++k) found |= words[k];
  return found != 0;
}
template <class T>
constexpr T kGreatest = static_cast<T>(~(T{1} << (8 * sizeof(T) - 1)));
PLAIT_INLINE Index least_of(Index a, Index b) { return a < b ? a : b; }
template <class T>
PLAIT_INLINE T sum_of(T a, T b) {
  return static_cast<T>(a + b);
}

/// One step of the scan: insertions into the lane `by` before pass through whole lanes, unless they fall by `reach` or more on the way,
/// after which they are irrelevant.
template <Index by, class T>
PLAIT_INLINE void scan(V<T>& carry, const StripedBlock<T>& s, Index reach) {
  if constexpr (by < kLanesOf<T>) {
    const Index fall = by * s.segments * -static_cast<Index>(s.extend);
    if (fall >= reach) return;
    const T step = static_cast<T>(fall);
    const V<T> passing = max(shifted<by, T>(carry, all(s.lowest)), all(sum_of<T>(s.lowest, step)));
    carry = max(carry, wrapping_difference<T>(passing, all(step)));
    scan<2 * by, T>(carry, s, reach);
  }
}

/// The maximum over all lanes.
template <Index by, class T>
PLAIT_INLINE T greatest(V<T> v) {
  if constexpr (by < kLanesOf<T>) return greatest<2 * by, T>(max(v, shifted<by, T>(v, v)));
  return v[kLanesOf<T> - 1];
}

/// Records a column with a value above the best so far, or an equal one in an earlier row.
template <class T>
[[gnu::noinline]] void note(StripedBlock<T>& s, V<T> column, Index j) {
  const T most = greatest<1, T>(column);
  if (most > s.limit) {
    s.overflow = true;
    return;
  }
  if (!s.place) {
    s.best = most;
    return;
  }
  V<T> first = all(static_cast<T>(s.segments));  // for each lane, the first segment with that value
  for (Index t = s.segments - 1; t >= 0; --t) {
    first = load<V<T>>(s.h + t * kLanesOf<T>) == most ? all(static_cast<T>(t)) : first;
  }
  Index row = 0;
  for (Index k = 0; k < kLanesOf<T>; ++k) {
    if (first[k] == static_cast<T>(s.segments)) continue;
    row = k * s.segments + first[k];
    break;
  }
  if (most == s.best && (s.best_row < 0 || row >= s.best_row)) return;  // best_row < 0: it is in a block above
  s.best = most;
  s.best_row = row;
  s.best_column = j;
}

template <class T, bool local, bool linear, bool moves>
void run(StripedBlock<T>& s, Index begin, Index end) {
  using W = V<T>;
  constexpr Index n = kLanesOf<T>;
  const Index segments = s.segments;
  const T open = s.open, extend = s.extend;
  const T through = static_cast<T>((segments - 1) * extend);
  const W zero = all(s.zero);
  T* const h = s.h;
  T* const e = s.e;
  W carry = load<W>(s.carry);
  for (Index j = begin + 1; j <= end; ++j) {
    const T* profile = s.profile + static_cast<Index>(s.row[j - 1]) * segments * n;
    W before = load<W>(h + (segments - 1) * n);
    if constexpr (!moves) before = max(before, carry + through);
    before = shifted_in<T>(before, s.top[j - 1]);
    W insertion = all(s.lowest), incoming = carry, column = zero;
    for (Index t = 0; t < segments * n; t += n) {
      W left = load<W>(h + t);
      if constexpr (!moves) {
        left = max(left, incoming);
        incoming += extend;
      }
      W deletion = left + open;
      if constexpr (!linear) {
        deletion = max(deletion, load<W>(e + t) + extend);
        store(e + t, deletion);
      } else if constexpr (moves) {
        store(e + t, deletion);
      }
      const W match = before + load<W>(profile + t);
      before = left;
      const W other = max(match, deletion);
      W best = max(other, insertion);
      if constexpr (local) best = max(best, zero);
      if constexpr (moves) {
        store(s.match + t, match);
      } else {
        store(h + t, best);
        if constexpr (local) column = max(column, best);
      }
      // A gap opened out of an insertion is never better: omitting it shortens the dependency chain from row to row.
      insertion = linear ? max(other, insertion) + open : max(insertion + extend, other + open);
    }
    carry = shifted_in<T>(insertion, s.top_gap[j]);
    Index reach = Index{kGreatest<T>} - s.lowest;
    // No insertion of this column exceeds the best so far by more than `most`, and negative ones are irrelevant.
    if constexpr (local) reach = least_of(reach, Index{s.best} - s.zero + (Index{kGreatest<T>} - s.limit) + open + 1);
    scan<1, T>(carry, s, reach);
    if constexpr (moves) {
      T* words = s.moves + (j - 1) * move_words<T>(segments) * n;
      W word{};
      Index filled = 0;
      insertion = carry;
      for (Index t = 0; t < segments * n; t += n) {
        const W match = load<W>(s.match + t), deletion = load<W>(e + t);
        W best = max(max(match, deletion), insertion);
        if constexpr (local) best = max(best, zero);
        const W by_insertion = (best != match) & (best != deletion);
        W nibble = best == match ? W{} : 1 - by_insertion;
        if constexpr (local) nibble = best == zero ? all(T{3}) : nibble;
        const W opened = best + open, extended = insertion + extend;
        if constexpr (!linear) {
          // In traceback order, a deletion is extended before it follows an insertion, but not before it follows a match.
          const W follows = local ? by_insertion & (best != zero) : by_insertion;
          nibble |= (deletion + extend > opened + follows) & kDeletionExtends;
          nibble |= (extended > opened) & kInsertionExtends;
        }
        word = (word << 4) | nibble;
        store(h + t, best);
        if constexpr (local) column = max(column, best);
        insertion = max(extended, opened);
        if (++filled == kMoves<T>) {
          store(words, word);
          words += n;
          filled = 0;
        }
      }
      if (filled > 0) store(words, word << static_cast<T>(4 * (kMoves<T> - filled)));
    }
    if (s.bottom != nullptr) {
      store(s.carry, carry);
      const Index lane = s.last / segments, segment = s.last % segments;
      const T at = h[segment * n + lane], come = sum_of<T>(s.carry[lane], static_cast<T>(segment * extend));
      s.bottom[j] = moves || at > come ? at : come;
      const T out = insertion[n - 1], passed = sum_of<T>(s.carry[n - 1], static_cast<T>(segments * extend));
      s.bottom_gap[j] = out > passed ? out : passed;
    }
    if constexpr (local) {
      const T known = s.best == s.zero || !s.place ? s.best : sum_of<T>(s.best, -1);
      if (any<T>(column > known)) {
        note<T>(s, column, j);
        if (s.overflow) return;
      }
    }
  }
  store(s.carry, carry);
  if (!moves && end == s.columns) {
    for (Index t = 0; t < segments * n; t += n, carry += extend) store(h + t, max(load<W>(h + t), carry));
  }
}

template <class T>
void look_up_all(const std::uint8_t* codes, Index count, const std::int8_t* table, T* out) {
  look_up<T>(codes, count, table, out);
}

template <class T>
constexpr StripedKernels<T> kKernels = {
    {{{run<T, false, false, false>, run<T, false, false, true>}, {run<T, false, true, false>, run<T, false, true, true>}},
     {{run<T, true, false, false>, run<T, true, false, true>}, {run<T, true, true, false>, run<T, true, true, true>}}},
    look_up_all<T>,
    kLanesOf<T>};

}  // namespace

const StripedTable& striped_table() {
  static constexpr StripedTable table = {kKernels<std::int8_t>, kKernels<std::int16_t>, kKernels<std::int32_t>};
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::align::detail
