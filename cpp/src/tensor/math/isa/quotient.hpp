// hypot, and the quotient rounded down and its remainder as Python and NumPy define them: x = y floor(x / y) + r exactly, before one rounding,
// with r on the side of y.
#pragma once

#include "bits.hpp"

namespace plait::tensor {
namespace PLAIT_ISA_NS {
namespace math {

// Scaled by a power of two where squares would leave the range; infinite also beside NaN.
PLAIT_MATH float hypot_(float x, float y) {
  const float a = magnitude(x), b = magnitude(y), most = a < b ? b : a;
  const float up = most < 0x1p-50F ? 0x1p90F : most > 0x1p60F ? 0x1p-90F : 1.0F;
  const float down = most < 0x1p-50F ? 0x1p-90F : most > 0x1p60F ? 0x1p90F : 1.0F;
  const float u = a * up, v = b * up, r = __builtin_sqrtf(u * u + v * v) * down;
  return a == kInf32 || b == kInf32 ? kInf32 : r;
}
PLAIT_MATH double hypot_(double x, double y) {
  const double a = magnitude(x), b = magnitude(y), most = a < b ? b : a;
  const double up = most < 0x1p-500 ? 0x1p600 : most > 0x1p500 ? 0x1p-600 : 1.0;
  const double down = most < 0x1p-500 ? 0x1p-600 : most > 0x1p500 ? 0x1p600 : 1.0;
  const double u = a * up, v = b * up, r = __builtin_sqrt(u * u + v * v) * down;
  return a == kInf64 || b == kInf64 ? kInf64 : r;
}

// By C's remainder, which is exact for every pair.
template <class T>
PLAIT_MATH T c_remainder(T x, T y) {
  if constexpr (sizeof(T) == 4) return __builtin_fmodf(x, y);
  else return __builtin_fmod(x, y);
}
template <class T>
PLAIT_MATH T remainder_(T x, T y) {
  T r = c_remainder(x, y);
  if (r == 0) return with_sign(r, y);
  if ((r < 0) != (y < 0)) r += y;
  return r;
}
template <class T>
PLAIT_MATH T floor_divide_(T x, T y) {
  if (y == 0) return x / y;
  const T r = c_remainder(x, y);
  T q = (x - r) / y;
  if (r != 0 && (r < 0) != (y < 0)) q -= 1;
  if (q == 0) return with_sign(T(0), x / y);
  const T whole = sizeof(T) == 4 ? static_cast<T>(__builtin_floorf(static_cast<float>(q))) : static_cast<T>(__builtin_floor(static_cast<double>(q)));
  return q - whole > T(0.5) ? whole + 1 : whole;
}

// Quotients up to 2^28 (float, in double) and 2^21 and 2^50 (float and double, by a fused multiply): x - y floor(x / y) is exact, and the rounded
// quotient can be one too large but not too small. False for NaN, a divisor of 0 and infinities.
template <class T>
struct Quotient {
  T quotient, remainder;
};
using Divided = Quotient<double>;
PLAIT_MATH bool is_small_quotient(float x, float y) {
  return magnitude(static_cast<double>(x) / static_cast<double>(y)) < 0x1p28 && magnitude(y) < kInf32;
}
PLAIT_MATH Divided divide_small(float x, float y) {
  const auto a = static_cast<double>(x), b = static_cast<double>(y);
  const double q = __builtin_floor(a / b);
  return {q, a - q * b};
}
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
constexpr bool kHasFma = true;
PLAIT_MATH bool is_tiny_quotient(float x, float y) { return magnitude(x / y) < 0x1p21F && magnitude(y) < kInf32; }
PLAIT_MATH Quotient<float> divide_tiny(float x, float y) {
  const float q = __builtin_floorf(x / y), r = __builtin_fmaf(-q, y, x);
  const bool over = r != 0 && (r < 0) != (y < 0);
  return {over ? q - 1.0F : q, over ? r + y : r};
}
PLAIT_MATH bool is_small_quotient(double x, double y) { return magnitude(x / y) < 0x1p50 && magnitude(y) < kInf64; }
PLAIT_MATH Divided divide_small(double x, double y) {
  const double q = __builtin_floor(x / y), r = __builtin_fma(-q, y, x);
  const bool over = r != 0 && (r < 0) != (y < 0);
  return {over ? q - 1.0 : q, over ? r + y : r};
}
#else
constexpr bool kHasFma = false;
PLAIT_MATH bool is_tiny_quotient(float, float) { return false; }
PLAIT_MATH Quotient<float> divide_tiny(float x, float) { return {x, x}; }
PLAIT_MATH bool is_small_quotient(double, double) { return false; }
PLAIT_MATH Divided divide_small(double x, double) { return {x, x}; }
#endif

/// z[i] = x[i] // y[i], x[i] % y[i] for up to kPiece elements; z may be one of them.
template <class T>
PLAIT_MATH void floor_divide_array(const T* x, const T* y, T* z, std::int64_t n) {
  T small[kPiece];
  int others = 0;
  if constexpr (sizeof(T) == 4 && kHasFma) {
    for (std::int64_t i = 0; i < n; ++i) {
      small[i] = divide_tiny(x[i], y[i]).quotient;
      others |= is_tiny_quotient(x[i], y[i]) ? 0 : 1;
    }
    if (others == 0) {
      for (std::int64_t i = 0; i < n; ++i) z[i] = small[i];
      return;
    }
    others = 0;
  }
  for (std::int64_t i = 0; i < n; ++i) {
    small[i] = static_cast<T>(divide_small(x[i], y[i]).quotient);
    others |= is_small_quotient(x[i], y[i]) ? 0 : 1;
  }
  if (others == 0) {
    for (std::int64_t i = 0; i < n; ++i) z[i] = small[i];
  } else {
    for (std::int64_t i = 0; i < n; ++i) z[i] = floor_divide_(x[i], y[i]);
  }
}
template <class T>
PLAIT_MATH void remainder_array(const T* x, const T* y, T* z, std::int64_t n) {
  T small[kPiece];
  int others = 0;
  if constexpr (sizeof(T) == 4 && kHasFma) {
    for (std::int64_t i = 0; i < n; ++i) {
      const T r = divide_tiny(x[i], y[i]).remainder;
      small[i] = r == 0 ? with_sign(T(0), y[i]) : r;
      others |= is_tiny_quotient(x[i], y[i]) ? 0 : 1;
    }
    if (others == 0) {
      for (std::int64_t i = 0; i < n; ++i) z[i] = small[i];
      return;
    }
    others = 0;
  }
  for (std::int64_t i = 0; i < n; ++i) {
    const auto r = static_cast<T>(divide_small(x[i], y[i]).remainder);
    small[i] = r == 0 ? with_sign(T(0), y[i]) : r;
    others |= is_small_quotient(x[i], y[i]) ? 0 : 1;
  }
  if (others == 0) {
    for (std::int64_t i = 0; i < n; ++i) z[i] = small[i];
  } else {
    for (std::int64_t i = 0; i < n; ++i) z[i] = remainder_(x[i], y[i]);
  }
}

}  // namespace math
}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
