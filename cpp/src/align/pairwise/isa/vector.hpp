// Vectors of small integers, for the kernels of whole scores.
#pragma once

#include <type_traits>

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

/// Sums that are meant to wrap around, which those of signed numbers may not.
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

/// out[p] = table[codes[p]], a table of 32 bytes, for a whole number of registers of T.
template <class T>
PLAIT_INLINE void look_up(const std::uint8_t* codes, Index count, const std::int8_t* table, T* out) {
  typedef std::int8_t Sixteen __attribute__((vector_size(16)));
  typedef T Wide __attribute__((vector_size(16 * sizeof(T))));
  constexpr Index piece = kLanesOf<T> < 16 ? kLanesOf<T> : 16;
  const Sixteen low = load<Sixteen>(table), high = load<Sixteen>(table + 16);
  for (Index p = 0; p < count; p += piece) {
    Sixteen code{};
    __builtin_memcpy(&code, codes + p, piece);
    const Wide wide = __builtin_convertvector(__builtin_shuffle(low, high, code), Wide);
    __builtin_memcpy(out + p, &wide, piece * sizeof(T));
  }
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::align::detail
