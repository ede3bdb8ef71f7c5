// Two instructions in one loop, for pairs that are frequent in float32 arithmetic and in float64 min-plus recursions, whose block loops are
// bound by loads and stores. Compiled without contraction: a product is rounded before it is added, as by two separate
// instructions.
#include "operations.hpp"
#include "tensor/lanes/table.hpp"

namespace plait::tensor {
namespace PLAIT_ISA_NS {
namespace {

// First instructions, of a and b. Which operands are uniform is part of the type.
template <class Op, int uniform>
struct First {
  static constexpr int kUniform = uniform;
  template <class T>
  static T of(T a, T b) {
    return Op::of(a, b);
  }
};
template <class Op>
struct FirstUnary {
  static constexpr int kUniform = 0;
  template <class T>
  static T of(T a, T) {
    return Op::of(a);
  }
};

// Second instructions, of the first result x, c and e.
template <class Op, int uniform>
struct Second {
  static constexpr int kUniform = uniform;
  template <class T>
  static T of(T x, T c, T) {
    return Op::of(x, c);
  }
};
template <class Op, int uniform>
struct SecondSwapped {
  static constexpr int kUniform = uniform;
  template <class T>
  static T of(T x, T c, T) {
    return Op::of(c, x);
  }
};
template <class Op>
struct SecondUnary {
  static constexpr int kUniform = 0;
  template <class T>
  static T of(T x, T, T) {
    return Op::of(x);
  }
};
/// c * e + x with a uniform e: an exponential moving average.
struct SecondAccumulate {
  static constexpr int kUniform = kUniformE;
  template <class T>
  static T of(T x, T c, T e) {
    return MultiplyAdd::of(c, e, x);
  }
};

template <class F, class S, class T = float>
void loop(const void* pa, const void* pb, const void* pc, const void* pe, void* pd, Index n) {
  constexpr int uniform = F::kUniform | S::kUniform;
  const T* a = static_cast<const T*>(pa);
  const T* b = static_cast<const T*>(pb);
  const T* c = static_cast<const T*>(pc);
  const T* e = static_cast<const T*>(pe);
  T* d = static_cast<T*>(pd);
  const T a0 = *a, b0 = *b, c0 = *c, e0 = *e;
#pragma GCC ivdep
  for (Index i = 0; i < n; ++i)
    d[i] = S::of(F::of((uniform & kUniformA) != 0 ? a0 : a[i], (uniform & kUniformB) != 0 ? b0 : b[i]), (uniform & kUniformC) != 0 ? c0 : c[i],
                 (uniform & kUniformE) != 0 ? e0 : e[i]);
}

template <class F>
LaneLoop with_second(LaneOp second, int position, int uniform) {
  const bool same = uniform == kUniformC;
  if (second == LaneOp::relu) return uniform == 0 ? loop<F, SecondUnary<Relu>> : nullptr;
  if (second == LaneOp::multiply_add) return position == 2 && uniform == kUniformE ? loop<F, SecondAccumulate> : nullptr;
  if (uniform != 0 && !same) return nullptr;
  if (second == LaneOp::add) return same ? loop<F, Second<Add, kUniformC>> : loop<F, Second<Add, 0>>;
  if (second == LaneOp::mul) return same ? loop<F, Second<Mul, kUniformC>> : loop<F, Second<Mul, 0>>;
  if (second != LaneOp::sub) return nullptr;
  if (position == 0) return same ? loop<F, Second<Sub, kUniformC>> : loop<F, Second<Sub, 0>>;
  return same ? loop<F, SecondSwapped<Sub, kUniformC>> : loop<F, SecondSwapped<Sub, 0>>;
}

/// Minimum and Maximum in a form that the compiler vectorises also when chained; bit-equal.
struct Least {
  template <class T>
  static T of(T a, T b) {
    const T least = a < b ? a : b;
    return a != a ? a : least;
  }
};
struct Greatest {
  template <class T>
  static T of(T a, T b) {
    const T greatest = a > b ? a : b;
    return a != a ? a : greatest;
  }
};

template <class F, class S>
LaneLoop ordered(int position) {
  return position == 0 ? loop<F, Second<S, 0>, double> : loop<F, SecondSwapped<S, 0>, double>;
}
template <class F>
LaneLoop then_choose(LaneOp second, int position) {
  if (second == LaneOp::minimum) return ordered<F, Least>(position);
  if (second == LaneOp::maximum) return ordered<F, Greatest>(position);
  return second == LaneOp::add ? loop<F, Second<Add, 0>, double> : nullptr;
}
/// Pairs of min-plus recursions: extremes of sums, and distances.
LaneLoop find_double(LaneOp first, LaneOp second, int position, int uniform) {
  if (uniform == kUniformB && first == LaneOp::add) return then_choose<First<Add, kUniformB>>(second, position);
  if (uniform == kUniformB && first == LaneOp::sub) return then_choose<First<Sub, kUniformB>>(second, position);
  if (uniform != 0) return nullptr;
  if (first == LaneOp::minimum) return then_choose<First<Least, 0>>(second, position);
  if (first == LaneOp::maximum) return then_choose<First<Greatest, 0>>(second, position);
  if (first != LaneOp::sub) return nullptr;
  if (second == LaneOp::square) return loop<First<Sub, 0>, SecondUnary<Square>, double>;
  return second == LaneOp::abs ? loop<First<Sub, 0>, SecondUnary<Abs>, double> : nullptr;
}

/// A second instruction, and e added to its result.
template <class S>
struct Summed {
  static constexpr int kUniform = S::kUniform;
  template <class T>
  static T of(T x, T c, T e) {
    return Add::of(S::of(x, c, e), e);
  }
};
template <class Op>
LaneLoop best_of_three(int position) {
  return position == 0 ? loop<First<Op, 0>, Summed<Second<Op, 0>>, double> : loop<First<Op, 0>, Summed<SecondSwapped<Op, 0>>, double>;
}
/// The same with three predecessors and a distance.
LaneLoop find_sum(LaneType type, LaneOp first, LaneOp second, int position) {
  if (type != LaneType::f64 || first != second) return nullptr;
  if (first == LaneOp::minimum) return best_of_three<Least>(position);
  return first == LaneOp::maximum ? best_of_three<Greatest>(position) : nullptr;
}

LaneLoop find(LaneType type, LaneOp first, LaneOp second, int position, int uniform) {
  if (type == LaneType::f64) return find_double(first, second, position, uniform);
  if (type != LaneType::f32) return nullptr;
  const int of_first = uniform & (kUniformA | kUniformB), rest = uniform & ~of_first;
  if (first == LaneOp::square) return with_second<FirstUnary<Square>>(second, position, rest);
  if (first == LaneOp::sqrt) return with_second<FirstUnary<Sqrt>>(second, position, rest);
  if (of_first == 0) {
    if (first == LaneOp::add) return with_second<First<Add, 0>>(second, position, rest);
    if (first == LaneOp::sub) return with_second<First<Sub, 0>>(second, position, rest);
    if (first == LaneOp::mul) return with_second<First<Mul, 0>>(second, position, rest);
    if (first == LaneOp::div) return with_second<First<Div, 0>>(second, position, rest);
  } else if (of_first == kUniformB) {
    if (first == LaneOp::add) return with_second<First<Add, kUniformB>>(second, position, rest);
    if (first == LaneOp::sub) return with_second<First<Sub, kUniformB>>(second, position, rest);
    if (first == LaneOp::mul) return with_second<First<Mul, kUniformB>>(second, position, rest);
  } else if (of_first == kUniformA && first == LaneOp::sub) {
    return with_second<First<Sub, kUniformA>>(second, position, rest);
  }
  return nullptr;
}

}  // namespace

const LanePairs& lane_pairs() {
  static constexpr LanePairs table = {find, find_sum};
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
