#include "align/pairwise/tiles.hpp"

#include "align/core/register_lanes.hpp"

namespace plait::align::detail {
namespace PLAIT_ISA_NS {

using namespace tensor;
using namespace tensor::PLAIT_ISA_NS;
using namespace rows;
namespace {

constexpr int kRegisters = 2;  // each step depends on the previous one; two registers are interleaved to hide its latency
constexpr Index kRows = kRegisters * kRowLanes;
constexpr double kNone = -__builtin_huge_val();

/// Skews rows of the profile: at step t lane l gets the score of column t - l. Lanes are delayed by 1, 2 and 4 steps, the binary digits of their
/// numbers.
struct Skew {
  V one, two[2], four[4];

  PLAIT_INLINE V next(V row) {
#if defined(__AVX512F__)
    constexpr M kOne = {0, -1, 0, -1, 0, -1, 0, -1}, kTwo = {0, 0, -1, -1, 0, 0, -1, -1}, kFour = {0, 0, 0, 0, -1, -1, -1, -1};
#elif defined(__AVX2__)
    constexpr M kOne = {0, -1, 0, -1}, kTwo = {0, 0, -1, -1};
#else
    constexpr M kOne = {0, -1};
#endif
    const V first = kOne ? one : row;
    one = row;
    if constexpr (kRowLanes == 2) return first;
#if defined(__AVX2__)
    const V second = kTwo ? two[1] : first;
    two[1] = two[0], two[0] = first;
    if constexpr (kRowLanes == 4) return second;
#if defined(__AVX512F__)
    const V third = kFour ? four[3] : second;
    four[3] = four[2], four[2] = four[1], four[1] = four[0], four[0] = second;
    return third;
#endif
#endif
  }
};

/// linear: open == extend, so that every gap extends the best value of the neighbouring cell.
template <bool profile, bool local, bool linear, bool counted>
class Tile {
 public:
  explicit Tile(const PairwiseTile& s) : s_(s), open_(all(s.open)), extend_(all(s.extend)), last_(static_cast<int>(s.rows - 1)) {
    for (int r = 0; r < kRegisters; ++r) {
      h_[r] = deletion_[r] = insertion_[r] = diagonal_[r] = all(kNone);
      h_paths_[r] = deletion_paths_[r] = insertion_paths_[r] = diagonal_paths_[r] = V{};
      number_[r] = numbers(r);
      if constexpr (profile) skew_[r] = Skew{};
      else x_[r] = load<V>(s.x + r * kRowLanes);
      if constexpr (local) best_[r] = load<V>(s.best + r * kRowLanes);
      if constexpr (local && counted) best_paths_[r] = load<V>(s.best_paths + r * kRowLanes);
    }
  }

  PLAIT_INLINE void run() {
    const Index m = s_.columns, end = m + s_.rows, whole = s_.rows == kRows && m >= kRows ? m + 1 : 0;
    Index t = 0;
    for (; t < (whole > 0 ? kRows : end); ++t) step<true>(t);
    for (; t < whole; ++t) {
      step<false>(t);
      if ((t & 0xFFFF) == 0xFFFF) s_.poll();
    }
    for (; t < end; ++t) step<true>(t);
    for (int r = 0; r < kRegisters; ++r) {
      if constexpr (local) store(s_.best + r * kRowLanes, best_[r]);
      if constexpr (local && counted) store(s_.best_paths + r * kRowLanes, best_paths_[r]);
    }
  }

