// Scalar functions for loops that the compiler turns into vector code: one inline function per name, for float and double.
// Only for files in src/<room>/isa/ (see base/isa.hpp): everything lives in the namespace of the level.
#pragma once

#include "tensor/isa/math_exp.hpp"
#include "tensor/isa/math_log.hpp"
#include "tensor/isa/math_pow.hpp"
#include "tensor/isa/math_special.hpp"
#include "tensor/isa/math_trig.hpp"
