// Dot products over common positions. A block of positions of one vector is compared with a block of the other in all rotations, then the block
// that ends first goes on: no branch depends on how the two interleave, only on whether they met at all.
#if defined(__SSE2__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // of the header's own "undefined" values: GCC PR 105593
#include <immintrin.h>
#pragma GCC diagnostic pop
#endif

#include "sparse/loops.hpp"

namespace plait::PLAIT_ISA_NS {
namespace {

using Index = std::int64_t;

/// One position at a time, without branches but the loop's own.
template <class I, class T>
inline double merge_tail(const I* a, const T* x, Index n, const I* b, const T* y, Index m) {
  double sum = 0;
  Index i = 0, j = 0;
  while (i < n && j < m) {
    const I p = a[i], q = b[j];
    const double product = static_cast<double>(x[i]) * static_cast<double>(y[j]);
    sum += p == q ? product : 0.0;
    i += p <= q ? 1 : 0;
    j += q <= p ? 1 : 0;
  }
  return sum;
}

/// Which of the block at a, and which of the block at b, meet one of the other; the k-th of the one meets the k-th of the other.
struct Meetings {
  unsigned a, b;
};

#if defined(__SSE2__)
inline unsigned bits(__m128i mask) { return static_cast<unsigned>(_mm_movemask_ps(_mm_castsi128_ps(mask))); }
/// Four positions of 32 bits on either side.
inline Meetings meet(const std::int32_t* a, const std::int32_t* b) {
  const __m128i u = _mm_loadu_si128(reinterpret_cast<const __m128i*>(a)), v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b));
  const __m128i e0 = _mm_cmpeq_epi32(u, v), e1 = _mm_cmpeq_epi32(u, _mm_shuffle_epi32(v, 0x39)), e2 = _mm_cmpeq_epi32(u, _mm_shuffle_epi32(v, 0x4E)),
                e3 = _mm_cmpeq_epi32(u, _mm_shuffle_epi32(v, 0x93));
  const unsigned met = bits(_mm_or_si128(_mm_or_si128(e0, e1), _mm_or_si128(e2, e3)));
  if (met == 0) return {0, 0};
  // The comparisons turned back to where their position of b stands.
  return {met,
          bits(_mm_or_si128(_mm_or_si128(e0, _mm_shuffle_epi32(e1, 0x93)), _mm_or_si128(_mm_shuffle_epi32(e2, 0x4E), _mm_shuffle_epi32(e3, 0x39))))};
}
constexpr Index kBlock = 4;

template <class T>
double merge(const std::int32_t* a, const T* x, Index n, const std::int32_t* b, const T* y, Index m) {
  double sum = 0;
  Index i = 0, j = 0;
  while (i + kBlock <= n && j + kBlock <= m) {
    Meetings met = meet(a + i, b + j);
    const std::int32_t p = a[i + kBlock - 1], q = b[j + kBlock - 1];
    while (met.a != 0) {
      sum += static_cast<double>(x[i + __builtin_ctz(met.a)]) * static_cast<double>(y[j + __builtin_ctz(met.b)]);
      met.a &= met.a - 1;
      met.b &= met.b - 1;
    }
    i += p <= q ? kBlock : 0;
    j += q <= p ? kBlock : 0;
  }
  return sum + merge_tail(a + i, x + i, n - i, b + j, y + j, m - j);
}
#else
template <class T>
double merge(const std::int32_t* a, const T* x, Index n, const std::int32_t* b, const T* y, Index m) {
  return merge_tail(a, x, n, b, y, m);
}
#endif

template <class T>
double merge(const std::int64_t* a, const T* x, Index n, const std::int64_t* b, const T* y, Index m) {
  return merge_tail(a, x, n, b, y, m);
}

/// Four sums, so that one addition need not wait for the one before.
template <class I, class T>
double dense(const I* a, const T* x, Index n, const T* y) {
  double s[4] = {0, 0, 0, 0};
  Index i = 0;
  for (; i + 4 <= n; i += 4)
    for (int k = 0; k < 4; ++k) s[k] += static_cast<double>(x[i + k]) * static_cast<double>(y[a[i + k]]);
  for (; i < n; ++i) s[0] += static_cast<double>(x[i]) * static_cast<double>(y[a[i]]);
  return (s[0] + s[1]) + (s[2] + s[3]);
}

template <class I, class T>
constexpr sparse::DotLoops<I, T> kLoops{merge, dense};

}  // namespace

const SparseDotTable& sparse_dots() {
  static constexpr SparseDotTable table{kLoops<std::int32_t, float>, kLoops<std::int32_t, double>, kLoops<std::int64_t, float>,
                                        kLoops<std::int64_t, double>};
  return table;
}

}  // namespace plait::PLAIT_ISA_NS
