// Dot products over common positions. Each position of a block of one vector is compared with each of a block of the other, then the block with
// the smaller last position advances: no branch depends on how the two interleave, nor on whether positions match.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "plait/base/intrinsics.hpp"
#include "sparse/loops.hpp"

namespace plait::sparse::PLAIT_ISA_NS {
namespace {

using Index = std::int64_t;

/// One position at a time, branch-free except for the loop.
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

/// Vectors of four; on narrower registers the compiler splits them.
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
[[maybe_unused]] inline FourWide four(const std::int64_t* p) { return load<FourWide>(p); }

/// Rotated by R places to the left.
template <int R, class V>
inline V rotated(V v) {
  return __builtin_shufflevector(v, v, R, (R + 1) % 4, (R + 2) % 4, (R + 3) % 4);
}
template <class V>
inline bool all(V mask) {
  const auto words = std::bit_cast<std::array<std::uint64_t, sizeof(V) / 8>>(mask);
  std::uint64_t every = ~std::uint64_t{0};
  for (const std::uint64_t word : words) every &= word;
  return every == ~std::uint64_t{0};
}

/// Sums of the products of matches among four positions and four others, without a branch.
struct Fours {
  FourDoubles sum = {};
  FourWide matches = {};  // counted downwards

  /// Each value of b is moved by masks to the place of its match; without a match both factors are zero. Returns whether all matched in place.
  template <class I, class T>
  bool add(const I* a, const T* x, const I* b, const T* y) {
    const auto u = four(a), v = four(b);
    const auto in_place = u == v;
    const FourDoubles ys = four(y);
    if (all(in_place)) {  // as for equal vectors
      sum += four(x) * ys;
      matches -= 1;
      return true;
    }
    const auto wide = [](auto mask) { return __builtin_convertvector(mask, FourWide); };
    const FourWide m0 = wide(in_place), m1 = wide(u == rotated<1>(v)), m2 = wide(u == rotated<2>(v)), m3 = wide(u == rotated<3>(v));
    const FourWide matched = m0 | m1 | m2 | m3;
    const FourWide moved = (m0 & (FourWide)ys) | (m1 & (FourWide)rotated<1>(ys)) | (m2 & (FourWide)rotated<2>(ys)) | (m3 & (FourWide)rotated<3>(ys));
    sum += (FourDoubles)((FourWide)four(x) & matched) * (FourDoubles)moved;
    matches += matched;
    return false;
  }
  [[nodiscard]] double total() const { return (sum[0] + sum[1]) + (sum[2] + sum[3]); }
};

/// From i and j on, at most `steps` blocks of four; stops when one side has fewer than `least` left.
template <class I, class T>
void merge_fours(Fours& fours, const I* a, const T* x, Index n, const I* b, const T* y, Index m, Index& i, Index& j, Index steps, Index least) {
  for (; steps > 0 && i + least <= n && j + least <= m; --steps) {
    if (fours.add(a + i, x + i, b + j, y + j)) {  // predicted, so that the next four need not wait for the comparison
      i += 4;
      j += 4;
      continue;
    }
    const I p = a[i + 3], q = b[j + 3];
    i += p <= q ? 4 : 0;
    j += q <= p ? 4 : 0;
  }
}

/// The rest from i and j on.
template <class I, class T>
double merge_rest(Fours& fours, const I* a, const T* x, Index n, const I* b, const T* y, Index m, Index i, Index j) {
  merge_fours(fours, a, x, n, b, y, m, i, j, n + m, 4);
  return fours.total() + merge_tail(a + i, x + i, n - i, b + j, y + j, m - j);
}

#if defined(__AVX512CD__)
inline __m512d eight(const double* p) { return _mm512_loadu_pd(p); }
inline __m512d eight(const float* p) { return _mm512_maskz_cvtps_pd(0xff, _mm256_loadu_ps(p)); }
inline __m512d some(const double* p, __mmask8 which) { return _mm512_maskz_loadu_pd(which, p); }
inline __m512d some(const float* p, __mmask8 which) { return _mm512_maskz_cvtps_pd(0xff, _mm256_maskz_loadu_ps(which, p)); }

/// sum + the products of matches among eight positions u, with values x, and eight others. Conflict detection, with u below and v above, gives
/// for each of v the matching place of u: one bit, as positions are distinct.
inline __m512d add_matches(__m512d sum, __m256i u, __m256i v, __m512d x, __m512d y, __mmask8 of_v) {
  const __m256i places = _mm512_extracti64x4_epi64(_mm512_conflict_epi32(_mm512_inserti64x4(_mm512_castsi256_si512(u), v, 1)), 1);
  const __m256i place = _mm256_sub_epi32(_mm256_set1_epi32(31), _mm256_lzcnt_epi32(places));
  const __m512d moved = _mm512_maskz_permutexvar_pd(0xff, _mm512_maskz_cvtepi32_epi64(0xff, place), x);
  return _mm512_mask3_fmadd_pd(moved, y, sum, _mm256_mask_test_epi32_mask(of_v, places, places));
}

/// Eight 32-bit positions on either side, without a branch on matches.
template <class T>
double merge(const std::int32_t* a, const T* x, Index n, const std::int32_t* b, const T* y, Index m) {
  constexpr Index kBlock = 8;
  __m512d sum = _mm512_setzero_pd();
  Index i = 0, j = 0;
  while (i + kBlock <= n && j + kBlock <= m) {
    const __m256i u = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(a + i)), v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + j));
    const std::int32_t p = a[i + kBlock - 1], q = b[j + kBlock - 1];
    sum = add_matches(sum, u, v, eight(x + i), eight(y + j), 0xff);
    i += p <= q ? kBlock : 0;
    j += q <= p ? kBlock : 0;
  }
  while (i < n && j < m) {  // an incomplete last block is padded with -1 on one side; the other side skips such matches
    const Index left = std::min(kBlock, n - i), right = std::min(kBlock, m - j);
    const auto of_u = static_cast<__mmask8>((1U << left) - 1), of_v = static_cast<__mmask8>((1U << right) - 1);
    const __m256i u = _mm256_mask_loadu_epi32(_mm256_set1_epi32(-1), of_u, a + i), v = _mm256_maskz_loadu_epi32(of_v, b + j);
    const std::int32_t p = a[i + left - 1], q = b[j + right - 1];
    sum = add_matches(sum, u, v, some(x + i, of_u), some(y + j, of_v), of_v);
    i += p <= q ? left : 0;
    j += q <= p ? right : 0;
  }
  double parts[8], total = 0;
  _mm512_storeu_pd(parts, sum);
  for (const double part : parts) total += part;
  return total;
}
#elif defined(__AVX2__)
/// The set of eight positions that match one of eight others.
inline unsigned matching(const std::int32_t* a, const std::int32_t* b) {
  const __m256i u = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(a)), v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b));
  const auto in_halves = [&](__m256i w) {  // all rotations within halves
    const __m256i e0 = _mm256_cmpeq_epi32(u, w), e1 = _mm256_cmpeq_epi32(u, _mm256_shuffle_epi32(w, 0x39));
    const __m256i e2 = _mm256_cmpeq_epi32(u, _mm256_shuffle_epi32(w, 0x4E)), e3 = _mm256_cmpeq_epi32(u, _mm256_shuffle_epi32(w, 0x93));
    return _mm256_or_si256(_mm256_or_si256(e0, e1), _mm256_or_si256(e2, e3));
  };
  return static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_or_si256(in_halves(v), in_halves(_mm256_permute2x128_si256(v, v, 1))))));
}

