// sin, cos and tan, and sin(pi x) for the reflections of the gamma functions.
//
// A float is reduced in double. `small` forms subtract multiples of pi / 2 in parts (Cody and Waite); the others are accurate for every
// argument: for float by Payne and Hanek's method (the digits of 2 / pi that matter, three of them chosen by the size of the argument),
// for double by the C library. Only the double forms without `small` prevent vectorisation: arrays use sin_array and cos_array, which check the
// arguments first.
#pragma once

#include "bits.hpp"

namespace plait::tensor {
namespace PLAIT_ISA_NS {
namespace math {

constexpr double kTrigSmall = 0x1p20;  // n * (33 digits of pi / 2) stays exact

struct Angle32 {
  float r;                // within pi / 4 of a multiple of pi / 2
  std::uint32_t quarter;  // the two low bits of the multiple
};
struct Angle64 {
  double r, rest;  // the rounding error of r
  std::uint64_t quarter;
};

PLAIT_MATH Angle32 reduce_small(float x) {
  const auto d = static_cast<double>(x);
  const double rounded = d * 0.6366197723675814 + kRound64, n = rounded - kRound64;
  return {static_cast<float>((d - n * 0x1.921fb544p0) - n * 0x1.0b4611a626331p-34), static_cast<std::uint32_t>(bits(rounded))};
}
PLAIT_MATH Angle64 reduce_small(double x) {
  constexpr double kPart1 = 0x1.921fb544p0, kPart2 = 0x1.0b4611a6p-34, kPart3 = 0x1.3198a2e037073p-69;
  const double rounded = x * 0.6366197723675814 + kRound64, n = rounded - kRound64;
  const double t1 = x - n * kPart1, t2 = t1 - n * kPart2, r = t2 - n * kPart3;
  return {r, ((t1 - t2) - n * kPart2) + ((t2 - r) - n * kPart3), bits(rounded)};
}

// 2 / pi in digits of 28 bits, and the remainder after each: a float times a digit is exact in double. Digits whose products are
// multiples of 4 are omitted by size; after two digits and a remainder a quarter turn is known to 2^-56 for the largest arguments.
PLAIT_MATH Angle32 reduce_any(float x) {
  constexpr double kD0 = 0x1.45f306cp-1, kD1 = 0x1.c9c882ap-29, kD2 = 0x1.4fe13a8p-59, kD3 = 0x1.f47d4dp-86, kD4 = 0x1.bb81b6cp-113;
  constexpr double kRest1 = 0x1.4fe13abe8fa9ap-59, kRest2 = 0x1.f47d4d377036ep-86, kRest3 = 0x1.bb81b6c52b328p-113, kRest4 = 0x1.4acc9e21c8210p-143;
  const auto d = static_cast<double>(x);
  const double a = magnitude(d);
  const bool from1 = a >= 0x1p53, from2 = a >= 0x1p81, from3 = a >= 0x1p109;
  const double d0 = from3 ? kD3 : from2 ? kD2 : from1 ? kD1 : kD0;
  const double d1 = from3 ? kD4 : from2 ? kD3 : from1 ? kD2 : kD1;
  const double rest = from3 ? kRest4 : from2 ? kRest3 : from1 ? kRest2 : kRest1;
  const double p0 = d * d0, n0 = __builtin_rint(p0);
  const double p1 = (p0 - n0) + d * d1, n1 = __builtin_rint(p1);
  const double p2 = (p1 - n1) + d * rest, n2 = __builtin_rint(p2);
  const double n01 = (n0 - 4.0 * __builtin_rint(0.25 * n0)) + (n1 - 4.0 * __builtin_rint(0.25 * n1)) + n2;
  return {static_cast<float>((p2 - n2) * 1.5707963267948966), static_cast<std::uint32_t>(bits(n01 + kRound64))};
}

// Minimax on |r| <= pi / 4: relative errors 3.7e-9 and 9.8e-11, 3.6e-18 and 4.9e-20. The odd quarters take the other function.
struct Sines32 {
  float sine, cosine;
};
struct Sines64 {
  double sine, cosine;
};
PLAIT_MATH Sines32 sines_of(Angle32 a) {
  const float z = a.r * a.r;
  const float s = a.r + a.r * z * (-0.16666655F + z * (0.008332169F + z * -0.00019516012F));
  const float c = 1.0F + (z * z * (0.041666646F + z * (-0.0013887355F + z * 2.4437008e-05F)) - 0.5F * z);
  return {s, c};
}
PLAIT_MATH Sines64 sines_of(Angle64 a) {
  const double z = a.r * a.r;
  const double s3 = -0.00019841269829632433 + z * (2.7557313628603472e-06 + z * (-2.5050747843003207e-08 + z * 1.5896180776844872e-10));
  const double half = 0.5 * z, w = 1.0 - half;
  const double s = a.r + (a.r * z * (-0.16666666666666632 + z * (0.008333333333322205 + z * s3)) + a.rest * w);
  const double c4 = 2.48015872892974e-05 + z * (-2.7557314296688275e-07 + z * (2.0875715422541734e-09 + z * -1.1359227368530962e-11));
  const double c = w + (((1.0 - w) - half) + (z * z * (0.041666666666666595 + z * (-0.001388888888887384 + z * c4)) - a.r * a.rest));
  return {s, c};
}
PLAIT_MATH float sin_of(Angle32 a) {
  const Sines32 of = sines_of(a);
  const float y = (a.quarter & 1U) != 0 ? of.cosine : of.sine;
  return from_bits(bits(y) ^ ((a.quarter & 2U) << 30));
}
PLAIT_MATH double sin_of(Angle64 a) {
  const Sines64 of = sines_of(a);
  const double y = (a.quarter & 1U) != 0 ? of.cosine : of.sine;
  return from_bits(bits(y) ^ ((a.quarter & 2U) << 62));
}
// In odd quarters the tangent is minus the reciprocal.
PLAIT_MATH float tan_of(Angle32 a) {
  const Sines32 of = sines_of(a);
  const bool odd = (a.quarter & 1U) != 0;
  return (odd ? -of.cosine : of.sine) / (odd ? of.sine : of.cosine);
}
PLAIT_MATH double tan_of(Angle64 a) {
  const Sines64 of = sines_of(a);
  const bool odd = (a.quarter & 1U) != 0;
  return (odd ? -of.cosine : of.sine) / (odd ? of.sine : of.cosine);
}

PLAIT_MATH bool is_small_angle(float x) { return magnitude(x) <= static_cast<float>(kTrigSmall); }
PLAIT_MATH bool is_small_angle(double x) { return magnitude(x) <= kTrigSmall; }

// The reduction would lose the sign of zero.
PLAIT_MATH float sin_small_(float x) { return x == 0 ? x : sin_of(reduce_small(x)); }
PLAIT_MATH double sin_small_(double x) { return x == 0 ? x : sin_of(reduce_small(x)); }
PLAIT_MATH float cos_small_(float x) {
  const Angle32 a = reduce_small(x);
  return sin_of(Angle32{a.r, a.quarter + 1U});
}
PLAIT_MATH double cos_small_(double x) {
  const Angle64 a = reduce_small(x);
  return sin_of(Angle64{a.r, a.rest, a.quarter + 1U});
}

// An argument's result must not depend on its neighbours in an array, so the general forms use the small reduction where it applies.
PLAIT_MATH Angle32 reduce(float x) {
  const Angle32 small = reduce_small(x), any = reduce_any(x);
  const bool is_small = is_small_angle(x);
  return {is_small ? small.r : any.r, is_small ? small.quarter : any.quarter};
}
PLAIT_MATH float sin_(float x) { return x == 0 ? x : sin_of(reduce(x)); }
PLAIT_MATH float cos_(float x) {
  const Angle32 a = reduce(x);
  return sin_of(Angle32{a.r, a.quarter + 1U});
}
PLAIT_MATH float tan_small_(float x) { return x == 0 ? x : tan_of(reduce_small(x)); }
PLAIT_MATH double tan_small_(double x) { return x == 0 ? x : tan_of(reduce_small(x)); }
PLAIT_MATH float tan_(float x) { return x == 0 ? x : tan_of(reduce(x)); }
PLAIT_MATH double tan_(double x) { return is_small_angle(x) ? tan_small_(x) : __builtin_tan(x); }
PLAIT_MATH double sin_(double x) { return is_small_angle(x) ? sin_small_(x) : __builtin_sin(x); }
PLAIT_MATH double cos_(double x) { return is_small_angle(x) ? cos_small_(x) : __builtin_cos(x); }

/// True if every argument may go to the small forms (NaN and infinities may not).
template <class T>
PLAIT_MATH bool all_small_angles(const T* x, std::int64_t n) {
  int others = 0;
  for (std::int64_t i = 0; i < n; ++i) others |= is_small_angle(x[i]) ? 0 : 1;
  return others == 0;
}
/// y[i] = sin(x[i]), cos(x[i]); y may be x.
template <class T>
PLAIT_MATH void sin_array(const T* x, T* y, std::int64_t n) {
  if (all_small_angles(x, n)) {
#pragma GCC ivdep
    for (std::int64_t i = 0; i < n; ++i) y[i] = sin_small_(x[i]);
  } else {
#pragma GCC ivdep
    for (std::int64_t i = 0; i < n; ++i) y[i] = sin_(x[i]);
  }
}
template <class T>
PLAIT_MATH void cos_array(const T* x, T* y, std::int64_t n) {
  if (all_small_angles(x, n)) {
#pragma GCC ivdep
    for (std::int64_t i = 0; i < n; ++i) y[i] = cos_small_(x[i]);
  } else {
#pragma GCC ivdep
    for (std::int64_t i = 0; i < n; ++i) y[i] = cos_(x[i]);
  }
}

template <class T>
PLAIT_MATH void tan_array(const T* x, T* y, std::int64_t n) {
  if (all_small_angles(x, n)) {
#pragma GCC ivdep
    for (std::int64_t i = 0; i < n; ++i) y[i] = tan_small_(x[i]);
  } else {
#pragma GCC ivdep
    for (std::int64_t i = 0; i < n; ++i) y[i] = tan_(x[i]);
  }
}

// sin(pi f) for |f| <= 1/2, to 4e-22 of it before rounding; cos(pi f) is sin_pi_half(0.5 - |f|).
PLAIT_MATH double sin_pi_half(double f) {
  const double z = f * f;
  const double high =
      -0.0073704309435548695 + z * (0.0004663027864669928 + z * (-2.191524640094319e-05 + z * (7.948456277917822e-07 + z * -2.2276391617841273e-08)));
  return f *
         (3.141592653589793 + z * (-5.16771278004997 + z * (2.5501640398773455 + z * (-0.5992645293207862 + z * (0.0821458866109807 + z * high)))));
}

}  // namespace math
}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
