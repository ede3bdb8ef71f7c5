// graph: leaves, gradients and the rest of the module's functions. The class Node is bound in bind_graph_node.cpp, Table and Program in
// files of their own.
#include <pybind11/stl.h>

#include "graph.hpp"
#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/gradient.hpp"

namespace plait::bindings {
namespace {

PyTypeObject* g_node_type = nullptr;

// "script.py, line 12: `if y > 0:`" for the innermost frame outside of plait and NumPy; empty if there is none.
std::string user_line() {
  const auto sys = py::module_::import("sys");
  const auto folder_of = [&](const char* module) -> std::string {
    const py::dict modules = sys.attr("modules");
    if (!modules.contains(module) || !py::hasattr(modules[module], "__file__")) return "?";
    const std::string file = py::str(modules[module].attr("__file__"));
    return file.substr(0, file.rfind('/') + 1);
  };
  const std::string ours = folder_of("plait._core"), numpy = folder_of("numpy");
  for (py::object frame = sys.attr("_getframe")(0); !frame.is_none(); frame = frame.attr("f_back")) {
    const std::string file = py::str(frame.attr("f_code").attr("co_filename"));
    if (file.starts_with(ours) || file.starts_with(numpy)) continue;
    const py::object number = frame.attr("f_lineno");
    const std::string text = py::str(py::module_::import("linecache").attr("getline")(file, number).attr("strip")());
    return message(file, ", line ", std::string(py::str(number)), text.empty() ? "" : ": `" + text + "`");
  }
  return "";
}

std::uint64_t seed_bits(const py::int_& seed) { return PyLong_AsUnsignedLongLongMask(seed.ptr()); }

void bind_leaves(py::module_& m) {
  m.def(
      "input",
      [](const std::string& name, const py::object& shape, const py::object& dtype) {
        PLAIT_REQUIRE_AS(GraphError, !name.empty(), "input: the name is empty; feeds and messages need it");
        return PyNode(make_input(name, {parse_shape(shape, "input", true), parse_dtype(dtype, "input")}));
      },
      py::arg("name"), py::arg("shape"), py::arg("dtype"));
  m.def(
      "parameter",
      [](const py::object& value, const std::string& name, const py::object& dtype) {
        const std::string what = message("parameter ", name.empty() ? "value" : name);
        PLAIT_REQUIRE_AS(DTypeError,
                         !py::hasattr(value, "dtype") || !py::hasattr(value.attr("dtype"), "str") ||
                             py::cast<std::string>(value.attr("dtype").attr("str")).substr(1) != "f2",
                         what, ": dtype float16 is not one of bool, int32, int64, float32, float64; convert the array with .astype(...)");
        return PyNode(
            make_parameter(name, tensor_from(value, what, dtype.is_none() ? std::nullopt : std::optional(parse_dtype(dtype, "parameter")))));
      },
      py::arg("value"), py::arg("name"), py::arg("dtype"));
  m.def(
      "constant",
      [](const py::object& value, const std::string& name, const py::object& dtype) {
        PLAIT_REQUIRE_AS(GraphError, node_of(value) == nullptr, "constant: this is a node already");
        const NodeRef node =
            make_constant(tensor_from(value, "constant", dtype.is_none() ? std::nullopt : std::optional(parse_dtype(dtype, "constant"))));
        node->set_name(name);
        return PyNode(node);
      },
      py::arg("value"), py::arg("name"), py::arg("dtype"));
  m.def(
      "random",
      [](const std::string& kind, const py::object& shape, const py::object& like, const py::object& seed, const py::object& dtype) {
        const DType as = parse_dtype(dtype, kind.c_str());
        PLAIT_REQUIRE_AS(DTypeError, is_float(as), kind, ": expected float32 or float64, got ", name_of(as));
        std::vector<NodeRef> inputs;
        if (!like.is_none()) inputs.push_back(require_node(like, kind.c_str()));
        Shape sizes = shape.is_none() && !inputs.empty() ? Shape(inputs[0]->spec.shape.size(), kAny) : parse_shape(shape, kind.c_str(), true);
        return PyNode(apply(find_op("random_" + kind), inputs, RandomDraw{as, !seed.is_none(), seed.is_none() ? 0 : seed_bits(seed), 0, sizes}));
      },
      py::arg("kind"), py::arg("shape"), py::arg("like"), py::arg("seed"), py::arg("dtype"));
}

}  // namespace

void trace_error(const std::string& what, const std::string& instead) {
  const std::string line = user_line();
  throw TraceError(message(what, line.empty() ? "" : " (" + line + ")", ". ", instead, "."));
}

Node* node_of(py::handle object) {
  if (object.ptr() == nullptr || !PyObject_TypeCheck(object.ptr(), g_node_type)) return nullptr;
  auto* instance = reinterpret_cast<py::detail::instance*>(object.ptr());
  return static_cast<Node*>(instance->get_value_and_holder().value_ptr());
}

NodeRef require_node(py::handle object, const char* what) {
  Node* const node = node_of(object);
  if (node == nullptr) throw py::type_error(message(what, ": expected a plait.Node, got ", Py_TYPE(object.ptr())->tp_name));
  return NodeRef(node);
}

std::vector<NodeRef> require_nodes(py::handle sequence, const char* what) {
  std::vector<NodeRef> nodes;
  for (const py::handle item : sequence) nodes.push_back(require_node(item, what));
  return nodes;
}

NodeObject to_python(const NodeRef& node) { return py::reinterpret_steal<NodeObject>(py::cast(PyNode(node)).release()); }

NodeList to_python(std::span<const NodeRef> nodes) {
  py::list list(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) list[i] = to_python(nodes[i]);
  return py::reinterpret_steal<NodeList>(list.release());
}

}  // namespace plait::bindings

void bind_graph(py::module_& m) {
  using namespace plait;
  using namespace plait::bindings;
  py::register_exception<TraceError>(m, "TraceError", PyExc_TypeError).attr("__module__") = "plait";
  auto node = py::class_<Node, PyNode>(m, "Node");
  g_node_type = reinterpret_cast<PyTypeObject*>(node.ptr());
  bind_node(m, node);
  bind_node_methods(node);
  bind_scan_nodes(m);  // before functions that take a body as an argument
  bind_operations(m);
  bind_leaves(m);
  m.def(
      "trace_error", [](const std::string& what, const std::string& instead) { trace_error(what, instead); }, py::arg("what"), py::arg("instead"),
      "Raise a TraceError that names the user's line.");
  m.def(
      "gradient",
      [](const py::list& outputs, const py::list& wrt, const py::object& seeds) {
        const auto of = require_nodes(outputs, "gradient"), to = require_nodes(wrt, "gradient");
        std::vector<NodeRef> from;
        if (!seeds.is_none())
          for (const py::handle seed : seeds) from.push_back(seed.is_none() ? NodeRef() : realise(require_operand(seed, "gradient seed")));
        return to_python(gradient(of, to, from));
      },
      py::arg("outputs"), py::arg("wrt"), py::arg("seeds"));
  bind_table(m);
  bind_program(m);
  bind_export(m);
  for (const char* name : {"Node", "Table", "Program", "Step"}) m.attr(name).attr("__module__") = "plait";  // their public module
}
