// log, log2, log10, log1p. x = m 2^e with m near 1 and log m from f = m - 1: a minimax polynomial for float; for double the form
// of FreeBSD's msun, log(1 + f) = f - s (f - R(s^2)) with s = f / (2 + f), with coefficients for this interval.
#pragma once

#include "exp.hpp"

namespace plait::tensor {
namespace PLAIT_ISA_NS {
namespace math {

constexpr std::uint32_t kTwoThirds32 = 0x3F2AAAABU;           // f in [-1/3, 1/3]
constexpr std::uint64_t kSqrtHalf64 = 0x3FE6A09E667F3BCDULL;  // f in [-0.293, 0.415]

// log(1 + f) + e ln 2. The polynomial's error is 4.7e-9 of the result.
PLAIT_MATH float log_of_parts(float f, float e) {
  const float f2 = f * f;
  const float low = 0.33333215F + f * (-0.249998F + f * (0.20010443F + f * -0.16680384F));
  const float high = 0.14005226F + f * (-0.12185884F + f * (0.13987812F + f * -0.12883835F));
  const float tail = f2 * f * (low + f2 * f2 * high) + e * kLn2Low32;
  return e * kLn2High32 + (f + (tail - 0.5F * f2));
}
// The error of R is 2.5e-18 absolute.
PLAIT_MATH double log_of_parts(double f, double e) {
  const double s = f / (2.0 + f), z = s * s, half = 0.5 * f * f;
  const double low = 0.6666666666666735 + z * (0.3999999999941109 + z * (0.28571428743263505 + z * 0.22222198475855387));
  const double high = 0.1818356974796927 + z * (0.15313903014769606 + z * 0.14797510206922568);
  const double r = z * (low + z * z * (z * z) * high);
  return e * kLn2High64 + (f - (half - (s * (half + r) + e * kLn2Low64)));
}

PLAIT_MATH float log_(float x) {
  const bool small = x < 0x1p-126F;
  float e;
  const float m = split(small ? x * 0x1p23F : x, kTwoThirds32, e);
  float y = log_of_parts(m - 1.0F, small ? e - 23.0F : e);
  y = x < kInf32 ? y : x;
  return x > 0 ? y : (x == 0 ? -kInf32 : kNan32);
}
PLAIT_MATH double log_(double x) {
  const bool small = x < 0x1p-1022;
  double e;
  const double m = split(small ? x * 0x1p52 : x, kSqrtHalf64, e);
  double y = log_of_parts(m - 1.0, small ? e - 52.0 : e);
  y = x < kInf64 ? y : x;
  return x > 0 ? y : (x == 0 ? -kInf64 : kNan64);
}

// u = 1 + x rounded; its rounding error is added to f, in the scale of m. The scale is doubled and halved again:
// the largest u has exponent 128 (1024), whose inverse is not normal.
PLAIT_MATH float log1p_(float x) {
  const float u = 1.0F + x, lost = x - (u - 1.0F);
  float e;
  const float m = split(u, kTwoThirds32, e);
  const float twice = from_bits(bits(2.0F) - (bits(u) - bits(m)));
  float y = log_of_parts((m - 1.0F) + 0.5F * (lost * twice), e);
  y = x < kInf32 ? with_sign(y, x) : x;
  return x > -1.0F ? y : (x == -1.0F ? -kInf32 : kNan32);
}
PLAIT_MATH double log1p_(double x) {
  const double u = 1.0 + x, lost = x - (u - 1.0);
  double e;
  const double m = split(u, kSqrtHalf64, e);
  const double twice = from_bits(bits(2.0) - (bits(u) - bits(m)));
  double y = log_of_parts((m - 1.0) + 0.5 * (lost * twice), e);
  y = x < kInf64 ? with_sign(y, x) : x;
  return x > -1.0 ? y : (x == -1.0 ? -kInf64 : kNan64);
}

// Logarithms to other bases: log(1 + f) in two parts, of which the first has so few bits that its product with the first part of the base is
// exact (the idea of FreeBSD's e_log10.c). Powers of the base are exact.
struct Parts32 {
  float high, low;
};
struct Parts64 {
  double high, low;
};
PLAIT_MATH Parts32 log_in_parts(float f) {
  const float f2 = f * f, half = 0.5F * f2;
  const float low = 0.33333215F + f * (-0.249998F + f * (0.20010443F + f * -0.16680384F));
  const float high = 0.14005226F + f * (-0.12185884F + f * (0.13987812F + f * -0.12883835F));
  const float first = from_bits(bits(f - half) & 0xFFFFF000U);
  return {first, (f - first) - half + f2 * f * (low + f2 * f2 * high)};
}
PLAIT_MATH Parts64 log_in_parts(double f) {
  const double s = f / (2.0 + f), z = s * s, half = 0.5 * f * f;
  const double low = 0.6666666666666735 + z * (0.3999999999941109 + z * (0.28571428743263505 + z * 0.22222198475855387));
  const double high = 0.1818356974796927 + z * (0.15313903014769606 + z * 0.14797510206922568);
  const double first = from_bits(bits(f - half) & 0xFFFFFFFF00000000U);
  return {first, (f - first) - half + s * (half + z * (low + z * z * (z * z) * high))};
}
// e log(2) / log(base) + log(1 + f) / log(base); per_log = 1 / log(base) and per_two = log(2) / log(base) in two parts each.
PLAIT_MATH float log_to_base(float f, float e, Parts32 per_log, Parts32 per_two) {
  const Parts32 p = log_in_parts(f);
  const float first = p.high * per_log.high, whole = e * per_two.high, sum = whole + first;
  const float rest = (p.low + p.high) * per_log.low + p.low * per_log.high;
  return ((whole - sum) + first + (e * per_two.low + rest)) + sum;
}
PLAIT_MATH double log_to_base(double f, double e, Parts64 per_log, Parts64 per_two) {
  const Parts64 p = log_in_parts(f);
  const double first = p.high * per_log.high, whole = e * per_two.high, sum = whole + first;
  const double rest = (p.low + p.high) * per_log.low + p.low * per_log.high;
  return ((whole - sum) + first + (e * per_two.low + rest)) + sum;
}
PLAIT_MATH float log_any_base(float x, Parts32 per_log, Parts32 per_two) {
  const bool small = x < 0x1p-126F;
  float e;
  const float m = split(small ? x * 0x1p23F : x, kTwoThirds32, e);
  float y = log_to_base(m - 1.0F, small ? e - 23.0F : e, per_log, per_two);
  y = x < kInf32 ? y : x;
  return x > 0 ? y : (x == 0 ? -kInf32 : kNan32);
}
PLAIT_MATH double log_any_base(double x, Parts64 per_log, Parts64 per_two) {
  const bool small = x < 0x1p-1022;
  double e;
  const double m = split(small ? x * 0x1p52 : x, kSqrtHalf64, e);
  double y = log_to_base(m - 1.0, small ? e - 52.0 : e, per_log, per_two);
  y = x < kInf64 ? y : x;
  return x > 0 ? y : (x == 0 ? -kInf64 : kNan64);
}
PLAIT_MATH float log2_(float x) { return log_any_base(x, {0x1.714p+0F, 0x1.47652cp-12F}, {1.0F, 0.0F}); }
PLAIT_MATH double log2_(double x) { return log_any_base(x, {0x1.7154765p+0, 0x1.5c17f0bbbe880p-31}, {1.0, 0.0}); }
PLAIT_MATH float log10_(float x) { return log_any_base(x, {0x1.bcap-2F, 0x1.7b1526p-14F}, {0x1.344p-2F, 0x1.3509f8p-18F}); }
PLAIT_MATH double log10_(double x) { return log_any_base(x, {0x1.bcb7b15p-2, 0x1.37287195355bbp-33}, {0x1.34413509f7p-2, 0x1.3fde623e2566bp-43}); }

}  // namespace math
}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
