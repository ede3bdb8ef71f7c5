// scan: loops as nodes. Tracing, structures and axes are handled in Python; files store a loop's body as nodes.
#include <pybind11/stl.h>

#include "graph.hpp"
#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/scan.hpp"

namespace plait::bindings {
namespace {

using BoundBody = std::shared_ptr<ScanBody>;

BoundBody body_from(const py::list& states, const py::list& xs, const py::list& captures, const py::list& next, const py::list& ys,
                    const py::list& residuals, bool reverse, bool recompute) {
  const auto nodes = [](const py::list& list) { return require_nodes(list, "scan body"); };
  StepGraph graph{nodes(states), nodes(xs), nodes(captures), nodes(next), nodes(ys), reverse, recompute};
  PLAIT_REQUIRE_AS(GraphError, graph.states.size() == graph.next.size() && !graph.xs.empty(), "scan body: ", graph.states.size(), " states, ",
                   graph.next.size(), " next states, ", graph.xs.size(), " sequences");
  for (std::size_t i = 0; i < graph.states.size(); ++i)
    PLAIT_REQUIRE_AS(DTypeError, graph.states[i]->spec.dtype == graph.next[i]->spec.dtype, "scan body: state ", i, " changes its dtype");
  std::vector<NodeRef> outputs = graph.next;
  for (const auto& more : {graph.ys, nodes(residuals)}) outputs.insert(outputs.end(), more.begin(), more.end());
  auto body = std::make_shared<ScanBody>(std::move(graph), nodes(residuals));
  for (Node* node : ancestors(outputs)) {
    bool known = node->op->kind != OpKind::leaf || is_op(node, ops::constant);
    for (std::size_t i = 0; i < body->input_count() && !known; ++i) known = body->input(i).get() == node;
    PLAIT_REQUIRE_AS(GraphError, known, "scan body: ", node->label(), " is none of its inputs");
  }
  return body;
}

}  // namespace

void bind_scan_nodes(py::module_& m) {
  py::class_<ScanBody, BoundBody>(m, "ScanBody", "The graph of one step of a loop.")
      .def(py::init(&body_from), py::arg("states"), py::arg("xs"), py::arg("captures"), py::arg("next"), py::arg("ys"), py::arg("residuals"),
           py::arg("reverse"), py::arg("recompute"))
      .def_property_readonly("states", [](const ScanBody& b) { return to_python(b.graph.states); })
      .def_property_readonly("xs", [](const ScanBody& b) { return to_python(b.graph.xs); })
      .def_property_readonly("captures", [](const ScanBody& b) { return to_python(b.graph.captures); })
      .def_property_readonly("next", [](const ScanBody& b) { return to_python(b.graph.next); })
      .def_property_readonly("ys", [](const ScanBody& b) { return to_python(b.graph.ys); })
      .def_property_readonly(
          "residuals", [](const ScanBody& b) { return to_python(b.residuals()); }, "What a backward loop wants to see again of every step.")
      .def_property_readonly("reverse", [](const ScanBody& b) { return b.graph.reverse; })
      .def_property_readonly("recompute", [](const ScanBody& b) { return b.graph.recompute; });
  m.def(
      "scan_body",
      [](const py::object& node) -> std::optional<BoundBody> {
        const auto scan = loop_of(require_node(node, "scan_body")->attributes);
        if (!scan) return {};
        return scan->body;
      },
      py::arg("node"), "The body behind a scan node or behind one of its outputs; None for other nodes.");
  m.def(
      "mark_drafts", [](const py::list& inputs) { mark_drafts(require_nodes(inputs, "mark_drafts")); }, py::arg("inputs"),
      "Says that nodes, and all that depends on them by now, were made to trace a step: nobody outside waits for them.");
  m.def(
      "lengths",
      [](const py::object& lengths, const py::object& batch, std::optional<Index> steps) {
        const NodeRef n = build::cast(require_node(lengths, "lengths"), DType::int64), x = require_node(batch, "lengths");
        const NodeRef limit = steps ? make_constant(scalar_tensor(static_cast<double>(*steps), DType::int64))
                                    : apply(ops::axis_size, {x}, CountedAxes{DType::int64, {1}});
        return PyNode(apply(ops::lengths, {n, limit, x}));
      },
      py::arg("lengths"), py::arg("batch"), py::arg("steps"),
      "The lengths of the sequences of a batch, checked when they are bound: one for each, and none beyond the steps (None: the size of axis 1).");
  m.def(
      "scan",
      [](const py::list& states, const py::list& sequences, const py::list& step_states, const py::list& step_xs, const py::list& next,
         const py::list& ys, bool reverse, std::optional<Index> checkpoint) {
        TracedScan traced{require_nodes(states, "scan"),
                          require_nodes(sequences, "scan"),
                          require_nodes(step_states, "scan"),
                          require_nodes(step_xs, "scan"),
                          require_nodes(next, "scan"),
                          require_nodes(ys, "scan"),
                          reverse,
                          checkpoint};
        return to_python(scan(traced));
      },
      py::arg("states"), py::arg("sequences"), py::arg("step_states"), py::arg("step_xs"), py::arg("next"), py::arg("ys"), py::arg("reverse"),
      py::arg("checkpoint"), "The loop of a traced step: its last states, then its ys, stacked.");
}

}  // namespace plait::bindings
