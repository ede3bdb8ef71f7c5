// Axes, indices and shapes as Python writes them.
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

// Whether an index is one whole number: Python's, or NumPy's scalar of it, but no boolean.
bool is_integer(py::handle key) {
  return !PyBool_Check(key.ptr()) && node_of(key) == nullptr && PyIndex_Check(key.ptr()) != 0 &&
         (PyLong_Check(key.ptr()) || (py::hasattr(key, "ndim") && py::cast<int>(key.attr("ndim")) == 0));
}

// Whether an index is booleans that are there already, so that it is known how many they choose.
bool is_constant_mask(py::handle part) {
  if (const Node* const node = node_of(part)) return node->spec.dtype == DType::boolean && is_op(node, ops::constant);
  const py::object array = py::module_::import("numpy").attr("asarray")(part);
  return py::cast<std::string>(array.attr("dtype").attr("kind")) == "b";
}

// Indices for take: int64, and inside of the axis as far as that can be seen now.
NodeRef indices_node(py::handle indices, const NodeRef& x, Index axis, const char* what) {
  const Operand o = require_operand(indices, what);
  NodeRef node = realise(o);
  if (o.tensor && node->value->count() == 0) node = realise(o, DType::int64);  // an empty list is an array of floats to NumPy
  if (node->spec.dtype == DType::boolean)
    trace_error(message(what, ": a boolean mask chooses a number of elements that is not known while the graph is built"),
                "Use plait.where(mask, a, b), or multiply by plait.cast(mask, ...), to keep the shape");
  PLAIT_REQUIRE_AS(DTypeError, !is_float(node->spec.dtype), what, ": indices must be integers, got ", name_of(node->spec.dtype), " [", node->label(),
                   "]");
  const Index size = x->spec.shape[axis];
  if (node->value && !node->value->spec.shape.empty() && size != kAny && is_op(node, ops::constant))
    for (Index i = 0; i < node->value->count(); ++i) {
      const double value = element_as_double(node->value->data.get(), node->value->spec.dtype, i);
      if (value < static_cast<double>(-size) || value >= static_cast<double>(size))
        throw py::index_error(message(what, ": index ", static_cast<Index>(value), " is out of range for axis ", axis, " of ", x->label(), " ",
                                      to_string(x->spec.shape)));
    }
  return build::cast(node, DType::int64);
}

NodeRef take_axis(const NodeRef& x, py::handle indices, Index axis, const char* what) {
  return apply(ops::take, {x, indices_node(indices, x, axis, what)}, OneAxis{axis});
}

Index slice_end(PyObject* end) {
  if (end == Py_None) return kOpen;
  // Clipped as Python clips them; the lowest value is kept for an end that is left out.
  const Index n = PyNumber_AsSsize_t(end, nullptr);
  if (n == -1 && PyErr_Occurred() != nullptr) throw py::error_already_set();
  return std::max(n, kOpen + 1);
}

}  // namespace

NodeRef reduction(std::string_view name, const NodeRef& x, py::handle axis, bool keepdims) {
  return frontend::reduction(name, x, parse_axes(axis, x->spec.shape.size(), std::string(name).c_str()), keepdims);
}

