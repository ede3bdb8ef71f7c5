// The table of loops that each instruction set level exports; tests reach every supported level through it.
#pragma once

#include "plait/base/isa.hpp"
#include "plait/tensor/math.hpp"

namespace plait::tensor {

struct MathTable {
  void (*unary_f32[kMathFunctions])(const float*, float*, Index);
  void (*unary_f64[kMathFunctions])(const double*, double*, Index);
  void (*binary_f32[kMathBinaries])(const float*, const float*, float*, Index);
  void (*binary_f64[kMathBinaries])(const double*, const double*, double*, Index);
};

PLAIT_DECLARE_TABLE(MathTable, math_table)

}  // namespace plait::tensor
