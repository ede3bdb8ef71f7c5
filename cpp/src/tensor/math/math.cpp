#include "plait/tensor/math.hpp"

#include "internal.hpp"

namespace plait::tensor {

const char* name_of(MathFunction f) {
  constexpr const char* kNames[] = {PLAIT_UNARY_MATH(PLAIT_ROW_TEXT)};
  return kNames[static_cast<int>(f)];
}

void map_unary(MathFunction f, const float* x, float* y, Index n) { PLAIT_PICK(math_table).unary_f32[static_cast<int>(f)](x, y, n); }
void map_unary(MathFunction f, const double* x, double* y, Index n) { PLAIT_PICK(math_table).unary_f64[static_cast<int>(f)](x, y, n); }
void map_pow(const float* x, const float* y, float* z, Index n) { PLAIT_PICK(math_table).binary_f32[static_cast<int>(MathBinary::pow)](x, y, z, n); }
void map_pow(const double* x, const double* y, double* z, Index n) {
  PLAIT_PICK(math_table).binary_f64[static_cast<int>(MathBinary::pow)](x, y, z, n);
}

}  // namespace plait::tensor
