// Operands: NumPy's promotion, and the ops whose meaning depends on it.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "graph.hpp"
#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"

namespace plait::bindings {
namespace {

using Weak = Operand::Weak;

// What an elementwise op takes.
enum class Takes : std::uint8_t { numbers, floats, anything, booleans };

Takes takes(std::string_view name) {
  constexpr std::array<std::string_view, 28> kFloats{
      "sqrt",    "reciprocal", "exp",  "expm1", "log",   "log1p", "sin",  "cos",  "tanh",    "sigmoid",   "softplus", "erf",   "erfc",   "lgamma",
      "digamma", "trigamma",   "exp2", "log2",  "log10", "tan",   "sinh", "cosh", "expm1mx", "logaddexp", "hypot",    "floor", "divide", "power"};
  constexpr std::array<std::string_view, 4> kAnything{"less", "less_equal", "equal", "not_equal"};
  if (std::find(kFloats.begin(), kFloats.end(), name) != kFloats.end()) return Takes::floats;
  if (std::find(kAnything.begin(), kAnything.end(), name) != kAnything.end()) return Takes::anything;
  return name.starts_with("logical_") ? Takes::booleans : Takes::numbers;
}

// NumPy's answers where an op on numbers meets booleans only; empty: count them as integers.
std::string_view on_booleans(std::string_view name) {
  if (name == "add" || name == "maximum") return "logical_or";
  if (name == "multiply" || name == "minimum") return "logical_and";
  PLAIT_REQUIRE_AS(DTypeError, name != "subtract" && name != "negative", name,
                   ": booleans cannot be subtracted; use plait.logical_not, or plait.cast them first");
  return "";
}

NodeRef integer_constant(std::int64_t value, DType dtype) {
  PLAIT_REQUIRE_AS(std::overflow_error,
                   dtype != DType::int32 || (value >= std::numeric_limits<std::int32_t>::min() && value <= std::numeric_limits<std::int32_t>::max()),
                   "the Python integer ", value, " does not fit into int32");
  auto tensor = std::make_shared<Tensor>(Spec{{}, dtype});
  if (dtype == DType::int32) *reinterpret_cast<std::int32_t*>(tensor->data.get()) = static_cast<std::int32_t>(value);
  else if (dtype == DType::int64) *reinterpret_cast<std::int64_t*>(tensor->data.get()) = value;
  else set_element(tensor->data.get(), dtype, 0, static_cast<double>(value));
  return make_constant(std::move(tensor));
}

TensorRef cast_tensor(const TensorRef& tensor, DType dtype) {
  if (tensor->spec.dtype == dtype) return tensor;
  auto result = std::make_shared<Tensor>(Spec{tensor->spec.shape, dtype});
  const Index n = tensor->count();
  if (tensor->spec.dtype == DType::int32 && dtype == DType::int64) {  // the one pair of integers: not by way of double
    std::copy_n(reinterpret_cast<const std::int32_t*>(tensor->data.get()), n, reinterpret_cast<std::int64_t*>(result->data.get()));
    return result;
  }
  for (Index i = 0; i < n; ++i) set_element(result->data.get(), dtype, i, element_as_double(tensor->data.get(), tensor->spec.dtype, i));
  return result;
}

DType own_dtype(const Operand& o) {
  if (o.node) return o.node->spec.dtype;
  if (o.tensor) return o.tensor->spec.dtype;
  return o.weak == Weak::boolean ? DType::boolean : o.weak == Weak::integer ? DType::int64 : DType::float64;
}

// The number that an exponent is, if it is known while the graph is built and the same for all elements.
std::optional<double> known_scalar(const Operand& o) {
  if (o.tensor && o.tensor->spec.shape.empty()) return element_as_double(o.tensor->data.get(), o.tensor->spec.dtype, 0);
  if (o.weak == Weak::integer) return static_cast<double>(o.integer);
  if (o.weak == Weak::real) return o.real;
  if (o.weak == Weak::boolean) return o.integer;
  return {};
}

bool is_positive_number(const Node* node) {
  if (is_op(node, ops::axis_size)) return true;
  if (!is_op(node, ops::constant) || node->value->count() != 1) return false;
  const double x = element_as_double(node->value->data.get(), node->spec.dtype, 0);
  return x > 0 && std::isfinite(x);
}

// Whether a node is made of squares in such a way that where it is 0, all of them are: sums, means, parts. Looks at a few nodes only.
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

// The root of a sum of squares is a length: as of abs, its slope at 0 is 0, where that of the square root times 0 would be NaN.
NodeRef square_root(const NodeRef& x) { return build::unary(is_sum_of_squares(x) ? ops::root : ops::sqrt, x); }

// Whether two nodes are written alike over the same inputs, as norm(x) and norm(x) are. Looks at a few nodes only.
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
      const bool scalars = is_op(x, ops::constant) && x->value->count() == 1;
      if (!scalars || element_as_double(x->value->data.get(), x->spec.dtype, 0) != element_as_double(y->value->data.get(), y->spec.dtype, 0))
        return false;
    }
    for (std::size_t k = 0; k < x->input_count(); ++k) open.emplace_back(x->input(k), y->input(k));
  }
  return true;
}

