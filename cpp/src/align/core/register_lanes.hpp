// Lanes of doubles in registers, for kernels in isa/ whose lanes are rows and whose steps are anti-diagonals: at each step, values of the row
// above move to the next lane.
#pragma once

#include "plait/base/intrinsics.hpp"
#include "plait/tensor/vector.hpp"

namespace plait::align::detail {
namespace PLAIT_ISA_NS {
namespace rows {

using V = tensor::PLAIT_ISA_NS::Vector<double>;
using M = tensor::PLAIT_ISA_NS::Mask<double>;
constexpr int kRowLanes = tensor::PLAIT_ISA_NS::kLanes<double>;

PLAIT_INLINE V max(V a, V b) { return a > b ? a : b; }
PLAIT_INLINE V min(V a, V b) { return a < b ? a : b; }
PLAIT_INLINE V all(double value) { return value - V{}; }  // 0 + value would be an addition, and turn -0 into 0
/// `value` where the condition holds, else 0.
PLAIT_INLINE V where(M condition, V value) { return condition ? value : V{}; }
/// sum + value where the condition holds, else sum; neither is negative.
PLAIT_INLINE V add_where(V sum, M condition, V value) {
#if defined(__AVX512F__)
  return condition ? sum + value : sum;
#else
  return sum + where(condition, value);
#endif
}

/// Whether a >= b in some lane.
PLAIT_INLINE bool any_reaches(V a, V b) {
#if defined(__AVX512F__)
  return _mm512_cmp_pd_mask(reinterpret_cast<__m512d>(a), reinterpret_cast<__m512d>(b), _CMP_GE_OQ) != 0;
#elif defined(__AVX2__)
  return _mm256_movemask_pd(reinterpret_cast<__m256d>(a >= b)) != 0;
#else
  return a[0] >= b[0] || a[1] >= b[1];
#endif
}

/// The lanes of v shifted by one, with the last lane of `before` first.
PLAIT_INLINE V shift_in(V before, V v) {
#if defined(__AVX512F__)
  using Integers = __m512i;
  return reinterpret_cast<V>(_mm512_alignr_epi64(reinterpret_cast<Integers>(v), reinterpret_cast<Integers>(before), 7));
#elif defined(__AVX2__)
  const V middle = tensor::PLAIT_ISA_NS::shuffle(before, v, M{2, 3, 4, 5});
  return tensor::PLAIT_ISA_NS::shuffle(middle, v, M{1, 4, 3, 6});
#else
  return tensor::PLAIT_ISA_NS::shuffle(before, v, M{1, 2});
#endif
}
/// shift_in for register r of an array of registers; `first` enters before the first lane.
PLAIT_INLINE V shifted(const V* registers, int r, double first) { return shift_in(r > 0 ? registers[r - 1] : all(first), registers[r]); }

/// Lane numbers of register r.
PLAIT_INLINE V numbers(int r) {
  V out{};
  for (int l = 0; l < kRowLanes; ++l) out[l] = r * kRowLanes + l;
  return out;
}

}  // namespace rows
}  // namespace PLAIT_ISA_NS
}  // namespace plait::align::detail
