// A pair with integer scores, block after block. The sufficient integer width is derived from the scores and the lengths; for local alignment, whose
// sums are mostly far below their bound, it is tried out: the kernel stops at a possible overflow.
#include <algorithm>
#include <limits>

#include "align/core/checkpoints.hpp"
#include "align/core/traceback.hpp"
#include "align/pairwise/integer.hpp"
#include "align/tuning.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align::detail {
namespace {

using tuning::kBlockRows, tuning::kPollStripedCells;
constexpr Index kMostSegments = 120;  // segment numbers fit 8 bits

enum Slot { kMovesSlot, kRowsSlot, kStateSlot, kSymbolsSlot };

Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }

struct Place {
  Index i = 0, j = 0;
  std::int64_t value = 0;
};

template <class T>
class StripedBlocks {
 public:
  StripedBlocks(const IntegerScores& scores, const StripedKernels<T>& kernels, const Sequence& x, const Sequence& y, StripedProfile<T>& profile,
                Workspace& workspace)
      : scores_(scores), kernels_(kernels), x_(x), y_(y), profile_(profile), workspace_(workspace), n_(x.length), m_(y.length) {
    set_block_rows(kBlockRows);
  }

  /// Sets the offset so that every sum is representable; false if the range is too small (or, for local alignment, unlikely to suffice).
  bool fits() {
    const Index n = blocks_ * block_rows();
    auto offset = offset_for<T>(scores_, n, m_, segments_, std::min(n_, m_) * std::max(scores_.most, 0));
    if (!offset || !offset->proved) {
      std::int64_t high = 0;  // or, more tightly, the best possible scores of x's symbols
      for (Index i = 0; i < n_; ++i) high += std::max(scores_.best_of(x_.symbol(i)), 0);
      offset = offset_for<T>(scores_, n, m_, segments_, high);
    }
    if (!offset) return false;
    zero_ = offset->zero;
    lowest_ = offset->lowest;
    return true;
  }

  /// The end of the best alignment, or nothing on overflow. Its loop is not Checkpoints::forward, which runs all blocks: this one stops
  /// after the block that overflowed, so that the next wider integers begin, and records the ends in each block.
  std::optional<Place> forward(bool moves, bool keep_rows) {
    const bool place = moves || keep_rows;  // otherwise only the value is needed
    kept_ = keep_rows ? blocks_ + 1 : 2;
    rows_ = workspace_.take_as<T>(static_cast<std::size_t>(kept_ * 2 * (m_ + 1)), kRowsSlot);
    if (moves) moves_ = workspace_.take_as<T>(static_cast<std::size_t>(blocks_ * moves_of_a_block(m_)), kMovesSlot);
    for (Index j = 0; j <= m_; ++j) {
      top(0)[j] = static_cast<T>(zero_ + border(j, scores_.ends.y_begin));
      top_gap(0)[j] = static_cast<T>(top(0)[j] + scores_.open);
    }
    Place best{0, 0, scores_.ends.local ? 0 : std::numeric_limits<std::int64_t>::min()};
    const auto offer = [&best, this](Index i, Index j, T value) {
      if (value - zero_ > best.value) best = {i, j, value - zero_};
    };
    const bool local = scores_.ends.local, x_end = scores_.ends.x_end && !local, y_end = scores_.ends.y_end && !local;
    if (x_end) offer(0, m_, top(0)[m_]);
    for (Index k = 0; k < blocks_; ++k) {
      const bool last = k + 1 == blocks_;
      const StripedBlock<T> s =
          run(k, m_, moves ? moves_ + k * moves_of_a_block(m_) : nullptr, !last || y_end, zero_ + (local ? best.value : 0), place);
      if (s.overflow) return std::nullopt;
      if (local && s.best - zero_ > best.value) best = {k * block_rows() + s.best_row + 1, s.best_column, s.best - zero_};
      for (Index r = 0; x_end && r < s.last + (last ? 0 : 1); ++r) offer(k * block_rows() + r + 1, m_, h_at(s, r));
      if (!last || local) continue;
      if (y_end) {
        for (Index j = 0; j < m_; ++j) offer(n_, j, top(k + 1)[j]);
      }
      offer(n_, m_, h_at(s, s.last));
    }
    return best;
  }

