// Scalar functions for loops that the compiler turns into vector code: one inline function per name, for float and double.
// Only for files in src/<module>/isa/ (see base/isa.hpp): everything lives in the namespace of the level.
//
// The largest errors found are in plait/tensor/lane_ops.hpp; tests check them.
//
// Results below the normal range, infinities, NaN, the ends of the range and the signs of zeros are those of C; at poles the gamma
// functions give lgamma = trigamma = +inf, digamma = NaN (at zero an infinity by the sign of the zero), and digamma and trigamma of
// -inf are NaN. sin and cos are accurate for every argument.
//
// Every function is free of branches and calls, so that a loop is vectorised at each level, except pow_, sin_ and cos_ of a double:
// for sines of arrays use sin_array and cos_array, of either type. Between levels the last digits may differ. Within a level the same
// argument gives the same bits in the vector part of a loop and in its remainder; for that, avoid sums of two products
// where one of them is used twice or is an arm of a select (the compiler may fuse either product), which tests will notice.
#pragma once

#include "exp.hpp"
#include "log.hpp"
#include "logistic.hpp"
#include "pow.hpp"
#include "quotient.hpp"
#include "special.hpp"
#include "trig.hpp"
