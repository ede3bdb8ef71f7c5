// The mathematical functions of the lane programs as simple loops over arrays, y[i] = f(x[i]): for tests and for callers that need no lane program.
// Accuracy is stated in lane_ops.hpp.
#pragma once

#include <cstdint>

#include "plait/tensor/lane_ops.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::tensor {

enum class MathFunction : std::uint8_t { PLAIT_UNARY_MATH(PLAIT_ROW_NAME) };
constexpr int kMathFunctions = 0 PLAIT_UNARY_MATH(PLAIT_ROW_COUNT);
enum class MathBinary : std::uint8_t { PLAIT_BINARY_MATH(PLAIT_ROW_NAME) };
constexpr int kMathBinaries = 0 PLAIT_BINARY_MATH(PLAIT_ROW_COUNT);
const char* name_of(MathFunction f);

/// y[i] = f(x[i]); y may be x, and may not overlap it otherwise.
void map_unary(MathFunction f, const float* x, float* y, Index n);
void map_unary(MathFunction f, const double* x, double* y, Index n);
/// z[i] = x[i] ** y[i] as NumPy's power.
void map_pow(const float* x, const float* y, float* z, Index n);
void map_pow(const double* x, const double* y, double* z, Index n);

}  // namespace plait::tensor
