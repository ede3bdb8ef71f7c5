// Groups of random numbers: Philox4x32-10 across lanes, then Box and Muller (1958) on pairs of words of the same block.
#include "plait/base/intrinsics.hpp"
#include "tensor/math/isa/math.hpp"
#include "tensor/random/internal.hpp"

namespace plait::tensor {
namespace PLAIT_ISA_NS {
namespace {

constexpr int kLanes = static_cast<int>(kRandomLanes);

struct Words {
  std::uint32_t w[4][kLanes];
};

// Philox needs products of 32-bit words with 64-bit results. From a plain loop over words the compiler spends most instructions on shuffling halves,
// so words are kept in the low halves of 64-bit lanes here (the high halves hold leftovers of products and are never read), and the multiplication is
// an intrinsic.
#if defined(__AVX512F__)
constexpr int kWidth = 8;
#elif defined(__AVX2__)
constexpr int kWidth = 4;
#else
constexpr int kWidth = 2;
#endif
using Wide = std::uint64_t __attribute__((vector_size(kWidth * 8)));
using Narrow = std::uint32_t __attribute__((vector_size(kWidth * 4)));

inline Wide multiply_low(Wide a, Wide b) {
#if defined(__AVX512F__)
  return reinterpret_cast<Wide>(_mm512_mul_epu32(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
#elif defined(__AVX2__)
  return reinterpret_cast<Wide>(_mm256_mul_epu32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
#elif defined(__SSE2__)
  return reinterpret_cast<Wide>(_mm_mul_epu32(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
#else
  return (a & 0xFFFFFFFFU) * (b & 0xFFFFFFFFU);
#endif
}
inline Wide splat(std::uint64_t x) { return x - Wide{}; }

class Philox16 {
 public:
  Philox16(std::uint64_t key, std::uint64_t stream) : c2_(splat(stream & 0xFFFFFFFFU)), c3_(splat(stream >> 32)) {
    auto k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
    for (int round = 0; round < 10; ++round) {
      keys_[round][0] = splat(k0);
      keys_[round][1] = splat(k1);
      k0 += 0x9E3779B9U;
      k1 += 0xBB67AE85U;
    }
    for (int lane = 0; lane < kWidth; ++lane) lane_[lane] = static_cast<std::uint64_t>(lane);
  }
  // The blocks of a group, equal to Philox::block of base/random.hpp (tested).
  void operator()(Words& out, std::uint64_t group) const {
    const std::uint64_t first = group * kLanes;  // a multiple of 16: the low word does not carry within the group
#pragma GCC unroll 8
    for (int part = 0; part < kLanes; part += kWidth) {
      Wide c0 = splat((first & 0xFFFFFFFFU) + static_cast<std::uint64_t>(part)) + lane_, c1 = splat(first >> 32), c2 = c2_, c3 = c3_;
#pragma GCC unroll 10
      for (int round = 0; round < 10; ++round) {
        const Wide p0 = multiply_low(c0, splat(0xD2511F53U)), p1 = multiply_low(c2, splat(0xCD9E8D57U));
        c0 = (p1 >> 32) ^ c1 ^ keys_[round][0];
        c2 = (p0 >> 32) ^ c3 ^ keys_[round][1];
        c1 = p1;
        c3 = p0;
      }
      store(out.w[0] + part, c0);
      store(out.w[1] + part, c1);
      store(out.w[2] + part, c2);
      store(out.w[3] + part, c3);
    }
  }

 private:
  static void store(std::uint32_t* to, Wide words) {
    const Narrow narrow = __builtin_convertvector(words, Narrow);
    __builtin_memcpy(to, &narrow, sizeof narrow);
  }
  Wide keys_[10][2], c2_, c3_, lane_;
};

// uniform_double of base/random.hpp: 26 + 27 bits; both halves and the sum are exact.
inline double unit_double(std::uint32_t high, std::uint32_t low) {
  return static_cast<double>(static_cast<std::int32_t>(high >> 6)) * 0x1p-26 +
         static_cast<double>(static_cast<std::int32_t>(((high & 63U) << 21) | (low >> 11))) * 0x1p-53;
}

// Two independent standard normal numbers from a radius sqrt(-2 log u), u in (0, 1], and an angle: the two top bits of the second word
// choose a quadrant around an axis, the others a point t of [-1, 1) in it. Sine and cosine of t * pi / 4 are minimax polynomials
// (relative errors 3e-9 and 6e-11; 3e-18 and 4e-20 for double).
inline void box_muller(std::uint32_t a, std::uint32_t b, float& x, float& y) {
  const float u = static_cast<float>(static_cast<std::int32_t>(a >> 1)) * 0x1p-31F + 0x1p-32F;
  float e;
  const float m = math::split(u, math::kTwoThirds32, e);  // u is a normal number: log_'s special cases are not needed
  const float r = __builtin_sqrtf(-2.0F * math::log_of_parts(m - 1.0F, e));
  const float t = static_cast<float>(static_cast<std::int32_t>(b << 2)) * 0x1p-31F, z = t * t;
  const float s = t * (0.7853982F + z * (-0.080745436F + z * (0.002490001F + z * -3.595045e-05F)));
  const float c = 1.0F + z * (-0.30842513F + z * (0.015854327F + z * (-0.00032594008F + z * 3.5303378e-06F)));
  const bool swap = (b & 0x40000000U) != 0;
  const float signed_r = (b & 0x80000000U) != 0 ? -r : r;
  x = signed_r * (swap ? s : c);
  y = signed_r * (swap ? c : s);
}

// Two words make one exact double by two conversions of 32-bit integers, which every level has as a vector instruction.
inline void box_muller(std::uint32_t a_high, std::uint32_t a_low, std::uint32_t b_high, std::uint32_t b_low, double& x, double& y) {
  const double u = unit_double(a_high, a_low) + 0x1p-54;
  double e;
  const double m = math::split(u, math::kSqrtHalf64, e);
  const double r = __builtin_sqrt(-2.0 * math::log_of_parts(m - 1.0, e));
  const double t =
      static_cast<double>(static_cast<std::int32_t>(b_high << 2)) * 0x1p-31 + static_cast<double>(static_cast<std::int32_t>(b_low >> 9)) * 0x1p-52;
  const double z = t * t;
  const double s3 = -3.657620415845637e-05 + z * (3.13361621663533e-07 + z * (-1.7571492943942622e-09 + z * 6.877100938394114e-12));
  const double s = t * (0.7853981633974483 + z * (-0.08074551218828054 + z * (0.002490394570188736 + z * s3)));
  const double c4 = 3.5908604460588867e-06 + z * (-2.4611364051113953e-08 + z * (1.1500511891939721e-10 + z * -3.8581556727691763e-13));
  const double c = 1.0 + z * (-0.30842513753404244 + z * (0.015854344243815426 + z * (-0.0003259918869267589 + z * c4)));
  const bool swap = (b_high & 0x40000000U) != 0;
  const double signed_r = (b_high & 0x80000000U) != 0 ? -r : r;
  x = signed_r * (swap ? s : c);
  y = signed_r * (swap ? c : s);
}

void normal_f32(float* out, std::uint64_t first, Index groups, std::uint64_t key, std::uint64_t stream) {
  const Philox16 philox(key, stream);
  Words words;
  for (Index g = 0; g < groups; ++g, out += kRandomGroup<float>) {
    philox(words, first + static_cast<std::uint64_t>(g));
    for (int half = 0; half < 2; ++half) {
      const std::uint32_t *a = words.w[2 * half], *b = words.w[2 * half + 1];
      float *x = out + 2 * half * kLanes, *y = x + kLanes;
#pragma GCC ivdep
      for (int lane = 0; lane < kLanes; ++lane) box_muller(a[lane], b[lane], x[lane], y[lane]);
    }
  }
}

void normal_f64(double* out, std::uint64_t first, Index groups, std::uint64_t key, std::uint64_t stream) {
  const Philox16 philox(key, stream);
  Words words;
  for (Index g = 0; g < groups; ++g, out += kRandomGroup<double>) {
    philox(words, first + static_cast<std::uint64_t>(g));
#pragma GCC ivdep
    for (int lane = 0; lane < kLanes; ++lane)
      box_muller(words.w[0][lane], words.w[1][lane], words.w[2][lane], words.w[3][lane], out[lane], out[kLanes + lane]);
  }
}

void uniform_f32(float* out, std::uint64_t first, Index groups, std::uint64_t key, std::uint64_t stream) {
  const Philox16 philox(key, stream);
  Words words;
  for (Index g = 0; g < groups; ++g, out += kRandomGroup<float>) {
    philox(words, first + static_cast<std::uint64_t>(g));
    for (int k = 0; k < 4; ++k)
      for (int lane = 0; lane < kLanes; ++lane)
        out[k * kLanes + lane] = static_cast<float>(static_cast<std::int32_t>(words.w[k][lane] >> 8)) * 0x1p-24F;
  }
}

void uniform_f64(double* out, std::uint64_t first, Index groups, std::uint64_t key, std::uint64_t stream) {
  const Philox16 philox(key, stream);
  Words words;
  for (Index g = 0; g < groups; ++g, out += kRandomGroup<double>) {
    philox(words, first + static_cast<std::uint64_t>(g));
    for (int k = 0; k < 2; ++k)
      for (int lane = 0; lane < kLanes; ++lane) out[k * kLanes + lane] = unit_double(words.w[2 * k][lane], words.w[2 * k + 1][lane]);
  }
}

}  // namespace

const RandomTable& random_table() {
  static constexpr RandomTable table = {normal_f32, normal_f64, uniform_f32, uniform_f64};
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
