// Vectors of one register for the level at hand, as compiler vectors: the same source for SSE, AVX2, AVX-512 and NEON.
// Only for files in isa/; everything is inlined, so that the linker cannot share code between levels.
#pragma once

#include "plait/tensor/shape.hpp"

#define PLAIT_INLINE [[gnu::always_inline]] inline

namespace plait::tensor {
namespace PLAIT_ISA_NS {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

template <class T, int Bytes>
struct VectorOf;
#define PLAIT_VECTOR(T, Int, Bytes)                       \
  template <>                                             \
  struct VectorOf<T, Bytes> {                             \
    typedef T type __attribute__((vector_size(Bytes)));   \
    typedef Int mask __attribute__((vector_size(Bytes))); \
  };
PLAIT_VECTOR(float, std::int32_t, 16)
PLAIT_VECTOR(float, std::int32_t, 32)
PLAIT_VECTOR(float, std::int32_t, 64)
PLAIT_VECTOR(double, std::int64_t, 16)
PLAIT_VECTOR(double, std::int64_t, 32)
PLAIT_VECTOR(double, std::int64_t, 64)
#undef PLAIT_VECTOR

template <class T, int Bytes = kVectorBytes>
using Vector = typename VectorOf<T, Bytes>::type;
template <class T, int Bytes = kVectorBytes>
using Mask = typename VectorOf<T, Bytes>::mask;
template <class T, int Bytes = kVectorBytes>
constexpr int kLanes = Bytes / static_cast<int>(sizeof(T));

/// Unaligned load and store: one instruction, and no promise about aliasing.
template <class V, class T>
PLAIT_INLINE V load(const T* p) {
  V v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
template <class V, class T>
PLAIT_INLINE void store(T* p, V v) {
  __builtin_memcpy(p, &v, sizeof v);
}

/// Lane k of the result is lane from[k] of the lanes of a followed by those of b.
template <class V, class M>
PLAIT_INLINE V shuffle(V a, V b, M from) {
#if defined(__clang__)  // has no variable shuffle; constant indices give the same instructions
  constexpr int lanes = static_cast<int>(sizeof(V) / sizeof a[0]);
  V out{};
  for (int k = 0; k < lanes; ++k) {
    const int lane = static_cast<int>(from[k]) & (2 * lanes - 1);
    out[k] = lane < lanes ? a[lane] : b[lane - lanes];
  }
  return out;
#else
  return __builtin_shuffle(a, b, from);
#endif
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
