// Dot products over common positions. A block of positions of one vector is compared with a block of the other in all rotations, then the block
// that ends first goes on: no branch depends on how the two interleave, only on whether they met at all.
#if defined(__SSE2__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // of the header's own "undefined" values: GCC PR 105593
#include <immintrin.h>
#pragma GCC diagnostic pop
#endif

#include "sparse/loops.hpp"

namespace plait::sparse::PLAIT_ISA_NS {
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

#if defined(__AVX512F__)
inline __m512d eight(const double* p) { return _mm512_loadu_pd(p); }
inline __m512d eight(const float* p) { return _mm512_maskz_cvtps_pd(0xff, _mm256_loadu_ps(p)); }

/// Which of eight positions meet one of eight others, given where the two agree in place; `turns` are the rotations.
inline __mmask8 met(__m256i u, __m256i v, __mmask8 in_place, const __m256i* turns) {
  unsigned found = in_place;
  for (int r = 0; r < 7; ++r) found |= _mm256_cmpeq_epi32_mask(u, _mm256_permutevar8x32_epi32(v, turns[r]));
  return static_cast<__mmask8>(found);
}

/// Eight positions of 32 bits on either side. The values of those that meet are pushed together in both, so that they stand side by side.
template <class T>
double merge(const std::int32_t* a, const T* x, Index n, const std::int32_t* b, const T* y, Index m) {
  constexpr Index kBlock = 8;
  __m256i turns[7];
  for (int r = 0; r < 7; ++r) {
    const __m256i places = _mm256_add_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), _mm256_set1_epi32(r + 1));
    turns[r] = _mm256_and_si256(places, _mm256_set1_epi32(7));
  }
  __m512d sum = _mm512_setzero_pd();
  Index i = 0, j = 0;
  while (i + kBlock <= n && j + kBlock <= m) {
    const __m256i u = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(a + i)), v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + j));
    const __mmask8 in_place = _mm256_cmpeq_epi32_mask(u, v);
    const std::int32_t p = a[i + kBlock - 1], q = b[j + kBlock - 1];
    if (in_place == 0xff) {
      sum = _mm512_fmadd_pd(eight(x + i), eight(y + j), sum);
    } else if (const __mmask8 of_a = met(u, v, in_place, turns); of_a != 0) {
      const __mmask8 of_b = met(v, u, in_place, turns);
      sum = _mm512_fmadd_pd(_mm512_maskz_compress_pd(of_a, eight(x + i)), _mm512_maskz_compress_pd(of_b, eight(y + j)), sum);
    }
    i += p <= q ? kBlock : 0;
    j += q <= p ? kBlock : 0;
  }
  double parts[8], total = 0;
  _mm512_storeu_pd(parts, sum);
  for (const double part : parts) total += part;
  return total + merge_tail(a + i, x + i, n - i, b + j, y + j, m - j);
}
#elif defined(__SSE2__)
/// Which of the block at a, and which of the block at b, meet one of the other; the k-th of the one meets the k-th of the other.
struct Meetings {
  unsigned a, b;
};

inline unsigned bits(__m128i mask) { return static_cast<unsigned>(_mm_movemask_ps(_mm_castsi128_ps(mask))); }
/// Whether all four stand in the same places, as where a vector meets itself.
inline bool agree(const std::int32_t* a, const std::int32_t* b) {
  const __m128i u = _mm_loadu_si128(reinterpret_cast<const __m128i*>(a)), v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b));
  return bits(_mm_cmpeq_epi32(u, v)) == 0xf;
}
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
  double sum = 0, four[kBlock] = {};
  Index i = 0, j = 0;
  while (i + kBlock <= n && j + kBlock <= m) {
    if (agree(a + i, b + j)) {
      const T *u = x + i, *v = y + j;
      for (Index k = 0; k < kBlock; ++k) four[k] += static_cast<double>(u[k]) * static_cast<double>(v[k]);
      i += kBlock;
      j += kBlock;
      continue;
    }
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
  for (const double part : four) sum += part;
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

}  // namespace plait::sparse::PLAIT_ISA_NS
