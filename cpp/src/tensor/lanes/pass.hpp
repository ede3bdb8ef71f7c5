// A lane program bound to a space: everything that can be decided before the data are known.
// A *slot* stores a block of a register; a running pass keeps one pointer per slot.
// Registers share slots if their lifetimes allow it.
// Contiguous inputs of the program's own type are read in place, outputs of its own type are computed in place, uniform values
// are computed once and read as one element.
#pragma once

#include <cstdint>
#include <vector>

#include "table.hpp"
#include "view.hpp"

namespace plait::tensor {

using LaneSlot = std::uint32_t;

/// One instruction over a block, or a sequence of them: then `loop` is null and `a` is the index of the sequence in the pass.
struct LaneStep {
  LaneLoop loop;
  LaneSlot a, b, c, e, d;
};

struct LaneSequenceStep {
  LaneSequenceLoop loop = nullptr;
  std::vector<LaneSlot> operands;
};

/// The initial pointer of a slot: value, plus the worker's scratch address if `relative` is all ones.
struct LaneSlotStart {
  std::uintptr_t value = 0, relative = 0;
};

/// An input that is read in place.
struct LanePointedInput {
  int index = 0;
  LaneSlot slot = 0;
};

struct LanePassInput {
  int index = 0;
  LaneSlot slot = 0;
  LaneLoad load = nullptr;
  LaneView view;
  Index period = 0;        ///< periodic inputs: their buffer holds a block and a period
  bool try_place = false;  ///< a block inside of one row can be read in place
  std::size_t buffer = 0;  ///< worker scratch
};

/// A stored output that its instruction writes in place.
struct LaneDirectOutput {
  int index = 0;
  LaneSlot slot = 0;
  LaneStore store = nullptr;
  std::vector<int> readers;  ///< inputs read in place after the output is written: if one is the same memory, the output goes to a buffer first
  std::size_t buffer = 0;    ///< worker scratch, if there are readers
};

struct LaneStoredOutput {
  int index = 0;
  LaneSlot slot = 0;
  LaneStore store = nullptr;
  Index element = 0;
  bool strided = false;
  LaneView view{};  ///< layout of a strided output
};

struct LaneReduction {
  int index = 0;
  LaneSlot slot = 0;
  LaneReduceRuns runs = nullptr;
  LaneReduceColumns columns = nullptr;
  LaneReduceColumns combine = nullptr;  ///< combines accumulators of column reductions
  LaneStore store = nullptr;
  std::uint64_t identity = 0;  ///< bits of an accumulator
  Index element = 0;           ///< bytes of a result
  Index outer = 1, middle = 1, inner = 1;
  Index slab = 1;                    ///< middle * inner: elements that reduce to `inner` results
  Index width = 1;                   ///< accumulators of a slab: inner, or several rows side by side when a row is short
  bool striped = false;              ///< the pass runs over stripes of this reduction
  std::size_t accumulators = 0;      ///< worker scratch: width
  std::size_t results = 0;           ///< worker scratch: results of whole slabs in one block
  std::size_t heads = 0, tails = 0;  ///< shared scratch: inner accumulators per task, of slabs that span several tasks
};

/// Tasks are cut by shape alone. Linear: consecutive elements. Striped, for reductions of few long rows: a task takes stripes of columns over all
/// rows, so that there is nothing to combine.
struct LaneCut {
  bool striped = false;
  Index block = 0;  ///< elements
  Index tasks = 1;
  Index task_elements = 0;                                                  ///< linear
  Index outer = 1, middle = 1, inner = 1, stripes = 1, units_per_task = 1;  ///< striped; a unit is one stripe of one slab
};

struct LanePass {
  LanePass() = default;
  LanePass(LanePass&&) = default;  // slots point into constants: moved, never copied
  LanePass& operator=(LanePass&&) = default;

  LaneType type = LaneType::f32;
  Index width = 4;  ///< bytes of an element of that type
  Index count = 0;
  double cost = 0;  ///< ns per element
  LaneCut cut;
  Index memory_bytes = 0;  ///< of the arrays that are streamed
  bool prefetch = false;   ///< several arrays, larger than the second-level cache together

  std::vector<std::uint64_t> constants;  ///< in the program's type
  std::vector<LaneSlotStart> slots;
  std::vector<LanePointedInput> pointed;  ///< uniform, of the program's type: one pointer for the whole run
  std::vector<LanePointedInput> moving;   ///< contiguous, of the program's type: the pointer advances
  std::vector<LanePassInput> scalars;     ///< uniform inputs, converted once
  std::vector<LaneStep> uniform_steps;    ///< run once, on one element
  std::vector<LaneStep> spreads;          ///< run once, on a whole block
  std::vector<LanePassInput> periodic, loaded;
  std::vector<LaneStep> steps;
  std::vector<LaneSequenceStep> sequences;
  std::vector<LaneDirectOutput> direct;
  std::vector<LaneStoredOutput> stored;
  std::vector<LaneReduction> reductions;

  std::size_t worker_bytes = 0, shared_bytes = 0;
};

/// Binds the program with those of its outputs that `which` lists. All sizes are known and none is zero.
LanePass bind_pass(const LaneProgram& program, const Shape& space, const std::vector<LaneInput>& inputs, const std::vector<LaneOutput>& outputs,
                   const std::vector<int>& which, const LaneTables& tables);

/// Rough cost of an instruction in ns per element.
double lane_cost(LaneType type, LaneOp op);

/// True if a column reduction with that many columns runs by stripes; only stores and full reductions can share its pass.
bool reduces_by_stripes(Index inner);

/// Chooses block, tasks and traversal, with `streams` blocks in use at once; fills in cut and the widths of the reductions.
void cut_pass(LanePass& pass, Index streams);

}  // namespace plait::tensor
