// Runs a pass: the state of one worker, block by block.
#pragma once

#include "pass.hpp"

namespace plait::tensor {

/// The caller's pointers and the scratch of all workers: first the shared part, then worker_bytes for each.
struct LaneCall {
  const LanePass& pass;
  const void* const* inputs;
  void* const* outputs;
  std::byte* scratch;
};

class LaneWorker {
 public:
  LaneWorker(const LaneCall& call, int worker)
      : pass_(call.pass),
        call_(call),
        base_(call.scratch + call.pass.shared_bytes + static_cast<std::size_t>(worker) * call.pass.worker_bytes),
        slots_(reinterpret_cast<void**>(base_)) {}

  /// Elements [begin, end), without reductions.
  void range(Index begin, Index end) {
    start(begin, end - begin, begin);
    blocks(begin, end, pass_.count);  // ranges are consecutive: the next one's memory is prefetched while this one is computed
  }
  /// A task of the pass, reductions included; unfinished slabs go to its heads and tails.
  void task(Index task);

 private:
  void start(Index begin, Index length, Index origin);
  /// Prefetches up to `limit`.
  void blocks(Index begin, Index end, Index limit);
  void block(Index begin, Index n);
  void prefetch(Index begin, Index n, std::size_t part, std::size_t parts) const;
  void stripes(Index task);

  void reduce(const LaneReduction& r, Index begin, Index n);
  void reduce_stripe(const LaneReduction& r, Index n);
  void accumulate(const LaneReduction& r, const std::byte* x, Index offset, Index n);
  void finish_slab(const LaneReduction& r, Index slab);
  void leave_unfinished(const LaneReduction& r, Index task, Index end);

  const LanePass& pass_;
  const LaneCall& call_;
  std::byte* base_;
  void** slots_;
  Index begin_ = 0;   ///< of the task or range
  Index origin_ = 0;  ///< element at which the buffers of periodic inputs start
  Index ahead_ = 0;   ///< elements of the next block to prefetch
  Index task_ = 0;
  std::uint64_t waiting_ = 0;  ///< direct outputs that must not be written before the block's inputs are read
};

/// Sets accumulators to the identity.
void clear_accumulators(const LaneReduction& r, std::byte* accumulators, Index n);
/// Combines heads and tails of tasks, in task order.
void combine_tasks(const LaneCall& call);

}  // namespace plait::tensor
