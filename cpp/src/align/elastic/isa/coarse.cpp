#include "align/elastic/coarse.hpp"

#include "plait/base/intrinsics.hpp"
#include "plait/tensor/vector.hpp"

namespace plait::align::detail {
namespace PLAIT_ISA_NS {

using namespace tensor;
using namespace tensor::PLAIT_ISA_NS;
namespace {

typedef std::uint16_t V __attribute__((vector_size(kVectorBytes)));
constexpr Index kWide = kVectorBytes / 2;

PLAIT_INLINE V all(std::uint16_t value) { return V{} + value; }

// Intrinsics: most of these instructions have no operators, and for plain minima the compiler changes the order, so that two of them are on the
// critical path of each cell.
#if defined(__AVX512BW__)
PLAIT_INLINE V of(__m512i a) { return reinterpret_cast<V>(a); }
PLAIT_INLINE __m512i raw(V a) { return reinterpret_cast<__m512i>(a); }
PLAIT_INLINE V sum(V a, V b) { return of(_mm512_adds_epu16(raw(a), raw(b))); }
PLAIT_INLINE V difference(V a, V b) { return of(_mm512_subs_epu16(raw(a), raw(b))); }
PLAIT_INLINE V smaller(V a, V b) { return of(_mm512_maskz_min_epu16(~__mmask32{0}, raw(a), raw(b))); }
PLAIT_INLINE V high_product(V a, V b) { return of(_mm512_mulhi_epu16(raw(a), raw(b))); }
#elif defined(__AVX2__)
PLAIT_INLINE V of(__m256i a) { return reinterpret_cast<V>(a); }
PLAIT_INLINE __m256i raw(V a) { return reinterpret_cast<__m256i>(a); }
PLAIT_INLINE V sum(V a, V b) { return of(_mm256_adds_epu16(raw(a), raw(b))); }
PLAIT_INLINE V difference(V a, V b) { return of(_mm256_subs_epu16(raw(a), raw(b))); }
PLAIT_INLINE V smaller(V a, V b) { return of(_mm256_min_epu16(raw(a), raw(b))); }
PLAIT_INLINE V high_product(V a, V b) { return of(_mm256_mulhi_epu16(raw(a), raw(b))); }
#elif defined(__SSE4_1__)
PLAIT_INLINE V of(__m128i a) { return reinterpret_cast<V>(a); }
PLAIT_INLINE __m128i raw(V a) { return reinterpret_cast<__m128i>(a); }
PLAIT_INLINE V sum(V a, V b) { return of(_mm_adds_epu16(raw(a), raw(b))); }
PLAIT_INLINE V difference(V a, V b) { return of(_mm_subs_epu16(raw(a), raw(b))); }
PLAIT_INLINE V smaller(V a, V b) { return of(_mm_min_epu16(raw(a), raw(b))); }
PLAIT_INLINE V high_product(V a, V b) { return of(_mm_mulhi_epu16(raw(a), raw(b))); }
#else
typedef std::uint32_t Twice __attribute__((vector_size(2 * kVectorBytes)));
PLAIT_INLINE V smaller(V a, V b) { return a < b ? a : b; }
PLAIT_INLINE V sum(V a, V b) { return a + smaller(b, ~a); }
PLAIT_INLINE V difference(V a, V b) { return a - smaller(a, b); }
PLAIT_INLINE V high_product(V a, V b) {
  return __builtin_convertvector((__builtin_convertvector(a, Twice) * __builtin_convertvector(b, Twice)) >> 16, V);
}
#endif

/// A few registers of lanes over all rows; each register has a recursion of its own.
template <int kRegisters, bool kShifted>
void lanes(const CoarsePass& given, Index lane) {
  const CoarsePass p = given;
  const V none = ~V{};
  [[maybe_unused]] const auto shift = static_cast<std::uint16_t>(p.shift);
  const std::uint16_t* const y = p.y + lane - kCoarseLanes;
  std::uint16_t* const row = p.row + lane;
  Index done = 0;  // columns initialised so far
  for (Index i = 1, before = 0; i <= p.n; ++i) {
    const Index lo = p.lo[i], hi = p.hi[i];
    for (; done < hi; ++done)
      for (int r = 0; r < kRegisters; ++r) store(row + (done + 1) * kCoarseLanes + r * kWide, none);
    // max(|x - y| - 1, 0), as the larger of two saturating differences.
    const V above = all(static_cast<std::uint16_t>(p.x[i - 1] + 1)), below = all(static_cast<std::uint16_t>(p.x[i - 1] - 1));
    V left[kRegisters], diagonal[kRegisters];
    for (int r = 0; r < kRegisters; ++r) {
      left[r] = none;
      diagonal[r] = i == 1 ? V{} : before < lo ? load<V>(row + (lo - 1) * kCoarseLanes + r * kWide) : none;
    }
    for (Index j = lo; j <= hi; ++j) {
#pragma GCC unroll 4
      for (int r = 0; r < kRegisters; ++r) {
        const Index at = j * kCoarseLanes + r * kWide;
        const V value = load<V>(y + at), up = load<V>(row + at), apart = difference(value, above) | difference(below, value);
        V cost = high_product(apart, apart);
        if constexpr (kShifted) cost = cost >> shift;
        left[r] = sum(smaller(smaller(up, diagonal[r]), left[r]), cost);
        diagonal[r] = up;
        store(row + at, left[r]);
      }
    }
    before = lo;
  }
}

void run(const CoarsePass& pass) {
  constexpr Index kAtOnce = kCoarseLanes < 2 * kWide ? 1 : 2;
  const auto some = pass.shift == 0 ? lanes<kAtOnce, false> : lanes<kAtOnce, true>;
  for (Index lane = 0; lane < kCoarseLanes; lane += kAtOnce * kWide) some(pass, lane);
}

}  // namespace

const CoarseTable& coarse_table() {
  static constexpr CoarseTable table{run};
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::align::detail