 private:
  /// edge: some lanes are on or outside the border.
  template <bool edge>
  PLAIT_INLINE void step(Index t) {
    double h[kRows], insertion[kRows], h_paths[kRows], insertion_paths[kRows];  // copies, indexed by lane
    const double now = static_cast<double>(t);
#pragma GCC unroll 2
    for (int r = kRegisters - 1; r >= 0; --r) {
      const V above = shifted(h_, r, s_.h[t]);
      const V i = linear ? above + open_ : shifted(insertion_, r, s_.insertion[t]), d = linear ? h_[r] + open_ : deletion_[r];
      V score;
      if constexpr (profile) {
        score = skew_[r].next(load<V>(s_.profile + s_.beginnings[t - r * kRowLanes] + r * kRowLanes));
      } else {
        score = x_[r] == load<V>(s_.y + (r * kRowLanes - t)) ? all(s_.equal) : all(s_.different);
      }
      const V come = diagonal_[r] + score, match = local ? max(V{}, come) : come;
      V best = max(max(match, d), i);
      diagonal_[r] = above;
      [[maybe_unused]] M border{}, inside{};
      if constexpr (edge) {
        border = number_[r] == all(now);
        inside =
            (number_[r] < all(now)) & (number_[r] >= all(now - static_cast<double>(s_.columns))) & (number_[r] < all(static_cast<double>(s_.rows)));
        best = border ? load<V>(s_.left + r * kRowLanes) : best;
      }
      if constexpr (!counted) {
        if constexpr (!linear) {
          const V opened = best + open_;
          deletion_[r] = max(opened, d + extend_);
          insertion_[r] = max(opened, i + extend_);
        }
        if constexpr (local) best_[r] = max(best_[r], edge ? where(inside, best) : best);
      } else {
        const V above_paths = shifted(h_paths_, r, s_.h_paths[t]);
        const V i_paths = linear ? above_paths : shifted(insertion_paths_, r, s_.insertion_paths[t]);
        const V d_paths = linear ? h_paths_[r] : deletion_paths_[r];
        V match_paths = diagonal_paths_[r];
        diagonal_paths_[r] = above_paths;
        if constexpr (local) match_paths = where(come >= V{}, match_paths) + where(come <= V{}, all(1));
        // In the order of additions of the definition. A gap extends a gap or opens after the best state; if extending costs less
        // than opening, the best path that ends in the gap is not counted again as one after which a gap opens.
        V paths = add_where(add_where(where(match == best, match_paths), d == best, d_paths), i == best, i_paths);
        if constexpr (edge) paths = border ? all(1) : paths;
        if constexpr (!linear) {
          const V opened = best + open_, d_on = d + extend_, i_on = i + extend_;
          V next = max(opened, d_on), next_paths = add_where(where(opened == next, paths), d_on == next, d_paths);
          const V down = max(opened, i_on);
          if constexpr (edge) {
            next = border ? load<V>(s_.left_deletion + r * kRowLanes) : next;
            next_paths = border ? all(1) : next_paths;
          }
          insertion_paths_[r] = add_where(where(opened == down, paths), i_on == down, i_paths);
          insertion_[r] = down;
          deletion_[r] = next;
          deletion_paths_[r] = next_paths;
        }
        h_paths_[r] = paths;
        if constexpr (local) {
          const V here = edge ? where(inside, best) : best;
          if (any_reaches(here, best_[r])) {
            best_paths_[r] = here > best_[r] ? paths : add_where(best_paths_[r], here == best_[r], paths);
            best_[r] = max(best_[r], here);
          }
        }
      }
      if constexpr (edge && !counted && !linear) deletion_[r] = border ? load<V>(s_.left_deletion + r * kRowLanes) : deletion_[r];
      h_[r] = best;
      if (edge || r == last_ / kRowLanes) {
        store(h + r * kRowLanes, best);
        if constexpr (!linear) store(insertion + r * kRowLanes, insertion_[r]);
        if constexpr (counted) store(h_paths + r * kRowLanes, h_paths_[r]);
        if constexpr (counted && !linear) store(insertion_paths + r * kRowLanes, insertion_paths_[r]);
      }
    }
    if (const Index column = t - last_; !edge || (column >= 0 && column <= s_.columns)) {
      s_.h[column] = h[last_];
      if constexpr (!linear) s_.insertion[column] = insertion[last_];
      if constexpr (counted) s_.h_paths[column] = h_paths[last_];
      if constexpr (counted && !linear) s_.insertion_paths[column] = insertion_paths[last_];
    }
    if (edge || t == s_.columns) {
      if (const Index lane = t - s_.columns; lane >= 0) {
        if (!edge) return store_first_of_last_column();
        s_.last_column[lane] = h[lane];
        if constexpr (counted) s_.last_column_paths[lane] = h_paths[lane];
      }
    }
  }
  void store_first_of_last_column() {
    s_.last_column[0] = h_[0][0];
    if constexpr (counted) s_.last_column_paths[0] = h_paths_[0][0];
  }

  const PairwiseTile& s_;
  V open_, extend_;
  int last_;
  V number_[kRegisters], x_[kRegisters];
  Skew skew_[kRegisters];
  V h_[kRegisters], deletion_[kRegisters], insertion_[kRegisters], diagonal_[kRegisters];
  V h_paths_[kRegisters], deletion_paths_[kRegisters], insertion_paths_[kRegisters], diagonal_paths_[kRegisters];
  V best_[kRegisters], best_paths_[kRegisters];
};

template <bool profile, bool local, bool linear, bool counted>
void run(const PairwiseTile& s) {
  Tile<profile, local, linear, counted>(s).run();
}

template <bool counted>
constexpr PairwiseTileKernels kKernels = {
    {{{run<false, false, false, counted>, run<false, false, true, counted>}, {run<false, true, false, counted>, run<false, true, true, counted>}},
     {{run<true, false, false, counted>, run<true, false, true, counted>}, {run<true, true, false, counted>, run<true, true, true, counted>}}}};

}  // namespace

const PairwiseTileTable& pairwise_tile_table() {
  static constexpr PairwiseTileTable table = {kRows, kKernels<false>, kKernels<true>};
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::align::detail
