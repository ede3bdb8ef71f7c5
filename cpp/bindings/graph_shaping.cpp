// Conversion of Python's axes, indices and shapes.
#include <algorithm>
#include <cstring>

#include "graph.hpp"
#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"

namespace plait::bindings {
namespace {

Index as_index(py::handle object) {
  const auto n = PyNumber_AsSsize_t(object.ptr(), PyExc_OverflowError);
  if (n == -1 && PyErr_Occurred() != nullptr) throw py::error_already_set();
  return n;
}

bool is_array_like(py::handle object) { return node_of(object) != nullptr || PyList_Check(object.ptr()) || py::hasattr(object, "__array__"); }

// Whether an index is an integer, of Python or NumPy, but not a boolean.
bool is_integer(py::handle key) {
  return !PyBool_Check(key.ptr()) && node_of(key) == nullptr && PyIndex_Check(key.ptr()) != 0 &&
         (PyLong_Check(key.ptr()) || (py::hasattr(key, "ndim") && py::cast<int>(key.attr("ndim")) == 0));
}

// Whether an index is a constant boolean mask, whose number of True is known.
bool is_constant_mask(py::handle part) {
  if (const Node* const node = node_of(part)) return node->spec.dtype == DType::boolean && is_op(node, ops::constant);
  const py::object array = py::module_::import("numpy").attr("asarray")(part);
  return py::cast<std::string>(array.attr("dtype").attr("kind")) == "b";
}

// Integer indices. A mask is refused with the line of the user's program.
Operand indices_of(py::handle indices, const char* what) {
  Operand operand = require_operand(indices, what);
  const bool empty = operand.tensor && operand.tensor->count() == 0;
  if (!empty && common_dtype({&operand, 1}) == DType::boolean)
    trace_error(message(what, ": a boolean mask chooses a number of elements that is not known while the graph is built"),
                "Use plait.where(mask, a, b), or multiply by plait.cast(mask, ...), to keep the shape");
  return operand;
}

Index slice_end(PyObject* end) {
  if (end == Py_None) return kOpen;
  // Clipped as in Python; the lowest value is reserved for a bound that is left out.
  const Index n = PyNumber_AsSsize_t(end, nullptr);
  if (n == -1 && PyErr_Occurred() != nullptr) throw py::error_already_set();
  return std::max(n, kOpen + 1);
}

}  // namespace

NodeRef reduction(std::string_view name, const NodeRef& x, py::handle axis, bool keepdims) {
  return frontend::reduction(name, x, parse_axes(axis, x->spec.shape.size(), std::string(name).c_str()), keepdims);
}

NodeRef index_node(const NodeRef& x, py::handle key) {
  using Kind = frontend::IndexPart::Kind;
  const py::tuple written = PyTuple_Check(key.ptr()) ? py::reinterpret_borrow<py::tuple>(key) : py::make_tuple(key);
  int arrays = 0, integers = 0, ellipses = 0;
  std::size_t consumed = 0;
  bool mask = false;
  for (const py::handle part : written) {
    if (part.ptr() == Py_Ellipsis) ++ellipses;
    else if (!part.is_none()) ++consumed;
    if (part.is_none() || part.ptr() == Py_Ellipsis || PyBool_Check(part.ptr()) || PySlice_Check(part.ptr()) || is_integer(part)) continue;
    if (!is_array_like(part))
      throw py::type_error(message("index of ", x->label(), ": ", std::string(py::repr(part)), " is no integer, slice, None, ... or integer array"));
    ++arrays;
    mask = mask || is_constant_mask(part);
  }
  const bool fits = ellipses <= 1 && consumed <= x->spec.shape.size();
  if (fits && (arrays > 1 || mask)) return require_node(py::module_::import("plait.graph.indexing").attr("index")(to_python(x), key), "index");
  std::vector<frontend::IndexPart> parts;
  for (const py::handle part : written) {
    if (part.is_none()) {
      parts.push_back({.kind = Kind::new_axis});
    } else if (part.ptr() == Py_Ellipsis) {
      parts.push_back({.kind = Kind::ellipsis});
    } else if (PyBool_Check(part.ptr())) {
      trace_error("indexing with a boolean", "Use plait.where(condition, a, b) to choose values");
    } else if (PySlice_Check(part.ptr())) {
      const auto* slice = reinterpret_cast<PySliceObject*>(part.ptr());
      const Index step = slice->step == Py_None ? 1 : as_index(slice->step);
      if (step == 0) throw py::value_error("slice step cannot be zero");
      parts.push_back({.kind = Kind::slice, .range = {slice_end(slice->start), slice_end(slice->stop), step}});
    } else if (is_integer(part)) {
      parts.push_back({.kind = Kind::integer, .integer = as_index(part)});
      ++integers;
    } else {
      parts.push_back({.kind = Kind::array, .indices = indices_of(part, "index")});
    }
  }
  if (fits && arrays > 0 && integers > 0) trace_error("an index that mixes an array with integers", "Apply the integers first: node[0][:, indices]");
  return frontend::index(x, parts);
}

NodeRef take_node(const NodeRef& x, py::handle indices, py::handle axis) {
  return frontend::take(x, indices_of(indices, "take"), axis.is_none() ? std::nullopt : std::optional<Index>(as_index(axis)));
}

NodeRef reshape_node(const NodeRef& x, py::handle shape) {
  Shape sizes;
  const auto one = [&](py::handle item) {
    if (!item.is_none() && PyIndex_Check(item.ptr()) == 0)
      throw py::type_error(message("reshape: a shape is made of integers, got ", std::string(py::repr(item))));
    const Index n = item.is_none() ? -1 : as_index(item);
    PLAIT_REQUIRE_AS(ShapeError, n >= -1, "reshape: size ", n, " is negative");
    sizes.push_back(n);
  };
  if (shape.is_none() || PyIndex_Check(shape.ptr()) != 0) one(shape);
  else
    for (const py::handle item : shape) one(item);
  PLAIT_REQUIRE_AS(ShapeError, std::count(sizes.begin(), sizes.end(), -1) <= 1, "reshape: only one size can be left open (-1 or None), got ",
                   std::string(py::repr(shape)));
  return apply(ops::reshape, {x}, NewShape{sizes});
}

NodeRef transpose_node(const NodeRef& x, py::handle axes) {
  const std::size_t rank = x->spec.shape.size();
  std::vector<Index> permutation;
  if (axes.is_none()) {
    for (std::size_t i = rank; i-- > 0;) permutation.push_back(static_cast<Index>(i));
  } else {
    for (const py::handle axis : axes) permutation.push_back(normalize_axis(as_index(axis), rank, "transpose"));
  }
  return rank < 2 && permutation.size() == rank ? x : build::transpose(x, permutation);
}

NodeRef squeeze_node(const NodeRef& x, py::handle axis) {
  if (axis.is_none()) return frontend::squeeze(x, std::nullopt);
  return frontend::squeeze(x, parse_axes(axis, x->spec.shape.size(), "squeeze"));
}

NodeRef cumsum_node(const NodeRef& x, py::handle axis) {
  return cumsum(x, axis.is_none() ? std::nullopt : std::optional<Index>(normalize_axis(as_index(axis), x->spec.shape.size(), "cumsum")));
}

}  // namespace plait::bindings