// The square of an absolute value, a root or a length is what is under it: a smooth function, whose curvature at 0 is lost by the way over the kink.
bool is_root(const Node* x) { return is_op(x, ops::abs) || is_op(x, ops::root) || is_op(x, ops::hypot) || is_op(x, ops::sqrt); }
// The operand that a node only scales or views; -1: none.
int scaled_operand(const Node* x) {
  if (x->op->kind == OpKind::view || is_op(x, ops::negative) || is_op(x, ops::divide) || (is_op(x, ops::cast) && is_float(x->spec.dtype))) return 0;
  if (!is_op(x, ops::multiply)) return -1;
  return is_root(x->input(1)) || x->input(0)->op->kind == OpKind::leaf ? 1 : 0;
}
// From x down to the root that it scales and views; empty: none. Looks at a few nodes only.
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

// What the way makes of another end; of a square, by scaling twice: between those there is no overflow that the result has not.
NodeRef along(const std::vector<NodeRef>& way, NodeRef end, bool is_square) {
  for (std::size_t n = way.size() - 1; n-- > 0;) {
    const NodeRef& x = way[n];
    if (is_square && is_op(x.get(), ops::negative)) continue;
    std::vector<NodeRef> inputs;
    for (std::size_t k = 0; k < x->input_count(); ++k) inputs.push_back(x->input_ref(k));
    const bool twice = is_square && (is_op(x.get(), ops::multiply) || is_op(x.get(), ops::divide));
    for (int times = 0; times <= (twice ? 1 : 0); ++times) {
      inputs[static_cast<std::size_t>(scaled_operand(x.get()))] = end;
      end = apply(*x->op, inputs, x->attributes);
    }
  }
  return end;
}

