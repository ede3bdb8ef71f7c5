// Functions based on log(1 + e^x): softplus, logistic loss and derivative, logaddexp and derivative.
#pragma once

#include <cstddef>

#include "log.hpp"

namespace plait::tensor {
namespace PLAIT_ISA_NS {
namespace math {

// (z - log(1 + z)) / z^2 for 0 <= z <= 1: a polynomial with an error of 4e-8 of log(1 + z). The last sums are fused explicitly: products rounded
// before them would add half a unit of the result, and not every compiler fuses by itself.
PLAIT_MATH float log1p_rest(float z) {
  const float z2 = z * z;
  const float low = -0.3333269F + z * (0.24988578F + z * (-0.19897932F + z * 0.16129336F));
  const float high = -0.12467122F + z * (0.08307407F + z * (-0.041981366F + z * (0.013631484F + z * -0.002072948F)));
  return fused(z, fused(z2 * z2, high, low), 0.4999999F);
}
// log(1 + z) for 0 <= z <= 1: for float by that polynomial if multiplications are fused; else by the parts of 1 + z, with one comparison.
PLAIT_MATH float log1p_of_part(float z) {
  if constexpr (!kHasFma) {
    const bool large = z > 0.33333334F;
    return log_of_parts(large ? 0.5F * (z - 1.0F) : z, large ? 1.0F : 0.0F);
  }
  return fused(-(z * z), log1p_rest(z), z);
}
PLAIT_MATH double log1p_of_part(double z) {
  const bool large = z > 0.41421356237309503;
  return log_of_parts(large ? 0.5 * (z - 1.0) : z, large ? 1.0 : 0.0);
}

// max(x, 0) + log(1 + e^-|x|). For float and x > 0, x - z^2 rest is added to z, not x to log(1 + z): near x = 0 the first is -0.31, rounded by a
// quarter of the result's unit, and the second 0.69, rounded by half of it.
PLAIT_MATH float softplus_(float x) {
  const float z = exp_minus(magnitude(x));
  if constexpr (!kHasFma) return (x > 0 ? x : 0.0F) + log1p_of_part(z);
  return fused(-(z * z), log1p_rest(z), x > 0 ? x : z) + (x > 0 ? z : 0.0F);
}
PLAIT_MATH double softplus_(double x) { return (x > 0 ? x : 0.0) + log1p_of_part(exp_minus(magnitude(x))); }

// -t log sigmoid(x) - (1 - t) log sigmoid(-x) = softplus(x) - t x, arranged without cancellation, and 0 for infinite x with the matching t.
template <class T>
PLAIT_MATH T logistic_loss_(T x, T t) {
  const T share = x > 0 ? T(1) - t : -t, line = share == 0 ? T(0) : share * x;
  return line + log1p_of_part(exp_minus(magnitude(x)));
}
// sigmoid(x) - t.
template <class T>
PLAIT_MATH T logistic_loss_slope_(T x, T t) {
  const T e = exp_minus(magnitude(x)), s = e / (T(1) + e);
  return x > 0 ? (T(1) - t) - s : s - t;
}

// log(e^x + e^y) = max + log(1 + e^-|x - y|); the difference of equal infinities is taken as 0.
template <class T>
PLAIT_MATH T logaddexp_(T x, T y) {
  return (x > y ? x : y) + log1p_of_part(exp_minus(magnitude(x == y ? T(0) : x - y)));
}
// True if so much of the larger operand cancels that the sum needs more digits.
template <class T>
PLAIT_MATH bool has_cancelled(T x, T y, T sum) {
  return magnitude(sum) + magnitude(sum) < sum - (x > y ? x : y);
}
// The derivative with respect to x: sigmoid(x - y); 1/2 for equal infinities, and 0 for -inf, whose exponential is 0.
template <class T>
PLAIT_MATH T logaddexp_slope_(T x, T y) {
  const T d = x == y ? T(0) : x - y, e = exp_minus(magnitude(d));
  const T slope = (d < 0 ? e : T(1)) / (T(1) + e);
  return x == y && x == static_cast<T>(-kInf64) ? T(0) : slope;
}

// e^(x + rest) in two parts, to 2^-62 of 1, for -40 < x < 1. A product that is used twice is fused with a zero, because the compiler would otherwise
// fuse it into one sum and not into the other.
PLAIT_MATH Parts64 exp_in_parts(double x, double rest) {
  const double rounded = fused(x, kLog2e64, kRound64), n = rounded - kRound64;
  const double r1 = fused(-n, kLn2High64, x), t = fused(n, kLn2Low64, -rest), r = r1 - t, r_low = (r1 - r) - t;
  const double square = fused(r, r, 0.0), square_low = fused(2.0 * r, r_low, fused(r, r, -square));
  const double cube = fused(square, r, 0.0), cube_low = fused(square_low, r, fused(square, r_low, fused(square, r, -cube)));
  constexpr double kSixth = 0.16666666666666666, kSixthLow = 9.25185853854297e-18;
  const double third = fused(cube, kSixth, 0.0), third_low = fused(cube, kSixth, -third) + fused(cube, kSixthLow, cube_low * kSixth);
  const double high = 1.6059043836821613e-10 + r * (1.1470745597729725e-11 + r * 7.647163731819816e-13);
  const double middle =
      2.48015873015873e-05 +
      r * (2.7557319223985893e-06 + r * (2.755731922398589e-07 + r * (2.505210838544172e-08 + r * (2.08767569878681e-09 + r * high))));
  const double tail =
      square * square * (0.041666666666666664 + r * (0.008333333333333333 + r * (0.001388888888888889 + r * (0.0001984126984126984 + r * middle))));
  const double a = 1.0 + r, b = a + 0.5 * square, c = b + third;
  const double low = ((1.0 - a) + r) + ((a - b) + 0.5 * square) + ((b - c) + third) + (0.5 * square_low + r_low + third_low + tail);
  const double sum = c + low, scale = power_of_two(rounded, 0);
  return {sum * scale, ((c - sum) + low) * scale};
}
// Refines log(e^x + e^y) near 0 by a Newton step: the correction is e^(x - sum) + e^(y - sum) - 1.
PLAIT_MATH double refined_logaddexp(double x, double y, double sum) {
  const double a = x - sum, from_a = a - x, a_low = (x - (a - from_a)) + (-sum - from_a);
  const double b = y - sum, from_b = b - y, b_low = (y - (b - from_b)) + (-sum - from_b);
  const Parts64 p = exp_in_parts(a, a_low), q = exp_in_parts(b, b_low);
  return sum + (p.high >= q.high ? ((p.high - 1.0) + q.high) + (p.low + q.low) : ((q.high - 1.0) + p.high) + (q.low + p.low));
}
PLAIT_MATH float refined_logaddexp(float x, float y, float) { return static_cast<float>(logaddexp_(static_cast<double>(x), static_cast<double>(y))); }

/// For up to kPiece elements; z may be x or y.
template <class T>
PLAIT_MATH void logaddexp_array(const T* x, const T* y, T* z, std::int64_t n) {
  T spare[kPiece];
  T* const sums = z == x || z == y ? spare : z;
  std::int32_t flags[kPiece];
  std::int32_t any = 0;
#pragma GCC ivdep
  for (std::int64_t i = 0; i < n; ++i) {
    sums[i] = logaddexp_(x[i], y[i]);
    flags[i] = has_cancelled(x[i], y[i], sums[i]) ? 1 : 0;
    any |= flags[i];
  }
  if (any != 0) {
    // Elements that need refinement are gathered into whole groups, so that each is computed by the same code whatever its neighbours.
    std::int32_t places[kPiece + 16];
    T xs[kPiece + 16], ys[kPiece + 16], near[kPiece + 16];
    std::int64_t count = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      places[count] = static_cast<std::int32_t>(i);
      count += flags[i];
    }
    const std::int64_t whole = (count + 15) / 16 * 16;
    for (std::int64_t k = 0; k < whole; ++k) {
      const std::int32_t i = places[k < count ? k : 0];
      xs[k] = x[i];
      ys[k] = y[i];
      near[k] = sums[i];
    }
    if constexpr (sizeof(T) == 4 || kHasFma) {
      for (std::int64_t k = 0; k < whole; ++k) near[k] = refined_logaddexp(xs[k], ys[k], near[k]);
    } else {
      for (std::int64_t k = 0; k < count; ++k) {
        const long double most = xs[k] > ys[k] ? xs[k] : ys[k], least = xs[k] > ys[k] ? ys[k] : xs[k];
        near[k] = static_cast<T>(most + __builtin_log1pl(__builtin_expl(least - most)));
      }
    }
    for (std::int64_t k = 0; k < count; ++k) sums[places[k]] = near[k];
  }
  if (sums != z) __builtin_memcpy(z, sums, static_cast<std::size_t>(n) * sizeof(T));
}

}  // namespace math
}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
