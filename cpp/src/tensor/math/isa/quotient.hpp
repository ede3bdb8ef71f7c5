// hypot, and quotients with their remainders: rounded down as Python and NumPy define it, x = y floor(x / y) + r exactly, before one rounding, with
// the sign of y for r; and C's fmod, with the sign of x for r.
#pragma once

#include <cstddef>

#include "bits.hpp"

namespace plait::tensor {
namespace PLAIT_ISA_NS {
namespace math {

PLAIT_MATH float root_of(float x) { return __builtin_sqrtf(x); }
PLAIT_MATH double root_of(double x) { return __builtin_sqrt(x); }
// Scaled by a power of two where squares would overflow or underflow; infinite also beside NaN.
template <class T>
PLAIT_MATH T hypot_(T x, T y) {
  constexpr T kSmall = sizeof(T) == 4 ? T(0x1p-50) : T(0x1p-500), kLarge = sizeof(T) == 4 ? T(0x1p60) : T(0x1p500);
  constexpr T kUp = sizeof(T) == 4 ? T(0x1p90) : T(0x1p600), kDown = T(1) / kUp;
  constexpr T kInf = static_cast<T>(kInf64);
  const T a = magnitude(x), b = magnitude(y), most = a < b ? b : a;
  const T up = most < kSmall ? kUp : most > kLarge ? kDown : T(1);
  const T down = most < kSmall ? kDown : most > kLarge ? kUp : T(1);
  const T u = a * up, v = b * up, r = root_of(fused(u, u, v * v)) * down;
  return a == kInf || b == kInf ? kInf : r;
}
/// For up to kPiece elements; z may be x or y. Not scaled if no square overflows or underflows; the result is the same.
template <class T>
PLAIT_MATH void hypot_array(const T* x, const T* y, T* z, std::int64_t n) {
  constexpr T kSmall = sizeof(T) == 4 ? T(0x1p-100) : T(0x1p-1000), kLarge = sizeof(T) == 4 ? T(0x1p120) : T(0x1p1000);
  T spare[kPiece];
  T* const lengths = z == x || z == y ? spare : z;
  std::int32_t others = 0;
#pragma GCC ivdep
  for (std::int64_t i = 0; i < n; ++i) {
    const T square = fused(x[i], x[i], y[i] * y[i]);
    lengths[i] = root_of(square);
    others |= (square > kSmall) & (square < kLarge) ? 0 : 1;
  }
  if (others == 0) {
    if (lengths != z) __builtin_memcpy(z, lengths, static_cast<std::size_t>(n) * sizeof(T));
  } else {
#pragma GCC ivdep
    for (std::int64_t i = 0; i < n; ++i) z[i] = hypot_(x[i], y[i]);
  }
}

// By C's fmod, which is exact for every pair.
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
PLAIT_MATH double floor_divide_(double x, double y) {
  if (y == 0) return x / y;
  const double r = c_remainder(x, y);
  double q = (x - r) / y;
  if (r != 0 && (r < 0) != (y < 0)) q -= 1;
  if (q == 0) return with_sign(0.0, x / y);
  const double whole = __builtin_floor(q);
  return q - whole > 0.5 ? whole + 1 : whole;
}
PLAIT_MATH float floor_divide_(float x, float y) {
  return y == 0 ? x / y : static_cast<float>(floor_divide_(static_cast<double>(x), static_cast<double>(y)));
}

// If the quotient is below 2^21 (float) or 2^50 (double), its remainder is exact by a fused multiplication, and the rounded quotient can be
// one too large but not too small. False for NaN, an infinite dividend and a divisor of 0.
template <class T>
struct Quotient {
  T quotient, remainder;
};
/// The highest bit of the result is set if |x| is at least the limit, or NaN.
PLAIT_MATH std::uint32_t reaches(float x) { return (bits(x) & 0x7FFFFFFFU) + (0x80000000U - bits(0x1p21F)); }
PLAIT_MATH std::uint64_t reaches(double x) { return (bits(x) & 0x7FFFFFFFFFFFFFFFU) + (0x8000000000000000U - bits(0x1p50)); }
PLAIT_MATH float rounded_down(float x) { return __builtin_floorf(x); }
PLAIT_MATH double rounded_down(double x) { return __builtin_floor(x); }
PLAIT_MATH float cut_off(float x) { return __builtin_truncf(x); }
PLAIT_MATH double cut_off(double x) { return __builtin_trunc(x); }

struct FloorQuotient {
  template <class T>
  PLAIT_MATH static T of(T x, T y) {
    return floor_divide_(x, y);
  }
  template <class T>
  PLAIT_MATH static T small(T x, T y, T q) {
    const T r = q == 0 ? x : fused(-q, y, x);
    return (r != 0) & ((r < 0) != (y < 0)) ? q - 1 : q;
  }
  template <class T>
  PLAIT_MATH static T round(T q) {
    return rounded_down(q);
  }
};
struct FloorRemainder {
  template <class T>
  PLAIT_MATH static T of(T x, T y) {
    return remainder_(x, y);
  }
  template <class T>
  PLAIT_MATH static T small(T x, T y, T q) {
    const T r = q == 0 ? x : fused(-q, y, x), moved = (r < 0) != (y < 0) ? r + y : r;
    return r == 0 ? with_sign(T(0), y) : moved;
  }
  template <class T>
  PLAIT_MATH static T round(T q) {
    return rounded_down(q);
  }
};
struct CutRemainder {
  template <class T>
  PLAIT_MATH static T of(T x, T y) {
    return c_remainder(x, y);
  }
  template <class T>
  PLAIT_MATH static T small(T x, T y, T q) {
    const T r = q == 0 ? x : fused(-q, y, x), moved = (r < 0) != (x < 0) ? r + with_sign(y, x) : r;
    return r == 0 ? with_sign(T(0), x) : moved;
  }
  template <class T>
  PLAIT_MATH static T round(T q) {
    return cut_off(q);
  }
};

/// By fused multiplications; true if that is valid for all.
template <class Which, class T>
PLAIT_MATH bool small_quotients(const T* x, const T* y, T* z, std::int64_t n) {
  decltype(reaches(T(0))) others = 0;
#pragma GCC ivdep
  for (std::int64_t i = 0; i < n; ++i) {
    const T q = Which::round(x[i] / y[i]);
    z[i] = Which::small(x[i], y[i], q);
    others |= reaches(q);
  }
  return others >> (8 * sizeof(T) - 1) == 0;
}
/// Through double, in which quotients of floats up to 2^28 have exact remainders; true if that is valid for all.
template <class Which>
PLAIT_MATH bool quotients_in_double(const float* x, const float* y, float* z, std::int64_t n) {
  std::int32_t others = 0;
#pragma GCC ivdep
  for (std::int64_t i = 0; i < n; ++i) {
    const auto a = static_cast<double>(x[i]), b = static_cast<double>(y[i]);
    const double q = Which::round(a / b);
    z[i] = static_cast<float>(Which::small(a, b, q));
    others |= magnitude(q) < 0x1p28 ? 0 : 1;
  }
  return others == 0;
}

/// z[i] = Which::of(x[i], y[i]) for up to kPiece elements; z may be one of them. Each method is exact where it is used, so a result does not depend
/// on its neighbours. Only elements for which no vector method is valid are computed one by one.
template <class Which, class T>
PLAIT_MATH void quotient_array(const T* x, const T* y, T* z, std::int64_t n) {
  T spare[kPiece];
  T* const done = z == x || z == y ? spare : z;  // the operands are needed again if the first method was not valid for all
  bool all = kHasFma && small_quotients<Which>(x, y, done, n);
  if constexpr (sizeof(T) == 4) {
    if (!all) all = quotients_in_double<Which>(x, y, done, n);
  }
  if (!all) {
    std::int32_t large[kPiece];
    if constexpr (sizeof(T) == 4) {
      for (std::int64_t i = 0; i < n; ++i) large[i] = magnitude(Which::round(static_cast<double>(x[i]) / static_cast<double>(y[i]))) < 0x1p28 ? 0 : 1;
    } else {
      for (std::int64_t i = 0; i < n; ++i) large[i] = kHasFma ? static_cast<std::int32_t>(reaches(Which::round(x[i] / y[i])) >> 63) : 1;
    }
    for (std::int64_t i = 0; i < n; ++i)
      if (large[i] != 0) done[i] = Which::of(x[i], y[i]);
  }
  if (done != z) __builtin_memcpy(z, done, static_cast<std::size_t>(n) * sizeof(T));
}
template <class T>
PLAIT_MATH void floor_divide_array(const T* x, const T* y, T* z, std::int64_t n) {
  quotient_array<FloorQuotient>(x, y, z, n);
}
template <class T>
PLAIT_MATH void remainder_array(const T* x, const T* y, T* z, std::int64_t n) {
  quotient_array<FloorRemainder>(x, y, z, n);
}
template <class T>
PLAIT_MATH void fmod_array(const T* x, const T* y, T* z, std::int64_t n) {
  quotient_array<CutRemainder>(x, y, z, n);
}

}  // namespace math
}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
