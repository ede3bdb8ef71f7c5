// The loops of soft-DTW along an anti-diagonal. A weight is m · 2^e: m a double near 1, e a double that holds a whole number, -inf for no weight.
// So weights down to 2^(-10^300) are there, and adding and multiplying them takes neither exp nor log. A step multiplies m by 0.4 to 4.3;
// every kNormaliseEvery steps it is brought back to [1, 2).
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
constexpr double kMostBits = 0x1p1000;  ///< of one distance: below infinity, so that exponents can be added up

/// Distances along a diagonal: given, or where d is null those of series of one value, (x - y)², none of them above kMostBits.
struct Costs {
  const double *d, *x, *y;
};
/// Where the derivatives by a series of one value go; null for others.
struct Slopes {
  double *x, *y;
};

struct SoftLoops {
  /// d[t] = Σ_c (x[c · x_stride + t] - y[c · y_stride + t])²
  void (*distances)(const double* x, Index x_stride, const double* y, Index y_stride, Index width, double* d, Index count);
  /// out = (a + b + c) · exp(-d · scale · log 2)
  void (*forward)(ConstWeights a, ConstWeights b, ConstWeights c, Costs costs, double scale, Weights out, Index count);
  /// The same, and what parts of the sum a and c are; b is the rest.
  void (*forward_parts)(ConstWeights a, ConstWeights b, ConstWeights c, Costs costs, double scale, Weights out, Parts parts, Index count);
  /// share = a · from_a.a + c · from_c.c + b · (1 - from_b.a - from_b.c): what those that come after a cell hand back to it. For series of one
  /// value also `pull`.
  void (*backward)(const double* a, ConstParts from_a, const double* b, ConstParts from_b, const double* c, ConstParts from_c, double* share,
                   const double* x, const double* y, Slopes slopes, Index count);
  void (*normalise)(Weights w, Index count);
  /// gx[c][t] += 2 · share[t] · (x - y) and the opposite to gy, both with the strides of their series.
  void (*pull)(const double* share, const double* x, double* gx, Index x_stride, const double* y, double* gy, Index y_stride, Index width,
               Index count);
};

PLAIT_DECLARE_TABLE(SoftLoops, soft_loops)
}  // namespace plait::align::detail
