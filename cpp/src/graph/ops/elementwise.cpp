// Elementwise ops: each is one lane instruction, with NumPy's broadcasting, and a gradient rule in nodes.
#include <cmath>
#include <limits>
#include <numbers>

#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"

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
Spec float_rule(Specs in, const Attributes&) {
  for (const Spec& s : in) {
    PLAIT_REQUIRE_AS(DTypeError, is_float(s.dtype), name.text, ": expected float32 or float64, got ", name_of(s.dtype));
    PLAIT_REQUIRE_AS(DTypeError, s.dtype == in[0].dtype, name.text, ": dtypes ", name_of(in[0].dtype), " and ", name_of(s.dtype), " differ");
  }
  return {broadcast_all(in, name.text), in[0].dtype};
}

template <Name name>
Spec number_rule(Specs in, const Attributes&) {
  for (const Spec& s : in) {
    PLAIT_REQUIRE_AS(DTypeError, s.dtype != DType::boolean, name.text, ": booleans are not numbers here; use plait.cast");
    PLAIT_REQUIRE_AS(DTypeError, s.dtype == in[0].dtype, name.text, ": dtypes ", name_of(in[0].dtype), " and ", name_of(s.dtype), " differ");
  }
  return {broadcast_all(in, name.text), in[0].dtype};
}

template <Name name>
Spec compare_rule(Specs in, const Attributes&) {
  PLAIT_REQUIRE_AS(DTypeError, in[0].dtype == in[1].dtype, name.text, ": dtypes ", name_of(in[0].dtype), " and ", name_of(in[1].dtype), " differ");
  return {broadcast_all(in, name.text), DType::boolean};
}

template <Name name>
Spec logic_rule(Specs in, const Attributes&) {
  for (const Spec& s : in) PLAIT_REQUIRE_AS(DTypeError, s.dtype == DType::boolean, name.text, ": expected bool, got ", name_of(s.dtype));
  return {broadcast_all(in, name.text), DType::boolean};
}

Spec where_rule(Specs in, const Attributes&) {
  PLAIT_REQUIRE_AS(DTypeError, in[0].dtype == DType::boolean, "where: the condition must be bool, got ", name_of(in[0].dtype));
  PLAIT_REQUIRE_AS(DTypeError, in[1].dtype == in[2].dtype, "where: dtypes ", name_of(in[1].dtype), " and ", name_of(in[2].dtype), " differ");
  return {broadcast_all(in, "where"), in[1].dtype};
}

Spec cast_rule(Specs in, const Attributes& a) { return {in[0].shape, static_cast<DType>(a.ints[0])}; }

// ---- gradient rules: x, y are inputs, n the node, g what came ----

NodeRef in(const NodeRef& n, std::size_t i = 0) { return n->input_ref(i); }
Gradients none1(const NodeRef&, const NodeRef&) { return {{}}; }
Gradients none2(const NodeRef&, const NodeRef&) { return {{}, {}}; }
// Undoes the broadcasting of input i.
NodeRef to(const NodeRef& n, std::size_t i, const NodeRef& g) { return sum_to_like(g, in(n, i)); }
NodeRef one_minus(const NodeRef& a) { return subtract(constant_like(a, 1), a); }

