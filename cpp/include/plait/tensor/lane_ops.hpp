// The table of lane operations: one row each, from which the enumeration, names, arities, costs, the lists of mathematical functions and all loops
// follow. To add an operation is to add a row and what it names: a scalar form in src/tensor/math/isa/ (mathematical functions) or a struct in
// src/tensor/lanes/isa/operations.hpp (plain arithmetic).
//
// Costs: ns per float32 element on one thread, of an operand in the first-level cache (AVX-512, Zen 4; `./dev bench graph` shows them); float64
// and integers take twice that. They determine threads and blocks, never results.
#pragma once

namespace plait::tensor {

constexpr double kLaneCost = 0.06;  ///< of an operation bound by its loads and stores

}  // namespace plait::tensor

// Name, cost, on which types (all, floats), struct. Booleans are 0 and 1.
#define PLAIT_UNARY_ARITHMETIC(X)                 \
  X(copy, kLaneCost, all, Copy)                   \
  X(neg, kLaneCost, all, Neg)                     \
  X(abs, kLaneCost, all, Abs)                     \
  X(sign, kLaneCost, all, Sign)                   \
  X(square, kLaneCost, all, Square)               \
  X(sqrt, 0.12, floats, Sqrt)                     \
  X(reciprocal, 0.12, floats, Reciprocal)         \
  X(relu, kLaneCost, all, Relu)                   \
  X(floor, kLaneCost, all, Floor)                 \
  X(to_bool, kLaneCost, all, ToBool) /* x != 0 */ \
  X(logical_not, kLaneCost, all, LogicalNot)      \
  X(truncate, kLaneCost, all, Truncate) /* towards zero */

// Name, cost, loop. plain: name_(x) vectorised; pieces: name_array, up to kPiece elements at a time; scalar: name_(x) one by one.
// Largest errors found, in units of the last place, for float (strides over all bit patterns) and double (at random); tests hold them.
#define PLAIT_UNARY_MATH(X)                                                                 \
  X(exp, 0.4, plain)      /* 1.0, 1.0 */                                                    \
  X(expm1, 0.4, plain)    /* 1.5, 1.5 */                                                    \
  X(log, 0.4, plain)      /* 0.9, 0.8 */                                                    \
  X(log1p, 0.7, plain)    /* 1.6, 1.1 */                                                    \
  X(sin, 0.7, pieces)     /* 1.6, 0.9 */                                                    \
  X(cos, 0.7, pieces)     /* 1.6, 0.9 */                                                    \
  X(tanh, 0.4, plain)     /* 1.5, 1.5 */                                                    \
  X(sigmoid, 0.4, plain)  /* 2.4, 2.3 */                                                    \
  X(softplus, 0.7, plain) /* 1.9, 1.7 */                                                    \
  X(erf, 0.7, plain)      /* 1.4, 1.5 */                                                    \
  X(erfc, 0.7, plain)     /* 3.1, 4.2 */                                                    \
  X(exp2, 0.4, plain)                                                                       \
  X(log2, 0.7, plain)                                                                       \
  X(log10, 0.7, plain)                                                                      \
  X(tan, 0.7, pieces)                                                                       \
  X(sinh, 0.7, plain)                                                                       \
  X(cosh, 0.7, plain)                                                                       \
  X(expm1mx, 0.7, plain) /* e^x - 1 - x */                                                  \
  X(logistic_density, 0.4, plain)                                                           \
  X(gaussian, 0.4, plain)       /* e^(-x^2) */                                              \
  X(normal_density, 0.4, plain) /* e^(-x^2 / 2) / sqrt(2 pi) */                             \
  X(normal_cdf, 0.7, plain)                                                                 \
  X(lgamma, 20, scalar)   /* 0.5, above zero 4; below, 4 of max(|result|, 2) */             \
  X(digamma, 20, scalar)  /* 0.5, 7 of max(|result|, 1), below zero of max(|result|, 32) */ \
  X(trigamma, 20, scalar) /* 0.5, above zero 3, below 6 */

