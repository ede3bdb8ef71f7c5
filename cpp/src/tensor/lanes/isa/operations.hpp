// The scalar form of each arithmetic instruction, written once for all loops.
#pragma once

#include <cstdint>
#include <limits>

#include "plait/tensor/shape.hpp"

#ifndef PLAIT_ISA_NS
#error "lanes/isa/operations.hpp is for files compiled once per instruction set"
#endif

namespace plait::tensor {
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

// Quotients rounded down; the remainder has the sign of the divisor. These are for integers: those of floating types are mathematical functions.
struct FloorDivide {
  static Index of(Index a, Index b) {
    if (b == 0) return 0;
    if (b == -1) return static_cast<Index>(0 - static_cast<Word>(a));
    return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
  }
};
struct Remainder {
  static Index of(Index a, Index b) {
    if (b == 0 || b == -1) return 0;
    const Index r = a % b;
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
  }
};
struct CutRemainder {
  static Index of(Index a, Index b) { return b == 0 || b == -1 ? 0 : a % b; }
};
struct NoIntegers {};
// The difference of equal infinities is 0, not NaN.
struct Difference {
  template <class T>
  static T of(T a, T b) {
    return a == b ? T(0) : Sub::of(a, b);
  }
};

// NaN propagates: a NaN in a by the second test, one in b because the comparison is false.
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
PLAIT_OP1(Relu, a < T(0) ? T(0) : a)  // in this order NaN propagates
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
  static Index of(Index a) { return a; }
};
struct Truncate {
  static float of(float a) { return __builtin_truncf(a); }
  static double of(double a) { return __builtin_trunc(a); }
  static Index of(Index a) { return a; }
};

struct Select {
  template <class T>
  static T of(T a, T b, T c) {
    return a != T(0) ? b : c;
  }
};

// Explicit instead of by contraction, so that vector bodies and scalar tails round alike.
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

// a * b, but -b where b is 0 and a may be infinite: zero with the sign for negative a.
struct Gated {
  template <class T>
  static T of(T a, T b) {
    return b != T(0) ? Mul::of(a, b) : Neg::of(b);
  }
};
// s + a s (1 - s).
struct SiluSlope {
  template <class T>
  static T of(T a, T s) {
    const T density = Mul::of(s, Sub::of(T(1), s));
    return density == T(0) ? s : MultiplyAdd::of(a, density, s);
  }
};
struct LengthShare {
  template <class T>
  static T of(T a, T length) {
    const T share = Abs::of(a) > std::numeric_limits<T>::max() ? (a < T(0) ? T(-1) : T(1)) : Div::of(a, length);
    return length == T(0) ? T(0) : share;
  }
};

}  // namespace
}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
