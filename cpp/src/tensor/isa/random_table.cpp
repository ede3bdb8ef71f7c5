// Groups of random numbers: Philox4x32-10 across lanes, then Box and Muller (1958) on pairs of words of the same block.
#include "tensor/isa/math.hpp"
#include "tensor/random_internal.hpp"

namespace plait {
namespace PLAIT_ISA_NS {
namespace {

constexpr int kLanes = static_cast<int>(kRandomLanes);

struct Words {
  std::uint32_t w[4][kLanes];
};

// As base/random.hpp's Philox::block, which tests hold it to, with the rounds inside a loop over blocks.
inline void philox(Words& out, std::uint64_t group, std::uint64_t key, std::uint64_t stream) {
  const std::uint64_t first = group * kLanes;  // a multiple of 16: the low word does not carry within the group
  const auto low = static_cast<std::uint32_t>(first), high = static_cast<std::uint32_t>(first >> 32);
  const auto s0 = static_cast<std::uint32_t>(stream), s1 = static_cast<std::uint32_t>(stream >> 32);
#pragma GCC ivdep
  for (int lane = 0; lane < kLanes; ++lane) {
    std::uint32_t c0 = low + static_cast<std::uint32_t>(lane), c1 = high, c2 = s0, c3 = s1;
    auto k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
#pragma GCC unroll 10
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t p0 = std::uint64_t{0xD2511F53U} * c0, p1 = std::uint64_t{0xCD9E8D57U} * c2;
      c0 = static_cast<std::uint32_t>(p1 >> 32) ^ c1 ^ k0;
      c2 = static_cast<std::uint32_t>(p0 >> 32) ^ c3 ^ k1;
      c1 = static_cast<std::uint32_t>(p1);
      c3 = static_cast<std::uint32_t>(p0);
      k0 += 0x9E3779B9U;
      k1 += 0xBB67AE85U;
    }
    out.w[0][lane] = c0;
    out.w[1][lane] = c1;
    out.w[2][lane] = c2;
    out.w[3][lane] = c3;
  }
}

// uniform_double of base/random.hpp: 26 + 27 bits, each half exact, and the sum too.
inline double unit_double(std::uint32_t high, std::uint32_t low) {
  return static_cast<double>(static_cast<std::int32_t>(high >> 6)) * 0x1p-26 +
         static_cast<double>(static_cast<std::int32_t>(((high & 63U) << 21) | (low >> 11))) * 0x1p-53;
}

// Two independent standard normal numbers from a radius sqrt(-2 log u), u in (0, 1], and an angle: the two top bits of the second word
// choose a quadrant around an axis, the others a point t of [-1, 1) in it. Sine and cosine of t * pi / 4 are minimax polynomials
// (relative errors 3e-9 and 6e-11; 3e-18 and 4e-20 for double).
inline void box_muller(std::uint32_t a, std::uint32_t b, float& x, float& y) {
  const float u = static_cast<float>(static_cast<std::int32_t>(a >> 1)) * 0x1p-31F + 0x1p-32F;
  const float r = __builtin_sqrtf(-2.0F * math::log_(u));
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
  const double r = __builtin_sqrt(-2.0 * math::log_(u));
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
  Words words;
  for (Index g = 0; g < groups; ++g, out += kRandomGroup<float>) {
    philox(words, first + static_cast<std::uint64_t>(g), key, stream);
    for (int half = 0; half < 2; ++half) {
      const std::uint32_t *a = words.w[2 * half], *b = words.w[2 * half + 1];
      float *x = out + 2 * half * kLanes, *y = x + kLanes;
#pragma GCC ivdep
      for (int lane = 0; lane < kLanes; ++lane) box_muller(a[lane], b[lane], x[lane], y[lane]);
    }
  }
}

void normal_f64(double* out, std::uint64_t first, Index groups, std::uint64_t key, std::uint64_t stream) {
  Words words;
  for (Index g = 0; g < groups; ++g, out += kRandomGroup<double>) {
    philox(words, first + static_cast<std::uint64_t>(g), key, stream);
#pragma GCC ivdep
    for (int lane = 0; lane < kLanes; ++lane)
      box_muller(words.w[0][lane], words.w[1][lane], words.w[2][lane], words.w[3][lane], out[lane], out[kLanes + lane]);
  }
}

void uniform_f32(float* out, std::uint64_t first, Index groups, std::uint64_t key, std::uint64_t stream) {
  Words words;
  for (Index g = 0; g < groups; ++g, out += kRandomGroup<float>) {
    philox(words, first + static_cast<std::uint64_t>(g), key, stream);
    for (int k = 0; k < 4; ++k)
      for (int lane = 0; lane < kLanes; ++lane)
        out[k * kLanes + lane] = static_cast<float>(static_cast<std::int32_t>(words.w[k][lane] >> 8)) * 0x1p-24F;
  }
}

void uniform_f64(double* out, std::uint64_t first, Index groups, std::uint64_t key, std::uint64_t stream) {
  Words words;
  for (Index g = 0; g < groups; ++g, out += kRandomGroup<double>) {
    philox(words, first + static_cast<std::uint64_t>(g), key, stream);
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
}  // namespace plait
