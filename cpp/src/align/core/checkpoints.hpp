// Checkpointing: a recursion whose moves do not fit into memory runs forward once and saves its state before each block of steps; then, from the last
// block to the first, each block is recomputed with moves (Hirschberg 1975 divides recursively instead). A step is the unit that a family computes
// at once: a row, a tile, an anti-diagonal.
#pragma once

#include <algorithm>
#include <cmath>

#include "plait/tensor/shape.hpp"

namespace plait::align::detail {

using namespace tensor;

class Checkpoints {
 public:
  /// Blocks of `every` steps; there is at least one, which may be empty.
  Checkpoints(Index steps, Index every) : Checkpoints(steps, every, every) {}
  /// The last block, whose moves are available when the traceback begins, has up to `most_at_end` steps, if that is more.
  Checkpoints(Index steps, Index every, Index most_at_end)
      : steps_(steps),
        every_(std::clamp<Index>(every, 1, std::max<Index>(steps, 1))),
        blocks_(1 + std::max<Index>(0, steps - std::max(every_, most_at_end) + every_ - 1) / every_) {}

  /// The fewest blocks such that the moves of one and the states before all others take at most `limit` bytes; if there are none, the number that
  /// minimises the memory, which is sqrt(move_bytes / state_bytes). move_bytes: of all steps.
  static Checkpoints within(std::size_t limit, Index steps, double move_bytes, double state_bytes) {
    const Index best = static_cast<Index>(std::ceil(std::sqrt(move_bytes / state_bytes))), most = std::max<Index>(1, std::min(steps, best));
    const auto needed = [&](Index blocks) { return move_bytes / static_cast<double>(blocks) + state_bytes * static_cast<double>(blocks - 1); };
    Index blocks = 1;
    while (blocks < most && needed(blocks) > static_cast<double>(limit)) ++blocks;
    return {steps, (steps + blocks - 1) / blocks};
  }

  [[nodiscard]] Index every() const { return every_; }
  [[nodiscard]] Index blocks() const { return blocks_; }
  [[nodiscard]] Index last() const { return blocks() - 1; }
  [[nodiscard]] Index block_of(Index step) const { return std::min(step / every_, last()); }
  [[nodiscard]] Index begin(Index block) const { return block * every_; }
  [[nodiscard]] Index end(Index block) const { return block == last() ? steps_ : begin(block + 1); }

  /// keep(b): saves the state before block b. run(b, moves): runs its steps, with moves for the last block alone.
  template <class Keep, class Run>
  void forward(Keep&& keep, Run&& run) const {
    for (Index block = 0; block < blocks(); ++block) {
      keep(block);
      run(block, block == last());
    }
  }
  /// From block `from` to the first: restore(b) and run(b, true), skipped for `from` itself if its moves are available; then back(b),
  /// which is false once the start of the path is found.
  template <class Restore, class Run, class Back>
  void backward(Index from, bool at_hand, Restore&& restore, Run&& run, Back&& back) const {
    for (Index block = from; block >= 0; --block) {
      if (block < from || !at_hand) {
        restore(block);
        run(block, true);
      }
      if (!back(block)) return;
    }
  }

 private:
  Index steps_, every_, blocks_;
};

}  // namespace plait::align::detail
