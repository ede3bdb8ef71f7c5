// The arrays of the diagonal kernel, and the traceback through checkpointed blocks of diagonals.
#include "align/pairwise/diagonals.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "align/core/checkpoints.hpp"
#include "align/core/traceback.hpp"
#include "align/tuning.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align::detail {
namespace {

using tuning::kPollDiagonalCells;
constexpr int kArrays = 9;  ///< of doubles: two diagonals of three values, three of the best

enum Slot { kStateSlot, kMovesSlot, kSymbolsSlot, kKeptSlot };

class Diagonals {
 public:
  Diagonals(const PairwiseOptions& options, const PairwiseDiagonalTable& table, const Sequence& x, const Sequence& y, Workspace& workspace)
      : options_(options), table_(table), workspace_(workspace), n_(x.length), m_(y.length) {
    const Similarity& similarity = options.similarity;
    auto* symbols = workspace.take_as<std::int32_t>(static_cast<std::size_t>(n_ + m_), kSymbolsSlot);
    const Index stride = std::max<Index>(1, similarity.size);
    for (Index i = 0; i < n_; ++i) symbols[i] = static_cast<std::int32_t>(x.symbol(i) * stride);
    for (Index j = 0; j < m_; ++j) symbols[n_ + j] = static_cast<std::int32_t>(y.symbol(m_ - 1 - j));
    s_.n = n_;
    s_.m = m_;
    s_.x = symbols;
    s_.y = symbols + n_;
    if (similarity.size > 0) s_.matrix = similarity.matrix.data();
    s_.equal = similarity.match;
    s_.different = similarity.mismatch;
    s_.open = options.open;
    s_.extend = options.extend;
    s_.x_begin = options.ends.x_begin;
    s_.y_begin = options.ends.y_begin;
    s_.local = options.ends.local;
    const Index length = n_ + 1;
    state_ = workspace.take_as<double>(static_cast<std::size_t>((kArrays + 3) * length + m_ + 1 + std::max(n_, m_) + 1), kStateSlot);
    std::fill(state_, state_ + kArrays * length, kWorst<Order::maximum>);
    for (int p = 0; p < 2; ++p) {
      s_.match[p] = state_ + p * length;
      s_.deletion[p] = state_ + (2 + p) * length;
      s_.insertion[p] = state_ + (4 + p) * length;
    }
    for (int p = 0; p < 3; ++p) s_.h[p] = state_ + (6 + p) * length;
    s_.last_column = state_ + kArrays * length;
    s_.best = s_.last_column + length;
    s_.last_row = s_.best + length;
    double* gaps = s_.last_row + m_ + 1;
    for (Index k = 0; k <= std::max(n_, m_); ++k) gaps[k] = options.open + static_cast<double>(k - 1) * options.extend;
    s_.gaps = gaps;
    s_.where = reinterpret_cast<std::int32_t*>(gaps + std::max(n_, m_) + 1);
    std::fill(s_.best, s_.best + length, 0.0);
  }

  struct End {
    double score = kWorst<Order::maximum>;
    Index i = 0, j = 0;
  };

  /// Runs all diagonals; saves the state before each block but the last, whose moves are stored if it is the only one.
  End forward(const Checkpoints& checkpoints) {
    const bool one = checkpoints.blocks() == 1;
    const std::size_t bytes = state_bytes();
    if (!one) kept_ = workspace_.take(static_cast<std::size_t>(checkpoints.blocks()) * bytes, kKeptSlot);
    checkpoints.forward(
        [&](Index b) {
          if (!one) std::memcpy(kept_ + static_cast<std::size_t>(b) * bytes, state_, bytes);
        },
        [&](Index b, bool) { run(checkpoints.begin(b), checkpoints.end(b)); });
    End best;
    const auto offer = [&best](double score, Index i, Index j) {
      if (score > best.score) best = {score, i, j};
    };
    if (options_.ends.local) {
      best.score = 0;
      for (Index i = 1; i <= n_; ++i) offer(s_.best[i], i, s_.where[i] - i);
      return best;
    }
    for (Index i = 0; i < n_ && options_.ends.x_end; ++i) offer(s_.last_column[i], i, m_);
    for (Index j = options_.ends.y_end ? 0 : m_; j <= m_; ++j) offer(s_.last_row[j], n_, j);
    return best;
  }

  /// Score and path. Moves take one byte a cell.
  Path path(std::size_t memory_limit) {
    const std::size_t row = static_cast<std::size_t>(n_ + 1);
    const Checkpoints checkpoints = Checkpoints::within(memory_limit, diagonals(), static_cast<double>(diagonals()) * static_cast<double>(row),
                                                        static_cast<double>(state_bytes()));
    const bool one = checkpoints.blocks() == 1;
    auto* const moves = workspace_.take_as<std::uint8_t>(static_cast<std::size_t>(checkpoints.every()) * row, kMovesSlot);
    if (one) s_.moves = moves;
    const End end = forward(checkpoints);
    s_.moves = moves;
    Traceback traceback(end.i, end.j);
    Move state = Move::none;
    checkpoints.backward(
        checkpoints.block_of(end.i + end.j), one,
        [&](Index b) { std::memcpy(state_, kept_ + static_cast<std::size_t>(b) * state_bytes(), state_bytes()); },
        [&](Index b, bool) {
          s_.first = checkpoints.begin(b);
          run(s_.first, traceback.i() + traceback.j() + 1);
        },
        [&](Index) {
          while (traceback.i() > 0 && traceback.j() > 0) {
            const Index d = traceback.i() + traceback.j();
            if (d < s_.first) return true;
            const int byte = s_.moves[(d - s_.first) * (n_ + 1) + traceback.i()];
            if (state == Move::none) state = static_cast<Move>(byte & 3);
            if (state == Move::match && (byte & kBegins) != 0) return false;
            traceback.step(state);
            // A match follows the best state of its cell.
            state = state == Move::deletion    ? static_cast<Move>(byte >> kBeforeDeletion & 3)
                    : state == Move::insertion ? static_cast<Move>(byte >> kBeforeInsertion & 3)
                                               : Move::none;
          }
          return false;
        });
    return {end.score, traceback.finish(options_.ends)};
  }

 private:
  [[nodiscard]] Index diagonals() const { return n_ + m_ + 1; }
  [[nodiscard]] std::size_t state_bytes() const { return static_cast<std::size_t>(kArrays * (n_ + 1)) * sizeof(double); }

  void run(Index begin, Index end) {
    const Index piece = std::max<Index>(1, kPollDiagonalCells / (std::min(n_, m_) + 1));
    for (Index d = begin; d < end; d += piece) {
      table_.run(s_, d, std::min(end, d + piece));
      poll_interrupt();
    }
  }

  const PairwiseOptions& options_;
  const PairwiseDiagonalTable& table_;
  Workspace& workspace_;
  Index n_, m_;
  PairwiseDiagonals s_;
  double* state_ = nullptr;
  std::byte* kept_ = nullptr;
};

}  // namespace

double diagonal_score(const PairwiseOptions& options, const PairwiseDiagonalTable& table, const Sequence& x, const Sequence& y,
                      Workspace& workspace) {
  Diagonals diagonals(options, table, x, y, workspace);
  return diagonals.forward({x.length + y.length + 1, x.length + y.length + 1}).score;
}

Path diagonal_path(const PairwiseOptions& options, const PairwiseDiagonalTable& table, const Sequence& x, const Sequence& y, std::size_t memory_limit,
                   Workspace& workspace) {
  return Diagonals(options, table, x, y, workspace).path(memory_limit);
}

}  // namespace plait::align::detail