  /// Traceback from there. Moves are those of forward(), or, if it saved rows instead, are recomputed block by block.
  Path back(const Place& end) {
    Traceback traceback(end.i, end.j);
    Move state = Move::none;
    const T* moves = moves_;
    const Checkpoints checkpoints(blocks_, moves_ != nullptr ? blocks_ : 1);
    if (end.i > 0 && end.j > 0) {
      checkpoints.backward(
          checkpoints.block_of((end.i - 1) / block_rows()), moves_ != nullptr, [](Index) {},
          [&](Index b, bool) { moves = recompute(b, traceback.j()); },
          [&](Index b) {
            while (traceback.i() > checkpoints.begin(b) * block_rows()) {
              const Index k = (traceback.i() - 1) / block_rows();
              if (!back(traceback, state, k, moves + (k - checkpoints.begin(b)) * moves_of_a_block(m_))) return false;
            }
            return true;
          });
    }
    return {static_cast<double>(end.value) * scores_.unit, traceback.finish(scores_.ends)};
  }

  [[nodiscard]] std::size_t bytes_of_moves() const { return static_cast<std::size_t>(blocks_ * moves_of_a_block(m_)) * sizeof(T); }

  /// StripedBlocks whose moves, one block at a time, fit into that many bytes beside the saved rows, if possible.
  void within(std::size_t bytes) {
    const Index most = static_cast<Index>(bytes) / (m_ + 1);  // a cell's moves take half a byte, and half of the memory is for rows
    set_block_rows(std::clamp(most, kernels_.lanes, kBlockRows));
  }

 private:
  /// Traces back to the row above block k; false if the start of the path or the left border is reached.
  bool back(Traceback& traceback, Move& state, Index k, const T* moves) {
    const Index top = k * block_rows(), segments = segments_of(k), words = move_words<T>(segments), r = traceback.i() - 1 - top;
    Index lane = r / segments, t = r % segments;
    while (traceback.i() > top) {
      if (traceback.j() == 0) return false;
      const auto word = static_cast<std::uint32_t>(moves[((traceback.j() - 1) * words + t / kMoves<T>)*kernels_.lanes + lane]);
      const int nibble = static_cast<int>(word >> (4 * (kMoves<T> - 1 - t % kMoves<T>)) & 15U);
      const bool extends = (nibble & (state == Move::deletion ? kDeletionExtends : state == Move::insertion ? kInsertionExtends : 0)) != 0;
      if (!extends) state = static_cast<Move>(nibble & 3);
      if (state == Move::none) return false;
      traceback.step(state);
      if (state != Move::deletion && --t < 0) {
        t = segments - 1;
        --lane;
      }
    }
    return true;
  }

  void set_block_rows(Index rows) {
    const Index most = std::min(kMostSegments, std::max<Index>(1, rows / kernels_.lanes)) * kernels_.lanes;
    segments_ = ceil_div(ceil_div(n_, ceil_div(n_, most)), kernels_.lanes);
    blocks_ = ceil_div(n_, block_rows());
  }
  [[nodiscard]] Index block_rows() const { return segments_ * kernels_.lanes; }
  [[nodiscard]] Index segments_of(Index k) const { return std::min(segments_, ceil_div(n_ - k * block_rows(), kernels_.lanes)); }
  [[nodiscard]] Index moves_of_a_block(Index columns) const { return columns * move_words<T>(segments_) * kernels_.lanes; }
  [[nodiscard]] std::int64_t border(Index at, bool free) const {
    return at == 0 || free || scores_.ends.local ? 0 : scores_.open + (at - 1) * static_cast<std::int64_t>(scores_.extend);
  }
  T* top(Index k) { return rows_ + k % kept_ * 2 * (m_ + 1); }
  T* top_gap(Index k) { return top(k) + m_ + 1; }
  T h_at(const StripedBlock<T>& s, Index r) const { return s.h[r % s.segments * kernels_.lanes + r / s.segments]; }

