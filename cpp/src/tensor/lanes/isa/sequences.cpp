// One loop per sequence and floating type, instantiated from the rows of lanes/sequences.hpp.
// Compiled without contraction: a product is rounded before it is added, as by separate instructions.
#include "tensor/lanes/sequences.hpp"

#include "operations.hpp"
#include "plait/tensor/vector.hpp"
#include "tensor/lanes/table.hpp"

namespace plait::tensor {
namespace PLAIT_ISA_NS {
namespace {

template <LaneOp op, class T>
PLAIT_INLINE T apply(T a, T b) {
  if constexpr (op == LaneOp::add) return Add::of(a, b);
  else if constexpr (op == LaneOp::sub) return Sub::of(a, b);
  else if constexpr (op == LaneOp::mul) return Mul::of(a, b);
  else if constexpr (op == LaneOp::div) return Div::of(a, b);
  else if constexpr (op == LaneOp::square) return Square::of(a);
  else {
    static_assert(op == LaneOp::sqrt);
    return Sqrt::of(a);
  }
}

template <const LaneSequence& s, int k, class T>
PLAIT_INLINE void evaluate(T* x) {
  if constexpr (k < s.length) {
    x[s.first() + k] = apply<s.code[k].op>(x[s.code[k].a], x[s.code[k].b]);
    evaluate<s, k + 1>(x);
  }
}

template <class T, const LaneSequence& s>
void loop(void* const* slots, const std::uint32_t* operands, Index n) {
  const T* from[s.blocks];
  T uniform[s.uniforms + 1];
  T* to[s.outputs];
#pragma GCC unroll 16
  for (int k = 0; k < s.blocks; ++k) from[k] = static_cast<const T*>(slots[operands[k]]);
#pragma GCC unroll 16
  for (int k = 0; k < s.uniforms; ++k) uniform[k] = *static_cast<const T*>(slots[operands[s.blocks + k]]);
#pragma GCC unroll 16
  for (int k = 0; k < s.outputs; ++k) to[k] = static_cast<T*>(slots[operands[s.first() + k]]);
#pragma GCC ivdep
  for (Index i = 0; i < n; ++i) {
    T x[s.registers()];
#pragma GCC unroll 16
    for (int k = 0; k < s.blocks; ++k) x[k] = from[k][i];
#pragma GCC unroll 16
    for (int k = 0; k < s.uniforms; ++k) x[s.blocks + k] = uniform[k];
    evaluate<s, 0>(x);
#pragma GCC unroll 16
    for (int k = 0; k < s.outputs; ++k) to[k][i] = x[s.output[k]];
  }
}

LaneSequenceLoop find(LaneType type, const LaneSequence* sequence) {
#define PLAIT_LOOP(name) \
  if (sequence == &lane_sequences::name) return type == LaneType::f32 ? loop<float, lane_sequences::name> : loop<double, lane_sequences::name>;
  PLAIT_LANE_SEQUENCES(PLAIT_LOOP)
#undef PLAIT_LOOP
  return nullptr;
}

}  // namespace

const LaneSequences& lane_sequence_loops() {
  static constexpr LaneSequences table = {find};
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
