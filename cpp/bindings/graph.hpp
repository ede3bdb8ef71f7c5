// Shared by the files that bind graphs and by other modules' bindings: nodes as Python objects, arrays as tensors and back, and operands of
// expressions.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/typing.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "modules.hpp"
#include "plait/graph/attributes.hpp"
#include "plait/graph/frontend.hpp"
#include "plait/graph/node.hpp"
#include "plait/graph/ops.hpp"

namespace plait::graph {
class Program;
}

/// pybind11's holder of a node. The reference count is in the node, so a holder can be made from a raw pointer at any time; pybind11 finds the
/// existing Python object of a node, so that one node is one object and can be a dict key.
template <class T>
class NodeHolder {
 public:
  NodeHolder() = default;
  explicit NodeHolder(T* node) : ref_(node) {}
  explicit NodeHolder(plait::graph::NodeRef ref) : ref_(std::move(ref)) {}
  [[nodiscard]] T* get() const { return ref_.get(); }
  [[nodiscard]] const plait::graph::NodeRef& ref() const { return ref_; }

 private:
  plait::graph::NodeRef ref_;
};
PYBIND11_DECLARE_HOLDER_TYPE(T, NodeHolder<T>, true)

namespace plait::train {
struct Rows;
}

namespace plait::bindings {

/// Python objects with a type for the stubs: a node (or NotImplemented, which stubs omit), an array.
class NodeObject : public py::object {
  PYBIND11_OBJECT_DEFAULT(NodeObject, object, PyObject_Type)
};
class ArrayObject : public py::object {
  PYBIND11_OBJECT_DEFAULT(ArrayObject, object, PyObject_Type)
};
class EventObject : public py::object {
  PYBIND11_OBJECT_DEFAULT(EventObject, object, PyObject_Type)
};
using EventIterator = py::typing::Iterator<EventObject>;
using NodeTuple = py::typing::Tuple<NodeObject, py::ellipsis>;
using NodeList = py::typing::List<NodeObject>;
using ShapeTuple = py::typing::Tuple<py::typing::Optional<py::int_>, py::ellipsis>;

}  // namespace plait::bindings

namespace pybind11::detail {
template <>
struct handle_type_name<plait::bindings::NodeObject> {
  static constexpr auto name = const_name("_core.Node");
};
template <>
struct handle_type_name<plait::bindings::EventObject> {
  static constexpr auto name = const_name("plait.graph.events.Event");
};
template <>
struct handle_type_name<plait::bindings::ArrayObject> {
  static constexpr auto name = const_name("numpy.typing.NDArray[typing.Any]");
};
}  // namespace pybind11::detail

namespace plait::bindings {

/// An expression needs a value while a graph is being built. Python: plait.TraceError, a TypeError.
struct TraceError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};
/// Throws a TraceError that names the line of the user's program: "<what> (script.py, line 12: `if y > 0:`). <instead>".
[[noreturn]] void trace_error(const std::string& what, const std::string& instead);

using PyNode = NodeHolder<Node>;

/// The node of a Python object; null if it is not a plait.Node.
Node* node_of(py::handle object);
/// The same, or a TypeError: "<what>: expected a plait.Node, got list".
NodeRef require_node(py::handle object, const char* what);
std::vector<NodeRef> require_nodes(py::handle sequence, const char* what);
NodeObject to_python(const NodeRef& node);
NodeList to_python(std::span<const NodeRef> nodes);

// ---- dtypes, shapes, arrays ----

py::dtype numpy_dtype(DType dtype);
/// From anything that np.dtype takes; DTypeError names unsupported dtypes.
DType parse_dtype(py::handle dtype, const char* what);
/// An int or a sequence of ints; None in it is kAny where that is allowed.
Shape parse_shape(py::handle shape, const char* what, bool allow_any);
ShapeTuple shape_tuple(const Shape& shape);
/// None: every axis. Normalised, ascending; ShapeError for one that is out of range or named twice.
std::vector<Index> parse_axes(py::handle axis, std::size_t rank, const char* what);

/// Any array, number or nested list as a tensor; DTypeError names unsupported dtypes (object, str, complex …).
/// `wanted`: cast as for feeds, to another precision and from integers to floats, but not from floats to integers or to bool.
TensorRef tensor_from(py::handle object, const std::string& what, std::optional<DType> wanted = {});
/// A C-contiguous, aligned NumPy array in native byte order of that dtype; the same object where it is one already.
py::object array_as(py::handle object, const std::string& what, DType wanted);
py::object new_array(const Shape& shape, DType dtype);
ArrayObject array_from(const Tensor& tensor);
void* array_data(py::handle array);
Shape array_shape(py::handle array);
/// An array of 8- or 16-bit integers: with float32 it gives float32, as in NumPy.
bool array_is_narrow(py::handle object);
/// True if array_as would return the object itself.
bool array_is_plain(py::handle object, DType dtype);

/// The feed of a sparse input: a tensor of the rows' shape whose data are a sparse::RowsView, and the Python object that owns it.
struct SparseFeed {
  py::object owner;
  TensorRef tensor;
};
/// From plait.SparseRows, a SciPy sparse array or matrix, or an earlier owner. `what` begins error messages.
SparseFeed sparse_feed(py::handle object, const Node& input, const std::string& what);
/// The same as rows for batches; nothing is copied for a batch.
Rows sparse_rows(py::handle object, const Node& input);

// ---- operands ----

using frontend::Operand, frontend::common_dtype, frontend::realise, frontend::realise_all, frontend::elementwise, frontend::power, frontend::cumsum;

/// nullopt for objects other than nodes, numbers and arrays: Python then tries the other operand's method.
std::optional<Operand> parse_operand(py::handle object);
/// The same, or a TypeError that names `what`.
Operand require_operand(py::handle object, const char* what);
/// x @ w with a sparse input on the left; see join_sparse_input.cpp.
NodeRef sparse_product(const NodeRef& x, const Operand& w);
/// NumPy's @, also with a sparse input on the left.
NodeRef matrix_product(const Operand& a, const Operand& b);
NodeRef reduction(std::string_view name, const NodeRef& x, py::handle axis, bool keepdims);
NodeRef index_node(const NodeRef& x, py::handle key);
NodeRef reshape_node(const NodeRef& x, py::handle shape);
NodeRef transpose_node(const NodeRef& x, py::handle axes);
NodeRef squeeze_node(const NodeRef& x, py::handle axis);
NodeRef take_node(const NodeRef& x, py::handle indices, py::handle axis);
NodeRef cumsum_node(const NodeRef& x, py::handle axis);

/// The steps of a program for inputs of these specs, as dicts and lists, for plait.export.
py::dict describe_program(const Program& program, const std::vector<Spec>& inputs);

// ---- the parts of the module ----

void bind_node(py::module_& m, py::class_<Node, PyNode>& cls);
void bind_node_methods(py::class_<Node, PyNode>& cls);
void bind_operations(py::module_& m);
void bind_table(py::module_& m);
void bind_program(py::module_& m);
void bind_scan_nodes(py::module_& m);
void bind_export(py::module_& m);

}  // namespace plait::bindings