  StripedBlock<T> run(Index k, Index columns, T* moves, bool bottom, std::int64_t best, bool place) {
    const Index begin = k * block_rows(), lanes = kernels_.lanes;
    StripedBlock<T> s;
    s.segments = segments_of(k);
    s.columns = columns;
    s.last = std::min(n_ - begin, s.segments * lanes) - 1;
    profile_.prepare(scores_, kernels_, x_, begin, s.segments);
    auto* symbols = workspace_.take_as<std::uint32_t>(static_cast<std::size_t>(columns), kSymbolsSlot);
    profile_.rows_for(scores_, y_, columns, symbols);
    s.profile = profile_.data();
    s.row = symbols;
    s.open = static_cast<T>(scores_.open);
    s.extend = static_cast<T>(scores_.extend);
    s.lowest = static_cast<T>(lowest_);
    s.zero = static_cast<T>(zero_);
    s.limit = static_cast<T>(std::numeric_limits<T>::max() - std::max(scores_.most, 0));
    s.place = place;
    s.best = static_cast<T>(scores_.ends.local ? best : 0);
    s.top = top(k);
    s.top_gap = top_gap(k);
    s.moves = moves;
    const Index cells = s.segments * lanes;
    s.h = workspace_.take_as<T>(static_cast<std::size_t>(3 * cells + lanes), kStateSlot);
    s.e = s.h + cells;
    s.match = s.e + cells;
    s.carry = s.match + cells;
    for (Index lane = 0, i = begin + 1; lane < lanes; ++lane) {
      // Padding must not leave the range: it repeats the last row's value.
      for (Index t = 0; t < s.segments; ++t, ++i) s.h[t * lanes + lane] = static_cast<T>(zero_ + border(std::min(i, n_), scores_.ends.x_begin));
    }
    std::fill(s.e, s.e + cells, s.lowest);
    std::fill(s.carry, s.carry + lanes, s.lowest);
    if (bottom) {
      s.bottom = top(k + 1);
      s.bottom_gap = top_gap(k + 1);
      s.bottom[0] = static_cast<T>(zero_ + border(begin + s.last + 1, scores_.ends.x_begin));
      s.bottom_gap[0] = s.lowest;
    }
    const auto kernel = kernels_.run[scores_.ends.local][scores_.open == scores_.extend][moves != nullptr];
    const Index piece = std::max<Index>(1, kPollStripedCells / cells);
    for (Index at = 0; at < columns && !s.overflow; at += piece) {
      kernel(s, at, std::min(columns, at + piece));
      poll_interrupt();
    }
    return s;
  }

  const T* recompute(Index k, Index columns) {
    T* moves = workspace_.take_as<T>(static_cast<std::size_t>(moves_of_a_block(columns)), kMovesSlot);
    run(k, columns, moves, false, std::numeric_limits<T>::max(), false);  // no search for the best cell
    return moves;
  }

  const IntegerScores& scores_;
  const StripedKernels<T>& kernels_;
  const Sequence &x_, &y_;
  StripedProfile<T>& profile_;
  Workspace& workspace_;
  Index n_, m_;
  Index segments_ = 0, blocks_ = 0, kept_ = 2;
  std::int64_t zero_ = 0, lowest_ = 0;
  T* rows_ = nullptr;
  T* moves_ = nullptr;
};

/// Calls use(StripedBlocks) with wider and wider integers, until one gives a result.
template <class Use>
auto narrowest(const IntegerScores& scores, const StripedTable& table, const Sequence& x, const Sequence& y, IntegerProfiles& profiles,
               Workspace& workspace, Use use) {
  StripedBlocks<std::int8_t> i8(scores, table.i8, x, y, profiles.i8, workspace);
  auto found = i8.fits() ? use(i8) : decltype(use(i8)){};
  if (found) return found;
  StripedBlocks<std::int16_t> i16(scores, table.i16, x, y, profiles.i16, workspace);
  if (i16.fits()) found = use(i16);
  if (found) return found;
  StripedBlocks<std::int32_t> i32(scores, table.i32, x, y, profiles.i32, workspace);
  if (i32.fits()) found = use(i32);
  return found;
}

}  // namespace

std::optional<double> integer_score(const IntegerScores& scores, const StripedTable& table, const Sequence& x, const Sequence& y,
                                    IntegerProfiles& profiles, Workspace& workspace) {
  return narrowest(scores, table, x, y, profiles, workspace, [&scores](auto& blocks) -> std::optional<double> {
    const std::optional<Place> end = blocks.forward(false, false);
    if (!end) return std::nullopt;
    return static_cast<double>(end->value) * scores.unit;
  });
}

std::optional<Path> integer_path(const IntegerScores& scores, const StripedTable& table, const Sequence& x, const Sequence& y,
                                 std::size_t memory_limit, IntegerProfiles& profiles, Workspace& workspace) {
  return narrowest(scores, table, x, y, profiles, workspace, [memory_limit](auto& blocks) -> std::optional<Path> {
    const bool all_at_once = blocks.bytes_of_moves() <= memory_limit;
    if (!all_at_once) {
      blocks.within(memory_limit);
      if (!blocks.fits()) return std::nullopt;
    }
    const std::optional<Place> end = blocks.forward(all_at_once, !all_at_once);
    if (!end) return std::nullopt;
    return blocks.back(*end);
  });
}

}  // namespace plait::align::detail