NodeRef squared(const NodeRef& x) {
  if (const auto way = way_to_root(x); way.size() > 1) {
    const NodeRef& root = way.back();
    if (is_op(root.get(), ops::abs)) return build::unary(ops::square, along(way, root->input_ref(0), false));
    if (is_op(root.get(), ops::hypot)) return build::unary(ops::square, x);  // its operands' squares may overflow where it does not
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

std::optional<Operand> parse_operand(py::handle object) {
  Operand o;
  PyObject* const p = object.ptr();
  if (Node* const node = node_of(object)) {
    o.node = NodeRef(node);
    return o;
  }
  if (PyFloat_CheckExact(p)) {
    o.weak = Weak::real;
    o.real = PyFloat_AS_DOUBLE(p);
    return o;
  }
  if (PyBool_Check(p)) {
    o.weak = Weak::boolean;
    o.integer = p == Py_True ? 1 : 0;
    return o;
  }
  if (PyLong_CheckExact(p)) {
    int overflow = 0;
    o.integer = PyLong_AsLongLongAndOverflow(p, &overflow);
    o.weak = Weak::integer;
    if (overflow != 0) {
      o.weak = Weak::real;
      o.real = PyLong_AsDouble(p);
      if (PyErr_Occurred() != nullptr) throw py::error_already_set();
    }
    return o;
  }
  if (PyUnicode_Check(p) || PyBytes_Check(p) || object.is_none() || PyDict_Check(p) || PySet_Check(p)) return {};
  const bool array = py::detail::npy_api::get().PyArray_Check_(p);
  const bool number = PyLong_Check(p) || PyFloat_Check(p) || (py::hasattr(object, "dtype") && py::hasattr(object, "__array__"));
  if (!array && !number && !PyList_Check(p) && !PyTuple_Check(p) && !py::hasattr(object, "__array__")) {
    if (PyComplex_Check(p)) throw DTypeError("complex numbers have no place in a graph");
    return {};
  }
  o.tensor = tensor_from(object, "operand");
  o.narrow = array_is_narrow(object);
  return o;
}

Operand require_operand(py::handle object, const char* what) {
  auto o = parse_operand(object);
  if (!o) throw py::type_error(message(what, ": expected a plait.Node, a number or an array, got ", Py_TYPE(object.ptr())->tp_name));
  return *std::move(o);
}

DType common_dtype(std::span<const Operand> operands) {
  std::optional<DType> strong;
  bool narrow = false, weak_int = false, weak_real = false;
  for (const Operand& o : operands) {
    if (o.weak != Weak::no) {
      weak_int = weak_int || o.weak == Weak::integer;
      weak_real = weak_real || o.weak == Weak::real;
    } else if (o.narrow) {
      narrow = true;
    } else {
      strong = strong ? promote(*strong, own_dtype(o)) : own_dtype(o);
    }
  }
  if (narrow && (!strong || *strong == DType::boolean))
    for (const Operand& o : operands)
      if (o.narrow) strong = strong ? promote(*strong, own_dtype(o)) : own_dtype(o);
  if (!strong) return weak_real ? DType::float64 : weak_int ? DType::int64 : DType::boolean;
  if (weak_real && !is_float(*strong)) return DType::float64;
  if (weak_int && *strong == DType::boolean) return DType::int64;
  return *strong;
}

NodeRef realise(const Operand& o, DType dtype) {
  if (o.node) return build::cast(o.node, dtype);
  if (o.tensor) return make_constant(cast_tensor(o.tensor, dtype));
  if (o.weak == Weak::real) return build::constant(o.real, dtype);
  return integer_constant(o.integer, dtype);
}

NodeRef realise(const Operand& o) { return realise(o, own_dtype(o)); }

std::vector<NodeRef> realise_all(std::span<const Operand> operands) {
  const DType dtype = common_dtype(operands);
  std::vector<NodeRef> nodes;
  for (const Operand& o : operands) nodes.push_back(realise(o, dtype));
  return nodes;
}

NodeRef elementwise(std::string_view name, std::span<const Operand> operands) {
  if (name == "where") {
    const DType dtype = common_dtype(operands.subspan(1));
    return apply(ops::where, {realise(operands[0], DType::boolean), realise(operands[1], dtype), realise(operands[2], dtype)});
  }
  if (name == "power") return power(operands[0], operands[1]);
  DType dtype = common_dtype(operands);
  switch (takes(name)) {
    case Takes::floats:
      if (name == "floor" && !is_float(dtype)) return realise(operands[0]);
      if (!is_float(dtype)) dtype = DType::float64;
      break;
    case Takes::numbers:
      if (dtype == DType::boolean) {
        if (const std::string_view other = on_booleans(name); !other.empty()) name = other;
        else dtype = DType::int64;
      }
      break;
    case Takes::booleans: dtype = DType::boolean; break;
    case Takes::anything: break;
  }
  std::vector<NodeRef> nodes;
  nodes.reserve(operands.size());
  for (const Operand& o : operands) nodes.push_back(realise(o, dtype));
  if (name == "square") return squared(nodes[0]);
  if (name == "sqrt") return square_root(nodes[0]);
  if (name == "multiply" && hides_a_square(nodes[0]) && are_alike(nodes[0], nodes[1])) return squared(nodes[0]);
  return plait::graph::apply(find_op(name), nodes);  // std has one too
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
        // The inverse first: the slope at 0 is then an infinity and not inf * 0.
        return whole_power(*n < 0 ? build::unary(ops::reciprocal, x) : x, static_cast<int>(std::abs(*n)));
      }
    }
    if (is_float(dtype) && *n == 0.5) return square_root(build::cast(base.node, dtype));
  }
  PLAIT_REQUIRE_AS(DTypeError, is_float(dtype), "power: integers to powers that are not known before; plait.cast one of them to a float dtype");
  return apply(ops::power, {realise(base, dtype), realise(exponent, dtype)});
}

NodeRef matrix_product(const Operand& a, const Operand& b) {
  if (a.node && a.node->op->opaque) return sparse_product(a.node, b);
  const Operand both[] = {a, b};
  const DType dtype = common_dtype(both), as = is_float(dtype) ? dtype : DType::float64;
  NodeRef x = realise(a, as), y = realise(b, as);
  const std::size_t rank_x = x->spec.shape.size(), rank_y = y->spec.shape.size();
  const std::string called_x = (a.node ? a.node : x)->label(), called_y = (b.node ? b.node : y)->label();  // not what promotion put in
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
  const auto drop = [&](Index axis) { z = apply(ops::squeeze, {z}, {{axis}, {}}); };
  if (rank_y == 1) drop(-1);
  if (rank_x == 1) drop(rank_y == 1 ? -1 : -2);
  // Whole numbers are exact in double as long as they stay below 2^53.
  return build::cast(z, dtype == DType::boolean ? DType::boolean : dtype);
}

}  // namespace plait::bindings
