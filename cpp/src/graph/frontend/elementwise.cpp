// Elementwise ops, powers and products whose meaning depends on promotion or on the expression of an operand.
#include <cmath>
#include <limits>

#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/frontend.hpp"
#include "plait/graph/ops.hpp"

namespace plait::graph::frontend {
namespace {

using Weak = Operand::Weak;

// NumPy's logical form of a numeric op on booleans only; nullptr: they are converted to integers.
const Op* on_booleans(const Op& op) {
  if (&op == &ops::add || &op == &ops::maximum) return &ops::logical_or;
  if (&op == &ops::multiply || &op == &ops::minimum) return &ops::logical_and;
  PLAIT_REQUIRE_AS(DTypeError, &op != &ops::subtract && &op != &ops::negative, op.name,
                   ": booleans cannot be subtracted; use plait.logical_not, or plait.cast them first");
  return nullptr;
}

// The exponent as a number, if it is a constant with one value for all elements.
std::optional<double> known_scalar(const Operand& o) {
  if (o.tensor && o.tensor->spec.shape.empty()) return element_as_double(o.tensor->data.get(), o.tensor->spec.dtype, 0);
  if (o.weak == Weak::integer) return static_cast<double>(o.integer);
  if (o.weak == Weak::real) return o.real;
  if (o.weak == Weak::boolean) return o.integer;
  return {};
}

bool is_positive_number(const Node* node) {
  if (is_op(node, ops::axis_size)) return true;
  if (!is_op(node, ops::constant) || node->value()->count() != 1) return false;
  const double x = element_as_double(node->value()->data.get(), node->spec.dtype, 0);
  return x > 0 && std::isfinite(x);
}

// True if a node is a sum, mean or part of squares, so that it is 0 only where all squares are 0. Visits a few nodes at most.
bool is_sum_of_squares(const NodeRef& of) {
  std::vector<const Node*> open{of.get()};
  for (int looked = 0; !open.empty(); ++looked) {
    if (looked == 32) return false;
    const Node* const node = open.back();
    open.pop_back();
    if (is_op(node, ops::square)) continue;
    const bool product = is_op(node, ops::multiply);
    if (product && node->input(0) == node->input(1)) continue;
    if (is_op(node, ops::add)) {
      open.push_back(node->input(0));
      open.push_back(node->input(1));
    } else if (node->op->kind == OpKind::view || is_op(node, ops::sum) ||
               ((product || is_op(node, ops::divide)) && is_positive_number(node->input(1)))) {
      open.push_back(node->input(0));
    } else if (product && is_positive_number(node->input(0))) {
      open.push_back(node->input(1));
    } else {
      return false;
    }
  }
  return true;
}

// The root of a sum of squares is a norm: its derivative at 0 is set to 0, like that of abs; the square root's would give inf * 0 = NaN.
NodeRef square_root(const NodeRef& x) { return build::unary(is_sum_of_squares(x) ? ops::root : ops::sqrt, x); }

// True if two nodes are the same expression of the same inputs, as norm(x) and norm(x). Visits a few nodes at most.
bool are_alike(const NodeRef& a, const NodeRef& b) {
  std::vector<std::pair<const Node*, const Node*>> open{{a.get(), b.get()}};
  for (int looked = 0; !open.empty(); ++looked) {
    if (looked == 32) return false;
    const auto [x, y] = open.back();
    open.pop_back();
    if (x == y) continue;
    if (x->op != y->op || x->attributes != y->attributes || x->spec != y->spec || x->input_count() != y->input_count()) return false;
    if (x->op->kind == OpKind::random) return false;
    if (x->op->kind == OpKind::leaf) {
      const bool scalars = is_op(x, ops::constant) && x->value()->count() == 1;
      if (!scalars || element_as_double(x->value()->data.get(), x->spec.dtype, 0) != element_as_double(y->value()->data.get(), y->spec.dtype, 0))
        return false;
    }
    for (std::size_t k = 0; k < x->input_count(); ++k) open.emplace_back(x->input(k), y->input(k));
  }
  return true;
}

// The square of abs, root or hypot simplifies to its argument: smooth, while the second derivative at 0 of the unsimplified form is wrong.
bool is_root(const Node* x) { return is_op(x, ops::abs) || is_op(x, ops::root) || is_op(x, ops::hypot) || is_op(x, ops::sqrt); }
// The operand that a node only scales or views; -1: none.
int scaled_operand(const Node* x) {
  if (x->op->kind == OpKind::view || is_op(x, ops::negative) || is_op(x, ops::divide) || (is_op(x, ops::cast) && is_float(x->spec.dtype))) return 0;
  if (!is_op(x, ops::multiply)) return -1;
  return is_root(x->input(1)) || x->input(0)->op->kind == OpKind::leaf ? 1 : 0;
}
// The chain of nodes from x to the root that it only scales or views; empty: none. Visits a few nodes at most.
std::vector<NodeRef> way_to_root(const NodeRef& x) {
  std::vector<NodeRef> way{x};
  while (way.size() <= 8 && !is_root(way.back().get())) {
    const int k = scaled_operand(way.back().get());
    if (k < 0) return {};
    way.push_back(way.back()->input_ref(static_cast<std::size_t>(k)));
  }
  return is_root(way.back().get()) ? way : std::vector<NodeRef>{};
}
bool hides_a_square(const NodeRef& x) { return !way_to_root(x).empty(); }

// The chain applied to another end; for a square each scaling is applied twice, so that no intermediate overflows unless the result does.
NodeRef along(const std::vector<NodeRef>& way, NodeRef end, bool is_square) {
  for (std::size_t n = way.size() - 1; n-- > 0;) {
    const NodeRef& x = way[n];
    if (is_square && is_op(x.get(), ops::negative)) continue;
    std::vector<NodeRef> inputs;
    for (std::size_t k = 0; k < x->input_count(); ++k) inputs.push_back(x->input_ref(k));
    const bool twice = is_square && (is_op(x.get(), ops::multiply) || is_op(x.get(), ops::divide));
    for (int times = 0; times <= (twice ? 1 : 0); ++times) {
      inputs[static_cast<std::size_t>(scaled_operand(x.get()))] = end;
      end = graph::apply(*x->op, inputs, x->attributes);
    }
  }
  return end;
}

NodeRef squared(const NodeRef& x) {
  if (const auto way = way_to_root(x); way.size() > 1) {
    const NodeRef& root = way.back();
    if (is_op(root.get(), ops::abs)) return build::unary(ops::square, along(way, root->input_ref(0), false));
    if (is_op(root.get(), ops::hypot)) {  // scaled before squaring: the operands' squares could overflow where the result does not
      const auto part = [&](std::size_t k) { return squared(along(way, build::broadcast_like(root->input_ref(k), root), false)); };
      return build::add(part(0), part(1));
    }
    return along(way, squared(root), true);
  }
  if (is_op(x.get(), ops::abs)) return build::unary(ops::square, x->input_ref(0));
  if (is_op(x.get(), ops::root)) return x->input_ref(0);
  if (is_op(x.get(), ops::hypot)) return build::add(build::unary(ops::square, x->input_ref(0)), build::unary(ops::square, x->input_ref(1)));
  if (is_op(x.get(), ops::sqrt)) {  // NaN stays NaN
    const NodeRef under = x->input_ref(0);
    return build::select(build::less(under, build::constant_like(x, 0)), build::constant_like(x, std::numeric_limits<double>::quiet_NaN()), under);
  }
  return build::unary(ops::square, x);
}

// x to a whole power by repeated squaring.
NodeRef whole_power(const NodeRef& x, int n) {
  NodeRef result, square = x;
  for (; n > 0; n >>= 1) {
    if ((n & 1) != 0) result = result ? build::multiply(result, square) : square;
    if (n > 1) square = squared(square);
  }
  return result;
}

}  // namespace

NodeRef elementwise(const Op& op, std::span<const Operand> operands) {
  if (&op == &ops::where) {
    const DType dtype = common_dtype(operands.subspan(1));
    return apply(ops::where, {realise(operands[0], DType::boolean), realise(operands[1], dtype), realise(operands[2], dtype)});
  }
  if (&op == &ops::power) return power(operands[0], operands[1]);
  const Op* made = &op;
  DType dtype = common_dtype(operands);
  switch (op.promotion) {
    case Promotion::floats:
      if (&op == &ops::floor && !is_float(dtype)) return realise(operands[0]);
      if (!is_float(dtype)) dtype = DType::float64;
      break;
    case Promotion::numbers:
      if (dtype == DType::boolean) {
        made = on_booleans(op);
        if (made == nullptr) {
          made = &op;
          dtype = DType::int64;
        }
      }
      break;
    case Promotion::booleans: dtype = DType::boolean; break;
    case Promotion::anything:
    case Promotion::none: break;
  }
  std::vector<NodeRef> nodes;
  nodes.reserve(operands.size());
  for (const Operand& o : operands) nodes.push_back(realise(o, dtype));
  if (made == &ops::square) return squared(nodes[0]);
  if (made == &ops::sqrt) return square_root(nodes[0]);
  if (made == &ops::multiply && hides_a_square(nodes[0]) && are_alike(nodes[0], nodes[1])) return squared(nodes[0]);
  return graph::apply(*made, nodes);
}

NodeRef elementwise(const Op& op, const Operand& a, const Operand& b) {
  const Operand both[] = {a, b};
  return elementwise(op, both);
}

NodeRef power(const Operand& base, const Operand& exponent) {
  const Operand both[] = {base, exponent};
  const DType dtype = common_dtype(both);
  const auto n = known_scalar(exponent);
  if (n && base.node) {
    const bool whole = *n == std::floor(*n);
    if (!is_float(dtype) || (is_float(base.node->spec.dtype) && whole)) {
      const DType as = dtype == DType::boolean ? DType::int64 : dtype;
      PLAIT_REQUIRE(is_float(as) || *n >= 0, "power: integers to a negative power; plait.cast them to a float dtype first");
      const NodeRef x = build::cast(base.node, as);
      if (*n == 0) return build::ones_like(x);
      if (std::abs(*n) <= (is_float(as) ? 4 : 64)) {
        // Reciprocal first: the derivative at 0 is then infinite and not inf * 0.
        return whole_power(*n < 0 ? build::unary(ops::reciprocal, x) : x, static_cast<int>(std::abs(*n)));
      }
    }
    if (is_float(dtype) && *n == 0.5) return square_root(build::cast(base.node, dtype));
    // A norm to an odd power: its second derivative at 0 is 0 and not 0 * inf.
    if (is_float(dtype) && *n > 1 && *n < 5 && *n - std::floor(*n) == 0.5 && is_sum_of_squares(base.node)) {
      const NodeRef x = build::cast(base.node, dtype);
      return build::multiply(build::unary(ops::root, x), whole_power(x, static_cast<int>(*n)));
    }
  }
  PLAIT_REQUIRE_AS(DTypeError, is_float(dtype), "power: integers to powers that are not known before; plait.cast one of them to a float dtype");
  return apply(ops::power, {realise(base, dtype), realise(exponent, dtype)});
}

NodeRef clip(const NodeRef& x, const std::optional<Operand>& lower, const std::optional<Operand>& upper) {
  NodeRef node = x;
  if (lower) node = elementwise(ops::maximum, {.node = node, .tensor = {}}, *lower);
  if (upper) node = elementwise(ops::minimum, {.node = node, .tensor = {}}, *upper);
  return node;
}

NodeRef matrix_product(const Operand& a, const Operand& b) {
  const Operand both[] = {a, b};
  const DType dtype = common_dtype(both), as = is_float(dtype) ? dtype : DType::float64;
  NodeRef x = realise(a, as), y = realise(b, as);
  const std::size_t rank_x = x->spec.shape.size(), rank_y = y->spec.shape.size();
  const std::string called_x = (a.node ? a.node : x)->label(), called_y = (b.node ? b.node : y)->label();  // without the casts of promotion
  PLAIT_REQUIRE_AS(ShapeError, rank_x > 0 && rank_y > 0, "matmul: a scalar operand (", called_x, " ", to_string(x->spec.shape), ", ", called_y, " ",
                   to_string(y->spec.shape), "); use *");
  const auto meet = [&](Index k, Index m) {
    PLAIT_REQUIRE_AS(ShapeError, k == m || k == kAny || m == kAny, "matmul: shapes ", to_string(x->spec.shape), " and ", to_string(y->spec.shape),
                     " do not chain: ", k, " and ", m, " should be equal [", called_x, ", ", called_y, "]");
  };
  meet(x->spec.shape.back(), y->spec.shape[rank_y == 1 ? 0 : rank_y - 2]);
  if (rank_x == 1) x = build::expand_dims(x, 0);
  if (rank_y == 1) y = build::expand_dims(y, 1);
  NodeRef z = build::matmul(x, y);
  const auto drop = [&](Index axis) { z = apply(ops::squeeze, {z}, OneAxis{axis}); };
  if (rank_y == 1) drop(-1);
  if (rank_x == 1) drop(rank_y == 1 ? -1 : -2);
  // Whole numbers are exact in double as long as they stay below 2^53.
  return build::cast(z, dtype == DType::boolean ? DType::boolean : dtype);
}

}  // namespace plait::graph::frontend
