// One loop per arithmetic instruction, type and pattern of uniform operands.
#include <type_traits>

#include "operations.hpp"
#include "tensor/lanes/table.hpp"

namespace plait::tensor {
namespace PLAIT_ISA_NS {
namespace {

// Elements are independent, also if d is one of the operands.
template <class T, class Op>
void loop1(const void* pa, const void*, const void*, const void*, void* pd, Index n) {
  const T* a = static_cast<const T*>(pa);
  T* d = static_cast<T*>(pd);
#pragma GCC ivdep
  for (Index i = 0; i < n; ++i) d[i] = Op::of(a[i]);
}

template <class T, class Op, int uniform>
void loop2(const void* pa, const void* pb, const void*, const void*, void* pd, Index n) {
  const T* a = static_cast<const T*>(pa);
  const T* b = static_cast<const T*>(pb);
  T* d = static_cast<T*>(pd);
  const T a0 = *a, b0 = *b;
#pragma GCC ivdep
  for (Index i = 0; i < n; ++i) d[i] = Op::of((uniform & kUniformA) != 0 ? a0 : a[i], (uniform & kUniformB) != 0 ? b0 : b[i]);
}

template <class T, class Op, int uniform>
void loop3(const void* pa, const void* pb, const void* pc, const void*, void* pd, Index n) {
  const T* a = static_cast<const T*>(pa);
  const T* b = static_cast<const T*>(pb);
  const T* c = static_cast<const T*>(pc);
  T* d = static_cast<T*>(pd);
  const T a0 = *a, b0 = *b, c0 = *c;
#pragma GCC ivdep
  for (Index i = 0; i < n; ++i)
    d[i] = Op::of((uniform & kUniformA) != 0 ? a0 : a[i], (uniform & kUniformB) != 0 ? b0 : b[i], (uniform & kUniformC) != 0 ? c0 : c[i]);
}

// Copy is the only unary loop that also broadcasts a uniform value over a block.
template <class T>
void spread(const void* pa, const void*, const void*, const void*, void* pd, Index n) {
  const T a0 = *static_cast<const T*>(pa);
  T* d = static_cast<T*>(pd);
#pragma GCC ivdep
  for (Index i = 0; i < n; ++i) d[i] = a0;
}

template <class T, class Op>
LaneLoop unary_all(int uniform) {
  return uniform == 0 ? loop1<T, Op> : nullptr;
}
template <class T, class Op>
LaneLoop unary_floats(int uniform) {
  if constexpr (kInteger<T>) return nullptr;
  else return unary_all<T, Op>(uniform);
}
template <class T, class Op>
LaneLoop commuting(int uniform) {
  return uniform == 0 ? loop2<T, Op, 0> : uniform == kUniformB ? loop2<T, Op, kUniformB> : nullptr;
}
template <class T, class Op>
LaneLoop ordered(int uniform) {
  return uniform == kUniformA ? loop2<T, Op, kUniformA> : commuting<T, Op>(uniform);
}
// The integer forms of mathematical functions.
template <class T, class Op>
LaneLoop integers(int uniform) {
  if constexpr (kInteger<T> && !std::is_same_v<Op, NoIntegers>) return ordered<T, Op>(uniform);
  else return nullptr;
}
template <class T, class Op>
LaneLoop ternary(int uniform) {
  switch (uniform) {
    case 0: return loop3<T, Op, 0>;
    case kUniformB: return loop3<T, Op, kUniformB>;
    case kUniformC: return loop3<T, Op, kUniformC>;
    case kUniformB | kUniformC: return loop3<T, Op, kUniformB | kUniformC>;
    default: return nullptr;
  }
}

template <class T>
LaneLoop find_typed(LaneOp op, int uniform) {
  if (op == LaneOp::copy && uniform == kUniformA) return spread<T>;
#define PLAIT_UNARY(name, cost, types, Op) \
  case LaneOp::name: return unary_##types<T, Op>(uniform);
#define PLAIT_BINARY(name, cost, pattern, Op) \
  case LaneOp::name: return pattern<T, Op>(uniform);
#define PLAIT_INTEGERS(name, cost, loop, Op) \
  case LaneOp::name: return integers<T, Op>(uniform);
#define PLAIT_TERNARY(name, cost, Op) \
  case LaneOp::name: return ternary<T, Op>(uniform);
  switch (op) {
    PLAIT_UNARY_ARITHMETIC(PLAIT_UNARY)
    PLAIT_BINARY_ARITHMETIC(PLAIT_BINARY)
    PLAIT_BINARY_MATH(PLAIT_INTEGERS)  // NOLINT(bugprone-branch-clone): for integers some ops are one loop
    PLAIT_TERNARY_ARITHMETIC(PLAIT_TERNARY)
    default: return nullptr;
  }
}

LaneLoop find(LaneType type, LaneOp op, int uniform) {
  return type == LaneType::f32   ? find_typed<float>(op, uniform)
         : type == LaneType::f64 ? find_typed<double>(op, uniform)
                                 : find_typed<Index>(op, uniform);
}

}  // namespace

const LaneLoops& lane_loops() {
  static constexpr LaneLoops table = {find};
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