Gradients d_neg(const NodeRef&, const NodeRef& g) { return {negate(g)}; }
Gradients d_abs(const NodeRef& n, const NodeRef& g) { return {multiply(g, unary("sign", in(n)))}; }
Gradients d_square(const NodeRef& n, const NodeRef& g) { return {multiply(g, scale(in(n), 2))}; }
Gradients d_sqrt(const NodeRef& n, const NodeRef& g) { return {divide(scale(g, 0.5), n)}; }
// What a norm or a spread takes: its slope at 0 is called 0, as that of abs is, and not inf * 0.
Gradients d_root(const NodeRef& n, const NodeRef& g) { return {select(less(constant_like(n, 0), n), divide(scale(g, 0.5), n), constant_like(g, 0))}; }
Gradients d_reciprocal(const NodeRef& n, const NodeRef& g) { return {negate(multiply(g, unary("square", n)))}; }
Gradients d_exp(const NodeRef& n, const NodeRef& g) { return {multiply(g, n)}; }
// Not from n + 1, which cancels far below zero.
Gradients d_expm1(const NodeRef& n, const NodeRef& g) { return {multiply(g, unary("exp", in(n)))}; }
Gradients d_expm1mx(const NodeRef& n, const NodeRef& g) { return {multiply(g, unary("expm1", in(n)))}; }
Gradients d_exp2(const NodeRef& n, const NodeRef& g) { return {multiply(g, scale(n, std::numbers::ln2))}; }
Gradients d_log2(const NodeRef& n, const NodeRef& g) { return {divide(scale(g, std::numbers::log2e), in(n))}; }
Gradients d_log10(const NodeRef& n, const NodeRef& g) { return {divide(scale(g, std::numbers::log10e), in(n))}; }
Gradients d_tan(const NodeRef& n, const NodeRef& g) { return {multiply(g, shift(unary("square", n), 1))}; }
Gradients d_sinh(const NodeRef& n, const NodeRef& g) { return {multiply(g, unary("cosh", in(n)))}; }
Gradients d_cosh(const NodeRef& n, const NodeRef& g) { return {multiply(g, unary("sinh", in(n)))}; }
Gradients d_log(const NodeRef& n, const NodeRef& g) { return {divide(g, in(n))}; }
Gradients d_log1p(const NodeRef& n, const NodeRef& g) { return {divide(g, shift(in(n), 1))}; }
Gradients d_sin(const NodeRef& n, const NodeRef& g) { return {multiply(g, unary("cos", in(n)))}; }
Gradients d_cos(const NodeRef& n, const NodeRef& g) { return {negate(multiply(g, unary("sin", in(n))))}; }
Gradients d_tanh(const NodeRef& n, const NodeRef& g) { return {multiply(g, one_minus(unary("square", n)))}; }
Gradients d_sigmoid(const NodeRef& n, const NodeRef& g) { return {multiply(g, multiply(n, one_minus(n)))}; }
Gradients d_softplus(const NodeRef& n, const NodeRef& g) { return {multiply(g, unary("sigmoid", in(n)))}; }
Gradients d_relu(const NodeRef& n, const NodeRef& g) { return {select(less(constant_like(n, 0), n), g, constant_like(g, 0))}; }
Gradients d_erf(const NodeRef& n, const NodeRef& g) {
  return {multiply(g, scale(unary("exp", negate(unary("square", in(n)))), 2 * std::numbers::inv_sqrtpi))};
}
Gradients d_erfc(const NodeRef& n, const NodeRef& g) {
  return {multiply(g, scale(unary("exp", negate(unary("square", in(n)))), -2 * std::numbers::inv_sqrtpi))};
}
Gradients d_lgamma(const NodeRef& n, const NodeRef& g) { return {multiply(g, unary("digamma", in(n)))}; }
Gradients d_digamma(const NodeRef& n, const NodeRef& g) { return {multiply(g, unary("trigamma", in(n)))}; }
// The third derivative of lgamma as an expression: reflection below zero, ten steps of the recurrence, then the asymptotic series
// -1/z^2 - 1/z^3 - sum over k of (2k + 1) B_2k / z^(2k + 2).
Gradients d_trigamma(const NodeRef& n, const NodeRef& g) {
  const NodeRef x = in(n), negative = less(x, constant_like(x, 0));
  const NodeRef y = select(negative, one_minus(x), x);
  NodeRef value;
  for (int k = 0; k < 10; ++k) {
    const NodeRef r = unary("reciprocal", shift(y, k)), cube = multiply(r, unary("square", r));
    value = value ? add(value, cube) : cube;
  }
  const NodeRef r = unary("reciprocal", shift(y, 10)), z = unary("square", r);
  NodeRef series = constant_like(x, -35.0 / 2);
  for (const double c : {691.0 / 210, -5.0 / 6, 3.0 / 10, -1.0 / 6, 1.0 / 6, -1.0 / 2}) series = shift(multiply(series, z), c);
  value = add(scale(value, -2), multiply(z, subtract(multiply(series, z), shift(r, 1))));
  const NodeRef angle = scale(x, std::numbers::pi), sine = unary("sin", angle);
  const NodeRef reflected = scale(divide(unary("cos", angle), multiply(sine, unary("square", sine))), 2 * std::pow(std::numbers::pi, 3));
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
  // At 0^0 the first would be 0 * inf.
  const NodeRef lower = select(apply("logical_and", {equal(x, zero), equal(y, zero)}), one, shift(y, -1));
  // At 0 to a negative power inf log 0 is -inf.
  const NodeRef pole = apply("logical_and", {equal(x, zero), less(y, zero)});
  const NodeRef by_exponent = select(pole, constant_like(n, -std::numeric_limits<double>::infinity()), multiply(n, unary("log", safe)));
  return {to(n, 0, multiply(g, multiply(y, apply("power", {x, lower})))), to(n, 1, multiply(g, by_exponent))};
}
// sigmoid of the difference of the two; nothing flows to -inf and -inf, whose exponentials are both 0.
Gradients d_logaddexp(const NodeRef& n, const NodeRef& g) {
  const NodeRef nothing = equal(n, constant_like(n, -std::numeric_limits<double>::infinity())), zero = constant_like(g, 0);
  const auto share = [&](std::size_t i) {
    return to(n, i, select(nothing, zero, multiply(g, unary("sigmoid", apply("difference", {in(n, i), in(n, 1 - i)})))));
  };
  return {share(0), share(1)};
}
// x / hypot, 0 at the tip of the cone; an infinite operand is all of the length.
Gradients d_hypot(const NodeRef& n, const NodeRef& g) {
  const NodeRef zero = constant_like(g, 0), infinity = constant_like(n, std::numeric_limits<double>::infinity()), length = less(zero, n);
  const auto part = [&](std::size_t i) {
    const NodeRef x = in(n, i), share = select(equal(unary("abs", x), infinity), unary("sign", x), divide(x, n));
    return to(n, i, select(length, multiply(g, share), zero));
  };
  return {part(0), part(1)};
}
Gradients d_difference(const NodeRef& n, const NodeRef& g) { return {to(n, 0, g), to(n, 1, negate(g))}; }
// x - y floor(x / y), with a slope of 0 of the steps.
Gradients d_remainder(const NodeRef& n, const NodeRef& g) {
  if (!is_float(n->spec.dtype)) return {{}, {}};
  return {to(n, 0, g), to(n, 1, negate(multiply(g, apply("floor_divide", {in(n, 0), in(n, 1)}))))};
}
// The extreme takes all of the gradient; a tie is shared, as everywhere in the field. Beside NaN, which is above and below nothing, it is not
// stopped.
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

}  // namespace

