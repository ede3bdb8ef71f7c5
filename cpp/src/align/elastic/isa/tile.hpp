// The loop over a tile (tile.hpp), once for all elastic measures.
#pragma once

#include "align/elastic/tile.hpp"
#include "plait/tensor/vector.hpp"

namespace plait::align::detail {
namespace PLAIT_ISA_NS {

using namespace tensor;
using namespace tensor::PLAIT_ISA_NS;
namespace {

using V = Vector<double>;
using M = Mask<double>;
constexpr int kWide = kLanes<double>;
constexpr double kInfinity = __builtin_inf();

PLAIT_INLINE V all(double value) { return value - V{}; }  // V{} + value would be an addition, and turn -0 into 0
PLAIT_INLINE V least(V a, V b) { return b < a ? b : a; }
PLAIT_INLINE V magnitude(V a) { return (V)((M)a & 0x7fffffffffffffffLL); }
PLAIT_INLINE V root(V a) {
  double lanes[kWide];
  store(lanes, a);
  for (int l = 0; l < kWide; ++l) lanes[l] = __builtin_sqrt(lanes[l]);
  return load<V>(lanes);
}
/// The last lane of `above`, then all but the last of `below`. A template, so that only the valid branch is instantiated.
template <class T>
PLAIT_INLINE T moved_down(T above, T below) {
  if constexpr (kWide == 8) {
    return __builtin_shufflevector(above, below, 7, 8, 9, 10, 11, 12, 13, 14);
  } else if constexpr (kWide == 4) {
    return __builtin_shufflevector(above, below, 3, 4, 5, 6);
  } else {
    return __builtin_shufflevector(above, below, 1, 2);
  }
}

/// Costs of the three steps into a cell. In DTW all three are equal and added to the minimum of the neighbours: ties are decided before the addition.
struct StepCosts {
  V match, deletion, insertion;
};

#define PLAIT_ELASTIC_DESCRIPTORS
#include "align/elastic/costs.hpp"
#undef PLAIT_ELASTIC_DESCRIPTORS

/// Rank: a descriptor; features are passed as x(k) and y(k).
template <class Rank, bool kPairs, int R, bool kMoves>
class TileOf {
  static constexpr int kRows = kPairs ? R : R * kWide;
  static constexpr int kCached = Rank::kFeatures > 0 ? Rank::kFeatures : 1;

  V now_[R];   // D of each row at its latest column
  V diag_[R];  // D of the row above, at that column
  M moves_[R];
  V x_[R][kCached];
  V low_;

  PLAIT_INLINE static V row_values(const double* at, int r) {
    if constexpr (kPairs) return all(at[r]);
    return load<V>(at + r * kWide);
  }

