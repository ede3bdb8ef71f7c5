// Lane programs: straight-line elementwise programs over vectors of lanes. The fuse pass compiles elementwise chains to them, and traced rank
// functors of alignments run as such along anti-diagonals: one evaluator to optimise.
//
// Evaluation goes block by block (a block of every live register fits the first-level cache), one instruction over the whole block
// at a time, or two where a chain allows it. Inputs that broadcast are expanded block by block; outputs are stored or reduced. The cut into
// blocks and tasks depends on shapes alone, so results are bit-equal for any number of threads. The result of an element does not depend on its
// position in a block, nor on what else the program computes. Between instruction sets multiply_add (fused or not), the mathematical functions and
// the order of sums may differ in the last bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "plait/tensor/dtype.hpp"
#include "plait/tensor/lane_ops.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::tensor {

/// What a register holds. Booleans are 0 and 1 of the program's type; int32 is computed as i64. Integers wrap; x / 0 and the smallest
/// integer / -1 give 0; ops without an integer meaning (exp, sqrt, reciprocal, pow, …) throw DTypeError. A floating value that an
/// integer dtype cannot hold, NaN included, is stored as the smallest integer; as bool, everything but 0 is true.
enum class LaneType : std::uint8_t { f32, f64, i64 };

enum class LaneOp : std::uint8_t { PLAIT_LANE_OPS(PLAIT_ROW_NAME) };
constexpr int kUnaryLaneOps = 0 PLAIT_UNARY_LANE_OPS(PLAIT_ROW_COUNT), kBinaryLaneOps = 0 PLAIT_BINARY_LANE_OPS(PLAIT_ROW_COUNT);
constexpr int arity(LaneOp op) {
  const int i = static_cast<int>(op);
  return i < kUnaryLaneOps ? 1 : i < kUnaryLaneOps + kBinaryLaneOps ? 2 : 3;
}
const char* name_of(LaneOp op);

/// dst is implied: instruction i writes register inputs + constants + i. a, b, c are earlier registers (unused ones 0).
struct LaneInstruction {
  LaneOp op;
  std::uint16_t a = 0, b = 0, c = 0;
};

/// Registers 0 … inputs-1 are the inputs, then the constants, then one per instruction (SSA; the kernel reuses storage itself).
struct LaneProgram {
  LaneType type = LaneType::f32;
  int inputs = 0;
  std::vector<double> constants;
  std::vector<LaneInstruction> code;
  std::vector<std::uint16_t> outputs;  ///< registers
};

/// How an input is read: element (i0, i1, …) of the iteration space is at data[i0*strides[0] + i1*strides[1] + …]; stride 0 broadcasts.
struct LaneInput {
  DType dtype = DType::float32;
  Shape strides;  ///< in elements, one per dimension of the iteration space
};

/// What happens to an output register. Sums and products of either floating type are accumulated across blocks in double; a NaN anywhere
/// makes a maximum or minimum NaN.
struct LaneOutput {
  enum class Kind : std::uint8_t { store, sum, product, maximum, minimum };
  DType dtype = DType::float32;
  Kind kind = Kind::store;
  /// For reductions: which part of the iteration space is reduced, with the space seen as (outer, middle, inner) and the middle reduced:
  /// the result is row-major (outer, inner). (outer, n, 1) reduces the last axes, (1, n, inner) the first ones, (1, n, 1) everything.
  Index outer = 1, inner = 1;
  /// For stores: strides in elements, one per dimension of the iteration space; empty: row-major and contiguous.
  Shape strides{};
};

/// A lane program bound to an iteration space. Immutable; run() may be called from several threads with different scratch.
class LaneKernel {
 public:
  LaneKernel(const LaneProgram& program, const Shape& space, const std::vector<LaneInput>& inputs, std::vector<LaneOutput> outputs);
  ~LaneKernel();
  LaneKernel(LaneKernel&&) noexcept;
  LaneKernel& operator=(LaneKernel&&) noexcept;

  /// Bytes of scratch that run() needs (64-byte aligned) when called with up to `threads` threads.
  [[nodiscard]] std::size_t scratch_bytes(int threads) const;

  /// The whole space. inputs[k] and outputs[k] are base pointers. A stored output may be the same memory as an input that is read
  /// at the same elements (in place; also two that are swapped); no other overlap is allowed. Runs in parallel from about 20 µs of work. May throw
  /// Interrupted when it takes more than one task. Space of size zero: sums are 0, products 1, max/min untouched.
  void run(const void* const* inputs, void* const* outputs, void* scratch, int threads) const;

  /// Elements [begin, end) of the row-major space, on the calling thread: for matmul epilogues. Only for kernels without reductions.
  /// scratch: scratch_bytes(1).
  void run_range(const void* const* inputs, void* const* outputs, Index begin, Index end, void* scratch) const;

  /// Rough cost in ns per element on one thread, for choosing the number of threads.
  [[nodiscard]] double cost_per_element() const;

 private:
  struct Plan;
  std::unique_ptr<Plan> plan_;
};

}  // namespace plait::tensor
