// The tile loops of one instruction set level.
#include "align/elastic/isa/tile.hpp"
#include "plait/align/move.hpp"

namespace plait::align::detail {
namespace PLAIT_ISA_NS {
namespace {

template <class Rank, bool kPairs, bool kMoves>
constexpr void put(TileLoop (&forms)[2]) {
  forms[0] = TileOf<Rank, kPairs, 1, kMoves>::run;
  // Costs of many instructions hide the latency of a step by themselves: several registers would enlarge the code and gain little.
  if constexpr (Rank::kShared || Rank::kFeatures > 0) forms[1] = TileOf<Rank, kPairs, kTileRegisters, kMoves>::run;
}
template <class Rank>
void row_costs(const double* x, const double* y, Index y_stride, Index width, Index count, double* out) {
  const CellContext cell{V{}, V{}};
  for (Index j = 0; j < count; j += kWide) {
    const auto x_feature = [&](Index k) __attribute__((always_inline)) { return all(x[k]); };
    const auto y_feature = [&](Index k) __attribute__((always_inline)) { return load<V>(y + k * y_stride + j); };
    store(out + j, Rank::cost(x_feature, y_feature, width, cell));
  }
}

template <bool kMoves>
double asymmetric_row_of(const double* above, const double* costs, Index count, double* out, std::uint8_t* moves) {
  V low = all(kInfinity);
  for (Index j = 0; j < count; j += kWide) {
    const V match = load<V>(above + j - 1), skip = load<V>(above + j - 2), stay = load<V>(above + j), either = least(match, skip);
    if constexpr (kMoves) {
      const M longer = stay < either;
      const M move = (longer & static_cast<int>(Move::insertion)) | (~longer & (skip < match) & static_cast<int>(Move::deletion));
      for (int l = 0; l < kWide; ++l) moves[j + l] = static_cast<std::uint8_t>(move[l]);
    }
    const V value = least(either, stay) + load<V>(costs + j);
    store(out + j, value);
    if (j + kWide <= count) low = least(low, value);
  }
  double lowest = kInfinity;
  for (int l = 0; l < kWide; ++l) lowest = low[l] < lowest ? low[l] : lowest;
  for (Index j = count / kWide * kWide; j < count; ++j) lowest = out[j] < lowest ? out[j] : lowest;
  return lowest;
}
double asymmetric_row(const double* above, const double* costs, Index count, double* out, std::uint8_t* moves) {
  return moves != nullptr ? asymmetric_row_of<true>(above, costs, count, out, moves) : asymmetric_row_of<false>(above, costs, count, out, nullptr);
}

/// Any: elements of any number of values. One: of one.
template <class Any, class One>
constexpr void put(ElasticTable& table, Cost cost) {
  const int c = static_cast<int>(cost);
  put<Any, false, false>(table.pair[c][0]);
  put<One, false, false>(table.pair[c][1]);
  put<Any, false, true>(table.traced[c][0]);
  put<One, false, true>(table.traced[c][1]);
  if constexpr (!Any::kPrecomputed) {
    put<Any, true, false>(table.many[c][0]);
    put<One, true, false>(table.many[c][1]);
  }
  if constexpr (Any::kShared && !Any::kPrecomputed && Any::kWeighting == Weighting::none) {
    table.row_costs[c][0] = row_costs<Any>;
    table.row_costs[c][1] = row_costs<One>;
  }
}

enum class Scaled { none, values, bounds };

template <bool kSquares, Scaled kScaled>
PLAIT_INLINE double beyond_of(const double* y, double mean, double inverse, const double* lower, const double* upper, Index n, double slack) {
  V sums[2] = {V{}, V{}};
  const V middle = all(mean), by = all(inverse), less = all(slack);
  const auto off = [&](V value, V low, V high) __attribute__((always_inline)) {
    if constexpr (kScaled == Scaled::values) value = (value - middle) * by;
    if constexpr (kScaled == Scaled::bounds) low = (low - middle) * by, high = (high - middle) * by;
    if constexpr (kScaled != Scaled::none) low -= less, high += less;
    const V above = value - high, below = low - value, most = above < below ? below : above, outside = most < all(0.0) ? V{} : most;
    return kSquares ? outside * outside : outside;
  };
  Index i = 0;
  for (; i + 2 * kWide <= n; i += 2 * kWide) {
    for (int u = 0; u < 2; ++u) {
      const Index at = i + u * kWide;
      sums[u] += off(load<V>(y + at), load<V>(lower + at), load<V>(upper + at));
    }
  }
  double lanes[kWide], sum = 0;
  store(lanes, sums[0] + sums[1]);
  for (int l = 0; l < kWide; ++l) sum += lanes[l];
  for (; i < n; ++i) sum += off(all(y[i]), all(lower[i]), all(upper[i]))[0];
  return sum;
}
template <bool kSquares>
double beyond(const double* y, const double* lower, const double* upper, Index n) {
  return beyond_of<kSquares, Scaled::none>(y, 0, 1, lower, upper, n, 0);
}
template <bool kSquares, Scaled kScaled>
double scaled_beyond(const double* y, double mean, double inverse, const double* lower, const double* upper, Index n, double slack) {
  return beyond_of<kSquares, kScaled>(y, mean, inverse, lower, upper, n, slack);
}

void moments(const double* y, Index n, double* mean, double* variance, double* largest) {
  V sums{}, most{};
  Index i = 0;
  for (; i + kWide <= n; i += kWide) {
    const V value = load<V>(y + i), size = magnitude(value);
    sums += value;
    most = most < size ? size : most;
  }
  double sum = 0, greatest = 0;
  for (int l = 0; l < kWide; ++l) sum += sums[l], greatest = greatest < most[l] ? most[l] : greatest;
  for (; i < n; ++i) {
    const double size = __builtin_fabs(y[i]);
    sum += y[i];
    greatest = greatest < size ? size : greatest;
  }
  const double middle = sum / static_cast<double>(n);
  V squares{};
  for (i = 0; i + kWide <= n; i += kWide) {
    const V off = load<V>(y + i) - all(middle);
    squares += off * off;
  }
  double about = 0;
  for (int l = 0; l < kWide; ++l) about += squares[l];
  for (; i < n; ++i) about += (y[i] - middle) * (y[i] - middle);
  *mean = middle;
  *variance = about / static_cast<double>(n);
  *largest = greatest;
}

constexpr ElasticTable make() {
  ElasticTable table{};
  table.lanes = kWide;
#define PLAIT_ELASTIC_PUT(name, any, one) put<any, one>(table, Cost::name);
  PLAIT_ELASTIC_MEASURES(PLAIT_ELASTIC_PUT)
#undef PLAIT_ELASTIC_PUT
  table.asymmetric_row = asymmetric_row;
  table.beyond = beyond<false>;
  table.squares_beyond = beyond<true>;
  table.scaled_beyond[0] = scaled_beyond<false, Scaled::values>;
  table.scaled_beyond[1] = scaled_beyond<true, Scaled::values>;
  table.beyond_scaled[0] = scaled_beyond<false, Scaled::bounds>;
  table.beyond_scaled[1] = scaled_beyond<true, Scaled::bounds>;
  table.moments = moments;
  return table;
}

}  // namespace

const ElasticTable& elastic_table() {
  static constexpr ElasticTable table = make();
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::align::detail
