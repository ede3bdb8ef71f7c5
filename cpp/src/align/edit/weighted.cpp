// Weights that are integer multiples of a common unit, such as 3 or 0.01: blocks of rows along anti-diagonals (diagonals.hpp).
#include <algorithm>
#include <cmath>
#include <numeric>

#include "align/core/traceback.hpp"
#include "align/edit/blocks.hpp"
#include "align/edit/codes.hpp"
#include "align/edit/diagonals.hpp"
#include "align/edit/forms.hpp"
#include "align/tuning.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align::detail {
namespace {

enum Slots { kCodes, kX, kY, kU, kV, kBottom, kSaved, kMoves };
constexpr Index kMostLanes = tuning::kMostWeightedLanes;

template <class T, class Symbol>
class DifferenceBlocks {
 public:
  DifferenceBlocks(const EditWeights& weights, const std::uint32_t* a, Index n, const std::uint32_t* b, Index m, Workspace& workspace)
      : weights_(weights), n_(n), m_(m), lanes_(std::min(kMostLanes, (n + kLaneGroup - 1) / kLaneGroup * kLaneGroup)) {
    const std::size_t rows = static_cast<std::size_t>(count() * lanes_), columns = static_cast<std::size_t>(m + 2 * lanes_);
    x_ = workspace.take_as<Symbol>(rows, kX);
    y_ = workspace.take_as<Symbol>(columns, kY);
    u_ = workspace.take_as<T>(static_cast<std::size_t>(lanes_), kU);
    v_ = workspace.take_as<T>(columns, kV);
    bottom_ = workspace.take_as<T>(static_cast<std::size_t>(m), kBottom);
    for (Index i = 0; i < n; ++i) x_[i] = static_cast<Symbol>(a[i]);
    std::fill(x_ + n, x_ + rows, static_cast<Symbol>(-1));
    std::fill_n(y_, columns, Symbol{0});
    for (Index j = 0; j < m; ++j) y_[lanes_ + m - 1 - j] = static_cast<Symbol>(b[j]);
    std::fill_n(v_, columns, static_cast<T>(weights.insert));
  }

  [[nodiscard]] Index count() const { return (n_ + lanes_ - 1) / lanes_; }
  [[nodiscard]] Index top(Index block) const { return block * lanes_; }
  [[nodiscard]] Index lanes() const { return lanes_; }
  [[nodiscard]] T* row() const { return v_; }
  [[nodiscard]] std::size_t row_bytes() const { return static_cast<std::size_t>(m_ + 2 * lanes_) * sizeof(T); }
  [[nodiscard]] const T* bottom() const { return bottom_; }

  /// The first `columns` columns.
  void run(Index block, Index columns, std::uint8_t* moves = nullptr) {
    std::fill_n(u_, lanes_, static_cast<T>(weights_.remove));
    std::fill_n(v_ + lanes_ + m_, lanes_, static_cast<T>(-weights_.remove));
    const bool last = block + 1 == count();
    const Index row = std::min(n_ - top(block), lanes_) - 1, skip = m_ - columns;
    poll_interrupt();
    const DifferenceTable& table = PLAIT_PICK(difference_table);
    table.run[sizeof(T) == 1   ? 0
              : sizeof(T) == 2 ? 1
                               : 2](
        {x_ + top(block), y_ + skip, u_, v_ + skip, lanes_, columns, row, last ? bottom_ : nullptr, moves, weights_, poll_interrupt});
  }

 private:
  EditWeights weights_;
  Index n_, m_, lanes_;
  Symbol *x_, *y_;
  T *u_, *v_, *bottom_;
};

/// Calls f(blocks) with integers wide enough for weights and symbols.
template <class F>
auto with_blocks(const IntegerWeights& whole, const Sequence& x, const Sequence& y, Workspace& workspace, F&& f) {
  const Index n = x.length, m = y.length;
  std::uint32_t* a = workspace.take_as<std::uint32_t>(static_cast<std::size_t>(n + m), kCodes);
  std::uint32_t* b = a + n;
  const Index symbols = encode(x, y, a, b);
  // A substitution that costs more than a deletion and an insertion is never used.
  const std::int32_t both = whole.insert + whole.remove;
  const EditWeights weights{whole.insert, whole.remove, std::min(whole.substitute, both + 1)};
  if (both < 127 && symbols < 255) return f(DifferenceBlocks<std::int8_t, std::uint8_t>(weights, a, n, b, m, workspace));
  if (both < 32767 && symbols < 65535) return f(DifferenceBlocks<std::int16_t, std::uint16_t>(weights, a, n, b, m, workspace));
  return f(DifferenceBlocks<std::int32_t, std::uint32_t>(weights, a, n, b, m, workspace));
}

}  // namespace

