// Helpers of all function families: bit casts, selects, powers of two. See math.hpp for the rules of these files.
#pragma once

#ifndef PLAIT_ISA_NS
#error "tensor/isa/math*.hpp are for files compiled once per instruction set"
#endif

#include <cstdint>

// Always inlined: a call inside a loop would keep the loop scalar.
#define PLAIT_MATH __attribute__((always_inline)) inline

namespace plait::tensor {
namespace PLAIT_ISA_NS {
namespace math {

/// Functions of arrays (name_array) take at most this many elements at a time.
constexpr std::int64_t kPiece = 256;

constexpr float kInf32 = __builtin_inff();
constexpr double kInf64 = __builtin_inf();
constexpr float kNan32 = __builtin_nanf("");
constexpr double kNan64 = __builtin_nan("");

PLAIT_MATH std::uint32_t bits(float x) { return __builtin_bit_cast(std::uint32_t, x); }
PLAIT_MATH std::uint64_t bits(double x) { return __builtin_bit_cast(std::uint64_t, x); }
PLAIT_MATH float from_bits(std::uint32_t b) { return __builtin_bit_cast(float, b); }
PLAIT_MATH double from_bits(std::uint64_t b) { return __builtin_bit_cast(double, b); }
PLAIT_MATH float magnitude(float x) { return __builtin_fabsf(x); }
PLAIT_MATH double magnitude(double x) { return __builtin_fabs(x); }
PLAIT_MATH float with_sign(float x, float sign) { return __builtin_copysignf(x, sign); }
PLAIT_MATH double with_sign(double x, double sign) { return __builtin_copysign(x, sign); }

#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
constexpr bool kHasFma = true;
PLAIT_MATH float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
PLAIT_MATH double fused(double a, double b, double c) { return __builtin_fma(a, b, c); }
#else
constexpr bool kHasFma = false;  // fused() is then two operations: only where rounding twice is allowed
PLAIT_MATH float fused(float a, float b, float c) { return a * b + c; }
PLAIT_MATH double fused(double a, double b, double c) { return a * b + c; }
#endif

// A square as rounded value and rounding error.
struct Square32 {
  float high, low;
};
struct Square64 {
  double high, low;
};
PLAIT_MATH Square32 square_in_parts(float a) {
  if constexpr (kHasFma) {
    const float high = a * a;
    return {high, fused(a, a, -high)};
  }
  const double square = static_cast<double>(a) * static_cast<double>(a);
  const auto high = static_cast<float>(square);
  return {high, static_cast<float>(square - static_cast<double>(high))};
}
PLAIT_MATH Square64 square_in_parts(double a) {
  const double high = a * a;
  if constexpr (kHasFma) return {high, fused(a, a, -high)};
  const double first = from_bits(bits(a) & 0xFFFFFFFFF8000000U), second = a - first;
  return {high, ((first * first - high) + 2.0 * first * second) + second * second};
}

// a if the highest bit of `sign` is set, else b: a select that the compiler cannot turn into branches, which would duplicate every arm of a clamp.
PLAIT_MATH float choose(std::uint32_t sign, float a, float b) {
  const auto all = static_cast<std::uint32_t>(static_cast<std::int32_t>(sign) >> 31);
  return from_bits((bits(a) & all) | (bits(b) & ~all));
}
PLAIT_MATH double choose(std::uint64_t sign, double a, double b) {
  const std::uint64_t all = 0 - (sign >> 63);
  return from_bits((bits(a) & all) | (bits(b) & ~all));
}

// Adding and subtracting 1.5 * 2^(bits of the fraction) rounds to the nearest integer, and leaves that integer in the low bits of the sum.
constexpr float kRound32 = 0x1.8p23F;
constexpr double kRound64 = 0x1.8p52;

// The exponent and mantissa of a positive normal number: x = m * 2^e, m from `low` (a number's bits) to twice that. The exponent of a
// double is taken with a logical shift and an addition of bits, since AVX2 has neither the arithmetic shift nor the conversion.
PLAIT_MATH float split(float x, std::uint32_t low, float& e) {
  const std::uint32_t t = bits(x) - low;
  e = static_cast<float>(static_cast<std::int32_t>(t) >> 23);
  return from_bits(bits(x) - (t & 0xFF800000U));
}
PLAIT_MATH double split(double x, std::uint64_t low, double& e) {
  const std::uint64_t t = bits(x) - low + (std::uint64_t{1023} << 52);
  e = from_bits((t >> 52) | bits(0x1p52)) - (0x1p52 + 1023);
  return from_bits(bits(x) - ((t & 0xFFF0000000000000U) - (std::uint64_t{1023} << 52)));
}

}  // namespace math
}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