// Name, cost, whether it commutes (commuting, ordered), struct. All types; integers wrap, x / 0 is 0.
#define PLAIT_BINARY_ARITHMETIC(X)                                                                       \
  X(add, kLaneCost, commuting, Add)                                                                      \
  X(sub, kLaneCost, ordered, Sub)                                                                        \
  X(mul, kLaneCost, commuting, Mul)                                                                      \
  X(div, 0.12, ordered, Div)                    /* integers: truncates; the graph never divides them */  \
  X(difference, kLaneCost, ordered, Difference) /* a - b, and 0 where they are equal, infinities too */  \
  X(minimum, kLaneCost, ordered, Minimum)       /* NaN spreads, as in NumPy */                           \
  X(maximum, kLaneCost, ordered, Maximum)                                                                \
  X(less, kLaneCost, ordered, Less)                                                                      \
  X(less_equal, kLaneCost, ordered, LessEqual)                                                           \
  X(equal, kLaneCost, commuting, Equal)                                                                  \
  X(not_equal, kLaneCost, commuting, NotEqual)                                                           \
  X(gated, kLaneCost, ordered, Gated)         /* a b, and 0 where b is 0, whatever a is */               \
  X(silu_slope, 0.12, ordered, SiluSlope)     /* of a sigmoid(a), with b = sigmoid(a) */                 \
  X(length_share, 0.12, ordered, LengthShare) /* a / b of a length b: 0 where b is 0, 1 of infinities */ \
  X(logical_and, kLaneCost, commuting, LogicalAnd)                                                       \
  X(logical_or, kLaneCost, commuting, LogicalOr)

// Name, cost, loop as above, struct for integers (NoIntegers: they are refused).
#define PLAIT_BINARY_MATH(X)                                                                                       \
  X(pow, 2, plain, NoIntegers) /* 1.4, 0.6 (the C library's) */                                                    \
  X(logaddexp, 1, pieces, NoIntegers)                                                                              \
  X(logaddexp_slope, 0.4, plain, NoIntegers)     /* of the first operand */                                        \
  X(logistic_loss, 0.7, plain, NoIntegers)       /* of a logit a and a target b: softplus(a) - a b */              \
  X(logistic_loss_slope, 0.4, plain, NoIntegers) /* sigmoid(a) - b */                                              \
  X(hypot, 0.3, pieces, NoIntegers)                                                                                \
  X(floor_divide, 0.3, pieces, FloorDivide) /* this and the next as in Python and NumPy: x / 0 of integers is 0 */ \
  X(remainder, 0.3, pieces, Remainder)                                                                             \
  X(fmod, 0.3, pieces, CutRemainder) /* of the sign of a */

// Name, cost, struct.
#define PLAIT_TERNARY_ARITHMETIC(X)                            \
  X(select, kLaneCost, Select)            /* a != 0 ? b : c */ \
  X(multiply_add, kLaneCost, MultiplyAdd) /* a * b + c */

// All of them, by arity; X gets name and cost.
#define PLAIT_UNARY_LANE_OPS(X) PLAIT_UNARY_ARITHMETIC(X) PLAIT_UNARY_MATH(X)
#define PLAIT_BINARY_LANE_OPS(X) PLAIT_BINARY_ARITHMETIC(X) PLAIT_BINARY_MATH(X)
#define PLAIT_LANE_OPS(X) PLAIT_UNARY_LANE_OPS(X) PLAIT_BINARY_LANE_OPS(X) PLAIT_TERNARY_ARITHMETIC(X)

// Expansions of rows to their names or their number.
#define PLAIT_ROW_NAME(name, ...) name,
#define PLAIT_ROW_TEXT(name, ...) #name,
#define PLAIT_ROW_COUNT(name, ...) +1  // NOLINT(bugprone-macro-parentheses): a sum of ones
