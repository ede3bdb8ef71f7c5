// The hot loops behind lane programs, as tables that each instruction set level exports. Blocks are raw pointers here: which element
// type they hold follows from the table entry. n >= 1 everywhere, and no loop touches memory past n.
#pragma once

#include "plait/base/isa.hpp"
#include "plait/tensor/lanes.hpp"
#include "sequences.hpp"

namespace plait::tensor {

constexpr int kLaneTypes = 3;
constexpr int kDTypes = 5;
constexpr int kReduceKinds = 4;  ///< sum, product, maximum, minimum

/// d[i] = op(a[i], b[i], c[i], e[i]); an operand that is uniform points to one element. d may be any of them. Only pairs have an e.
using LaneLoop = void (*)(const void* a, const void* b, const void* c, const void* e, void* d, Index n);

/// Which operands are uniform, as bits.
constexpr int kUniformA = 1, kUniformB = 2, kUniformC = 4, kUniformE = 8;

struct LaneLoops {
  /// Null where there is no such loop: the planner then swaps commuting operands or spreads the uniform ones over a block.
  LaneLoop (*find)(LaneType type, LaneOp op, int uniform);
};

/// Two instructions in one loop, where the first result is used by the second alone: what is computed is the same to the last bit, the
/// intermediate block is saved.
struct LanePairs {
  /// second(first(a, b), c, e), with the first result at operand `position` of the second and c, e its other operands in order.
  LaneLoop (*find)(LaneType type, LaneOp first, LaneOp second, int position, int uniform);
  /// second(first(a, b), c) + e, likewise; nothing uniform.
  LaneLoop (*find_sum)(LaneType type, LaneOp first, LaneOp second, int position);
};

/// operands: for each block operand, uniform one and output of a sequence, where its pointer stands in `slots`. An output may be where a block
/// operand is.
using LaneSequenceLoop = void (*)(void* const* slots, const std::uint32_t* operands, Index n);

struct LaneSequences {
  LaneSequenceLoop (*find)(LaneType type, const LaneSequence* sequence);  ///< one of sequences.hpp; for both floating types
};

/// destination[r * columns + c] = source[r * row_stride + c * column_stride], converted; strides in elements of the source.
using LaneLoad = void (*)(const void* source, Index row_stride, Index column_stride, void* destination, Index rows, Index columns);
/// The other way: destination[r * row_stride + c * column_stride] = source[r * columns + c]; strides in elements of the destination.
using LaneStore = void (*)(const void* source, void* destination, Index row_stride, Index column_stride, Index rows, Index columns);

struct LaneConversions {
  LaneLoad load[kDTypes][kLaneTypes];
  LaneStore store[kLaneTypes][kDTypes];
};

/// Accumulators are double for both floating types and int64 for integers: a float32 sum over blocks loses nothing that matters.
/// results[r] = the reduction of x[r * n … r * n + n).
using LaneReduceRuns = void (*)(const void* x, Index n, Index count, void* results);
/// accumulators[j] = accumulators[j] op x[j] op x[width + j] op …, over `rows` rows; the same for `count` slabs of rows and their accumulators.
using LaneReduceColumns = void (*)(void* accumulators, const void* x, Index rows, Index width, Index count);

struct LaneReductions {
  LaneReduceRuns runs[kLaneTypes][kReduceKinds];
  LaneReduceColumns columns[kLaneTypes][kReduceKinds];
};

PLAIT_DECLARE_TABLE(LaneLoops, lane_loops)
PLAIT_DECLARE_TABLE(LaneLoops, lane_math_loops)
PLAIT_DECLARE_TABLE(LanePairs, lane_pairs)
PLAIT_DECLARE_TABLE(LaneSequences, lane_sequence_loops)
PLAIT_DECLARE_TABLE(LaneConversions, lane_conversions)
PLAIT_DECLARE_TABLE(LaneReductions, lane_reductions)

/// All tables of one level.
struct LaneTables {
  const LaneLoops& loops;
  const LaneLoops& math;
  const LanePairs& pairs;
  const LaneSequences& sequences;
  const LaneConversions& conversions;
  const LaneReductions& reductions;
};
LaneTables lane_tables(Isa level);

/// The level that kernels made from now on use; tests set it to reach every level in one process.
Isa& lane_isa();

}  // namespace plait::tensor
