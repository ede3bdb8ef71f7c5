// Costs, and the layout of a worker's scratch.
#include "binder.hpp"
#include "plait/base/cache.hpp"
#include "tuning.hpp"

namespace plait::tensor {
namespace {

std::size_t reserve(std::size_t& end, Index bytes) {
  const std::size_t at = end;
  end += (static_cast<std::size_t>(bytes) + 63) / 64 * 64;
  return at;
}

/// Blocks must not be a multiple of a page apart: 4K aliasing makes a load wait for an unrelated store with the same low address bits.
std::size_t reserve_block(std::size_t& end, Index elements, Index width) {
  const Index bytes = elements * width;
  return reserve(end, bytes % 4096 == 0 ? bytes + 192 : bytes);
}

}  // namespace

void LaneBinder::estimate_cost() {
  using namespace tuning;
  pass_.cost = (pass_.width == 4 ? kStreamNs : 2 * kStreamNs) * static_cast<double>(pass_.moving.size() + pass_.direct.size());
  pass_.cost += kConvertNs * static_cast<double>(pass_.loaded.size() + pass_.stored.size());
  pass_.cost += kPeriodicNs * static_cast<double>(pass_.periodic.size()) + kReduceNs * static_cast<double>(pass_.reductions.size());
  for (std::size_t r = first_instruction(); r < registers_; ++r)
    if (live_[r] != 0 && uniform_[r] == 0) pass_.cost += lane_cost(program_.type, code_of(r).op);
  for (const Sequence& sequence : sequences_)  // the loads and stores of a loop are counted once
    pass_.cost -= static_cast<double>(sequence.length - 1) * lane_cost(program_.type, LaneOp::copy);
  const auto arrays = static_cast<Index>(pass_.moving.size() + pass_.direct.size());
  pass_.memory_bytes = arrays * pass_.count * pass_.width;
  pass_.prefetch = arrays > 2 && pass_.memory_bytes > second_level_cache();
}

void LaneBinder::lay_out() {
  std::size_t end = 0;
  const LaneCut& cut = pass_.cut;
  reserve(end, static_cast<Index>(slots_.size() * sizeof(void*)));
  pass_.slots.resize(slots_.size());
  std::vector<std::size_t> at(slots_.size(), 0);
  std::size_t constant = 0;
  for (std::size_t s = 0; s < slots_.size(); ++s) {
    if (slots_[s].storage == Storage::constant) pass_.slots[s] = {reinterpret_cast<std::uintptr_t>(&pass_.constants[constant++]), 0};
    if (slots_[s].storage != Storage::scalar) continue;
    at[s] = end;
    end += 8;
  }
  end = (end + 63) / 64 * 64;
  for (std::size_t s = 0; s < slots_.size(); ++s)
    if (slots_[s].storage == Storage::block) at[s] = reserve_block(end, cut.block + slots_[s].extra, pass_.width);
  for (std::size_t s = 0; s < slots_.size(); ++s)
    if (slots_[s].storage == Storage::scalar || slots_[s].storage == Storage::block) pass_.slots[s] = {at[s], ~std::uintptr_t{0}};
  for (LanePassInput& in : pass_.periodic) in.buffer = at[in.slot];
  for (LanePassInput& in : pass_.loaded) in.buffer = at[buffer_of_[static_cast<std::size_t>(in.index)]];
  for (LaneDirectOutput& d : pass_.direct)
    if (!d.readers.empty()) d.buffer = reserve_block(end, cut.block, pass_.width);
  for (LaneReduction& r : pass_.reductions) {
    r.accumulators = reserve(end, r.width * 8);
    r.results = reserve(end, std::max<Index>(1, cut.block / r.slab) * r.inner * 8);
  }
  pass_.worker_bytes = end;
  end = 0;
  if (cut.tasks > 1 || cut.striped) {
    for (LaneReduction& r : pass_.reductions) {
      if (r.striped) continue;
      r.heads = reserve(end, cut.tasks * r.inner * 8);
      r.tails = reserve(end, cut.tasks * r.inner * 8);
    }
  }
  pass_.shared_bytes = end;
}

}  // namespace plait::tensor
