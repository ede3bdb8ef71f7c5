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
  /// Null if there is no such loop: the binder then swaps commuting operands or broadcasts the uniform ones to a block.
  LaneLoop (*find)(LaneType type, LaneOp op, int uniform);
};

/// Two instructions in one loop, if only the second reads the first's result: bit-equal results without the intermediate
/// block.
struct LanePairs {
  /// second(first(a, b), c, e), with the first result at operand `position` of the second and c, e its other operands in order.
  LaneLoop (*find)(LaneType type, LaneOp first, LaneOp second, int position, int uniform);
  /// second(first(a, b), c) + e, likewise; nothing uniform.
  LaneLoop (*find_sum)(LaneType type, LaneOp first, LaneOp second, int position);
};

/// operands: the index in `slots` of each block operand, uniform operand and output of a sequence. An output may be the same memory as a block
/// operand.
using LaneSequenceLoop = void (*)(void* const* slots, const std::uint32_t* operands, Index n);

struct LaneSequences {
  LaneSequenceLoop (*find)(LaneType type, const LaneSequence* sequence);  ///< one of sequences.hpp; for both floating types
};

/// destination[r * columns + c] = source[r * row_stride + c * column_stride], converted; strides in elements of the source.
using LaneLoad = void (*)(const void* source, Index row_stride, Index column_stride, void* destination, Index rows, Index columns);
/// The inverse: destination[r * row_stride + c * column_stride] = source[r * columns + c]; strides in elements of the destination.
using LaneStore = void (*)(const void* source, void* destination, Index row_stride, Index column_stride, Index rows, Index columns);

struct LaneConversions {
  LaneLoad load[kDTypes][kLaneTypes];
  LaneStore store[kLaneTypes][kDTypes];
};

/// Accumulators are double for both floating types and int64 for integers: the rounding error of float32 sums over blocks is negligible.
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

/// The level for kernels made from now on; tests set it to test every level in one process.
Isa& lane_isa();

}  // namespace plait::tensor
