// erf, erfc, the distribution function of the normal distribution, lgamma, digamma, trigamma.
#pragma once

#include "log.hpp"
#include "trig.hpp"

namespace plait::tensor {
namespace PLAIT_ISA_NS {
namespace math {

// Near zero x times a polynomial in x^2; beyond, 1 - exp(-g(x)) with g = -log erfc a polynomial (fitted in the measure of erfc): the form
// of N. Juffa's erff, whose coefficients these are not.
PLAIT_MATH float erf_(float x) {
  float a = magnitude(x);
  const float z = a * a;
  float near = a + a * (0.12837917F +
                        z * (-0.37612632F + z * (0.112836875F + z * (-0.02685894F + z * (0.005199906F + z * (-0.0008130004F + z * 8.316744e-05F))))));
  if constexpr (!kHasFma) near = a < 1e-30F ? 1.1283791F * a : near;  // the small product alone would be subnormal, and flushed
  const bool far = a > 0.92F;
  a = a > 4.0F ? 4.0F : a;
  const float g =
      0.00020702438F + a * (1.1276274F + a * (0.6372659F + a * (0.10385621F + a * (-0.022189688F + a * (0.0030336669F + a * -0.00019494377F)))));
  return with_sign(far ? 1.0F - exp_(-g) : near, x);
}
PLAIT_MATH double erf_(double x) {
  double a = magnitude(x);
  const double z = a * a, z2 = z * z;
  const double n0 = 0.12837916709551256 + z * (-0.3761263890318352 + z * (0.11283791670944181 + z * -0.026866170643111104));
  const double n4 = 0.005223977606116347 + z * (-0.0008548325929237164 + z * (0.00012055293575064568 + z * -1.4924712272942824e-05));
  const double n8 = 1.6447131266325965e-06 + z * (-1.6206311719427242e-07 + z * (1.3710972523654772e-08 + z * -7.779455118342499e-10));
  double near = a + a * (n0 + z2 * z2 * (n4 + z2 * z2 * n8));
  if constexpr (!kHasFma) near = a < 1e-290 ? 1.1283791670955126 * a : near;
  const bool far = a > 1.0;
  a = a > 6.0 ? 6.0 : a;
  const double g12 = -2.1148269189776146e-06 +
                     a * (3.695703769719451e-07 +
                          a * (-4.593386423748142e-08 + a * (3.89007214882103e-09 + a * (-2.0203755173628163e-10 + a * 4.8651853958647015e-12))));
  const double g6 =
      0.0019189469337494644 +
      a * (-0.0007730439531590229 +
           a * (0.0001365546305552889 + a * (1.952364334321002e-05 + a * (-2.253321289770478e-05 + a * (8.578891581167019e-06 + a * g12)))));
  const double g = 5.132505735314511e-07 +
                   a * (1.128373991631987 +
                        a * (0.6366440554144664 + a * (0.10270228903603754 + a * (-0.018988040780860437 + a * (-0.00041353805462176124 + a * g6)))));
  return with_sign(far ? 1.0 - exp_(-g) : near, x);
}

// erfc(a) = exp(-a^2) / (1 + 2 a) (1 + (q + 1) R(q)) with q = (a - k) / (a + k), which increases from -1 to 1 as a does from 0 to infinity, and a
// polynomial R (after M. Shepherd and J. Laframboise; the coefficients are our own). The rounding error of a^2 is corrected after the exponential.
// This is the factor after it.
PLAIT_MATH float erfc_factor(float a) {
  const float inverse = 1.0F / (a + 2.0F), q = (a - 2.0F) * inverse;
  const float r5 = 0.006476868005F + q * (0.002182784964F + q * (-0.0007973371718F + q * (-0.0004388813299F + q * -3.1365056e-5F)));
  const float r = 0.2769783735F + q * (-0.3697424805F + q * (0.2037122706F + q * (-0.03965362908F + q * (-0.01456167339F + q * r5))));
  return (1.0F + 2.0F * a * inverse * r) / (1.0F + 2.0F * a);
}
PLAIT_MATH double erfc_factor(double a) {
  const double inverse = 1.0 / (a + 4.0), q = (a - 4.0) * inverse;
  const double r17 = -4.925024319837258e-08 +
                     q * (1.1637484364747186e-07 + q * (5.8259070808667265e-09 + q * (-1.3651116527635307e-08 + q * -2.711375922114677e-09)));
  const double r11 =
      0.0001591703076377956 +
      q * (-8.550318093344745e-06 +
           q * (-1.5853793846446795e-05 + q * (4.634222789893397e-06 + q * (1.0873643477875373e-06 + q * (-7.929856265604507e-07 + q * r17)))));
  const double r5 =
      -0.1251269322796162 +
      q * (0.058796566476759085 +
           q * (-0.021629050923270044 + q * (0.00543131676966039 + q * (-0.0003993469780618065 + q * (-0.0003584257704935513 + q * r11)))));
  const double r =
      0.23299511862555247 + q * (-0.372616235466115 + q * (0.38799588756874326 + q * (-0.3198988333140397 + q * (0.21885976727728043 + q * r5))));
  return (1.0 + 2.0 * a * inverse * r) / (1.0 + 2.0 * a);
}
PLAIT_MATH float erfc_(float x) {
  float a = magnitude(x);
  a = a > 10.5F ? 10.5F : a;
  const Square32 square = square_in_parts(a);
  const float e = exp_minus_bounded(square.high), tail = (e - e * square.low) * erfc_factor(a);
  return x < 0 ? 2.0F - tail : tail;
}
PLAIT_MATH double erfc_(double x) {
  double a = magnitude(x);
  a = a > 28.0 ? 28.0 : a;
  const Square64 square = square_in_parts(a);
  const double e = exp_minus_bounded(square.high), tail = (e - e * square.low) * erfc_factor(a);
  return x < 0 ? 2.0 - tail : tail;
}
// erfc(-x / sqrt 2) / 2, with the square of x and not of the rounded quotient.
PLAIT_MATH float normal_cdf_(float x) {
  float a = magnitude(x);
  a = a > 15.0F ? 15.0F : a;
  const Square32 square = square_in_parts(a);
  const float e = exp_minus_bounded(0.5F * square.high), tail = (0.5F * e - 0.25F * e * square.low) * erfc_factor(0.70710677F * a);
  return x < 0 ? tail : 1.0F - tail;
}
PLAIT_MATH double normal_cdf_(double x) {
  double a = magnitude(x);
  a = a > 39.0 ? 39.0 : a;
  const Square64 square = square_in_parts(a);
  const double e = exp_minus_bounded(0.5 * square.high), tail = (0.5 * e - 0.25 * e * square.low) * erfc_factor(0.7071067811865476 * a);
  return x < 0 ? tail : 1.0 - tail;
}

// log Gamma. In (0, 8) the argument is moved to y in [1, 2], where log Gamma(y) = (y - 1)(y - 2) R(y) keeps its digits at both roots, and
// the logarithm of the product of the steps is added; from 8 on Stirling's series. Below zero the reflection
// log Gamma(x) = -log(|x sin(pi x)| / pi) - log Gamma(-x), with an absolute, not relative, error of 1e-15 at the roots there.
PLAIT_MATH double lgamma_(double x) {
  const double a = magnitude(x);
  const bool large = a >= 8.0, below_one = a < 1.0;
  double steps = 1.0, y = large ? 1.5 : a;
  for (int k = 0; k < 6; ++k) {
    const bool step = y >= 2.0;
    y = step ? y - 1.0 : y;
    steps = step ? steps * y : steps;
  }
  const double t = below_one ? a : y - 1.0, u = t - 0.5, u2 = u * u;
  const double r0 =
      0.4831289505409809 + u * (-0.14595989591430591 + u * (0.0629114010745821 + u * (-0.031308487501056095 + u * 0.016797098628938124)));
  const double r5 =
      -0.009425622444629361 + u * (0.005446457958685743 + u * (-0.0032120742270564688 + u * (0.0019229132051986476 + u * -0.0011644112648876211)));
  const double r10 = 0.0007115654623507268 +
                     u * (-0.00043803630951103154 + u * (0.0002708920581868009 + u * (-0.00016856470665018025 + u * 0.00010772722026707404)));
  const double r15 = -6.796331770714591e-05 +
                     u * (3.496384012800162e-05 + u * (-2.1435618053783412e-05 + u * (2.8362900127130327e-05 + u * -1.8571742028082512e-05)));
  const double u5 = u2 * u2 * u, product = t * (t - 1.0) * (r0 + u5 * (r5 + u5 * (r10 + u5 * r15)));
  const double near = large ? 0.0 : product;  // a select, so that the product is not fused into one sum or another, depending on the loop

  const double logarithm = log_(large || below_one ? a : steps);
  const double v = 1.0 / (large ? a : 8.0), z = v * v;
  const double series = 0.0833333333333333 +
                        z * (-0.0027777777776099217 +
                             z * (0.0007936506668351364 + z * (-0.0005952029329802303 + z * (0.0008373081306575377 + z * -0.0016532315017250263))));
  const double stirling = (a - 0.5) * (logarithm - 1.0) + (0.4189385332046728 + v * series);  // log sqrt(2 pi) - 1/2
  const double positive = large ? stirling : near + (below_one ? -logarithm : logarithm);

  // Below one, log a cancels and is omitted, which also keeps the product away from zero.
  const double s = magnitude(sin_pi_half(a - __builtin_rint(a))) * 0.3183098861837907;
  const double reflected = -log_(below_one ? s : a * s) - (below_one ? near : positive);
  const double result = x < 0 ? (s == 0 ? kInf64 : reflected) : positive;
  return a < kInf64 ? result : a;
}
PLAIT_MATH float lgamma_(float x) { return static_cast<float>(lgamma_(static_cast<double>(x))); }

// The logarithmic derivative of Gamma: the reflection psi(x) = psi(1 - x) - pi / tan(pi x) below zero; eight steps of
// psi(x) = psi(x + 1) - 1 / x below 8, all but the first, which is the largest, summed as one fraction; then the asymptotic series.
PLAIT_MATH double digamma_(double x) {
  const bool negative = x < 0;
  double a = negative ? 1.0 - x : x;
  double top = 1.0, bottom = a + 1.0;
  for (int k = 2; k < 8; ++k) {
    const double step = a + k;
    top = top * step + bottom;
    bottom *= step;
  }
  const bool small = a < 8.0;
  const double first = 1.0 / a;
  a = small ? a + 8.0 : a;
  const double v = 1.0 / a, z = v * v;
  const double series =
      0.08333333333333288 +
      z * (-0.008333333331221448 + z * (0.003968252369936372 + z * (-0.004166222501119339 + z * (0.007519442579045584 + z * -0.017720221539134495))));
  const double fraction = small ? top / bottom + first : 0.0;
  const double value = ((log_(a) - 0.5 * v) - z * series) - fraction;

  const double f = x - __builtin_rint(x), s = sin_pi_half(f), c = sin_pi_half(0.5 - magnitude(f));
  const double reflected = value - 3.141592653589793 * c / s;
  return negative ? (f == 0 ? kNan64 : reflected) : value;
}
PLAIT_MATH float digamma_(float x) { return static_cast<float>(digamma_(static_cast<double>(x))); }

// The derivative of digamma, in the same way: trigamma(x) = pi^2 / sin^2(pi x) - trigamma(1 - x) below zero.
PLAIT_MATH double trigamma_(double x) {
  const bool negative = x < 0;
  double a = negative ? 1.0 - x : x;
  double top = 1.0, bottom = (a + 1.0) * (a + 1.0);
  for (int k = 2; k < 8; ++k) {
    const double step = (a + k) * (a + k);
    top = top * step + bottom;
    bottom *= step;
  }
  const bool small = a < 8.0;
  const double first = 1.0 / (a * a);
  a = small ? a + 8.0 : a;
  const double v = 1.0 / a, z = v * v;
  const double series =
      0.16666666666666055 +
      z * (-0.033333333304774504 + z * (0.02380950215549182 + z * (-0.03332730134187124 + z * (0.07498995754187453 + z * -0.2068150727966696))));
  const double value = (small ? (top / bottom + (v + z * (0.5 + v * series))) + first : v + z * (0.5 + v * series));

  const double s = sin_pi_half(x - __builtin_rint(x)), q = 3.141592653589793 / s;
  return negative ? q * q - value : value;
}
PLAIT_MATH float trigamma_(float x) { return static_cast<float>(trigamma_(static_cast<double>(x))); }

}  // namespace math
}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
