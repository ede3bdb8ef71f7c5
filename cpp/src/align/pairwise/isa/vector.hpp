// Vectors of small integers, for the kernels of integer scores.
#pragma once

#include <type_traits>

#include "plait/base/intrinsics.hpp"
#include "plait/tensor/vector.hpp"

namespace plait::align::detail {
namespace PLAIT_ISA_NS {

using namespace tensor;
using namespace tensor::PLAIT_ISA_NS;

template <class T>
struct IntegersOf {
  typedef T type __attribute__((vector_size(kVectorBytes)));
};
template <class T>
using V = typename IntegersOf<T>::type;
template <class T>
constexpr Index kLanesOf = kVectorBytes / static_cast<Index>(sizeof(T));

template <class W>
PLAIT_INLINE W max(W a, W b) {
  return a > b ? a : b;
}
template <class T>
PLAIT_INLINE V<T> all(T value) {
  return V<T>{} + value;
}

/// Wrapping sums, which would be undefined for signed integers.
template <class T>
PLAIT_INLINE V<T> wrapping_sum(V<T> a, V<T> b) {
  using Unsigned = V<std::make_unsigned_t<T>>;
  return reinterpret_cast<V<T>>(reinterpret_cast<Unsigned>(a) + reinterpret_cast<Unsigned>(b));
}
template <class T>
PLAIT_INLINE V<T> wrapping_difference(V<T> a, V<T> b) {
  using Unsigned = V<std::make_unsigned_t<T>>;
  return reinterpret_cast<V<T>>(reinterpret_cast<Unsigned>(a) - reinterpret_cast<Unsigned>(b));
}

/// Saturating sums.
template <class T>
PLAIT_INLINE V<T> saturating_sum(V<T> a, V<T> b) {
  static_assert(sizeof(T) <= 2);
#if defined(__AVX512BW__)
  const auto x = reinterpret_cast<__m512i>(a), y = reinterpret_cast<__m512i>(b);
  return reinterpret_cast<V<T>>(sizeof(T) == 1 ? _mm512_adds_epi8(x, y) : _mm512_adds_epi16(x, y));
#elif defined(__AVX2__)
  const auto x = reinterpret_cast<__m256i>(a), y = reinterpret_cast<__m256i>(b);
  return reinterpret_cast<V<T>>(sizeof(T) == 1 ? _mm256_adds_epi8(x, y) : _mm256_adds_epi16(x, y));
#else
  // If both operands have one sign and the sum the other, it saturates on the operands' side.
  const V<T> sum = wrapping_sum<T>(a, b), crossed = ((a ^ sum) & (b ^ sum)) < 0, end = (a < 0) ^ static_cast<T>(~(T{1} << (8 * sizeof(T) - 1)));
  return (end & crossed) | (sum & ~crossed);
#endif
}

/// out[p] = table[codes[p]], a table of 32 bytes, for a whole number of registers of T.
template <class T>
PLAIT_INLINE void look_up(const std::uint8_t* codes, Index count, const std::int8_t* table, T* out) {
#if defined(__AVX512BW__)
  if constexpr (sizeof(T) == 1) {  // whole registers at once
    const __m512i low = _mm512_maskz_broadcast_i32x4(0xFFFF, _mm_loadu_si128(reinterpret_cast<const __m128i*>(table)));
    const __m512i high = _mm512_maskz_broadcast_i32x4(0xFFFF, _mm_loadu_si128(reinterpret_cast<const __m128i*>(table + 16)));
    for (Index p = 0; p < count; p += kLanesOf<T>) {
      const __m512i code = _mm512_loadu_si512(codes + p);
      const __mmask64 upper = _mm512_test_epi8_mask(code, _mm512_set1_epi8(16));  // the shuffle uses only the four low bits
      _mm512_storeu_si512(out + p, _mm512_mask_shuffle_epi8(_mm512_maskz_shuffle_epi8(~__mmask64{0}, low, code), upper, high, code));
    }
    return;
  }
#endif
  typedef std::int8_t Sixteen __attribute__((vector_size(16)));
  typedef T Wide __attribute__((vector_size(16 * sizeof(T))));
  constexpr Index piece = kLanesOf<T> < 16 ? kLanesOf<T> : 16;
  const Sixteen low = load<Sixteen>(table), high = load<Sixteen>(table + 16);
  for (Index p = 0; p < count; p += piece) {
    Sixteen code{};
    __builtin_memcpy(&code, codes + p, piece);
    const Wide wide = __builtin_convertvector(shuffle(low, high, code), Wide);
    __builtin_memcpy(out + p, &wide, piece * sizeof(T));
  }
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::align::detail