/// For few matches, eight positions on either side and a loop over the matches, seldom mispredicted; for more, four at a time without branches.
/// Chosen by the number of matches in the previous piece.
template <class T>
double merge(const std::int32_t* a, const T* x, Index n, const std::int32_t* b, const T* y, Index m) {
  constexpr Index kBlock = 8, kPiece = 32, kFew = 10;
  Fours fours;
  double sum = 0;
  Index i = 0, j = 0;
  bool few = true;
  while (i + kBlock <= n && j + kBlock <= m) {
    Index matches = 0;
    if (few) {
      for (Index step = 0; step < kPiece && i + kBlock <= n && j + kBlock <= m; ++step) {
        const std::int32_t p = a[i + kBlock - 1], q = b[j + kBlock - 1];
        if (unsigned of_a = matching(a + i, b + j); of_a != 0) {  // the k-th match of one side is the k-th of the other
          for (unsigned of_b = matching(b + j, a + i); of_a != 0; of_a &= of_a - 1, of_b &= of_b - 1, ++matches)
            sum += static_cast<double>(x[i + std::countr_zero(of_a)]) * static_cast<double>(y[j + std::countr_zero(of_b)]);
        }
        i += p <= q ? kBlock : 0;
        j += q <= p ? kBlock : 0;
      }
    } else {
      fours.matches = FourWide{};
      merge_fours(fours, a, x, n, b, y, m, i, j, 2 * kPiece, kBlock);
      matches = -(fours.matches[0] + fours.matches[1] + fours.matches[2] + fours.matches[3]);
    }
    few = matches <= kFew;
  }
  return sum + merge_rest(fours, a, x, n, b, y, m, i, j);
}
#else
template <class T>
double merge(const std::int32_t* a, const T* x, Index n, const std::int32_t* b, const T* y, Index m) {
  Fours fours;
  return merge_rest(fours, a, x, n, b, y, m, 0, 0);
}
#endif

template <class T>
double merge(const std::int64_t* a, const T* x, Index n, const std::int64_t* b, const T* y, Index m) {
  Fours fours;
  return merge_rest(fours, a, x, n, b, y, m, 0, 0);
}

/// Four independent sums, to hide the latency of additions.
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
