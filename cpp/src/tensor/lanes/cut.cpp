// Block size and tasks of a pass: from shape and estimated costs, never from the number of threads.
#include <algorithm>

#include "pass.hpp"
#include "tuning.hpp"

namespace plait::tensor {
namespace {

using namespace tuning;

bool goes_by_stripes(const LaneReduction& r) { return reduces_by_stripes(r.inner); }

Index divide_up(Index a, Index b) { return (a + b - 1) / b; }

/// n in `parts` equal parts, rounded up to whole groups of 16 elements.
Index even_part(Index n, Index parts) { return divide_up(divide_up(n, parts), 16) * 16; }

Index block_for(Index streams, Index width) {
  Index block = kLargestBlock;
  while (block > kSmallestBlock && block * width * streams > kLevelOneBytes) block /= 2;
  return block;
}

void cut_stripes(LanePass& pass, Index block) {
  LaneCut& cut = pass.cut;
  const LaneReduction* main = nullptr;
  for (const LaneReduction& r : pass.reductions)
    if (goes_by_stripes(r)) main = &r;
  cut.striped = true;
  cut.outer = main->outer;
  cut.middle = main->middle;
  cut.inner = main->inner;
  // Few slabs: narrower stripes, for enough tasks.
  while (block > kSmallestStripe && main->outer * divide_up(main->inner, block) < 32) block /= 2;
  cut.block = even_part(main->inner, divide_up(main->inner, block));
  cut.stripes = divide_up(main->inner, cut.block);
  const Index units = cut.outer * cut.stripes;
  const double unit_ns = static_cast<double>(cut.block * cut.middle) * pass.cost;
  const Index wanted = std::clamp<Index>(static_cast<Index>(unit_ns * static_cast<double>(units) / kTaskNs), 1, std::min(units, kMostTasks));
  cut.units_per_task = divide_up(units, wanted);
  cut.tasks = divide_up(units, cut.units_per_task);
  for (LaneReduction& r : pass.reductions) {
    r.striped = goes_by_stripes(r);
    r.width = r.striped ? cut.block : 1;
  }
}

void cut_linear(LanePass& pass, Index block) {
  LaneCut& cut = pass.cut;
  Index smallest_task = 1, slab = 1;
  for (LaneReduction& r : pass.reductions) {
    r.width = r.inner;
    if (r.inner > 1 && r.inner < kWideEnough / 2 && r.middle * r.inner >= 4 * kWideEnough) r.width = kWideEnough / r.inner * r.inner;
    if (r.inner > 1) smallest_task = std::max(smallest_task, 32 * r.inner);
    slab = std::max(slab, r.slab);
  }
  // Blocks are whole rows of the first column reduction.
  Index row = 1;
  for (const LaneReduction& r : pass.reductions)
    if (r.inner > 1 && row == 1) row = r.width;
  if (row > block) block = even_part(row, divide_up(row, block));
  else block -= block % row;
  cut.block = block;

  const double total_ns = static_cast<double>(pass.count) * pass.cost;
  const Index wanted = std::clamp<Index>(static_cast<Index>(total_ns / kTaskNs), 1, kMostTasks);
  Index elements = std::max(divide_up(pass.count, wanted), smallest_task);
  // Tasks of whole slabs if a task holds several of them: nothing to combine afterwards.
  const Index unit = slab <= elements / 4 && slab > 1 ? slab : block;
  elements = divide_up(elements, unit) * unit;
  cut.tasks = divide_up(pass.count, elements);
  cut.task_elements = elements;
}

}  // namespace

bool reduces_by_stripes(Index inner) { return inner > tuning::kStripedColumns; }

void cut_pass(LanePass& pass, Index streams) {
  Index block = block_for(streams, pass.width);
  // Larger than the caches: short pieces of each array in turn come close to the bandwidth of a single pass over all of them.
  if (pass.memory_bytes > tuning::kCacheBytes) block = std::min<Index>(block, tuning::kFarBlockBytes / pass.width);
  if (pass.steps.empty() && pass.moving.size() == 1 && pass.loaded.empty() && pass.reductions.size() == 1 && pass.reductions[0].inner > 1)
    block = tuning::kPlainBlock;
  const bool stripes = std::any_of(pass.reductions.begin(), pass.reductions.end(), goes_by_stripes);
  if (stripes) cut_stripes(pass, std::min(block, tuning::kLargestBlock));
  else cut_linear(pass, block);
}

double lane_cost(LaneType type, LaneOp op) {
#define PLAIT_COST(name, cost, ...) cost,
  constexpr double kCosts[] = {PLAIT_LANE_OPS(PLAIT_COST)};
#undef PLAIT_COST
  constexpr double kIntegerDivision = 4;  // not vectorised
  if (type == LaneType::i64 && op == LaneOp::div) return kIntegerDivision;
  const double ns = kCosts[static_cast<int>(op)];
  return type == LaneType::f32 ? ns : 2 * ns;
}

}  // namespace plait::tensor
