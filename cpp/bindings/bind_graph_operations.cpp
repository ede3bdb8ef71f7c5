// Operations for the Python part of the module: by name, with operands that may be nodes, arrays or numbers.
#include <pybind11/stl.h>

#include "graph.hpp"
#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/scan.hpp"

namespace plait::bindings {
namespace {

NodeRef as_node(py::handle object, const char* what) { return realise(require_operand(object, what)); }

std::vector<Operand> operands(py::handle sequence, const char* what) {
  std::vector<Operand> list;
  for (const py::handle item : sequence) list.push_back(require_operand(item, what));
  return list;
}

std::vector<Operand> pieces(py::handle nodes, const char* what) {
  std::vector<Operand> list = operands(nodes, what);
  PLAIT_REQUIRE_AS(ShapeError, !list.empty(), what, ": an empty list; at least one node is needed");
  return list;
}

void bind_shaping(py::module_& m) {
  m.def(
      "reshape", [](const py::object& x, const py::object& shape) { return PyNode(reshape_node(as_node(x, "reshape"), shape)); }, py::arg("x"),
      py::arg("shape"));
  m.def(
      "transpose", [](const py::object& x, const py::object& axes) { return PyNode(transpose_node(as_node(x, "transpose"), axes)); }, py::arg("x"),
      py::arg("axes"));
  m.def(
      "squeeze", [](const py::object& x, const py::object& axis) { return PyNode(squeeze_node(as_node(x, "squeeze"), axis)); }, py::arg("x"),
      py::arg("axis"));
  m.def(
      "expand_dims", [](const py::object& x, Index axis) { return PyNode(build::expand_dims(as_node(x, "expand_dims"), axis)); }, py::arg("x"),
      py::arg("axis"));
  m.def(
      "broadcast_to",
      [](const py::object& x, const py::object& shape) {
        return PyNode(apply(ops::broadcast_to, {as_node(x, "broadcast_to")}, NewShape{parse_shape(shape, "broadcast_to", true)}));
      },
      py::arg("x"), py::arg("shape"));
  m.def(
      "broadcast_like",
      [](const py::object& x, const py::object& like) {
        return PyNode(build::broadcast_like(as_node(x, "broadcast_like"), as_node(like, "broadcast_like")));
      },
      py::arg("x"), py::arg("like"));
  m.def(
      "concatenate", [](const py::object& nodes, Index axis) { return PyNode(frontend::concatenate(pieces(nodes, "concatenate"), axis)); },
      py::arg("nodes"), py::arg("axis"));
  m.def(
      "stack", [](const py::object& nodes, Index axis) { return PyNode(frontend::stack(pieces(nodes, "stack"), axis)); }, py::arg("nodes"),
      py::arg("axis"));
}

void bind_indexing(py::module_& m) {
  m.def(
      "take",
      [](const py::object& x, const py::object& indices, const py::object& axis) { return PyNode(take_node(as_node(x, "take"), indices, axis)); },
      py::arg("x"), py::arg("indices"), py::arg("axis"));
  m.def(
      "take_along_axis",
      [](const py::object& of, const py::object& indices, Index axis) {
        return PyNode(frontend::take_along_axis(as_node(of, "take_along_axis"), as_node(indices, "take_along_axis"), axis));
      },
      py::arg("x"), py::arg("indices"), py::arg("axis"));
  m.def(
      "one_hot",
      [](const py::object& indices, Index depth, const py::object& dtype) {
        return PyNode(frontend::one_hot(as_node(indices, "one_hot"), depth, parse_dtype(dtype, "one_hot")));
      },
      py::arg("indices"), py::arg("depth"), py::arg("dtype"));
  m.def(
      "cumsum", [](const py::object& x, const py::object& axis) { return PyNode(cumsum_node(as_node(x, "cumsum"), axis)); }, py::arg("x"),
      py::arg("axis"));
}

}  // namespace

void bind_operations(py::module_& m) {
  m.def(
      "elementwise",
      [](const std::string& name, const py::args& args) {
        const auto list = operands(args, name.c_str());
        return PyNode(elementwise(find_op(name), list));
      },
      py::arg("name"), "One elementwise operation, with NumPy's promotion.");
  m.def(
      "matmul",
      [](const py::object& a, const py::object& b) {
        return PyNode(bindings::matrix_product(require_operand(a, "matmul"), require_operand(b, "matmul")));
      },
      py::arg("a"), py::arg("b"));
  m.def(
      "reduction",
      [](const std::string& name, const py::object& x, const py::object& axis, bool keepdims) {
        return PyNode(reduction(name, as_node(x, name.c_str()), axis, keepdims));
      },
      py::arg("name"), py::arg("x"), py::arg("axis"), py::arg("keepdims"));
  m.def(
      "cast", [](const py::object& x, const py::object& dtype) { return PyNode(build::cast(as_node(x, "cast"), parse_dtype(dtype, "cast"))); },
      py::arg("x"), py::arg("dtype"));
  m.def("stop_gradient", [](const py::object& x) { return PyNode(apply(ops::stop_gradient, {as_node(x, "stop_gradient")})); }, py::arg("x"));
  m.def(
      "as_node", [](const py::object& x, const std::string& what) { return PyNode(as_node(x, what.c_str())); }, py::arg("x"), py::arg("what"),
      "A node as it is, anything else as a constant.");
  m.def(
      "common",
      [](const py::object& nodes, const std::string& what) {
        const auto list = operands(nodes, what.c_str());
        return to_python(realise_all(list));
      },
      py::arg("nodes"), py::arg("what"), "Nodes in their common dtype.");
  bind_shaping(m);
  bind_indexing(m);
  m.def(
      "apply",
      [](const std::string& op, const py::list& inputs, const std::vector<Index>& ints, const std::vector<double>& reals, bool backward,
         const std::optional<std::shared_ptr<ScanBody>>& body) {
        const auto nodes = require_nodes(inputs, op.c_str());
        std::optional<BackwardScope> scope;
        if (backward) scope.emplace();
        AttributeLists lists{ints, reals};
        if (body && *body) {
          auto scan = std::make_shared<Scan>();
          scan->body = *body;
          lists.scan = std::move(scan);
        }
        const Op& entry = find_op(op);
        return PyNode(apply(entry, nodes, read_attributes(entry, nodes, lists)));
      },
      py::arg("op"), py::arg("inputs"), py::arg("ints"), py::arg("reals"), py::arg("backward"), py::arg("body") = py::none(),
      "An operation as it stands in a file: nothing is promoted.");
  m.def(
      "operations",
      [](bool elementwise) {
        py::list names;
        for (const Op* op : all_ops())
          if (!elementwise || op->kind == OpKind::elementwise) names.append(op->name);
        return names;
      },
      py::arg("elementwise") = false, "Names of all operations, or of the elementwise ones.");
  m.def(
      "ancestors",
      [](const py::list& outputs) {
        const auto nodes = require_nodes(outputs, "ancestors");
        std::vector<NodeRef> found;
        for (Node* node : ancestors(nodes)) found.emplace_back(node);
        return to_python(found);
      },
      py::arg("outputs"), "All nodes that the outputs depend on, inputs before consumers.");
}

}  // namespace plait::bindings
