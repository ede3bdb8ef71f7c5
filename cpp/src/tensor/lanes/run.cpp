#include "run.hpp"

#include <algorithm>
#include <cstring>

namespace plait::tensor {

// Everything constant over blocks: fixed pointers, uniform values, periodic rows.
void LaneWorker::start(Index begin, Index length, Index origin) {
  begin_ = begin;
  origin_ = origin;
  const auto base = reinterpret_cast<std::uintptr_t>(base_);
  const std::size_t n = pass_.slots.size();
  for (std::size_t s = 0; s < n; ++s) slots_[s] = reinterpret_cast<void*>(pass_.slots[s].value + (pass_.slots[s].relative & base));
  for (const LanePointedInput& in : pass_.pointed) slots_[in.slot] = const_cast<void*>(call_.inputs[in.index]);
  for (const LanePassInput& in : pass_.scalars) in.load(call_.inputs[in.index], 0, 0, slots_[in.slot], 1, 1);
  for (const LaneStep& s : pass_.uniform_steps) s.loop(slots_[s.a], slots_[s.b], slots_[s.c], slots_[s.e], slots_[s.d], 1);
  const Index block = std::min(length, pass_.cut.block);
  for (const LaneStep& s : pass_.spreads) s.loop(slots_[s.a], slots_[s.b], slots_[s.c], slots_[s.e], slots_[s.d], block);
  for (const LanePassInput& in : pass_.periodic) {
    // One period from `origin` on, then copies of it.
    const Index all = length <= block ? length : block + in.period;
    Index done = std::min(in.period, all);
    in.view.read(call_.inputs[in.index], origin, done, in.load, slots_[in.slot], pass_.width);
    auto* buffer = static_cast<std::byte*>(slots_[in.slot]);
    for (Index more = 0; done < all; done += more) {
      more = std::min(done, all - done);
      std::memcpy(buffer + done * pass_.width, buffer, static_cast<std::size_t>(more * pass_.width));
    }
  }
  waiting_ = 0;
  for (std::size_t k = 0; k < pass_.direct.size(); ++k) {
    const LaneDirectOutput& d = pass_.direct[k];
    for (const int reader : d.readers) {
      if (call_.inputs[reader] != call_.outputs[d.index]) continue;
      waiting_ |= std::uint64_t{1} << k;
      slots_[d.slot] = base_ + d.buffer;
    }
  }
}

void LaneWorker::blocks(Index begin, Index end, Index limit) {
  for (Index at = begin; at < end; at += pass_.cut.block) {
    const Index n = std::min(pass_.cut.block, end - at);
    ahead_ = pass_.prefetch ? std::min(n, limit - at - n) : 0;
    block(at, n);
  }
}

// A block reads a page of each array in turn, too little for the hardware prefetcher. So each instruction also prefetches a part of what the next
// block reads and writes.
void LaneWorker::prefetch(Index begin, Index n, std::size_t part, std::size_t parts) const {
  const Index width = pass_.width, first = begin + n + ahead_ * static_cast<Index>(part) / static_cast<Index>(parts),
              last = begin + n + ahead_ * static_cast<Index>(part + 1) / static_cast<Index>(parts);
  for (const LanePointedInput& in : pass_.moving) {
    const auto* p = static_cast<const std::byte*>(call_.inputs[in.index]);
    for (Index i = first * width; i < last * width; i += 64) __builtin_prefetch(p + i, 0, 3);
  }
  for (const LaneDirectOutput& d : pass_.direct) {
    const auto* p = static_cast<const std::byte*>(call_.outputs[d.index]);
    for (Index i = first * width; i < last * width; i += 64) __builtin_prefetch(p + i, 1, 3);
  }
}

void LaneWorker::block(Index begin, Index n) {
  const Index width = pass_.width;
  for (const LanePointedInput& in : pass_.moving)
    slots_[in.slot] = const_cast<std::byte*>(static_cast<const std::byte*>(call_.inputs[in.index]) + begin * width);
  for (std::size_t k = 0; k < pass_.direct.size(); ++k) {
    const LaneDirectOutput& d = pass_.direct[k];
    if ((waiting_ >> k & 1) == 0) slots_[d.slot] = static_cast<std::byte*>(call_.outputs[d.index]) + begin * width;
  }
  if (begin != origin_)
    for (const LanePassInput& in : pass_.periodic) slots_[in.slot] = base_ + in.buffer + (begin - origin_) % in.period * width;
  for (const LanePassInput& in : pass_.loaded) {
    if (in.try_place) {
      slots_[in.slot] = const_cast<void*>(in.view.in_place(call_.inputs[in.index], begin, n));
      if (slots_[in.slot] != nullptr) continue;
    }
    slots_[in.slot] = base_ + in.buffer;
    in.view.read(call_.inputs[in.index], begin, n, in.load, slots_[in.slot], width);
  }
  const std::size_t steps = pass_.steps.size();
  for (std::size_t k = 0; k < steps; ++k) {
    const LaneStep& s = pass_.steps[k];
    if (ahead_ > 0) prefetch(begin, n, k, steps);
    if (s.loop != nullptr) s.loop(slots_[s.a], slots_[s.b], slots_[s.c], slots_[s.e], slots_[s.d], n);
    else pass_.sequences[s.a].loop(slots_, pass_.sequences[s.a].operands.data(), n);
  }
  for (const LaneReduction& r : pass_.reductions) {
    if (r.striped) reduce_stripe(r, n);
    else reduce(r, begin, n);
  }
  for (const LaneStoredOutput& out : pass_.stored) {
    if (out.strided) out.view.write(call_.outputs[out.index], begin, n, out.store, slots_[out.slot], width);
    else out.store(slots_[out.slot], static_cast<std::byte*>(call_.outputs[out.index]) + begin * out.element, 0, 1, 1, n);
  }
  if (waiting_ == 0) return;
  for (std::size_t k = 0; k < pass_.direct.size(); ++k) {
    const LaneDirectOutput& d = pass_.direct[k];
    if ((waiting_ >> k & 1) != 0) d.store(slots_[d.slot], static_cast<std::byte*>(call_.outputs[d.index]) + begin * width, 0, 1, 1, n);
  }
}

void LaneWorker::task(Index task) {
  task_ = task;
  if (pass_.cut.striped) {
    stripes(task);
    return;
  }
  const Index begin = task * pass_.cut.task_elements, end = std::min(pass_.count, begin + pass_.cut.task_elements);
  start(begin, end - begin, begin);
  blocks(begin, end, end);
  for (const LaneReduction& r : pass_.reductions) leave_unfinished(r, task, end);
}

}  // namespace plait::tensor