  template <bool kMasked>
  [[gnu::noinline]] void steps(const Tile& t, Index begin, Index end) {
    // Local copies: the compiler must assume that stores may alias the members.
    V now[R], diag[R], x[R][kCached], low = low_;
    M moves[R];
    for (int r = 0; r < R; ++r) {
      now[r] = now_[r], diag[r] = diag_[r], moves[r] = moves_[r];
      for (int k = 0; k < kCached; ++k) x[r][k] = x_[r][k];
    }
    const V parameter = all(t.parameter);
    const Index offset = t.offset;
    const double *const even = t.weights[0], *const odd = t.weights[1];
    const double* in = t.row;
    double* out = kPairs ? t.row - (R - 1) * kWide : t.row - (R == 1 ? t.bottom : kRows - 1);
    const double *ys = t.y, *xs = t.x, *starts = t.start, *ends = t.end;
    const Index x_stride = t.x_stride, y_stride = t.y_stride, width = t.width, bottom = t.bottom;
    for (Index s = begin; s < end; ++s) {
      const V top = kPairs ? load<V>(in + s * kWide) : all(in[s]);
#pragma GCC unroll 8
      for (int r = R - 1; r >= 0; --r) {
        const V before = r > 0 ? now[r > 0 ? r - 1 : 0] : top;
        const V insertion = kPairs ? before : moved_down(before, now[r]), match = diag[r], deletion = now[r];
        const auto x_feature = [&](Index k) __attribute__((always_inline)) {
          if constexpr (Rank::kFeatures > 0) return x[r][k];
          return row_values(xs + k * x_stride, r);
        };
        const auto y_feature = [&](Index k) __attribute__((always_inline)) {
          if constexpr (Rank::kPrecomputed) return load<V>(ys + (s * R + r) * kWide);
          if constexpr (kPairs) return load<V>(ys + (k * y_stride + s - r) * kWide);
          return load<V>(ys + k * y_stride - s + r * kWide);
        };
        CellContext cell{parameter, V{}};
        if constexpr (Rank::kWeighting != Weighting::none) {
          const Index apart = offset - s;
          const double* const at = (apart & 1 ? odd : even) + (apart >> 1);
          cell.weight = kPairs ? all(at[r]) : load<V>(at + r * kWide);
        }
        V value;
        M deleted, inserted;
        if constexpr (Rank::kShared) {
          deleted = deletion < match;
          const V either = least(match, deletion);
          inserted = insertion < either;
          value = least(either, insertion) + Rank::cost(x_feature, y_feature, width, cell);
        } else {
          const StepCosts steps = Rank::costs(x_feature, y_feature, width, cell);
          const V by_match = match + steps.match, by_deletion = deletion + steps.deletion, by_insertion = insertion + steps.insertion;
          deleted = by_deletion < by_match;
          const V either = least(by_match, by_deletion);
          inserted = by_insertion < either;
          value = least(either, by_insertion);
        }
        if constexpr (kMoves) moves[r] = (moves[r] << 2) | (inserted ? M{} + 2 : deleted & 1);
        if constexpr (kMasked && kPairs) {
          const auto step = static_cast<double>(s);
          if (step < starts[r]) value = deletion;
          if (step >= ends[r]) value = all(kInfinity);
        } else if constexpr (kMasked) {
          const V step = all(static_cast<double>(s));
          value = step < row_values(starts, r) ? deletion : step < row_values(ends, r) ? value : all(kInfinity);
        }
        diag[r] = insertion;
        now[r] = value;
      }
      low = least(low, now[R - 1]);
      if constexpr (kPairs) {
        store(out + s * kWide, now[R - 1]);
      } else {
        out[s] = R == 1 ? now[0][bottom] : now[R - 1][kWide - 1];
      }
      if constexpr (kMoves) {
        if (s % kMovesSteps == kMovesSteps - 1) {
          for (int r = 0; r < R; ++r) store(t.moves + (s / kMovesSteps * R + r) * kWide, moves[r]);
        }
      }
    }
    low_ = low;
    for (int r = 0; r < R; ++r) now_[r] = now[r], diag_[r] = diag[r], moves_[r] = moves[r];
  }

 public:
  static void run(const Tile& t) {
    TileOf tile;
    V before = kPairs ? load<V>(t.row - kWide) : all(t.row[-1]);
    for (int r = 0; r < R; ++r) {
      tile.now_[r] = row_values(t.left_column, r);
      tile.diag_[r] = kPairs ? before : moved_down(before, tile.now_[r]);
      before = tile.now_[r];
      tile.moves_[r] = M{};
      for (int k = 0; k < kCached; ++k) tile.x_[r][k] = Rank::kFeatures > 0 ? row_values(t.x + k * t.x_stride, r) : V{};
    }
    tile.low_ = tile.now_[R - 1];
    const bool some = t.full_begin < t.full_end;
    const Index full_begin = some ? t.full_begin : t.steps, full_end = some ? t.full_end : t.steps;
    if (0 < full_begin) tile.template steps<true>(t, 0, full_begin);
    if (full_begin < full_end) tile.template steps<false>(t, full_begin, full_end);
    if (full_end < t.steps) tile.template steps<true>(t, full_end, t.steps);
    if constexpr (kMoves) {
      const Index rest = t.steps % kMovesSteps;
      for (int r = 0; r < R && rest > 0; ++r) {
        store(t.moves + (t.steps / kMovesSteps * R + r) * kWide, tile.moves_[r] << static_cast<int>(2 * (kMovesSteps - rest)));
      }
    }
    store(t.least, tile.low_);
  }
};

}  // namespace
}  // namespace PLAIT_ISA_NS
}  // namespace plait::align::detail
