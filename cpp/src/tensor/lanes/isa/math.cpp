// The mathematical functions as lane instructions, over the loops of math_table. Those run on whole groups of elements only: the remainder of a block
// goes through a padded copy, so that an element is computed by the same code at every position of a block.
#include "tensor/lanes/table.hpp"
#include "tensor/math/internal.hpp"

namespace plait::tensor {
namespace PLAIT_ISA_NS {
namespace {

constexpr Index kGroup = 16;  // a multiple of every vector length of every level, for both types

template <class T>
struct Loops;
template <>
struct Loops<float> {
  static auto unary(MathFunction f) { return math_table().unary_f32[static_cast<int>(f)]; }
  static auto binary(MathBinary f) { return math_table().binary_f32[static_cast<int>(f)]; }
};
template <>
struct Loops<double> {
  static auto unary(MathFunction f) { return math_table().unary_f64[static_cast<int>(f)]; }
  static auto binary(MathBinary f) { return math_table().binary_f64[static_cast<int>(f)]; }
};

// The padding repeats an element, so that it triggers no additional slow path.
template <class T>
void pad(const T* x, Index n, T* padded) {
  for (Index i = 0; i < kGroup; ++i) padded[i] = x[i < n ? i : 0];
}

template <class T, MathFunction f>
void unary(const void* pa, const void*, const void*, const void*, void* pd, Index n) {
  const T* a = static_cast<const T*>(pa);
  T* d = static_cast<T*>(pd);
  const auto loop = Loops<T>::unary(f);
  const Index whole = n / kGroup * kGroup;
  if (whole > 0) loop(a, d, whole);
  if (whole == n) return;
  alignas(64) T rest[kGroup];
  pad(a + whole, n - whole, rest);
  loop(rest, rest, kGroup);
  for (Index i = whole; i < n; ++i) d[i] = rest[i - whole];
}

// Functions with scalar loops need no padding: every element is computed by the same code.
template <class T, MathFunction f>
void unary_scalar(const void* a, const void*, const void*, const void*, void* d, Index n) {
  Loops<T>::unary(f)(static_cast<const T*>(a), static_cast<T*>(d), n);
}

template <class T, MathBinary f, int uniform>
void binary(const void* pa, const void* pb, const void*, const void*, void* pd, Index n) {
  constexpr Index kChunk = 256, kMost = uniform == 0 ? INT64_MAX : kChunk;
  const T* a = static_cast<const T*>(pa);
  const T* b = static_cast<const T*>(pb);
  T* d = static_cast<T*>(pd);
  const auto loop = Loops<T>::binary(f);
  alignas(64) T same[kChunk];
  if constexpr (uniform != 0) {
    const Index fill = n < kChunk ? (n + kGroup - 1) / kGroup * kGroup : kChunk;
    for (Index i = 0; i < fill; ++i) same[i] = uniform == kUniformA ? a[0] : b[0];
  }
  for (Index i = 0; i < n;) {
    const Index whole = (n - i) / kGroup * kGroup, step = whole == 0 ? n - i : whole < kMost ? whole : kMost;
    if (step >= kGroup) {
      loop(uniform == kUniformA ? same : a + i, uniform == kUniformB ? same : b + i, d + i, step);
    } else {
      alignas(64) T x[kGroup], y[kGroup];
      if constexpr (uniform != kUniformA) pad(a + i, step, x);
      if constexpr (uniform != kUniformB) pad(b + i, step, y);
      alignas(64) T z[kGroup];
      loop(uniform == kUniformA ? same : x, uniform == kUniformB ? same : y, z, kGroup);
      for (Index k = 0; k < step; ++k) d[i + k] = z[k];
    }
    i += step;
  }
}

template <class T, MathBinary f>
LaneLoop find_binary(int uniform) {
  return uniform == 0           ? binary<T, f, 0>
         : uniform == kUniformA ? binary<T, f, kUniformA>
         : uniform == kUniformB ? binary<T, f, kUniformB>
                                : static_cast<LaneLoop>(nullptr);
}

template <class T>
LaneLoop find_typed(LaneOp op, int uniform) {
#define PLAIT_BINARY(name, ...) \
  case LaneOp::name: return find_binary<T, MathBinary::name>(uniform);
#define PLAIT_LOOP_plain unary
#define PLAIT_LOOP_pieces unary
#define PLAIT_LOOP_scalar unary_scalar
#define PLAIT_UNARY(name, cost, loop) \
  case LaneOp::name: return PLAIT_LOOP_##loop<T, MathFunction::name>;
  switch (op) {
    PLAIT_BINARY_MATH(PLAIT_BINARY)
    default: break;
  }
  if (uniform != 0) return nullptr;
  switch (op) {
    PLAIT_UNARY_MATH(PLAIT_UNARY)
    default: return nullptr;
  }
}

LaneLoop find(LaneType type, LaneOp op, int uniform) {
  return type == LaneType::f32   ? find_typed<float>(op, uniform)
         : type == LaneType::f64 ? find_typed<double>(op, uniform)
                                 : static_cast<LaneLoop>(nullptr);
}

}  // namespace

const LaneLoops& lane_math_loops() {
  static constexpr LaneLoops table = {find};
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
