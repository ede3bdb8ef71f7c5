// Vectors of small integers, for the kernels of whole scores.
#pragma once

#include "tensor/isa/vector.hpp"

namespace plait {
namespace PLAIT_ISA_NS {

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

}  // namespace PLAIT_ISA_NS
}  // namespace plait
