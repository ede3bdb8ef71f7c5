#include "align/soft/loops.hpp"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace plait::align::detail::PLAIT_ISA_NS {
namespace {

// Added to an integer below 2^51, leaves that integer, plus the bias of an exponent, in the low bits of the sum.
constexpr double kToExponent = 0x1.8p52 + 1023;
constexpr double kToWhole = 0x1.8p52;
constexpr double kNothing = -1023;  // 2^-1023 is negligible beside 1, and is flushed to zero by itself
using Bits = unsigned long long;
constexpr Bits kMantissa = (Bits{1} << 52) - 1, kOne = Bits{1023} << 52;

inline double as_double(Bits bits) { return __builtin_bit_cast(double, bits); }
inline Bits as_bits(double value) { return __builtin_bit_cast(Bits, value); }
inline double larger(double a, double b) { return a > b ? a : b; }
inline double smaller(double a, double b) { return a < b ? a : b; }

/// 2^t for integer t in (-1023, 1023]; 0 for -1023.
inline double power_of_two(double t) { return as_double(as_bits(t + kToExponent) << 52); }

/// m · 2^t for integer t <= 0; 0 for t <= -1023.
inline double scaled(double m, double t) { return m * power_of_two(larger(t, kNothing)); }
template <class T>
inline T spread(double a);
template <>
inline double spread<double>(double a) {
  return a;
}
template <class T>
inline T at(const double* p) {
  return *p;
}
inline void put(double* p, double value) { *p = value; }
inline double rounded(double a) { return __builtin_rint(a); }

#if defined(__AVX2__) && !defined(__AVX512F__)
inline __m256d larger(__m256d a, __m256d b) { return _mm256_max_pd(a, b); }
inline __m256d smaller(__m256d a, __m256d b) { return _mm256_min_pd(a, b); }
template <>
inline __m256d spread<__m256d>(double a) {
  return _mm256_set1_pd(a);
}
template <>
inline __m256d at<__m256d>(const double* p) {
  return _mm256_loadu_pd(p);
}
inline void put(double* p, __m256d value) { _mm256_storeu_pd(p, value); }
inline __m256d rounded(__m256d a) { return _mm256_round_pd(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
inline __m256d scaled(__m256d m, __m256d t) {
  const __m256d exponent = larger(t, spread<__m256d>(kNothing)) + spread<__m256d>(kToExponent);
  return m * _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(exponent), 52));
}
#endif

/// bits = near + f with near an integer and |f| <= 1/2.
template <class T>
inline void split(T bits, T& near, T& f) {
  near = rounded(bits);
  f = bits - near;
}
/// 2^-(near + f) = result · 2^-exponent, to 4e-16: the polynomial through the 11 Chebyshev nodes, even and odd terms evaluated in parallel.
template <class T>
inline T exp2_minus(T near, T f, T& exponent) {
  const T f2 = f * f;
  T even = spread<T>(0x1.e6063f7217bc6p-28), odd = spread<T>(-0x1.b675bca4eeebbp-24);
  even = even * f2 + spread<T>(0x1.62bfd47773353p-20);
  odd = odd * f2 + spread<T>(-0x1.ffcb54062e698p-17);
  even = even * f2 + spread<T>(0x1.430913096fd9fp-13);
  odd = odd * f2 + spread<T>(-0x1.5d87fe9d7a584p-10);
  even = even * f2 + spread<T>(0x1.3b2ab6fba1ddap-7);
  odd = odd * f2 + spread<T>(-0x1.c6b08d703ce49p-5);
  even = even * f2 + spread<T>(0x1.ebfbdff82c598p-3);
  odd = odd * f2 + spread<T>(-0x1.62e42fefa3a19p-1);
  exponent = near;
  return (even * f + odd) * f + spread<T>(1);
}

#if defined(__AVX512F__)
// Plain loops cannot use two instructions that save a quarter of the time: scaling by a power of two (scalef), and table look-up of
// sixteen numbers in registers. So this step is also written for eight cells at once.
inline __m512d larger(__m512d a, __m512d b) { return a > b ? a : b; }
inline __m512d smaller(__m512d a, __m512d b) { return _mm512_maskz_min_pd(0xff, a, b); }
inline __m512d scaled(__m512d m, __m512d t) { return _mm512_maskz_scalef_pd(0xff, m, t); }
template <>
inline __m512d spread<__m512d>(double a) {
  return _mm512_set1_pd(a);
}
template <>
inline __m512d at<__m512d>(const double* p) {
  return _mm512_loadu_pd(p);
}
inline void put(double* p, __m512d value) { _mm512_storeu_pd(p, value); }

/// 2^-(k / 16), to 1e-16.
alignas(64) constexpr double kSixteenths[16] = {1,
                                                0x1.ea4afa2a490dap-1,
                                                0x1.d5818dcfba487p-1,
                                                0x1.c199bdd85529cp-1,
                                                0x1.ae89f995ad3adp-1,
                                                0x1.9c49182a3f090p-1,
                                                0x1.8ace5422aa0dbp-1,
                                                0x1.7a11473eb0187p-1,
                                                0x1.6a09e667f3bcdp-1,
                                                0x1.5ab07dd485429p-1,
                                                0x1.4bfdad5362a27p-1,
                                                0x1.3dea64c123422p-1,
                                                0x1.306fe0a31b715p-1,
                                                0x1.2387a6e756238p-1,
                                                0x1.172b83c7d517bp-1,
                                                0x1.0b5586cf9890fp-1};
/// Rounded to sixteenths, so that the remainder needs only seven nodes; the result is in (0.51, 1.03).
template <>
inline void split<__m512d>(__m512d bits, __m512d& near, __m512d& f) {
  near = _mm512_maskz_roundscale_pd(0xff, bits, 4 << 4 | _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  f = bits - near;
}
template <>
inline __m512d exp2_minus<__m512d>(__m512d near, __m512d f, __m512d& exponent) {
  const __m512i sixteenths = _mm512_castpd_si512(near + spread<__m512d>(0x1.8p48));  // integer part in the low bits
  const __m512d table = _mm512_permutex2var_pd(_mm512_load_pd(kSixteenths), sixteenths, _mm512_load_pd(kSixteenths + 8));
  __m512d p = spread<__m512d>(0x1.430a49610efc6p-13);
  p = p * f + spread<__m512d>(-0x1.5d89be4c12513p-10);
  p = p * f + spread<__m512d>(0x1.3b2ab6fb09b31p-7);
  p = p * f + spread<__m512d>(-0x1.c6b08d6e8a384p-5);
  p = p * f + spread<__m512d>(0x1.ebfbdff82c594p-3);
  p = p * f + spread<__m512d>(-0x1.62e42fefa39fdp-1);
  p = p * f + spread<__m512d>(1);
  exponent = _mm512_maskz_roundscale_pd(0xff, near, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
  return table * p;
}
#endif

struct Diagonal {
  ConstWeights a, b, c;
  Costs costs;
  double scale;
  Weights out;
  Parts parts;
};

template <class T>
struct Power {
  T near, f;
};
/// For the cells from t on, as many as T has.
template <class T, bool kGiven>
inline Power<T> power_of(const Diagonal& w, Index t) {
  Power<T> power;
  T bits;
  if constexpr (kGiven) {
    bits = smaller(at<T>(w.costs.d + t) * spread<T>(w.scale), spread<T>(kMostBits));
  } else {
    const T apart = at<T>(w.costs.x + t) - at<T>(w.costs.y + t);
    bits = apart * apart * spread<T>(w.scale);
  }
  split<T>(bits, power.near, power.f);
  return power;
}

/// The sum is symmetric in the outer two weights, so that exchanging x and y gives equal bits: products by powers of two are exact, fused or not.
template <class T, bool kParts>
inline void forward_step(const Diagonal& w, Power<T> power, Index t) {
  const T ae = at<T>(w.a.e + t), be = at<T>(w.b.e + t), ce = at<T>(w.c.e + t), top = larger(larger(ae, ce), be);
  const T a = scaled(at<T>(w.a.m + t), ae - top), b = scaled(at<T>(w.b.m + t), be - top), c = scaled(at<T>(w.c.m + t), ce - top);
  const T sum = (a + c) + b;
  T exponent;
  put(w.out.m + t, sum * exp2_minus<T>(power.near, power.f, exponent));
  put(w.out.e + t, top - exponent);
  if constexpr (kParts) {
    const T one_by_sum = spread<T>(1) / sum;
    put(w.parts.a + t, a * one_by_sum);
    put(w.parts.c + t, c * one_by_sum);
  }
}

#if defined(__AVX2__)
/// The last cells may be computed twice. The power is begun one step ahead: the dependency chain of a step is too long for out-of-order execution
/// to hide its latency.
template <class T, bool kGiven, bool kParts>
inline void forward_lanes(const Diagonal& w, Index count) {
  constexpr Index kLanes = sizeof(T) / sizeof(double);
  const Index last = count - kLanes;
  Power<T> power = power_of<T, kGiven>(w, 0);
  for (Index t = 0; t < last; t += kLanes) {
    const Power<T> next = power_of<T, kGiven>(w, t + kLanes < last ? t + kLanes : last);
    forward_step<T, kParts>(w, power, t);
    power = next;
  }
  forward_step<T, kParts>(w, power, last);
}
#endif

void distances(const double* __restrict x, Index x_stride, const double* __restrict y, Index y_stride, Index width, double* __restrict d,
               Index count) {
  for (Index t = 0; t < count; ++t) {
    const double a = x[t] - y[t];
    d[t] = a * a;
  }
  for (Index c = 1; c < width; ++c) {
    const double *xc = x + c * x_stride, *yc = y + c * y_stride;
    for (Index t = 0; t < count; ++t) {
      const double a = xc[t] - yc[t];
      d[t] += a * a;
    }
  }
}

template <bool kGiven, bool kParts>
void forward_loop(const Diagonal& given, Index count) {
  const Diagonal w = given;
#if defined(__AVX512F__)
  if (count >= 8) return forward_lanes<__m512d, kGiven, kParts>(w, count);
#elif defined(__AVX2__)
  if (count >= 4) return forward_lanes<__m256d, kGiven, kParts>(w, count);
#endif
#pragma GCC ivdep
  for (Index t = 0; t < count; ++t) forward_step<double, kParts>(w, power_of<double, kGiven>(w, t), t);
}
void forward(ConstWeights a, ConstWeights b, ConstWeights c, Costs costs, double scale, Weights out, Index count) {
  (costs.d != nullptr ? forward_loop<true, false> : forward_loop<false, false>)({a, b, c, costs, scale, out, {}}, count);
}
void forward_parts(ConstWeights a, ConstWeights b, ConstWeights c, Costs costs, double scale, Weights out, Parts parts, Index count) {
  (costs.d != nullptr ? forward_loop<true, true> : forward_loop<false, true>)({a, b, c, costs, scale, out, parts}, count);
}

template <bool kGradients>
void backward_loop(const double* a, ConstParts from_a, const double* b, ConstParts from_b, const double* c, ConstParts from_c,
                   double* __restrict adjoint, const double* __restrict x, const double* __restrict y, Gradients gradients, Index count) {
  double* __restrict gx = gradients.x, * __restrict gy = gradients.y;
#pragma GCC ivdep
  for (Index t = 0; t < count; ++t) {
    const double now = (a[t] * from_a.a[t] + c[t] * from_c.c[t]) + b[t] * larger(1 - (from_b.a[t] + from_b.c[t]), 0);
    adjoint[t] = now;
    if constexpr (kGradients) {
      const double g = 2 * now * (x[t] - y[t]);
      gx[t] += g;
      gy[t] -= g;
    }
  }
}
void backward(const double* a, ConstParts from_a, const double* b, ConstParts from_b, const double* c, ConstParts from_c, double* adjoint,
              const double* x, const double* y, Gradients gradients, Index count) {
  (gradients.x != nullptr ? backward_loop<true> : backward_loop<false>)(a, from_a, b, from_b, c, from_c, adjoint, x, y, gradients, count);
}

void normalise(Weights w, Index count) {
  double* __restrict m = w.m, * __restrict e = w.e;
  for (Index t = 0; t < count; ++t) {
    const Bits raw = as_bits(m[t]);
    e[t] += as_double((raw >> 52) + as_bits(kToWhole)) - (kToWhole + 1023);
    m[t] = as_double((raw & kMantissa) | kOne);
  }
}

void add_gradients(const double* __restrict adjoint, const double* __restrict x, double* __restrict gx, Index x_stride, const double* __restrict y,
                   double* __restrict gy, Index y_stride, Index width, Index count) {
  for (Index c = 0; c < width; ++c) {
    const double *xc = x + c * x_stride, *yc = y + c * y_stride;
    double *gxc = gx + c * x_stride, *gyc = gy + c * y_stride;
#pragma GCC ivdep
    for (Index t = 0; t < count; ++t) {
      const double g = 2 * adjoint[t] * (xc[t] - yc[t]);
      gxc[t] += g;
      gyc[t] -= g;
    }
  }
}

}  // namespace

const SoftLoops& soft_loops() {
  static constexpr SoftLoops table{distances, forward, forward_parts, backward, normalise, add_gradients};
  return table;
}

}  // namespace plait::align::detail::PLAIT_ISA_NS
