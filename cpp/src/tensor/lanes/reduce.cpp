// Reductions block by block. A slab reduces to `inner` results: middle rows of inner elements. Accumulators belong to the current slab; slabs that
// cross the ends of a task are left in its head (started in an earlier task) or tail (continued in a later one) for combine_tasks.
#include <algorithm>
#include <cstring>

#include "run.hpp"

namespace plait::tensor {

namespace {

constexpr Index kAccumulator = 8;  // bytes

}  // namespace

void clear_accumulators(const LaneReduction& r, std::byte* accumulators, Index n) {
  auto* bits = reinterpret_cast<std::uint64_t*>(accumulators);
  for (Index i = 0; i < n; ++i) bits[i] = r.identity;
}

/// Elements [offset, offset + n) of a slab.
void LaneWorker::accumulate(const LaneReduction& r, const std::byte* x, Index offset, Index n) {
  std::byte* accumulators = base_ + r.accumulators;
  if (r.inner == 1) {
    std::byte* part = base_ + r.results;
    r.runs(x, n, 1, part);
    r.combine(accumulators, part, 1, 1, 1);
    return;
  }
  const Index column = offset % r.width;
  if (column > 0) {
    const Index head = std::min(r.width - column, n);
    // Part of a row: handled as a row of its own.
    r.columns(accumulators + column * kAccumulator, x, 1, head, 1);
    x += head * pass_.width;
    n -= head;
  }
  const Index rows = n / r.width;
  if (rows > 0) r.columns(accumulators, x, rows, r.width, 1);
  if (const Index rest = n - rows * r.width; rest > 0) r.columns(accumulators, x + rows * r.width * pass_.width, 1, rest, 1);
}

void LaneWorker::reduce(const LaneReduction& r, Index begin, Index n) {
  const auto* x = static_cast<const std::byte*>(slots_[r.slot]);
  std::byte* accumulators = base_ + r.accumulators;
  Index slab = begin / r.slab, offset = begin - slab * r.slab;
  while (n > 0) {
    const Index whole = offset == 0 ? n / r.slab : 0;
    if (whole > 0) {
      std::byte* results = base_ + r.results;
      if (r.inner == 1) {
        r.runs(x, r.slab, whole, results);
      } else {
        clear_accumulators(r, results, whole * r.inner);
        r.columns(results, x, r.middle, r.inner, whole);
      }
      r.store(results, static_cast<std::byte*>(call_.outputs[r.index]) + slab * r.inner * r.element, 0, 1, 1, whole * r.inner);
      x += whole * r.slab * pass_.width;
      n -= whole * r.slab;
      begin += whole * r.slab;
      slab += whole;
      continue;
    }
    if (offset == 0 || begin == begin_) clear_accumulators(r, accumulators, r.width);
    const Index step = std::min(n, r.slab - offset);
    accumulate(r, x, offset, step);
    x += step * pass_.width;
    n -= step;
    offset += step;
    begin += step;
    if (offset == r.slab) {
      finish_slab(r, slab);
      ++slab;
      offset = 0;
    }
  }
}

void LaneWorker::finish_slab(const LaneReduction& r, Index slab) {
  std::byte* accumulators = base_ + r.accumulators;
  if (r.width > r.inner) r.combine(accumulators, accumulators + r.inner * kAccumulator, r.width / r.inner - 1, r.inner, 1);
  if (slab * r.slab >= begin_) {
    r.store(accumulators, static_cast<std::byte*>(call_.outputs[r.index]) + slab * r.inner * r.element, 0, 1, 1, r.inner);
  } else {
    std::memcpy(call_.scratch + r.heads + static_cast<std::size_t>(task_ * r.inner * kAccumulator), accumulators,
                static_cast<std::size_t>(r.inner * kAccumulator));
  }
}

void LaneWorker::leave_unfinished(const LaneReduction& r, Index task, Index end) {
  const Index slab = end / r.slab;
  if (slab * r.slab == end) return;
  std::byte* accumulators = base_ + r.accumulators;
  if (r.width > r.inner) r.combine(accumulators, accumulators + r.inner * kAccumulator, r.width / r.inner - 1, r.inner, 1);
  const std::size_t area = slab * r.slab >= begin_ ? r.tails : r.heads;
  std::memcpy(call_.scratch + area + static_cast<std::size_t>(task * r.inner * kAccumulator), accumulators,
              static_cast<std::size_t>(r.inner * kAccumulator));
}

void LaneWorker::reduce_stripe(const LaneReduction& r, Index n) { r.columns(base_ + r.accumulators, slots_[r.slot], 1, n, 1); }

void LaneWorker::stripes(Index task) {
  const LaneCut& cut = pass_.cut;
  start(0, pass_.count, 0);
  for (const LaneReduction& r : pass_.reductions)
    if (!r.striped) clear_accumulators(r, base_ + r.accumulators, 1);
  const Index last = std::min(cut.outer * cut.stripes, (task + 1) * cut.units_per_task);
  for (Index unit = task * cut.units_per_task; unit < last; ++unit) {
    const Index slab = unit / cut.stripes, column = (unit - slab * cut.stripes) * cut.block, n = std::min(cut.block, cut.inner - column);
    for (const LaneReduction& r : pass_.reductions)
      if (r.striped) clear_accumulators(r, base_ + r.accumulators, n);
    for (Index row = 0; row < cut.middle; ++row) block((slab * cut.middle + row) * cut.inner + column, n);
    for (const LaneReduction& r : pass_.reductions)
      if (r.striped)
        r.store(base_ + r.accumulators, static_cast<std::byte*>(call_.outputs[r.index]) + (slab * cut.inner + column) * r.element, 0, 1, 1, n);
  }
  for (const LaneReduction& r : pass_.reductions)
    if (!r.striped) std::memcpy(call_.scratch + r.heads + static_cast<std::size_t>(task * kAccumulator), base_ + r.accumulators, kAccumulator);
}

void combine_tasks(const LaneCall& call) {
  const LanePass& pass = call.pass;
  if (pass.cut.tasks == 1 && !pass.cut.striped) return;
  for (const LaneReduction& r : pass.reductions) {
    if (r.striped) continue;
    std::byte* carry = call.scratch + pass.shared_bytes + r.accumulators;  // of the first worker, which has finished
    const auto bytes = static_cast<std::size_t>(r.inner * kAccumulator);
    if (pass.cut.striped) {
      clear_accumulators(r, carry, 1);
      for (Index t = 0; t < pass.cut.tasks; ++t) r.combine(carry, call.scratch + r.heads + static_cast<std::size_t>(t) * bytes, 1, 1, 1);
      r.store(carry, call.outputs[r.index], 0, 1, 1, 1);
      continue;
    }
    for (Index t = 0; t < pass.cut.tasks; ++t) {
      const Index begin = t * pass.cut.task_elements, end = std::min(pass.count, begin + pass.cut.task_elements);
      const Index first = begin / r.slab;
      if (first * r.slab < begin) {
        r.combine(carry, call.scratch + r.heads + static_cast<std::size_t>(t) * bytes, 1, r.inner, 1);
        if ((first + 1) * r.slab <= end)
          r.store(carry, static_cast<std::byte*>(call.outputs[r.index]) + first * r.inner * r.element, 0, 1, 1, r.inner);
      }
      const Index last = end / r.slab * r.slab;
      if (last < end && last >= begin) std::memcpy(carry, call.scratch + r.tails + static_cast<std::size_t>(t) * bytes, bytes);
    }
  }
}

}  // namespace plait::tensor
