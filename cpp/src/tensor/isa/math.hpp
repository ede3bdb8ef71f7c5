// Scalar functions for loops that the compiler turns into vector code: one inline function per name, for float and double.
// Only for files in src/<room>/isa/ (see base/isa.hpp): everything lives in the namespace of the level.
#pragma once

#ifndef PLAIT_ISA_NS
#error "isa/math.hpp is for files compiled once per instruction set"
#endif

namespace plait {
namespace PLAIT_ISA_NS {
namespace math {

inline float exp_(float x) { return __builtin_expf(x); }
inline double exp_(double x) { return __builtin_exp(x); }
inline float expm1_(float x) { return __builtin_expm1f(x); }
inline double expm1_(double x) { return __builtin_expm1(x); }
inline float log_(float x) { return __builtin_logf(x); }
inline double log_(double x) { return __builtin_log(x); }
inline float log1p_(float x) { return __builtin_log1pf(x); }
inline double log1p_(double x) { return __builtin_log1p(x); }
inline float sin_(float x) { return __builtin_sinf(x); }
inline double sin_(double x) { return __builtin_sin(x); }
inline float cos_(float x) { return __builtin_cosf(x); }
inline double cos_(double x) { return __builtin_cos(x); }
inline float tanh_(float x) { return __builtin_tanhf(x); }
inline double tanh_(double x) { return __builtin_tanh(x); }
inline float sigmoid_(float x) { return 1.0F / (1.0F + __builtin_expf(-x)); }
inline double sigmoid_(double x) { return 1.0 / (1.0 + __builtin_exp(-x)); }
inline double softplus_(double x) { return (x > 0 ? x : 0) + __builtin_log1p(__builtin_exp(-__builtin_fabs(x))); }
inline float softplus_(float x) { return (x > 0 ? x : 0) + __builtin_log1pf(__builtin_expf(-__builtin_fabsf(x))); }
inline float erf_(float x) { return __builtin_erff(x); }
inline double erf_(double x) { return __builtin_erf(x); }
inline float pow_(float x, float y) { return __builtin_powf(x, y); }
inline double pow_(double x, double y) { return __builtin_pow(x, y); }
inline float lgamma_(float x) { return __builtin_lgammaf(x); }
inline double lgamma_(double x) { return __builtin_lgamma(x); }

/// The logarithmic derivative of gamma: reflection below zero, recurrence up to 10, then the asymptotic series.
inline double digamma_(double x) {
  const double kPi = 3.141592653589793;
  if (x == 0) return __builtin_copysign(__builtin_inf(), -x);
  double result = 0;
  if (x < 0) {
    if (x == __builtin_floor(x)) return __builtin_nan("");
    result = -kPi / __builtin_tan(kPi * (x - __builtin_floor(x)));
    x = 1 - x;
  }
  for (; x < 10; x += 1) result -= 1 / x;
  const double z = 1 / (x * x);
  return result + __builtin_log(x) - 0.5 / x - z * (1.0 / 12 - z * (1.0 / 120 - z * (1.0 / 252 - z * (1.0 / 240 - z * (1.0 / 132 - z * (691.0 / 32760))))));
}
inline float digamma_(float x) { return static_cast<float>(digamma_(static_cast<double>(x))); }

/// The derivative of digamma, in the same way.
inline double trigamma_(double x) {
  const double kPi = 3.141592653589793;
  if (x <= 0 && x == __builtin_floor(x)) return __builtin_inf();
  double result = 0, sign = 1;
  if (x < 0) {
    const double s = __builtin_sin(kPi * (x - __builtin_floor(x))) / kPi;
    result = 1 / (s * s);
    sign = -1;
    x = 1 - x;
  }
  double sum = 0;
  for (; x < 10; x += 1) sum += 1 / (x * x);
  const double z = 1 / (x * x);
  sum += 1 / x + z * 0.5 + z / x * (1.0 / 6 - z * (1.0 / 30 - z * (1.0 / 42 - z * (1.0 / 30 - z * (5.0 / 66 - z * (691.0 / 2730))))));
  return result + sign * sum;
}
inline float trigamma_(float x) { return static_cast<float>(trigamma_(static_cast<double>(x))); }

}  // namespace math
}  // namespace PLAIT_ISA_NS
}  // namespace plait