std::optional<IntegerWeights> integer_weights(const EditOptions& options) {
  const double values[3] = {options.insert, options.remove, options.substitute};
  constexpr double kExact = 0x1p53;
  constexpr std::int64_t kMost = 1 << 28;
  // Integers of unit / scale, if the weights are exactly that.
  const auto in = [&](double unit, double scale) -> std::optional<IntegerWeights> {
    std::int64_t whole[3], divisor = 0;
    for (int k = 0; k < 3; ++k) {
      const double number = std::round(values[k] * scale / unit);
      if (!(number < kExact && number * unit / scale == values[k])) return std::nullopt;
      divisor = std::gcd(divisor, whole[k] = static_cast<std::int64_t>(number));
    }
    if (divisor == 0 || *std::max_element(whole, whole + 3) / divisor >= kMost) return std::nullopt;
    const auto number = [&](int k) { return static_cast<std::int32_t>(whole[k] / divisor); };
    return IntegerWeights{number(0), number(1), number(2), static_cast<double>(divisor) * unit, scale};
  };
  for (double scale = 1; scale <= 1e9; scale *= 10) {
    if (const auto found = in(1, scale)) return found;
  }
  double least = 0;
  for (const double value : values) least = value > 0 && (least == 0 || value < least) ? value : least;
  for (int parts = 1; least > 0 && parts <= 12; ++parts) {
    if (const auto found = in(least / parts, 1)) return found;
  }
  return std::nullopt;
}

double weighted_score(const IntegerWeights& weights, const Sequence& x, const Sequence& y, Workspace& workspace) {
  const Index n = x.length, m = y.length;
  std::int64_t sum = n * std::int64_t{weights.remove};
  if (n == 0 || m == 0) return weights.score(sum + m * std::int64_t{weights.insert});
  with_blocks(weights, x, y, workspace, [&](auto&& blocks) {
    for (Index s = 0; s < blocks.count(); ++s) blocks.run(s, m);
    for (Index j = 0; j < m; ++j) sum += blocks.bottom()[j];
  });
  return weights.score(sum);
}

Path weighted_path(const IntegerWeights& weights, const Sequence& x, const Sequence& y, std::size_t memory_limit, Workspace& workspace) {
  const Index n = x.length, m = y.length;
  Traceback traceback(n, m);
  std::int64_t sum = 0;
  if (n > 0 && m > 0) {
    with_blocks(weights, x, y, workspace, [&](auto&& blocks) {
      const Index lanes = blocks.lanes();
      std::uint8_t* const moves = workspace.take_as<std::uint8_t>(static_cast<std::size_t>((m + lanes) * lanes), kMoves);
      back_by_block(
          blocks.count(), reinterpret_cast<std::uint8_t*>(blocks.row()), blocks.row_bytes(), memory_limit,
          [&](std::size_t bytes) { return workspace.take_as<std::uint8_t>(bytes, kSaved); },
          [&](Index s, bool keeps) { keeps ? blocks.run(s, traceback.j(), moves) : blocks.run(s, m); },
          [&](Index s, const std::uint8_t*) {
            const Index low = blocks.top(s);
            while (traceback.i() > low && traceback.j() > 0) {
              const Index lane = traceback.i() - 1 - low;
              traceback.step(static_cast<Move>(moves[(traceback.j() - 1 + lane) * lanes + lane]));
            }
            return traceback.j() > 0;
          });
    });
  }
  Path out{0, traceback.finish()};
  for (std::size_t k = 0; k < out.pairs.size(); k += 2) {
    const Index i = out.pairs[k], j = out.pairs[k + 1];
    sum += i < 0 ? weights.insert : j < 0 ? weights.remove : x.symbol(i) == y.symbol(j) ? 0 : weights.substitute;
  }
  out.score = weights.score(sum);
  return out;
}

}  // namespace plait::align::detail