void add_elementwise_ops(OpList& ops) {
  const auto entry = [&](const char* name, LaneOp lane, int inputs, auto infer, auto gradient) {
    ops.push_back({.name = name, .kind = OpKind::elementwise, .inputs = inputs, .infer = infer, .gradient = gradient, .lane = lane});
  };
  entry("negative", LaneOp::neg, 1, number_rule<"negative">, d_neg);
  entry("abs", LaneOp::abs, 1, number_rule<"abs">, d_abs);
  entry("sign", LaneOp::sign, 1, number_rule<"sign">, none1);
  entry("square", LaneOp::square, 1, number_rule<"square">, d_square);
  entry("sqrt", LaneOp::sqrt, 1, float_rule<"sqrt">, d_sqrt);
  entry("reciprocal", LaneOp::reciprocal, 1, float_rule<"reciprocal">, d_reciprocal);
  entry("exp", LaneOp::exp, 1, float_rule<"exp">, d_exp);
  entry("expm1", LaneOp::expm1, 1, float_rule<"expm1">, d_expm1);
  entry("log", LaneOp::log, 1, float_rule<"log">, d_log);
  entry("log1p", LaneOp::log1p, 1, float_rule<"log1p">, d_log1p);
  entry("sin", LaneOp::sin, 1, float_rule<"sin">, d_sin);
  entry("cos", LaneOp::cos, 1, float_rule<"cos">, d_cos);
  entry("tanh", LaneOp::tanh, 1, float_rule<"tanh">, d_tanh);
  entry("sigmoid", LaneOp::sigmoid, 1, float_rule<"sigmoid">, d_sigmoid);
  entry("softplus", LaneOp::softplus, 1, float_rule<"softplus">, d_softplus);
  entry("relu", LaneOp::relu, 1, number_rule<"relu">, d_relu);
  entry("erf", LaneOp::erf, 1, float_rule<"erf">, d_erf);
  entry("erfc", LaneOp::erfc, 1, float_rule<"erfc">, d_erfc);
  entry("lgamma", LaneOp::lgamma, 1, float_rule<"lgamma">, d_lgamma);
  entry("digamma", LaneOp::digamma, 1, float_rule<"digamma">, d_digamma);
  entry("trigamma", LaneOp::trigamma, 1, float_rule<"trigamma">, d_trigamma);
  entry("exp2", LaneOp::exp2, 1, float_rule<"exp2">, d_exp2);
  entry("log2", LaneOp::log2, 1, float_rule<"log2">, d_log2);
  entry("log10", LaneOp::log10, 1, float_rule<"log10">, d_log10);
  entry("tan", LaneOp::tan, 1, float_rule<"tan">, d_tan);
  entry("sinh", LaneOp::sinh, 1, float_rule<"sinh">, d_sinh);
  entry("cosh", LaneOp::cosh, 1, float_rule<"cosh">, d_cosh);
  entry("expm1mx", LaneOp::expm1mx, 1, float_rule<"expm1mx">, d_expm1mx);
  entry("root", LaneOp::sqrt, 1, float_rule<"root">, d_root);
  entry("floor", LaneOp::floor, 1, float_rule<"floor">, none1);
  entry("cast", LaneOp::copy, 1, cast_rule, d_cast);
  entry("logical_not", LaneOp::logical_not, 1, logic_rule<"logical_not">, none1);
  entry("add", LaneOp::add, 2, number_rule<"add">, d_add);
  entry("subtract", LaneOp::sub, 2, number_rule<"subtract">, d_subtract);
  entry("multiply", LaneOp::mul, 2, number_rule<"multiply">, d_multiply);
  entry("divide", LaneOp::div, 2, float_rule<"divide">, d_divide);
  entry("power", LaneOp::pow, 2, float_rule<"power">, d_power);
  entry("logaddexp", LaneOp::logaddexp, 2, float_rule<"logaddexp">, d_logaddexp);
  entry("hypot", LaneOp::hypot, 2, float_rule<"hypot">, d_hypot);
  entry("difference", LaneOp::difference, 2, number_rule<"difference">, d_difference);
  entry("floor_divide", LaneOp::floor_divide, 2, number_rule<"floor_divide">, none2);
  entry("remainder", LaneOp::remainder, 2, number_rule<"remainder">, d_remainder);
  entry("minimum", LaneOp::minimum, 2, number_rule<"minimum">, d_minimum);
  entry("maximum", LaneOp::maximum, 2, number_rule<"maximum">, d_maximum);
  entry("less", LaneOp::less, 2, compare_rule<"less">, none2);
  entry("less_equal", LaneOp::less_equal, 2, compare_rule<"less_equal">, none2);
  entry("equal", LaneOp::equal, 2, compare_rule<"equal">, none2);
  entry("not_equal", LaneOp::not_equal, 2, compare_rule<"not_equal">, none2);
  entry("logical_and", LaneOp::logical_and, 2, logic_rule<"logical_and">, none2);
  entry("logical_or", LaneOp::logical_or, 2, logic_rule<"logical_or">, none2);
  entry("where", LaneOp::select, 3, where_rule, d_where);
}

}  // namespace plait::graph
