// The loops of soft-DTW along an anti-diagonal. A weight is m · 2^e: m a double near 1, e an integer stored as a double, -inf for weight 0.
// This represents weights down to 2^(-10^300), and adding and multiplying them needs neither exp nor log. A step multiplies m by 0.4 to 4.3;
// every kNormaliseEvery steps m is normalised to [1, 2).
#pragma once

#include "plait/base/isa.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::align::detail {

using namespace tensor;

struct ConstWeights {
  const double *m, *e;
};
struct Weights {
  double *m, *e;
};

struct ConstParts {
  const double *a, *c;
};
struct Parts {
  double *a, *c;
};

constexpr Index kNormaliseEvery = 32;
constexpr double kMostBits = 0x1p1000;  ///< bound of one distance: sums of exponents stay below infinity

/// Distances along a diagonal: stored, or, where d is null, (x - y)² of univariate series, at most kMostBits each.
struct Costs {
  const double *d, *x, *y;
};
/// The gradients of univariate series; null for others.
struct Gradients {
  double *x, *y;
};

struct SoftLoops {
  /// d[t] = Σ_c (x[c · x_stride + t] - y[c · y_stride + t])²
  void (*distances)(const double* x, Index x_stride, const double* y, Index y_stride, Index width, double* d, Index count);
  /// out = (a + b + c) · exp(-d · scale · log 2)
  void (*forward)(ConstWeights a, ConstWeights b, ConstWeights c, Costs costs, double scale, Weights out, Index count);
  /// The same, and the proportions of a and c in the sum; that of b is the rest.
  void (*forward_parts)(ConstWeights a, ConstWeights b, ConstWeights c, Costs costs, double scale, Weights out, Parts parts, Index count);
  /// Adjoint of each cell: a · from_a.a + c · from_c.c + b · (1 - from_b.a - from_b.c), the contributions of its successors. For univariate
  /// series also adds the gradients.
  void (*backward)(const double* a, ConstParts from_a, const double* b, ConstParts from_b, const double* c, ConstParts from_c, double* adjoint,
                   const double* x, const double* y, Gradients gradients, Index count);
  void (*normalise)(Weights w, Index count);
  /// gx[c][t] += 2 · adjoint[t] · (x - y) and the negative to gy, both with the strides of their series.
  void (*add_gradients)(const double* adjoint, const double* x, double* gx, Index x_stride, const double* y, double* gy, Index y_stride, Index width,
                        Index count);
};

PLAIT_DECLARE_TABLE(SoftLoops, soft_loops)
}  // namespace plait::align::detail
