// The mathematical functions of the lane programs as simple loops over arrays, y[i] = f(x[i]): for tests, and where an array at a
// time is all that is wanted. Accuracy is stated in src/tensor/isa/math.hpp.
#pragma once

#include <cstdint>

#include "plait/tensor/shape.hpp"

namespace plait::tensor {

enum class MathFunction : std::uint8_t {
  exp,
  expm1,
  log,
  log1p,
  sin,
  cos,
  tanh,
  sigmoid,
  softplus,
  erf,
  erfc,
  exp2,
  log2,
  log10,
  tan,
  sinh,
  cosh,
  expm1mx,  ///< e^x - 1 - x
  lgamma,
  digamma,
  trigamma
};
constexpr int kMathFunctions = 21;
enum class MathBinary : std::uint8_t { pow, logaddexp, hypot, floor_divide, remainder };
constexpr int kMathBinaries = 5;
const char* name_of(MathFunction f);

/// y[i] = f(x[i]); y may be x, and may not overlap it otherwise.
void map_unary(MathFunction f, const float* x, float* y, Index n);
void map_unary(MathFunction f, const double* x, double* y, Index n);
/// z[i] = x[i] ** y[i] as NumPy's power.
void map_pow(const float* x, const float* y, float* z, Index n);
void map_pow(const double* x, const double* y, double* z, Index n);

}  // namespace plait::tensor
