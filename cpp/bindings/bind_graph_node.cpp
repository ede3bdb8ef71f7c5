// The class Node: its properties, and Python's operators.
#include <pybind11/stl.h>

#include <algorithm>

#include "graph.hpp"
#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/gradient.hpp"
#include "plait/graph/scope.hpp"

namespace plait::bindings {
namespace {

using Class = py::class_<Node, PyNode>;
using Maker = NodeRef (*)(const Operand&, const Operand&);

NodeObject not_implemented() { return py::reinterpret_borrow<NodeObject>(Py_NotImplemented); }

template <Maker make>
NodeObject binary(py::handle self, py::handle other) {
  const auto b = parse_operand(other);
  if (!b) return not_implemented();
  return to_python(make(Operand{.node = NodeRef(node_of(self)), .tensor = {}}, *b));
}
template <Maker make>
NodeObject reflected(py::handle self, py::handle other) {
  const auto b = parse_operand(other);
  if (!b) return not_implemented();
  return to_python(make(*b, Operand{.node = NodeRef(node_of(self)), .tensor = {}}));
}

NodeRef add(const Operand& a, const Operand& b) { return elementwise(ops::add, a, b); }
NodeRef subtract(const Operand& a, const Operand& b) { return elementwise(ops::subtract, a, b); }
NodeRef multiply(const Operand& a, const Operand& b) { return elementwise(ops::multiply, a, b); }
NodeRef divide(const Operand& a, const Operand& b) { return elementwise(ops::divide, a, b); }
NodeRef floor_divide(const Operand& a, const Operand& b) { return elementwise(ops::floor_divide, a, b); }
NodeRef remainder(const Operand& a, const Operand& b) { return elementwise(ops::remainder, a, b); }
NodeRef less(const Operand& a, const Operand& b) { return elementwise(ops::less, a, b); }
NodeRef less_equal(const Operand& a, const Operand& b) { return elementwise(ops::less_equal, a, b); }
NodeRef equal(const Operand& a, const Operand& b) { return elementwise(ops::equal, a, b); }
NodeRef not_equal(const Operand& a, const Operand& b) { return elementwise(ops::not_equal, a, b); }

// & | ^ ~ are defined for booleans only.
template <bool exclusive>
NodeRef logic(const Op& op, const Operand& a, const Operand& b) {
  const Operand both[] = {a, b};
  PLAIT_REQUIRE_AS(DTypeError, common_dtype(both) == DType::boolean, exclusive ? "^" : op.name, ": expected booleans on both sides; compare first");
  return elementwise(op, a, b);
}
NodeRef both(const Operand& a, const Operand& b) { return logic<false>(ops::logical_and, a, b); }
NodeRef either(const Operand& a, const Operand& b) { return logic<false>(ops::logical_or, a, b); }
NodeRef one_of(const Operand& a, const Operand& b) { return logic<true>(ops::not_equal, a, b); }

void bind_operators(Class& cls) {
  cls.def("__add__", &binary<add>).def("__radd__", &reflected<add>);
  cls.def("__sub__", &binary<subtract>).def("__rsub__", &reflected<subtract>);
  cls.def("__mul__", &binary<multiply>).def("__rmul__", &reflected<multiply>);
  cls.def("__truediv__", &binary<divide>).def("__rtruediv__", &reflected<divide>);
  cls.def("__floordiv__", &binary<floor_divide>).def("__rfloordiv__", &reflected<floor_divide>);
  cls.def("__mod__", &binary<remainder>).def("__rmod__", &reflected<remainder>);
  cls.def("__pow__", &binary<power>).def("__rpow__", &reflected<power>);
  cls.def("__matmul__", &binary<matrix_product>).def("__rmatmul__", &reflected<matrix_product>);
  cls.def("__and__", &binary<both>).def("__rand__", &reflected<both>);
  cls.def("__or__", &binary<either>).def("__ror__", &reflected<either>);
  cls.def("__xor__", &binary<one_of>).def("__rxor__", &reflected<one_of>);
  cls.def("__lt__", &binary<less>).def("__gt__", &reflected<less>);
  cls.def("__le__", &binary<less_equal>).def("__ge__", &reflected<less_equal>);
  cls.def("__eq__", &binary<equal>).def("__ne__", &binary<not_equal>);
  // Hash by identity; dict compares identity before ==: nodes can be keys although == returns a node.
  cls.def("__hash__", [](const Node& self) { return static_cast<py::ssize_t>(reinterpret_cast<std::uintptr_t>(&self) >> 4); });
  const auto one = [](const char* name) {
    return [name](py::handle self) {
      const Operand x[] = {{.node = NodeRef(node_of(self)), .tensor = {}}};
      return PyNode(elementwise(find_op(name), x));
    };
  };
  cls.def("__neg__", one("negative"));
  cls.def("__abs__", one("abs"));
  cls.def("__pos__", [](py::handle self) { return PyNode(NodeRef(node_of(self))); });
  cls.def("__invert__", [](const Node& self) {
    PLAIT_REQUIRE_AS(DTypeError, self.spec.dtype == DType::boolean, "~: expected bool, got ", name_of(self.spec.dtype), " [", self.label(), "]");
    return PyNode(apply(ops::logical_not, {NodeRef(const_cast<Node*>(&self))}));
  });
}

// Operations that cannot be traced. Each error names the alternative.
void bind_refusals(Class& cls) {
  const auto refuse = [&cls](const char* method, const char* written, const char* instead) {
    cls.def(method, [written, instead](const Node& self, const py::args&, const py::kwargs&) -> py::object {
      trace_error(message(written, " needs a value, and ", self.label(), " ", to_string(self.spec.shape), " has none while the graph is built"),
                  instead);
    });
  };
  const char* const evaluate =
      "Run the graph first (plait.compile or plait.evaluate), or stay with nodes: instead of filling an array, collect nodes in a list and "
      "plait.stack it";
  refuse("__bool__", "if node, while, and, or, not, in:", "Use plait.where(condition, a, b), & | ~ for logic, and `is` to ask for the same node");
  refuse("__float__", "float(node)", evaluate);
  refuse("__int__", "int(node)", evaluate);
  refuse("__complex__", "complex(node)", evaluate);
  refuse("__index__", "a node as an index or a range",
         "Use plait.take(array, node) for an index that is computed, plait.scan for a loop, static_argnums= for an argument that Python is to see");
  refuse("__array__", "np.asarray(node)",
         "Use plait.stack for lists of nodes, plait's functions or NumPy's on the node itself, or run the graph first");
  for (const char* method : {"__setitem__", "__delitem__"})
    cls.def(method, [](const Node& self, const py::args&) -> py::object {
      trace_error(message("node[...] = value cannot be traced: nodes do not change, and ", self.label(), " ", to_string(self.spec.shape), " is one"),
                  "Make a new node: plait.where(mask, value, node), plait.concatenate or plait.stack");
    });
  refuse("__round__", "round(node)", "It has no gradient; plait has floor as np.floor(node)");
  for (const char* method : {"item", "tolist"})
    cls.def(
        method,
        [method, evaluate](const Node& self, const py::args&) -> py::object {
          trace_error(message("node.", method, "() needs a value, and ", self.label(), " has none while the graph is built"), evaluate);
        },
        "Refused: a node has no value while the graph is built (TraceError).");
}

/// The nodes of a structure, or the outputs of a program.
void collect_nodes(const py::object& part, std::vector<NodeRef>& found) {
  if (Node* const node = node_of(part)) {
    found.emplace_back(node);
  } else if (PyDict_Check(part.ptr())) {
    for (const auto& [key, value] : py::reinterpret_borrow<py::dict>(part)) collect_nodes(py::reinterpret_borrow<py::object>(value), found);
  } else if (PyList_Check(part.ptr()) || PyTuple_Check(part.ptr())) {
    for (const py::handle item : part) collect_nodes(py::reinterpret_borrow<py::object>(item), found);
  } else if (py::hasattr(part, "outputs")) {
    collect_nodes(part.attr("outputs"), found);
  } else {
    throw py::type_error(message("wait_count_in: expected a node, a structure of nodes or a program, got ", Py_TYPE(part.ptr())->tp_name));
  }
}

std::string describe(const Node& node) {
  return message("<plait.Node ", node.label(), node.name().empty() ? "" : message(" (", node.op->name, ")"), ": ", name_of(node.spec.dtype), " ",
                 to_string(node.spec.shape), ">");
}

void bind_properties(Class& cls) {
  cls.def_property_readonly(
      "shape", [](const Node& n) { return shape_tuple(n.spec.shape); }, "Sizes; None for one that is bound when the graph runs.");
  cls.def_property_readonly("dtype", [](const Node& n) { return numpy_dtype(n.spec.dtype); }, "The NumPy dtype.");
  cls.def_property_readonly("ndim", [](const Node& n) { return n.spec.shape.size(); }, "Number of dimensions.");
  cls.def_property_readonly(
      "size",
      [](const Node& n) {
        if (!is_known(n.spec.shape))
          trace_error(message("node.size: ", n.label(), " ", to_string(n.spec.shape), " has sizes that are bound later"),
                      "Use node.mean(), or give the input a full shape");
        return count_of(n.spec.shape);
      },
      "Number of elements.");
  cls.def_property(
      "name", [](const Node& n) { return n.name(); }, [](Node& n, std::string name) { n.set_name(std::move(name)); },
      "The name given by the user, or ''.");
  cls.def(
      "named",
      [](const py::object& self, const py::object& name) {
        if (PyUnicode_Check(name.ptr()) == 0) throw py::type_error(message("named: expected a str, got ", Py_TYPE(name.ptr())->tp_name));
        node_of(self)->set_name(py::cast<std::string>(name));
        return py::reinterpret_borrow<NodeObject>(self);
      },
      py::arg("name"), R"(Give the node a name, which pictures, messages and files show.

Parameters
----------
name : str
    Any text; another name replaces it.

Returns
-------
Node
    The node itself, so that an expression can be named as it is written.

Examples
--------
>>> x = plait.input("x", (None, 3))
>>> plait.tanh(x).named("hidden")
<plait.Node hidden (tanh): float32 (None, 3)>
)");
  cls.def_property_readonly(
      "scope", [](const Node& n) { return scope_path(n.scope); }, "The part of a model that it belongs to: what plait.scope() named, or ''.");
  cls.def_property_readonly("op", [](const Node& n) { return std::string(n.op->name); }, "Name of the operation, such as 'add'.");
  cls.def_property_readonly("label", &Node::label, "The name if there is one, else the operation and a number, as in messages.");
  cls.def_property_readonly("id", [](const Node& n) { return n.id; }, "Grows with creation: inputs have smaller numbers than their consumers.");
  cls.def_property_readonly(
      "inputs",
      [](const Node& n) {
        py::tuple inputs(n.input_count());
        for (std::size_t i = 0; i < n.input_count(); ++i) inputs[i] = to_python(n.input_ref(i));
        return NodeTuple(inputs);
      },
      "The nodes it is computed from, in order.");
  cls.def_property_readonly(
      "attributes",
      [](const Node& n) {
        const AttributeLists lists = n.attributes.lists();
        return py::make_tuple(lists.ints, lists.reals);
      },
      "What the operation needs to know besides its inputs: two lists, whole numbers and real ones.");
  cls.def_property_readonly("backward", [](const Node& n) { return n.backward; }, "True if gradient() made it.");
  cls.def_property_readonly(
      "consumers", [](const Node& n) { return to_python(n.consumers()); },
      "Nodes that use this one and will send it a gradient, oldest first; those that gradient() made do not count.");
  cls.def_property_readonly("wait_count", &Node::wait_count,
                            "Edges over which a gradient would come, into all graphs that are alive: ``x * x`` waits for two.");
  cls.def(
      "wait_count_in",
      [](const Node& n, const py::object& outputs) {
        std::vector<NodeRef> found;
        collect_nodes(outputs, found);
        return wait_count_in(n, found);
      },
      py::arg("outputs"), R"(Edges over which a gradient comes within the graph below some outputs, as a picture of it shows them.

Parameters
----------
outputs : Node, or list, tuple or dict of Node, or Program
    The graph.

Returns
-------
int
    `wait_count` counts the edges into all graphs that are alive: those of another loss, or of an update, too.

Examples
--------
>>> x = plait.input("x", (3,))
>>> loss, other = (x * x).sum(), plait.exp(x)
>>> x.wait_count, x.wait_count_in(loss), x.wait_count_in([loss, other])
(3, 2, 3)
)");
  cls.def_property(
      "value",
      [](const Node& n) {
        if (!n.value())
          throw py::attribute_error(message(n.label(), " is ", n.op->name, " and holds no value; plait.evaluate(node, feeds) computes it"));
        return array_from(*n.value());
      },
      [](Node& n, const py::object& value) {
        if (n.op != &ops::parameter) throw py::attribute_error(message("only parameters take a new value; ", n.label(), " is ", n.op->name));
        const TensorRef given = tensor_from(value, "value of " + n.label(), n.spec.dtype);
        PLAIT_REQUIRE_AS(ShapeError, given->spec.shape == n.spec.shape, "value of ", n.label(), ": expected shape ", to_string(n.spec.shape),
                         ", got ", to_string(given->spec.shape));
        if (given->bytes() > 0) std::memcpy(n.value()->data.get(), given->data.get(), given->bytes());  // in place: programs point to it
      },
      "The value of a parameter or constant, as a copy. Setting it writes into the parameter's own memory.");
}

}  // namespace

void bind_node(py::module_& m, Class& cls) {
  cls.doc() = R"(One operation of a graph: what expressions over inputs and parameters are made of.

Nodes are immutable and shared. Operators, indexing, NumPy's functions and the methods below make new ones;
shapes and dtypes are inferred at once, so an error stands on the line that caused it. ``==`` and ``<`` give
nodes too; as keys of a dict nodes are told apart by identity. ``for row in node`` goes along the first axis.

Examples
--------
>>> x = plait.input("x", (None, 3))
>>> y = (x * x).sum(axis=1)
>>> y
<plait.Node sum_...: float32 (None,)>
>>> x.wait_count
2
>>> plait.evaluate(y, {x: np.ones((2, 3))})
array([3., 3.], dtype=float32)
)";
  bind_properties(cls);
  bind_operators(cls);
  bind_refusals(cls);
  cls.def("__repr__", &describe);
  cls.def("__getitem__", [](const Node& self, const py::object& key) { return PyNode(index_node(NodeRef(const_cast<Node*>(&self)), key)); });
  const auto length = [](const Node& self) {
    if (self.spec.shape.empty()) throw py::type_error(message("len() of ", self.label(), ", which has no axes"));
    if (self.spec.shape[0] == kAny)
      trace_error(message("len(node): the first axis of ", self.label(), " ", to_string(self.spec.shape), " is bound later"),
                  "Give the input a full shape, or use plait.scan for a loop");
    return self.spec.shape[0];
  };
  cls.def("__len__", length);
  cls.def("__iter__", [length](const Node& self) {
    const Index n = length(self);
    py::list rows(n);
    for (Index i = 0; i < n; ++i) rows[i] = to_python(apply(ops::index, {NodeRef(const_cast<Node*>(&self))}, IndexAt{0, i}));
    return py::typing::Iterator<NodeObject>(py::iter(rows));
  });
  cls.def("__reversed__", [length](const Node& self) {
    const Index n = length(self);
    py::list rows(n);
    for (Index i = 0; i < n; ++i) rows[n - 1 - i] = to_python(apply(ops::index, {NodeRef(const_cast<Node*>(&self))}, IndexAt{0, i}));
    return py::typing::Iterator<NodeObject>(py::iter(rows));
  });
  // NumPy unpacks objects with C's sequence protocol before it converts them to a number: `out[0] = node` would raise a ValueError that names neither
  // the node nor the line. Python itself uses __getitem__ and __iter__.
  reinterpret_cast<PyHeapTypeObject*>(cls.ptr())->as_sequence.sq_item = nullptr;
  m.def(
      "enter_scope",
      [](const std::string& name) {
        const std::uint32_t outer = current_scope();
        const std::string& path = scope_path(outer);
        set_current_scope(scope_number(path.empty() ? name : path + "/" + name));
        return outer;
      },
      py::arg("name"), "A scope inside of the current one begins on this thread; gives the number of the outer one.");
  m.def("leave_scope", [](std::uint32_t outer) { set_current_scope(outer); }, py::arg("outer"), "That scope ends.");
  m.def(
      "set_scope", [](const std::string& path) { return scope_path(set_current_scope(scope_number(path))); }, py::arg("path"),
      "Where this thread makes its nodes from now on; gives the scope before.");
  m.def("label", [](const Node& n) { return n.label(); }, py::arg("node"));
}

}  // namespace plait::bindings
