#include "align/soft_internal.hpp"

namespace plait::PLAIT_ISA_NS {
namespace {

using align::ConstParts;
using align::ConstWeights;
using align::Costs;
using align::Parts;
using align::Slopes;
using align::Weights;

// Adding it to a whole number below 2^51 leaves that number, plus the bias of an exponent, in the low bits of the sum.
constexpr double kToExponent = 0x1.8p52 + 1023;
constexpr double kToWhole = 0x1.8p52;
constexpr double kNothing = -1023;      // 2^-1023 beside 1 is nothing, and as a power nothing at all
constexpr double kMostBits = 0x1p1000;  // of one distance: below infinity, so that exponents can be added up
using Bits = unsigned long long;
constexpr Bits kMantissa = (Bits{1} << 52) - 1, kOne = Bits{1023} << 52;

inline double as_double(Bits bits) { return __builtin_bit_cast(double, bits); }
inline Bits as_bits(double value) { return __builtin_bit_cast(Bits, value); }
inline double square(double a) { return a * a; }
inline double larger(double a, double b) { return a > b ? a : b; }

/// 2^t for whole t in (-1023, 1023]; 0 for -1023.
inline double power_of_two(double t) { return as_double(as_bits(t + kToExponent) << 52); }

/// 2^-f for f in [-1/2, 1/2], within 4e-16 of it: the polynomial through Chebyshev's eleven nodes.
inline double exp2_minus(double f) {
  double p = 0x1.e6063f7217bc6p-28;
  p = p * f + -0x1.b675bca4eeebbp-24;
  p = p * f + 0x1.62bfd47773353p-20;
  p = p * f + -0x1.ffcb54062e698p-17;
  p = p * f + 0x1.430913096fd9fp-13;
  p = p * f + -0x1.5d87fe9d7a584p-10;
  p = p * f + 0x1.3b2ab6fba1ddap-7;
  p = p * f + -0x1.c6b08d703ce49p-5;
  p = p * f + 0x1.ebfbdff82c598p-3;
  p = p * f + -0x1.62e42fefa3a19p-1;
  return p * f + 1;
}

struct Weight {
  double m, e;
};
/// Three weights over one power of two.
struct Three {
  double a, b, c, e;
  /// The outer two commute, so that x against y is y against x: all products by powers of two are exact, fused or not.
  double sum() const { return (a + c) + b; }
};
inline Three together(double am, double ae, double bm, double be, double cm, double ce) {
  const double top = larger(larger(ae, ce), be);
  return {am * power_of_two(larger(ae - top, kNothing)), bm * power_of_two(larger(be - top, kNothing)), cm * power_of_two(larger(ce - top, kNothing)),
          top};
}
inline Weight times_exp(Weight s, double d, double scale) {
  const double product = d * scale, bits = product < kMostBits ? product : kMostBits, near = __builtin_rint(bits);
  return {s.m * exp2_minus(bits - near), s.e - near};
}

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
void forward_loop(ConstWeights a, ConstWeights b, ConstWeights c, Costs costs, double scale, Weights out, Parts parts, Index count) {
  double* __restrict om = out.m, * __restrict oe = out.e, * __restrict pa = parts.a, * __restrict pc = parts.c;
  const double* __restrict d = costs.d, * __restrict x = costs.x, * __restrict y = costs.y;
#pragma GCC ivdep
  for (Index t = 0; t < count; ++t) {
    const Three s = together(a.m[t], a.e[t], b.m[t], b.e[t], c.m[t], c.e[t]);
    const double sum = s.sum();
    const Weight w = times_exp({sum, s.e}, kGiven ? d[t] : square(x[t] - y[t]), scale);
    om[t] = w.m;
    oe[t] = w.e;
    if constexpr (kParts) {
      const double one_by_sum = 1 / sum;
      pa[t] = s.a * one_by_sum;
      pc[t] = s.c * one_by_sum;
    }
  }
}
void forward(ConstWeights a, ConstWeights b, ConstWeights c, Costs costs, double scale, Weights out, Index count) {
  (costs.d != nullptr ? forward_loop<true, false> : forward_loop<false, false>)(a, b, c, costs, scale, out, {}, count);
}
void forward_parts(ConstWeights a, ConstWeights b, ConstWeights c, Costs costs, double scale, Weights out, Parts parts, Index count) {
  (costs.d != nullptr ? forward_loop<true, true> : forward_loop<false, true>)(a, b, c, costs, scale, out, parts, count);
}

template <bool kPull>
void backward_loop(const double* a, ConstParts from_a, const double* b, ConstParts from_b, const double* c, ConstParts from_c,
                   double* __restrict share, const double* __restrict x, const double* __restrict y, Slopes slopes, Index count) {
  double* __restrict gx = slopes.x, * __restrict gy = slopes.y;
#pragma GCC ivdep
  for (Index t = 0; t < count; ++t) {
    const double now = (a[t] * from_a.a[t] + c[t] * from_c.c[t]) + b[t] * larger(1 - (from_b.a[t] + from_b.c[t]), 0);
    share[t] = now;
    if constexpr (kPull) {
      const double g = 2 * now * (x[t] - y[t]);
      gx[t] += g;
      gy[t] -= g;
    }
  }
}
void backward(const double* a, ConstParts from_a, const double* b, ConstParts from_b, const double* c, ConstParts from_c, double* share,
              const double* x, const double* y, Slopes slopes, Index count) {
  (slopes.x != nullptr ? backward_loop<true> : backward_loop<false>)(a, from_a, b, from_b, c, from_c, share, x, y, slopes, count);
}

void normalise(Weights w, Index count) {
  double* __restrict m = w.m, * __restrict e = w.e;
  for (Index t = 0; t < count; ++t) {
    const Bits raw = as_bits(m[t]);
    e[t] += as_double((raw >> 52) + as_bits(kToWhole)) - (kToWhole + 1023);
    m[t] = as_double((raw & kMantissa) | kOne);
  }
}

void pull(const double* __restrict share, const double* __restrict x, double* __restrict gx, Index x_stride, const double* __restrict y,
          double* __restrict gy, Index y_stride, Index width, Index count) {
  for (Index c = 0; c < width; ++c) {
    const double *xc = x + c * x_stride, *yc = y + c * y_stride;
    double *gxc = gx + c * x_stride, *gyc = gy + c * y_stride;
#pragma GCC ivdep
    for (Index t = 0; t < count; ++t) {
      const double g = 2 * share[t] * (xc[t] - yc[t]);
      gxc[t] += g;
      gyc[t] -= g;
    }
  }
}

}  // namespace

const SoftLoops& soft_loops() {
  static constexpr SoftLoops table{distances, forward, forward_parts, backward, normalise, pull};
  return table;
}

}  // namespace plait::PLAIT_ISA_NS