NodeRef index_node(const NodeRef& x, py::handle key) {
  const Shape& shape = x->spec.shape;
  const py::tuple parts = PyTuple_Check(key.ptr()) ? py::reinterpret_borrow<py::tuple>(key) : py::make_tuple(key);
  std::size_t consumed = 0;
  int ellipses = 0, arrays = 0;
  bool mask = false;
  for (const py::handle part : parts) {
    if (part.is_none()) continue;
    if (part.ptr() == Py_Ellipsis) ++ellipses;
    else ++consumed;
    if (PyBool_Check(part.ptr())) trace_error("indexing with a boolean", "Use plait.where(condition, a, b) to choose values");
    if (!PySlice_Check(part.ptr()) && part.ptr() != Py_Ellipsis && !is_integer(part)) {
      if (!is_array_like(part))
        throw py::type_error(
            message("index of ", x->label(), ": ", std::string(py::repr(part)), " is no integer, slice, None, ... or integer array"));
      ++arrays;
      mask = mask || is_constant_mask(part);
    }
  }
  if (ellipses > 1) throw py::index_error("an index can hold only one ellipsis (...)");
  if (consumed > shape.size()) throw py::index_error(message("too many indices: ", consumed, " for ", x->label(), " ", to_string(shape)));
  if (arrays > 1 || mask) return require_node(py::module_::import("plait.graph.indexing").attr("index")(to_python(x), key), "index");

  // One slice over all axes; then arrays, integers and new axes, from the last to the first, so that those in front keep their number.
  std::vector<SliceRange> ranges;
  struct Later {
    enum class Kind : std::uint8_t { integer, array, fresh } kind;
    Index axis;
    Index value;
    py::handle indices;
  };
  std::vector<Later> later;
  Index axis = 0;
  bool sliced = false;
  bool integers = false;
  const auto whole = [&](std::size_t n) {
    for (std::size_t i = 0; i < n; ++i, ++axis) ranges.emplace_back();
  };
  for (const py::handle part : parts) {
    if (part.is_none()) {
      later.push_back({Later::Kind::fresh, axis, 0, {}});
      continue;
    }
    if (part.ptr() == Py_Ellipsis) {
      whole(shape.size() - consumed);
      continue;
    }
    if (PySlice_Check(part.ptr())) {
      const auto* slice = reinterpret_cast<PySliceObject*>(part.ptr());
      const Index step = slice->step == Py_None ? 1 : as_index(slice->step);
      if (step == 0) throw py::value_error("slice step cannot be zero");
      const Index start = slice_end(slice->start), stop = slice_end(slice->stop);
      sliced = sliced || start != kOpen || stop != kOpen || step != 1;
      ranges.push_back({start, stop, step});
      ++axis;
      continue;
    }
    if (is_integer(part)) {
      const Index i = as_index(part), size = shape[axis];
      if (size != kAny && (i < -size || i >= size))
        throw py::index_error(message("index ", i, " is out of range for axis ", axis, " of ", x->label(), " ", to_string(shape)));
      later.push_back({Later::Kind::integer, axis, i, {}});
      integers = true;
    } else {
      later.push_back({Later::Kind::array, axis, 0, part});
    }
    whole(1);
  }
  if (arrays > 0 && integers) trace_error("an index that mixes an array with integers", "Apply the integers first: node[0][:, indices]");
  whole(shape.size() - static_cast<std::size_t>(axis));
  NodeRef node = sliced ? apply(ops::slice, {x}, SliceRanges::made(ranges)) : x;
  for (std::size_t k = later.size(); k-- > 0;) {
    const Later& step = later[k];
    if (step.kind == Later::Kind::fresh) node = build::expand_dims(node, step.axis);
    else if (step.kind == Later::Kind::integer) node = apply(ops::index, {node}, IndexAt{step.axis, step.value});
    else node = take_axis(node, step.indices, step.axis, "index");
  }
  return node;
}

NodeRef take_node(const NodeRef& x, py::handle indices, py::handle axis) {
  if (axis.is_none()) return take_axis(apply(ops::reshape, {x}, NewShape{{-1}}), indices, 0, "take");
  return take_axis(x, indices, normalize_axis(as_index(axis), x->spec.shape.size(), "take"), "take");
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
  std::vector<Index> axes;
  if (axis.is_none()) {
    PLAIT_REQUIRE_AS(ShapeError, is_known(x->spec.shape), "squeeze: name the axis; the sizes of ", x->label(), " ", to_string(x->spec.shape),
                     " are not all known yet");
    for (std::size_t i = 0; i < x->spec.shape.size(); ++i)
      if (x->spec.shape[i] == 1) axes.push_back(static_cast<Index>(i));
  } else {
    axes = parse_axes(axis, x->spec.shape.size(), "squeeze");
  }
  NodeRef node = x;
  for (std::size_t k = axes.size(); k-- > 0;) node = apply(ops::squeeze, {node}, OneAxis{axes[k]});
  return node;
}

NodeRef cumsum_node(const NodeRef& x, py::handle axis) {
  return cumsum(x, axis.is_none() ? std::nullopt : std::optional<Index>(normalize_axis(as_index(axis), x->spec.shape.size(), "cumsum")));
}

}  // namespace plait::bindings
