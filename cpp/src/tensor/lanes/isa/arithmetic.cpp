// One loop per arithmetic instruction, type and pattern of uniform operands.
#include "operations.hpp"
#include "tensor/lanes/table.hpp"

namespace plait::tensor {
namespace PLAIT_ISA_NS {
namespace {

// Elements do not depend on each other, also when d is one of the operands.
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

// Copy is the one unary loop that also spreads a uniform value over a block.
template <class T>
void spread(const void* pa, const void*, const void*, const void*, void* pd, Index n) {
  const T a0 = *static_cast<const T*>(pa);
  T* d = static_cast<T*>(pd);
#pragma GCC ivdep
  for (Index i = 0; i < n; ++i) d[i] = a0;
}

template <class T, class Op>
LaneLoop unary(int uniform) {
  return uniform == 0 ? loop1<T, Op> : nullptr;
}
template <class T, class Op>
LaneLoop commuting(int uniform) {
  return uniform == 0 ? loop2<T, Op, 0> : uniform == kUniformB ? loop2<T, Op, kUniformB> : nullptr;
}
template <class T, class Op>
LaneLoop binary(int uniform) {
  return uniform == kUniformA ? loop2<T, Op, kUniformA> : commuting<T, Op>(uniform);
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
  switch (op) {
    case LaneOp::copy: return uniform == kUniformA ? spread<T> : unary<T, Copy>(uniform);
    case LaneOp::neg: return unary<T, Neg>(uniform);
    case LaneOp::abs: return unary<T, Abs>(uniform);
    case LaneOp::sign: return unary<T, Sign>(uniform);
    case LaneOp::square: return unary<T, Square>(uniform);
    case LaneOp::relu: return unary<T, Relu>(uniform);
    case LaneOp::to_bool: return unary<T, ToBool>(uniform);
    case LaneOp::logical_not: return unary<T, LogicalNot>(uniform);
    case LaneOp::add: return commuting<T, Add>(uniform);
    case LaneOp::sub: return binary<T, Sub>(uniform);
    case LaneOp::mul: return commuting<T, Mul>(uniform);
    case LaneOp::div: return binary<T, Div>(uniform);
    case LaneOp::difference: return binary<T, Difference>(uniform);
    case LaneOp::minimum: return binary<T, Minimum>(uniform);
    case LaneOp::maximum: return binary<T, Maximum>(uniform);
    case LaneOp::less: return binary<T, Less>(uniform);
    case LaneOp::less_equal: return binary<T, LessEqual>(uniform);
    case LaneOp::equal: return commuting<T, Equal>(uniform);
    case LaneOp::not_equal: return commuting<T, NotEqual>(uniform);
    case LaneOp::logical_and: return commuting<T, LogicalAnd>(uniform);
    case LaneOp::logical_or: return commuting<T, LogicalOr>(uniform);
    case LaneOp::select: return ternary<T, Select>(uniform);
    case LaneOp::multiply_add: return ternary<T, MultiplyAdd>(uniform);
    default: break;
  }
  if constexpr (kInteger<T>) {
    if (op == LaneOp::floor || op == LaneOp::truncate) return unary<T, Copy>(uniform);
    if (op == LaneOp::floor_divide) return binary<T, FloorDivide>(uniform);
    if (op == LaneOp::remainder) return binary<T, Remainder>(uniform);
  } else {
    if (op == LaneOp::sqrt) return unary<T, Sqrt>(uniform);
    if (op == LaneOp::reciprocal) return unary<T, Reciprocal>(uniform);
    if (op == LaneOp::floor) return unary<T, Floor>(uniform);
    if (op == LaneOp::truncate) return unary<T, Truncate>(uniform);
  }
  return nullptr;
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
