// exp, exp2, expm1, e^x - 1 - x, sinh, cosh, tanh, sigmoid, e^(-x^2) and the densities of the logistic and normal distributions. Cody and Waite's
// reduction x = n ln 2 + r, then e^r - 1 = r + r^2 Q(r) with a minimax Q.
#pragma once

#include "bits.hpp"

namespace plait::tensor {
namespace PLAIT_ISA_NS {
namespace math {

constexpr float kLog2e32 = 1.44269504F;
constexpr float kLn2High32 = 0x1.63p-1F, kLn2Low32 = -2.12194440e-4F;  // n times the high part is exact without a fused multiply
constexpr double kLog2e64 = 1.4426950408889634;
constexpr double kLn2High64 = 0x1.62e42fee00000p-1, kLn2Low64 = 0x1.a39ef35793c76p-33;

// rounded = 1.5 * 2^23 + n (see kRound32); r is rounded, and its error computed where more digits are needed.
struct Reduced32 {
  float rounded, n, r;
};
struct Reduced64 {
  double rounded, n, r;
};
PLAIT_MATH Reduced32 reduce_exp(float x) {
  const float rounded = x * kLog2e32 + kRound32, n = rounded - kRound32;
  return {rounded, n, (x - n * kLn2High32) - n * kLn2Low32};
}
PLAIT_MATH Reduced64 reduce_exp(double x) {
  const double rounded = x * kLog2e64 + kRound64, n = rounded - kRound64;
  return {rounded, n, (x - n * kLn2High64) - n * kLn2Low64};
}

// (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2, to a relative 2.7e-10 and 2.8e-18 of e^r - 1.
PLAIT_MATH float exp_tail(float r) {
  return 0.5F + r * (0.16666667F + r * (0.041666325F + r * (0.008333219F + r * (0.001394342F + r * 0.00019962619F))));
}
PLAIT_MATH double exp_tail(double r) {
  const double high =
      0.0013888888895841533 +
      r * (0.00019841269875629493 +
           r * (2.4801574133598267e-05 +
                r * (2.7557254362540376e-06 + r * (2.756821349372555e-07 + r * (2.510565187331346e-08 + r * 1.7616296175638232e-09)))));
  return 0.5000000000000001 + r * (0.1666666666666667 + r * (0.0416666666666517 + r * (0.008333333333325909 + r * high)));
}

// p * 2^n by two factors, so that subnormal results are rounded once and overflow gives infinity.
PLAIT_MATH float scale(float p, float rounded) {
  const std::uint32_t twice = bits(rounded) - bits(kRound32) + 254U, half = twice >> 1;
  return p * from_bits(half << 23) * from_bits((twice - half) << 23);
}
PLAIT_MATH double scale(double p, double rounded) {
  const std::uint64_t twice = bits(rounded) - bits(kRound64) + 2046U, half = twice >> 1;
  return p * from_bits(half << 52) * from_bits((twice - half) << 52);
}
// 2^(n + shift), within the normal range.
PLAIT_MATH float power_of_two(float rounded, std::uint32_t shift) { return from_bits((bits(rounded) - bits(kRound32) + 127U + shift) << 23); }
PLAIT_MATH double power_of_two(double rounded, std::uint64_t shift) { return from_bits((bits(rounded) - bits(kRound64) + 1023U + shift) << 52); }

PLAIT_MATH float exp_(float x) {
  x = x < -104.0F ? -104.0F : x;  // NaN passes both
  x = x > 89.0F ? 89.0F : x;
  const Reduced32 a = reduce_exp(x);
  const float r = a.r;
  const float p = (r * r) * (0.49999994F + r * (0.1666652F + r * (0.04166838F + r * (0.008368883F + r * 0.0013815938F)))) + r + 1.0F;
  return scale(p, a.rounded);
}
PLAIT_MATH double exp_(double x) {
  x = x < -746.0 ? -746.0 : x;
  x = x > 710.0 ? 710.0 : x;
  const Reduced64 a = reduce_exp(x);
  const double r = a.r;
  return scale(r * r * exp_tail(r) + r + 1.0, a.rounded);
}

// e^-a for 0 <= a <= 120 (1000): the power of two is at most 1 and is applied as one factor, scaled by 2^64 (2^512).
PLAIT_MATH float exp_minus_bounded(float a) {
  constexpr float kShift = kRound32 + 191.0F;  // 127 for the exponent's bias, and 64
  const float rounded = kShift - a * kLog2e32, n = rounded - kShift;
  const float r = (-a - n * kLn2High32) - n * kLn2Low32;
  const float p = (r * r) * (0.49999994F + r * (0.1666652F + r * (0.04166838F + r * (0.008368883F + r * 0.0013815938F)))) + r + 1.0F;
  return p * from_bits(bits(rounded) << 23) * 0x1p-64F;
}
PLAIT_MATH double exp_minus_bounded(double a) {
  constexpr double kShift = kRound64 + 1535.0;
  const double rounded = kShift - a * kLog2e64, n = rounded - kShift;
  const double r = (-a - n * kLn2High64) - n * kLn2Low64;
  return (r * r * exp_tail(r) + r + 1.0) * from_bits(bits(rounded) << 52) * 0x1p-512;
}
// e^-a for a >= 0.
PLAIT_MATH float exp_minus(float a) { return exp_minus_bounded(a > 104.0F ? 104.0F : a); }
PLAIT_MATH double exp_minus(double a) { return exp_minus_bounded(a > 746.0 ? 746.0 : a); }

// 2^x = 2^n e^(f ln 2), where n + f = x is exact; integer x are exact.
PLAIT_MATH float exp2_(float x) {
  x = x < -152.0F ? -152.0F : x;
  x = x > 129.0F ? 129.0F : x;
  const float rounded = x + kRound32, r = (x - (rounded - kRound32)) * 0.6931472F;
  return scale(r * r * exp_tail(r) + r + 1.0F, rounded);
}
PLAIT_MATH double exp2_(double x) {
  x = x < -1077.0 ? -1077.0 : x;
  x = x > 1025.0 ? 1025.0 : x;
  const double rounded = x + kRound64, r = (x - (rounded - kRound64)) * 0.6931471805599453;
  return scale(r * r * exp_tail(r) + r + 1.0, rounded);
}

// e^x / 2 for x >= 0, which is finite where sinh and cosh are.
PLAIT_MATH float half_exp(float x) {
  x = x > 91.0F ? 91.0F : x;
  const Reduced32 a = reduce_exp(x);
  return scale(a.r * a.r * exp_tail(a.r) + a.r + 1.0F, a.rounded - 1.0F);
}
PLAIT_MATH double half_exp(double x) {
  x = x > 712.0 ? 712.0 : x;
  const Reduced64 a = reduce_exp(x);
  return scale(a.r * a.r * exp_tail(a.r) + a.r + 1.0, a.rounded - 1.0);
}
// Up to 1 the series, above (e^x - e^-x) / 2, where cancellation is small.
PLAIT_MATH float sinh_(float x) {
  const float a = magnitude(x), z = a * a, u = half_exp(a);
  const float near = a + a * z * (0.16666667F + z * (0.008333334F + z * (0.0001984127F + z * (2.7557319e-06F + z * 2.505211e-08F))));
  return with_sign(a <= 1.0F ? near : u - 0.25F / u, x);
}
PLAIT_MATH double sinh_(double x) {
  const double a = magnitude(x), z = a * a, u = half_exp(a);
  const double high = 2.7557319223985893e-06 +
                      z * (2.505210838544172e-08 +
                           z * (1.6059043836821613e-10 + z * (7.647163731819816e-13 + z * (2.8114572543455206e-15 + z * 8.22063524662433e-18))));
  const double near = a + a * z * (0.16666666666666666 + z * (0.008333333333333333 + z * (0.0001984126984126984 + z * high)));
  return with_sign(a <= 1.0 ? near : u - 0.25 / u, x);
}
PLAIT_MATH float cosh_(float x) {
  const float u = half_exp(magnitude(x));
  return u + 0.25F / u;
}
PLAIT_MATH double cosh_(double x) {
  const double u = half_exp(magnitude(x));
  return u + 0.25 / u;
}

// 2^n (e^r - 1) + (2^n - 1), computed as twice its half: n may be one more than the largest exponent. Tiny arguments are their own result.
PLAIT_MATH float expm1_(float x) {
  const float tiny = x;
  x = x < -18.0F ? -18.0F : x;
  x = x > 89.0F ? 89.0F : x;
  const Reduced32 a = reduce_exp(x);
  const float rest = ((x - a.n * kLn2High32) - a.r) - a.n * kLn2Low32;  // the rounding error of r
  const float q = a.r * a.r * exp_tail(a.r) + rest + a.r, s = power_of_two(a.rounded, ~0U);
  const float y = 2.0F * (s * q + (s - 0.5F));
  return magnitude(tiny) < 0x1p-26F ? tiny : y;
}
PLAIT_MATH double expm1_(double x) {
  const double tiny = x;
  x = x < -40.0 ? -40.0 : x;
  x = x > 710.0 ? 710.0 : x;
  const Reduced64 a = reduce_exp(x);
  const double rest = ((x - a.n * kLn2High64) - a.r) - a.n * kLn2Low64;
  const double q = a.r * a.r * exp_tail(a.r) + rest + a.r, s = power_of_two(a.rounded, ~std::uint64_t{0});
  const double y = 2.0 * (s * q + (s - 0.5));
  return magnitude(tiny) < 0x1p-55 ? tiny : y;
}

// e^x - 1 - x = 2^n (e^r - 1 - r) + rest, and rest = (2^n - 1) x - (2^n (n ln 2 - 1) + 1): for small n a fused multiplication leaves that exact to
// its last rounding, and 0 for n = 0. From n = 4 on rest = 2^n (1 + r) - (1 + x) cancels little. All halved, since n may be one more than the largest
// exponent.
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
// (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2, to 1.4e-17 of itself.
PLAIT_MATH double exp_rest(double r) {
  const double high =
      0.0013888888888886545 +
      r * (0.00019841269863105968 +
           r * (2.4801587317181886e-05 +
                r * (2.7557268378684192e-06 + r * (2.755728291148268e-07 + r * (2.5100424157005067e-08 + r * 2.0911264239196083e-09)))));
  return 0.5 + r * (0.16666666666666669 + r * (0.041666666666666664 + r * (0.008333333333330051 + r * high)));
}
PLAIT_MATH float expm1mx_(float x) {
  float y = choose(bits(x + 60.0F), -60.0F, x);  // a negative NaN too, but then x is selected below
  y = choose(bits(89.0F - y), 89.0F, y);
  const Reduced32 a = reduce_exp(y);
  const float half = power_of_two(a.rounded, ~0U);
  const float line = fused(half - 0.5F, x, -fused(half, fused(a.n, kLn2High32, -1.0F), 0.5F));
  const float near = fused(-half, a.n * kLn2Low32, line), far = fused(half, a.r, half) - fused(0.5F, y, 0.5F);
  return 2.0F * fused(half, a.r * a.r * exp_tail(a.r), choose(bits(a.rounded) - bits(kRound32 + 4.0F), near, far));
}
PLAIT_MATH double expm1mx_(double x) {
  double y = choose(bits(x + 60.0), -60.0, x);
  y = choose(bits(710.0 - y), 710.0, y);
  const Reduced64 a = reduce_exp(y);
  const double half = power_of_two(a.rounded, ~std::uint64_t{0});
  const double line = fused(half - 0.5, x, -fused(half, fused(a.n, kLn2High64, -1.0), 0.5));
  const double near = fused(-half, a.n * kLn2Low64, line), far = fused(half, a.r, half) - fused(0.5, y, 0.5);
  return 2.0 * fused(half, a.r * a.r * exp_rest(a.r), choose(bits(a.rounded) - bits(kRound64 + 4.0), near, far));
}
#else
// Up to 1 the series, above the difference, where cancellation is small.
PLAIT_MATH float expm1mx_(float x) {
  const float low = 0.5F + x * (0.16666667F + x * (0.041666668F + x * (0.008333334F + x * 0.0013888889F)));
  const float high = 0.0001984127F + x * (2.4801588e-05F + x * (2.7557319e-06F + x * (2.755732e-07F + x * 2.505211e-08F)));
  const float x2 = x * x, far = x < kInf32 ? expm1_(x) - x : x;
  return magnitude(x) <= 1.0F ? x2 * (low + x2 * x2 * x * high) : far;
}
PLAIT_MATH double expm1mx_(double x) {
  const double low = 0.5 + x * (0.16666666666666666 + x * (0.041666666666666664 + x * (0.008333333333333333 + x * 0.001388888888888889)));
  const double middle = 0.0001984126984126984 +
                        x * (2.48015873015873e-05 +
                             x * (2.7557319223985893e-06 + x * (2.755731922398589e-07 + x * (2.505210838544172e-08 + x * 2.08767569878681e-09))));
  const double high = 1.6059043836821613e-10 +
                      x * (1.1470745597729725e-11 +
                           x * (7.647163731819816e-13 + x * (4.779477332387385e-14 + x * (2.8114572543455206e-15 + x * 1.5619206968586225e-16))));
  const double x2 = x * x, x5 = x2 * x2 * x, far = x < kInf64 ? expm1_(x) - x : x;
  return magnitude(x) <= 1.0 ? x2 * (low + x5 * (middle + x5 * x * high)) : far;
}
#endif

// Up to 0.35 a minimax polynomial (4.8e-10 and 1.2e-19 of the result), from there t / (t + 2) with t = e^(2|x|) - 1: 2|x| is then past the
// first half power of two, so nothing cancels in t.
PLAIT_MATH float tanh_(float x) {
  float a = magnitude(x);
  const float z = a * a;
  const float near = a + a * z * (-0.33333322F + z * (0.13332354F + z * (-0.05372321F + z * 0.019423107F)));
  const bool far = a > 0.35F;
  a = a > 10.0F ? 10.0F : a;
  const Reduced32 b = reduce_exp(2.0F * a);
  const float q = b.r * b.r * exp_tail(b.r) + b.r, s = power_of_two(b.rounded, 0);
  const float t = s * q + (s - 1.0F);
  return with_sign(far ? t / (t + 2.0F) : near, x);
}
PLAIT_MATH double tanh_(double x) {
  double a = magnitude(x);
  const double z = a * a;
  const double high =
      -0.008863227676814427 + z * (0.003591978339278997 + z * (-0.0014540684431016489 + z * (0.0005773569015668815 + z * -0.00018769838459700673)));
  const double near =
      a + a * z * (-0.3333333333333332 + z * (0.1333333333332937 + z * (-0.05396825396376588 + z * (0.02186948828672463 + z * high))));
  const bool far = a > 0.35;
  a = a > 20.0 ? 20.0 : a;
  const Reduced64 b = reduce_exp(2.0 * a);
  const double q = b.r * b.r * exp_tail(b.r) + b.r, s = power_of_two(b.rounded, 0);
  const double t = s * q + (s - 1.0);
  return with_sign(far ? t / (t + 2.0) : near, x);
}

// From e^-|x|, which preserves the small results of negative x.
PLAIT_MATH float sigmoid_(float x) {
  const float e = exp_minus(magnitude(x));
  return (x < 0 ? e : 1.0F) / (1.0F + e);
}
PLAIT_MATH double sigmoid_(double x) {
  const double e = exp_minus(magnitude(x));
  return (x < 0 ? e : 1.0) / (1.0 + e);
}
// The derivative of sigmoid.
PLAIT_MATH float logistic_density_(float x) {
  const float e = exp_minus(magnitude(x)), d = 1.0F + e;
  return e / (d * d);
}
PLAIT_MATH double logistic_density_(double x) {
  const double e = exp_minus(magnitude(x)), d = 1.0 + e;
  return e / (d * d);
}

// e^(-x^2) and e^(-x^2 / 2) / sqrt(2 pi): the rounding error of the square is corrected after the exponential.
PLAIT_MATH float gaussian_(float x) {
  const float a = magnitude(x);
  const Square32 square = square_in_parts(a > 10.5F ? 10.5F : a);
  const float e = exp_minus_bounded(square.high);
  return e - e * square.low;
}
PLAIT_MATH double gaussian_(double x) {
  const double a = magnitude(x);
  const Square64 square = square_in_parts(a > 28.0 ? 28.0 : a);
  const double e = exp_minus_bounded(square.high);
  return e - e * square.low;
}
PLAIT_MATH float normal_density_(float x) {
  const float a = magnitude(x);
  const Square32 square = square_in_parts(a > 15.0F ? 15.0F : a);
  const float e = exp_minus_bounded(0.5F * square.high);
  return (e - e * (0.5F * square.low)) * 0.3989423F;
}
PLAIT_MATH double normal_density_(double x) {
  const double a = magnitude(x);
  const Square64 square = square_in_parts(a > 39.0 ? 39.0 : a);
  const double e = exp_minus_bounded(0.5 * square.high);
  return (e - e * (0.5 * square.low)) * 0.3989422804014327;
}

}  // namespace math
}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
