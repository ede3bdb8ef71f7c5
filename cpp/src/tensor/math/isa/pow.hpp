// pow with the special cases of C and NumPy.
#pragma once

#include "log.hpp"

namespace plait::tensor {
namespace PLAIT_ISA_NS {
namespace math {

// 2^(y log2 |x|) with the logarithm and the product in double (relative error of the logarithm 4.3e-12), then the special cases over it.
PLAIT_MATH float pow_(float x, float y) {
  const auto a = static_cast<double>(magnitude(x));
  double e;
  const double m = split(a, kSqrtHalf64, e), f = m - 1.0, s = f / (2.0 + f), z = s * s;
  const double series = 2.8853900817901432 + z * (0.9617966732657373 + z * (0.5770836004074045 + z * (0.41167174184545596 + z * 0.3407490466542945)));
  double logarithm = e + s * series;
  logarithm = a < kInf64 ? logarithm : a;
  logarithm = a == 0 ? -kInf64 : logarithm;
  double t = static_cast<double>(y) * logarithm;
  t = t < -151.0 ? -151.0 : t;
  t = t > 129.0 ? 129.0 : t;
  const double rounded = t + kRound64;
  const auto g = static_cast<float>(t - (rounded - kRound64));
  const float p = 1.0F + g * (0.69314724F + g * (0.24022652F + g * (0.055503104F + g * (0.009617692F + g * (0.0013406737F + g * 0.00015594938F)))));
  const std::uint32_t twice = static_cast<std::uint32_t>(bits(rounded)) + 254U, half = twice >> 1;
  float r = p * from_bits(half << 23) * from_bits((twice - half) << 23);

  const bool whole = __builtin_rintf(y) == y;
  const float half_y = 0.5F * y;
  const bool odd = whole && __builtin_rintf(half_y) != half_y;
  r = from_bits(bits(r) ^ (odd ? bits(x) & 0x80000000U : 0U));
  r = x < 0 && x > -kInf32 && !whole ? kNan32 : r;
  // NaN to the power 0 is 1, and so is 1 to the power NaN, and -1 to an infinite power.
  return y == 0 || x == 1.0F || (x == -1.0F && magnitude(y) == kInf32) ? 1.0F : r;
}
// The C library's: within about one unit in the last place, and not vectorised.
PLAIT_MATH double pow_(double x, double y) { return __builtin_pow(x, y); }

}  // namespace math
}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
