// Handles of the ops that C++ code refers to: `node->op == &ops::matmul`, `apply(ops::take, {x, indices}, …)`. Other ops need none.
#pragma once

#include "plait/graph/op.hpp"

namespace plait::graph::ops {

// leaf.cpp
extern const Op input, parameter, constant;
// elementwise.cpp
extern const Op negative, abs, sign, square, sqrt, reciprocal, exp, expm1, log, sin, cos, tanh, sigmoid, relu, digamma, trigamma, sinh, cosh, root,
    floor, cast, logical_not, add, subtract, multiply, divide, power, hypot, difference, floor_divide, remainder, logistic_density, gaussian,
    normal_density, logaddexp_slope, logistic_loss_slope, length_share, gated, silu_slope, normal_moment, minimum, maximum, less, less_equal, equal,
    not_equal, logical_and, logical_or, where;
// reduction.cpp
extern const Op sum, prod, max, min, sum_to_like, axis_size;
// view.cpp
extern const Op reshape, reshape_like, flatten_leading, expand_dims, squeeze, transpose, broadcast_to, broadcast_like, slice, index, head_like,
    tail_like, stop_gradient, slice_gradient, concatenate;
// matmul.cpp
extern const Op matmul;
// index.cpp
extern const Op take, take_gradient, take_along_axis, take_along_axis_gradient, one_hot, cumsum, sum_n;
// random.cpp
extern const Op random_normal, random_uniform, random_gamma, random_poisson, scan_key, scan_normal, scan_uniform, scan_draw_key;
// scan.cpp
extern const Op scan, scan_output, scan_cotangent;
// segment.cpp
extern const Op scan_segments, scan_rest, scan_join, scan_fill, scan_index;
// recurrence.cpp, lengths.cpp
extern const Op recurrence, lengths;
// linalg.cpp
extern const Op cholesky, triangular_solve;

}  // namespace plait::graph::ops
