// Elementwise ops: each is one lane instruction, with NumPy's broadcasting, and a gradient rule in nodes.
#include <cmath>
#include <limits>
#include <numbers>

#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/ops.hpp"

namespace plait::graph {
namespace {

using namespace build;
using Gradients = std::vector<NodeRef>;
using Specs = std::span<const Spec>;

// ---- shape rules; the op's name comes in as a template argument so that messages carry it ----

template <std::size_t N>
struct Name {
  char text[N];
  constexpr Name(const char (&t)[N]) {  // NOLINT(google-explicit-constructor): written as a literal
    for (std::size_t i = 0; i < N; ++i) text[i] = t[i];
  }
};

Shape broadcast_all(Specs in, const char* name) {
  Shape shape = in[0].shape;
  for (std::size_t i = 1; i < in.size(); ++i) shape = broadcast(shape, in[i].shape, name);
  return shape;
}

template <Name name>
Spec infer_floats(Specs in, const Attributes&) {
  for (const Spec& s : in) {
    PLAIT_REQUIRE_AS(DTypeError, is_float(s.dtype), name.text, ": expected float32 or float64, got ", name_of(s.dtype));
    PLAIT_REQUIRE_AS(DTypeError, s.dtype == in[0].dtype, name.text, ": dtypes ", name_of(in[0].dtype), " and ", name_of(s.dtype), " differ");
  }
  return {broadcast_all(in, name.text), in[0].dtype};
}

template <Name name>
Spec infer_numbers(Specs in, const Attributes&) {
  for (const Spec& s : in) {
    PLAIT_REQUIRE_AS(DTypeError, s.dtype != DType::boolean, name.text, ": booleans are not numbers here; use plait.cast");
    PLAIT_REQUIRE_AS(DTypeError, s.dtype == in[0].dtype, name.text, ": dtypes ", name_of(in[0].dtype), " and ", name_of(s.dtype), " differ");
  }
  return {broadcast_all(in, name.text), in[0].dtype};
}

template <Name name>
Spec infer_anything(Specs in, const Attributes&) {
  PLAIT_REQUIRE_AS(DTypeError, in[0].dtype == in[1].dtype, name.text, ": dtypes ", name_of(in[0].dtype), " and ", name_of(in[1].dtype), " differ");
  return {broadcast_all(in, name.text), DType::boolean};
}

template <Name name>
Spec infer_booleans(Specs in, const Attributes&) {
  for (const Spec& s : in) PLAIT_REQUIRE_AS(DTypeError, s.dtype == DType::boolean, name.text, ": expected bool, got ", name_of(s.dtype));
  return {broadcast_all(in, name.text), DType::boolean};
}

template <Name>
Spec infer_choice(Specs in, const Attributes&) {
  PLAIT_REQUIRE_AS(DTypeError, in[0].dtype == DType::boolean, "where: the condition must be bool, got ", name_of(in[0].dtype));
  PLAIT_REQUIRE_AS(DTypeError, in[1].dtype == in[2].dtype, "where: dtypes ", name_of(in[1].dtype), " and ", name_of(in[2].dtype), " differ");
  return {broadcast_all(in, "where"), in[1].dtype};
}

template <Name>
Spec infer_cast(Specs in, const Attributes& a) {
  return {in[0].shape, a.as<CastTo>().dtype};
}

// ---- gradient rules: x, y are inputs, n the node, g its gradient ----

NodeRef in(const NodeRef& n, std::size_t i = 0) { return n->input_ref(i); }
// Undoes the broadcasting of input i.
NodeRef to(const NodeRef& n, std::size_t i, const NodeRef& g) { return sum_to_like(g, in(n, i)); }
NodeRef one_minus(const NodeRef& a) { return subtract(constant_like(a, 1), a); }

Gradients d_neg(const NodeRef&, const NodeRef& g) { return {negate(g)}; }

// g divided by its factor sign(x), or null if not every term has that factor. `budget`: the number of nodes that may still be visited.
NodeRef without_sign(const NodeRef& g, const NodeRef& x, int& budget) {
  if (--budget < 0) return {};
  if (is_op(g, ops::negative)) {
    const NodeRef rest = without_sign(in(g), x, budget);
    return rest ? negate(rest) : rest;
  }
  if (is_op(g, ops::add) || is_op(g, ops::subtract)) {
    const NodeRef a = without_sign(in(g, 0), x, budget), b = a ? without_sign(in(g, 1), x, budget) : a;
    if (!b) return {};
    return is_op(g, ops::add) ? add(a, b) : subtract(a, b);
  }
  const bool product = is_op(g, ops::multiply);
  if (!product && !is_op(g, ops::divide)) return {};
  for (std::size_t i = 0; i < (product ? 2U : 1U); ++i) {
    const NodeRef factor = in(g, i);
    NodeRef other = in(g, 1 - i);
    const bool found = is_op(factor, ops::sign) && in(factor) == x;
    if (found && product) return other;
    const NodeRef rest = found ? constant_like(x, 1) : without_sign(factor, x, budget);
    if (rest) return product ? multiply(rest, other) : divide(rest, other);
  }
  return {};
}
// The derivative of |x| at 0 is defined as sign(0) = 0. Where g already has the factor sign(x), as in second derivatives, sign(x)² = 1 on both sides
// of 0 and is set to 1 at 0: the second derivatives of cos(|x|) and of max(x, 0) + log1p(exp(-|x|)) are then continuous.
Gradients d_abs(const NodeRef& n, const NodeRef& g) {
  const NodeRef x = in(n);
  int budget = 64;
  const NodeRef rest = without_sign(g, x, budget);
  if (!rest) return {multiply(g, unary(ops::sign, x))};
  return {broadcast_like(rest, x)};
}
Gradients d_square(const NodeRef& n, const NodeRef& g) { return {multiply(g, scale(in(n), 2))}; }
Gradients d_sqrt(const NodeRef& n, const NodeRef& g) { return {divide(scale(g, 0.5), n)}; }
// The square root for norms and standard deviations: its derivative at 0 is defined as 0, like that of abs, and not inf * 0.
Gradients d_root(const NodeRef& n, const NodeRef& g) { return {select(less(constant_like(n, 0), n), divide(scale(g, 0.5), n), constant_like(g, 0))}; }
Gradients d_reciprocal(const NodeRef& n, const NodeRef& g) { return {negate(multiply(g, unary(ops::square, n)))}; }
Gradients d_exp(const NodeRef& n, const NodeRef& g) { return {multiply(g, n)}; }
// exp(x), not n + 1, which cancels for large negative x.
Gradients d_expm1(const NodeRef& n, const NodeRef& g) { return {multiply(g, unary(ops::exp, in(n)))}; }
Gradients d_expm1mx(const NodeRef& n, const NodeRef& g) { return {multiply(g, unary(ops::expm1, in(n)))}; }
Gradients d_exp2(const NodeRef& n, const NodeRef& g) { return {multiply(g, scale(n, std::numbers::ln2))}; }
Gradients d_log2(const NodeRef& n, const NodeRef& g) { return {divide(scale(g, std::numbers::log2e), in(n))}; }
Gradients d_log10(const NodeRef& n, const NodeRef& g) { return {divide(scale(g, std::numbers::log10e), in(n))}; }
Gradients d_tan(const NodeRef& n, const NodeRef& g) { return {multiply(g, shift(unary(ops::square, n), 1))}; }
Gradients d_sinh(const NodeRef& n, const NodeRef& g) { return {multiply(g, unary(ops::cosh, in(n)))}; }
Gradients d_cosh(const NodeRef& n, const NodeRef& g) { return {multiply(g, unary(ops::sinh, in(n)))}; }
Gradients d_log(const NodeRef& n, const NodeRef& g) { return {divide(g, in(n))}; }
Gradients d_log1p(const NodeRef& n, const NodeRef& g) { return {divide(g, shift(in(n), 1))}; }
Gradients d_sin(const NodeRef& n, const NodeRef& g) { return {multiply(g, unary(ops::cos, in(n)))}; }
Gradients d_cos(const NodeRef& n, const NodeRef& g) { return {negate(multiply(g, unary(ops::sin, in(n))))}; }
Gradients d_tanh(const NodeRef& n, const NodeRef& g) { return {multiply(g, one_minus(unary(ops::square, n)))}; }
Gradients d_sigmoid(const NodeRef& n, const NodeRef& g) { return {multiply(g, multiply(n, one_minus(n)))}; }
Gradients d_softplus(const NodeRef& n, const NodeRef& g) { return {multiply(g, unary(ops::sigmoid, in(n)))}; }
Gradients d_relu(const NodeRef& n, const NodeRef& g) { return {select(less(constant_like(n, 0), n), g, constant_like(g, 0))}; }
Gradients d_erf(const NodeRef& n, const NodeRef& g) { return {multiply(g, scale(unary(ops::gaussian, in(n)), 2 * std::numbers::inv_sqrtpi))}; }
Gradients d_erfc(const NodeRef& n, const NodeRef& g) { return {multiply(g, scale(unary(ops::gaussian, in(n)), -2 * std::numbers::inv_sqrtpi))}; }
// gated: at an infinite argument the derivative is 0, not 0 * inf.
Gradients d_gaussian(const NodeRef& n, const NodeRef& g) { return {multiply(g, scale(apply(ops::gated, {in(n), n}), -2))}; }
Gradients d_normal_density(const NodeRef& n, const NodeRef& g) { return {negate(multiply(g, apply(ops::gated, {in(n), n})))}; }
Gradients d_normal_cdf(const NodeRef& n, const NodeRef& g) { return {multiply(g, unary(ops::normal_density, in(n)))}; }
// sigmoid(-x) - sigmoid(x) = -tanh(x / 2).
Gradients d_logistic_density(const NodeRef& n, const NodeRef& g) { return {multiply(g, multiply(n, unary(ops::tanh, scale(in(n), -0.5))))}; }
Gradients d_lgamma(const NodeRef& n, const NodeRef& g) { return {multiply(g, unary(ops::digamma, in(n)))}; }
Gradients d_digamma(const NodeRef& n, const NodeRef& g) { return {multiply(g, unary(ops::trigamma, in(n)))}; }
// The third derivative of lgamma as an expression: reflection below zero, ten steps of the recurrence, then the asymptotic series
// -1/z^2 - 1/z^3 - sum over k of (2k + 1) B_2k / z^(2k + 2).
Gradients d_trigamma(const NodeRef& n, const NodeRef& g) {
  const NodeRef x = in(n), negative = less(x, constant_like(x, 0));
  const NodeRef y = select(negative, one_minus(x), x);
  NodeRef value;
  for (int k = 0; k < 10; ++k) {
    const NodeRef r = unary(ops::reciprocal, shift(y, k)), cube = multiply(r, unary(ops::square, r));
    value = value ? add(value, cube) : cube;
  }
  const NodeRef r = unary(ops::reciprocal, shift(y, 10)), z = unary(ops::square, r);
  NodeRef series = constant_like(x, -35.0 / 2);
  for (const double c : {691.0 / 210, -5.0 / 6, 3.0 / 10, -1.0 / 6, 1.0 / 6, -1.0 / 2}) series = shift(multiply(series, z), c);
  value = add(scale(value, -2), multiply(z, subtract(multiply(series, z), shift(r, 1))));
  const NodeRef angle = scale(x, std::numbers::pi), sine = unary(ops::sin, angle);
  const NodeRef reflected = scale(divide(unary(ops::cos, angle), multiply(sine, unary(ops::square, sine))), 2 * std::pow(std::numbers::pi, 3));
  return {multiply(g, select(negative, subtract(value, reflected), value))};
}
Gradients d_cast(const NodeRef& n, const NodeRef& g) { return {is_float(in(n)->spec.dtype) ? cast(g, in(n)->spec.dtype) : NodeRef()}; }

Gradients d_add(const NodeRef& n, const NodeRef& g) { return {to(n, 0, g), to(n, 1, g)}; }
Gradients d_subtract(const NodeRef& n, const NodeRef& g) { return {to(n, 0, g), to(n, 1, negate(g))}; }
Gradients d_multiply(const NodeRef& n, const NodeRef& g) { return {to(n, 0, multiply(g, in(n, 1))), to(n, 1, multiply(g, in(n, 0)))}; }
Gradients d_divide(const NodeRef& n, const NodeRef& g) {
  const NodeRef q = divide(g, in(n, 1));
  return {to(n, 0, q), to(n, 1, negate(multiply(q, n)))};
}
Gradients d_power(const NodeRef& n, const NodeRef& g) {
  // x^y: y x^(y-1), and x^y log x with 0 where x = 0 (there x^y is 0, or 1 with y = 0).
  const NodeRef x = in(n, 0), y = in(n, 1);
  const NodeRef zero = constant_like(x, 0), one = constant_like(x, 1), safe = select(less(zero, x), x, one);
  // At 0^0 the first term would be 0 * inf.
  const NodeRef lower = select(apply(ops::logical_and, {equal(x, zero), equal(y, zero)}), one, shift(y, -1));
  // At 0 to a negative power: inf log 0 = -inf.
  const NodeRef pole = apply(ops::logical_and, {equal(x, zero), less(y, zero)});
  const NodeRef by_exponent = select(pole, constant_like(n, -std::numeric_limits<double>::infinity()), multiply(n, unary(ops::log, safe)));
  return {to(n, 0, multiply(g, multiply(y, apply(ops::power, {x, lower})))), to(n, 1, multiply(g, by_exponent))};
}
// No gradient flows where both operands are -inf: both exponentials are 0.
Gradients d_logaddexp(const NodeRef& n, const NodeRef& g) {
  const auto share = [&](std::size_t i) { return to(n, i, multiply(g, apply(ops::logaddexp_slope, {in(n, i), in(n, 1 - i)}))); };
  return {share(0), share(1)};
}
// The derivative of s = sigmoid(x - y) is s (1 - s).
Gradients d_logaddexp_slope(const NodeRef& n, const NodeRef& g) {
  const NodeRef both = multiply(g, multiply(n, apply(ops::logaddexp_slope, {in(n, 1), in(n, 0)})));
  return {to(n, 0, both), to(n, 1, negate(both))};
}
// The loss is softplus(x) - x t.
Gradients d_logistic_loss(const NodeRef& n, const NodeRef& g) {
  return {to(n, 0, multiply(g, apply(ops::logistic_loss_slope, {in(n, 0), in(n, 1)}))), to(n, 1, negate(multiply(g, in(n, 0))))};
}
Gradients d_logistic_loss_slope(const NodeRef& n, const NodeRef& g) {
  return {to(n, 0, multiply(g, unary(ops::logistic_density, in(n, 0)))), to(n, 1, negate(g))};
}
// x / hypot(x, y), defined as 0 at (0, 0); an infinite operand has derivative ±1.
Gradients d_hypot(const NodeRef& n, const NodeRef& g) {
  const auto part = [&](std::size_t i) { return to(n, i, multiply(g, apply(ops::length_share, {in(n, i), n}))); };
  return {part(0), part(1)};
}
Gradients d_length_share(const NodeRef& n, const NodeRef& g) {
  const NodeRef rate = apply(ops::length_share, {g, in(n, 1)});
  return {to(n, 0, rate), to(n, 1, negate(multiply(rate, n)))};
}
Gradients d_gated(const NodeRef& n, const NodeRef& g) { return {to(n, 0, multiply(g, in(n, 1))), to(n, 1, multiply(g, in(n, 0)))}; }
// x p(x) with p = sigmoid, and with p = normal_cdf. The second operand p(x) is passed to save its recomputation; the whole derivative goes to x.
Gradients d_silu(const NodeRef& n, const NodeRef& g) { return {multiply(g, apply(ops::silu_slope, {in(n, 0), in(n, 1)})), {}}; }
// p (1 - p) (2 + x (1 - 2 p)).
Gradients d_silu_slope(const NodeRef& n, const NodeRef& g) {
  const NodeRef x = in(n, 0), p = in(n, 1), line = shift(multiply(x, one_minus(scale(p, 2))), 2);
  return {multiply(g, apply(ops::gated, {line, multiply(p, one_minus(p))})), {}};
}
Gradients d_gelu(const NodeRef& n, const NodeRef& g) {
  const NodeRef x = in(n, 0);
  return {multiply(g, add(in(n, 1), apply(ops::normal_moment, {x, unary(ops::normal_density, x)}))), {}};
}
// x p(x) with the normal density p: p (1 - x^2).
Gradients d_normal_moment(const NodeRef& n, const NodeRef& g) {
  return {multiply(g, apply(ops::gated, {one_minus(unary(ops::square, in(n, 0))), in(n, 1)})), {}};
}
Gradients d_difference(const NodeRef& n, const NodeRef& g) { return {to(n, 0, g), to(n, 1, negate(g))}; }
// x - y floor(x / y); the derivative of floor is taken as 0.
Gradients d_remainder(const NodeRef& n, const NodeRef& g) {
  if (!is_float(n->spec.dtype)) return {{}, {}};
  return {to(n, 0, g), to(n, 1, negate(multiply(g, apply(ops::floor_divide, {in(n, 0), in(n, 1)}))))};
}
// x - y trunc(x / y): the quotient is that of the magnitudes, with a sign.
Gradients d_fmod(const NodeRef& n, const NodeRef& g) {
  if (!is_float(n->spec.dtype)) return {{}, {}};
  const NodeRef x = in(n, 0), y = in(n, 1), quotient = apply(ops::floor_divide, {unary(ops::abs, x), unary(ops::abs, y)});
  const NodeRef sign = multiply(unary(ops::sign, x), unary(ops::sign, y));
  return {to(n, 0, g), to(n, 1, negate(multiply(g, multiply(sign, quotient))))};
}
// The gradient flows to the larger (smaller) operand and is halved at ties, as is usual. With a NaN operand, for which comparisons are false, it
// flows to both.
Gradients d_extreme(const NodeRef& n, const NodeRef& g, const NodeRef& not_first, const NodeRef& not_second) {
  const NodeRef zero = constant_like(g, 0), some = select(equal(in(n, 0), in(n, 1)), scale(g, 0.5), g);
  return {to(n, 0, select(not_first, zero, some)), to(n, 1, select(not_second, zero, some))};
}
Gradients d_minimum(const NodeRef& n, const NodeRef& g) { return d_extreme(n, g, less(in(n, 1), in(n, 0)), less(in(n, 0), in(n, 1))); }
Gradients d_maximum(const NodeRef& n, const NodeRef& g) { return d_extreme(n, g, less(in(n, 0), in(n, 1)), less(in(n, 1), in(n, 0))); }
Gradients d_where(const NodeRef& n, const NodeRef& g) {
  const NodeRef zero = constant_like(g, 0), c = in(n, 0);
  return {{}, to(n, 1, select(c, g, zero)), to(n, 2, select(c, zero, g))};
}

// ---- traits: see op.hpp ----

struct Traits {
  bool linear = false, steep = false;
};
constexpr Traits kOrdinary{}, kLinear{.linear = true}, kSteep{.steep = true};

namespace Takes {
constexpr Promotion floats = Promotion::floats, numbers = Promotion::numbers, anything = Promotion::anything, booleans = Promotion::booleans,
                    choice = Promotion::none, cast = Promotion::none;
}

consteval Op elementwise(const char* name, LaneOp lane, Promotion promotion, Spec (*infer)(Specs, const Attributes&), GradientRule gradient,
                         Traits traits) {
  return entry({.name = name,
                .kind = OpKind::elementwise,
                .inputs = arity(lane),
                .infer = infer,
                .gradient = gradient,
                .attributes = lane == LaneOp::copy ? CastTo::read : nullptr,
                .lane = lane,
                .promotion = promotion,
                .linear = traits.linear,
                .steep = traits.steep});
}

}  // namespace

// Name, lane instruction, dtypes that it takes (the rule infer_…), gradient rule, traits.
#define PLAIT_ELEMENTWISE_OPS(OP)                                                        \
  OP(negative, neg, numbers, d_neg, kLinear)                                             \
  OP(abs, abs, numbers, d_abs, kOrdinary)                                                \
  OP(sign, sign, numbers, no_gradient_flows, kOrdinary)                                  \
  OP(square, square, numbers, d_square, kOrdinary)                                       \
  OP(sqrt, sqrt, floats, d_sqrt, kSteep)                                                 \
  OP(reciprocal, reciprocal, floats, d_reciprocal, kSteep)                               \
  OP(exp, exp, floats, d_exp, kSteep)                                                    \
  OP(expm1, expm1, floats, d_expm1, kSteep)                                              \
  OP(log, log, floats, d_log, kSteep)                                                    \
  OP(log1p, log1p, floats, d_log1p, kSteep)                                              \
  OP(sin, sin, floats, d_sin, kOrdinary)                                                 \
  OP(cos, cos, floats, d_cos, kOrdinary)                                                 \
  OP(tanh, tanh, floats, d_tanh, kOrdinary)                                              \
  OP(sigmoid, sigmoid, floats, d_sigmoid, kOrdinary)                                     \
  OP(softplus, softplus, floats, d_softplus, kOrdinary)                                  \
  OP(relu, relu, numbers, d_relu, kLinear)                                               \
  OP(erf, erf, floats, d_erf, kOrdinary)                                                 \
  OP(erfc, erfc, floats, d_erfc, kOrdinary)                                              \
  OP(lgamma, lgamma, floats, d_lgamma, kSteep)                                           \
  OP(digamma, digamma, floats, d_digamma, kSteep)                                        \
  OP(trigamma, trigamma, floats, d_trigamma, kSteep)                                     \
  OP(exp2, exp2, floats, d_exp2, kSteep)                                                 \
  OP(log2, log2, floats, d_log2, kSteep)                                                 \
  OP(log10, log10, floats, d_log10, kSteep)                                              \
  OP(tan, tan, floats, d_tan, kSteep)                                                    \
  OP(sinh, sinh, floats, d_sinh, kSteep)                                                 \
  OP(cosh, cosh, floats, d_cosh, kSteep)                                                 \
  OP(expm1mx, expm1mx, floats, d_expm1mx, kSteep)                                        \
  OP(logistic_density, logistic_density, floats, d_logistic_density, kOrdinary)          \
  OP(gaussian, gaussian, floats, d_gaussian, kOrdinary)                                  \
  OP(normal_density, normal_density, floats, d_normal_density, kOrdinary)                \
  OP(normal_cdf, normal_cdf, floats, d_normal_cdf, kOrdinary)                            \
  OP(root, sqrt, floats, d_root, kOrdinary)                                              \
  OP(floor, floor, floats, no_gradient_flows, kOrdinary)                                 \
  OP(cast, copy, cast, d_cast, kLinear)                                                  \
  OP(logical_not, logical_not, booleans, no_gradient_flows, kOrdinary)                   \
  OP(add, add, numbers, d_add, kLinear)                                                  \
  OP(subtract, sub, numbers, d_subtract, kLinear)                                        \
  OP(multiply, mul, numbers, d_multiply, kOrdinary)                                      \
  OP(divide, div, floats, d_divide, kSteep)                                              \
  OP(power, pow, floats, d_power, kSteep)                                                \
  OP(logaddexp, logaddexp, floats, d_logaddexp, kOrdinary)                               \
  OP(logaddexp_slope, logaddexp_slope, floats, d_logaddexp_slope, kOrdinary)             \
  OP(logistic_loss, logistic_loss, floats, d_logistic_loss, kOrdinary)                   \
  OP(logistic_loss_slope, logistic_loss_slope, floats, d_logistic_loss_slope, kOrdinary) \
  OP(hypot, hypot, floats, d_hypot, kOrdinary)                                           \
  OP(length_share, length_share, floats, d_length_share, kOrdinary)                      \
  OP(gated, gated, floats, d_gated, kOrdinary)                                           \
  OP(silu, gated, floats, d_silu, kOrdinary)                                             \
  OP(silu_slope, silu_slope, floats, d_silu_slope, kOrdinary)                            \
  OP(gelu, gated, floats, d_gelu, kOrdinary)                                             \
  OP(normal_moment, gated, floats, d_normal_moment, kOrdinary)                           \
  OP(difference, difference, numbers, d_difference, kLinear)                             \
  OP(floor_divide, floor_divide, numbers, no_gradient_flows, kOrdinary)                  \
  OP(remainder, remainder, numbers, d_remainder, kOrdinary)                              \
  OP(fmod, fmod, numbers, d_fmod, kOrdinary)                                             \
  OP(minimum, minimum, numbers, d_minimum, kLinear)                                      \
  OP(maximum, maximum, numbers, d_maximum, kLinear)                                      \
  OP(less, less, anything, no_gradient_flows, kOrdinary)                                 \
  OP(less_equal, less_equal, anything, no_gradient_flows, kOrdinary)                     \
  OP(equal, equal, anything, no_gradient_flows, kOrdinary)                               \
  OP(not_equal, not_equal, anything, no_gradient_flows, kOrdinary)                       \
  OP(logical_and, logical_and, booleans, no_gradient_flows, kOrdinary)                   \
  OP(logical_or, logical_or, booleans, no_gradient_flows, kOrdinary)                     \
  OP(where, select, choice, d_where, kLinear)

namespace ops {
#define PLAIT_OP(name, lane, takes, gradient, traits) \
  constinit const Op name = elementwise(#name, LaneOp::lane, Takes::takes, infer_##takes<#name>, gradient, traits);
PLAIT_ELEMENTWISE_OPS(PLAIT_OP)
#undef PLAIT_OP
}  // namespace ops

void add_elementwise_ops(OpList& list) {
#define PLAIT_OP(name, lane, takes, gradient, traits) list.push_back(&ops::name);
  PLAIT_ELEMENTWISE_OPS(PLAIT_OP)
#undef PLAIT_OP
}

}  // namespace plait::graph
