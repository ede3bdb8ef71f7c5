// One loop per arithmetic instruction, type and pattern of uniform operands. What an instruction means is written once, in its `of`.
#include "tensor/lanes_table.hpp"

namespace plait {
namespace PLAIT_ISA_NS {
namespace {

template <class T>
inline constexpr bool kInteger = false;
template <>
inline constexpr bool kInteger<Index> = true;

using Word = std::uint64_t;  // integers wrap: the arithmetic is unsigned

#define PLAIT_OP1(name, expression) \
  struct name {                     \
    template <class T>              \
    static T of(T a) {              \
      return expression;            \
    }                               \
  };
#define PLAIT_OP2(name, expression) \
  struct name {                     \
    template <class T>              \
    static T of(T a, T b) {         \
      return expression;            \
    }                               \
  };
#define PLAIT_OP2_WRAP(name, op)                                                                      \
  struct name {                                                                                       \
    template <class T>                                                                                \
    static T of(T a, T b) {                                                                           \
      if constexpr (kInteger<T>) return static_cast<T>(static_cast<Word>(a) op static_cast<Word>(b)); \
      else return a op b;                                                                             \
    }                                                                                                 \
  };

PLAIT_OP2_WRAP(Add, +)
PLAIT_OP2_WRAP(Sub, -)
PLAIT_OP2_WRAP(Mul, *)

struct Div {
  template <class T>
  static T of(T a, T b) {
    if constexpr (kInteger<T>) return b == 0 || (b == -1 && a == INT64_MIN) ? 0 : a / b;
    else return a / b;
  }
};

// In these two a NaN in a is kept by the second test, one in b because the comparison is false.
PLAIT_OP2(Minimum, (a < b) | (a != a) ? a : b)
PLAIT_OP2(Maximum, (a > b) | (a != a) ? a : b)
PLAIT_OP2(Less, a < b ? T(1) : T(0))
PLAIT_OP2(LessEqual, a <= b ? T(1) : T(0))
PLAIT_OP2(Equal, a == b ? T(1) : T(0))
PLAIT_OP2(NotEqual, a != b ? T(1) : T(0))
PLAIT_OP2(LogicalAnd, (a != T(0)) & (b != T(0)) ? T(1) : T(0))
PLAIT_OP2(LogicalOr, (a != T(0)) | (b != T(0)) ? T(1) : T(0))

PLAIT_OP1(Copy, a)
PLAIT_OP1(Neg, Sub::of(T(kInteger<T> ? 0.0 : -0.0), a))
PLAIT_OP1(Sign, a > T(0) ? T(1) : a < T(0) ? T(-1) : a == T(0) ? T(0) : a)
PLAIT_OP1(Square, Mul::of(a, a))
PLAIT_OP1(Reciprocal, T(1) / a)
PLAIT_OP1(Relu, a < T(0) ? T(0) : a)  // this way round a NaN stays
PLAIT_OP1(ToBool, a != T(0) ? T(1) : T(0))
PLAIT_OP1(LogicalNot, a == T(0) ? T(1) : T(0))

struct Abs {
  static float of(float a) { return __builtin_fabsf(a); }
  static double of(double a) { return __builtin_fabs(a); }
  static Index of(Index a) { return a < 0 ? Neg::of(a) : a; }
};
struct Sqrt {
  static float of(float a) { return __builtin_sqrtf(a); }
  static double of(double a) { return __builtin_sqrt(a); }
};
struct Floor {
  static float of(float a) { return __builtin_floorf(a); }
  static double of(double a) { return __builtin_floor(a); }
};
struct Truncate {
  static float of(float a) { return __builtin_truncf(a); }
  static double of(double a) { return __builtin_trunc(a); }
};

struct Select {
  template <class T>
  static T of(T a, T b, T c) {
    return a != T(0) ? b : c;
  }
};

// Said explicitly and not left to contraction, so that vector bodies and scalar tails round alike.
struct MultiplyAdd {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
  static float of(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
  static double of(double a, double b, double c) { return __builtin_fma(a, b, c); }
#else
  static float of(float a, float b, float c) { return a * b + c; }
  static double of(double a, double b, double c) { return a * b + c; }
#endif
  static Index of(Index a, Index b, Index c) { return Add::of(Mul::of(a, b), c); }
};

// Elements do not depend on each other, also when d is one of the operands.
template <class T, class Op>
void loop1(const void* pa, const void*, const void*, void* pd, Index n) {
  const T* a = static_cast<const T*>(pa);
  T* d = static_cast<T*>(pd);
#pragma GCC ivdep
  for (Index i = 0; i < n; ++i) d[i] = Op::of(a[i]);
}

template <class T, class Op, int uniform>
void loop2(const void* pa, const void* pb, const void*, void* pd, Index n) {
  const T* a = static_cast<const T*>(pa);
  const T* b = static_cast<const T*>(pb);
  T* d = static_cast<T*>(pd);
  const T a0 = *a, b0 = *b;
#pragma GCC ivdep
  for (Index i = 0; i < n; ++i) d[i] = Op::of((uniform & kUniformA) != 0 ? a0 : a[i], (uniform & kUniformB) != 0 ? b0 : b[i]);
}

template <class T, class Op, int uniform>
void loop3(const void* pa, const void* pb, const void* pc, void* pd, Index n) {
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
void spread(const void* pa, const void*, const void*, void* pd, Index n) {
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
}  // namespace plait
