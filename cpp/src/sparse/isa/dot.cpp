// Dot products over common positions. A block of positions of one vector is compared with a block of the other, each with each, then the block
// that ends first goes on: no branch depends on how the two interleave, nor on whether they met.
#if defined(__AVX512CD__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // of the header's own "undefined" values: GCC PR 105593
#include <immintrin.h>
#pragma GCC diagnostic pop
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

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

/// Four numbers side by side; what the processor lacks of it, the compiler makes of halves.
typedef std::int32_t FourNarrow __attribute__((vector_size(16)));  // NOLINT(modernize-use-using): GCC drops attributes of a `using`
typedef std::int64_t FourWide __attribute__((vector_size(32)));    // NOLINT(modernize-use-using)
typedef float FourFloats __attribute__((vector_size(16)));         // NOLINT(modernize-use-using)
typedef double FourDoubles __attribute__((vector_size(32)));       // NOLINT(modernize-use-using)

template <class V, class T>
inline V load(const T* from) {
  V v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
inline FourDoubles four(const double* p) { return load<FourDoubles>(p); }
inline FourDoubles four(const float* p) { return __builtin_convertvector(load<FourFloats>(p), FourDoubles); }
inline FourNarrow four(const std::int32_t* p) { return load<FourNarrow>(p); }
inline FourWide four(const std::int64_t* p) { return load<FourWide>(p); }

/// Turned by R places to the left.
template <int R, class V>
inline V turned(V v) {
  return __builtin_shufflevector(v, v, R, (R + 1) % 4, (R + 2) % 4, (R + 3) % 4);
}
template <class V>
inline bool all(V mask) {
  const auto words = std::bit_cast<std::array<std::uint64_t, sizeof(V) / 8>>(mask);
  std::uint64_t every = ~std::uint64_t{0};
  for (const std::uint64_t word : words) every &= word;
  return every == ~std::uint64_t{0};
}

/// Four positions on either side. A value of b is brought to the place of the one it meets by masks, and where none is met both factors are zero.
template <class I, class T>
double merge_fours(const I* a, const T* x, Index n, const I* b, const T* y, Index m) {
  constexpr Index kBlock = 4;
  FourDoubles sum = {};
  Index i = 0, j = 0;
  while (i + kBlock <= n && j + kBlock <= m) {
    const auto u = four(a + i), v = four(b + j);
    const auto e0 = u == v;
    const I p = a[i + kBlock - 1], q = b[j + kBlock - 1];
    const FourDoubles ys = four(y + j);
    if (all(e0)) {  // as where a vector meets itself
      sum += four(x + i) * ys;
    } else {
      const auto wide = [](auto mask) { return __builtin_convertvector(mask, FourWide); };
      const FourWide m0 = wide(e0), m1 = wide(u == turned<1>(v)), m2 = wide(u == turned<2>(v)), m3 = wide(u == turned<3>(v));
      const FourWide met = m0 | m1 | m2 | m3;
      const FourWide brought = (m0 & (FourWide)ys) | (m1 & (FourWide)turned<1>(ys)) | (m2 & (FourWide)turned<2>(ys)) | (m3 & (FourWide)turned<3>(ys));
      sum += (FourDoubles)((FourWide)four(x + i) & met) * (FourDoubles)brought;
    }
    i += p <= q ? kBlock : 0;
    j += q <= p ? kBlock : 0;
  }
  return (sum[0] + sum[1]) + (sum[2] + sum[3]) + merge_tail(a + i, x + i, n - i, b + j, y + j, m - j);
}

#if defined(__AVX512CD__)
inline __m512d eight(const double* p) { return _mm512_loadu_pd(p); }
inline __m512d eight(const float* p) { return _mm512_maskz_cvtps_pd(0xff, _mm256_loadu_ps(p)); }
inline __m512d some(const double* p, __mmask8 which) { return _mm512_maskz_loadu_pd(which, p); }
inline __m512d some(const float* p, __mmask8 which) { return _mm512_maskz_cvtps_pd(0xff, _mm256_maskz_loadu_ps(which, p)); }

/// sum + the products of what meets among eight positions u, with values x, and eight others. The conflict detection, of u below and v above, tells
/// each of v which place of u it meets: a bit, as neither holds a position twice.
inline __m512d add_met(__m512d sum, __m256i u, __m256i v, __m512d x, __m512d y, __mmask8 of_v) {
  const __m256i places = _mm512_extracti64x4_epi64(_mm512_conflict_epi32(_mm512_inserti64x4(_mm512_castsi256_si512(u), v, 1)), 1);
  const __m256i place = _mm256_sub_epi32(_mm256_set1_epi32(31), _mm256_lzcnt_epi32(places));
  const __m512d brought = _mm512_maskz_permutexvar_pd(0xff, _mm512_maskz_cvtepi32_epi64(0xff, place), x);
  return _mm512_mask3_fmadd_pd(brought, y, sum, _mm256_mask_test_epi32_mask(of_v, places, places));
}

/// Eight positions of 32 bits on either side, without a branch on whether any meet.
template <class T>
double merge(const std::int32_t* a, const T* x, Index n, const std::int32_t* b, const T* y, Index m) {
  constexpr Index kBlock = 8;
  __m512d sum = _mm512_setzero_pd();
  Index i = 0, j = 0;
  while (i + kBlock <= n && j + kBlock <= m) {
    const __m256i u = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(a + i)), v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + j));
    const std::int32_t p = a[i + kBlock - 1], q = b[j + kBlock - 1];
    sum = add_met(sum, u, v, eight(x + i), eight(y + j), 0xff);
    i += p <= q ? kBlock : 0;
    j += q <= p ? kBlock : 0;
  }
  while (i < n && j < m) {  // a last block that is not full is filled up with -1 on one side; these are not asked for on the other
    const Index left = std::min(kBlock, n - i), right = std::min(kBlock, m - j);
    const auto of_u = static_cast<__mmask8>((1U << left) - 1), of_v = static_cast<__mmask8>((1U << right) - 1);
    const __m256i u = _mm256_mask_loadu_epi32(_mm256_set1_epi32(-1), of_u, a + i), v = _mm256_maskz_loadu_epi32(of_v, b + j);
    const std::int32_t p = a[i + left - 1], q = b[j + right - 1];
    sum = add_met(sum, u, v, some(x + i, of_u), some(y + j, of_v), of_v);
    i += p <= q ? left : 0;
    j += q <= p ? right : 0;
  }
  double parts[8], total = 0;
  _mm512_storeu_pd(parts, sum);
  for (const double part : parts) total += part;
  return total;
}
#else
template <class T>
double merge(const std::int32_t* a, const T* x, Index n, const std::int32_t* b, const T* y, Index m) {
  return merge_fours(a, x, n, b, y, m);
}
#endif

template <class T>
double merge(const std::int64_t* a, const T* x, Index n, const std::int64_t* b, const T* y, Index m) {
  return merge_fours(a, x, n, b, y, m);
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
