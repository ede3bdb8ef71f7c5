// Table: reference evaluation of a graph, with access to every node's value and gradient.
#include "graph.hpp"
#include "plait/base/error.hpp"
#include "plait/graph/table.hpp"

namespace plait::bindings {
namespace {

// The graph's inputs, for feeds by name.
std::vector<NodeRef> inputs_of(std::span<const NodeRef> outputs) {
  std::vector<NodeRef> inputs;
  for (Node* node : ancestors(outputs))
    if (node->op->kind == OpKind::leaf && !node->value()) inputs.emplace_back(node);
  return inputs;
}

std::string names_of(std::span<const NodeRef> inputs) {
  std::string text;
  for (const NodeRef& input : inputs) text += (text.empty() ? "" : ", ") + input->label();
  return text.empty() ? "none" : text;
}

Feeds parse_feeds(const py::object& feeds, std::span<const NodeRef> inputs) {
  Feeds found;
  if (feeds.is_none()) return found;
  const auto dict = py::reinterpret_steal<py::dict>(PyDict_Copy(py::dict(feeds).ptr()));  // a copy: another thread may change the dict
  if (!dict) throw py::error_already_set();
  for (const auto& [key, value] : dict) {
    const NodeRef* input = nullptr;
    if (Node* const node = node_of(key)) {
      for (const NodeRef& candidate : inputs)
        if (candidate.get() == node) input = &candidate;
      PLAIT_REQUIRE_AS(GraphError, input != nullptr, "feed of ", node->label(), ": it is no input of this graph; expected: ", names_of(inputs));
    } else if (PyUnicode_Check(key.ptr())) {
      const std::string name = py::str(key);
      for (const NodeRef& candidate : inputs) {
        if (candidate->name() != name) continue;
        PLAIT_REQUIRE_AS(GraphError, input == nullptr, "feed of '", name, "': two inputs have that name; feed by node");
        input = &candidate;
      }
      PLAIT_REQUIRE_AS(GraphError, input != nullptr, "feed of '", name, "': there is no such input; expected: ", names_of(inputs));
    } else {
      throw py::type_error(message("feeds: keys are nodes or names of inputs, got ", Py_TYPE(key.ptr())->tp_name));
    }
    PLAIT_REQUIRE_AS(GraphError, found.find(input->get()) == found.end(), "feed of ", (*input)->label(), ": given twice");
    found.emplace(input->get(), (*input)->op->opaque ? sparse_feed(value, **input, "feed").tensor
                                                     : tensor_from(value, "feed of " + (*input)->label(), (*input)->spec.dtype));
  }
  return found;
}

// A seed has the shape of its node's value, or broadcasts to it.
TensorRef seed_of(const NodeRef& node, const py::object& given, const Shape& shape) {
  const std::string what = "seed of " + node->label();
  TensorRef seed = tensor_from(given, what, node->spec.dtype);
  if (seed->spec.shape == shape) return seed;
  PLAIT_REQUIRE_AS(ShapeError, broadcast(seed->spec.shape, shape, what.c_str()) == shape, what, ": shape ", to_string(seed->spec.shape),
                   " does not broadcast to ", to_string(shape));
  return tensor_from(py::module_::import("numpy").attr("broadcast_to")(array_from(*seed), shape_tuple(shape)), what);
}

// Another thread may be working on the table and need the interpreter: the GIL is released while waiting.
TensorRef value_of(const Table& table, const NodeRef& node) {
  const py::gil_scoped_release release;
  return table.value(node);
}
TensorRef gradient_of(const Table& table, const NodeRef& node) {
  const py::gil_scoped_release release;
  return table.gradient(node);
}

// A node of the table, given itself or by name.
NodeRef node_in(const Table& table, const py::object& given, const char* what) {
  if (!PyUnicode_Check(given.ptr())) return require_node(given, what);
  const std::string name = py::str(given);
  NodeRef found;
  for (const NodeRef& node : table.nodes()) {
    if (node->name() != name && node->label() != name) continue;
    PLAIT_REQUIRE_AS(GraphError, !found, what, ": two nodes are called '", name, "'; give the node itself");
    found = node;
  }
  PLAIT_REQUIRE_AS(GraphError, static_cast<bool>(found), what, ": no node of the table is called '", name, "'");
  return found;
}

}  // namespace

void bind_table(py::module_& m) {
  py::class_<Table> cls(m, "Table", R"(The book's way to evaluate a graph: one value and one gradient per node, op by op.

Nothing is fused and nothing is forgotten; :class:`plait.Program` must agree with it to rounding.

Parameters
----------
nodes : Node or sequence of Node
    What to compute. Everything below them is computed too, and kept.
feeds : dict
    Arrays by input node or by the input's name.
rng : int, SeedSequence or Generator, optional
    Seed of the random nodes.

Examples
--------
>>> x = plait.input("x", (2,), dtype="float64")
>>> y = plait.tanh(x) * x
>>> table = plait.Table(y, {x: [0.0, 1.0]})
>>> table[y]
array([0.        , 0.76159416])
>>> table.backward(y)
>>> table.grad(x)
array([0.       , 1.1815685])
)");
  cls.def(py::init([](const py::object& nodes, const py::object& feeds, const py::object& rng) {
            std::vector<NodeRef> outputs;
            if (Node* const node = node_of(nodes)) outputs.emplace_back(node);
            else outputs = require_nodes(nodes, "Table");
            const Feeds given = parse_feeds(feeds, inputs_of(outputs));
            const std::uint64_t seed =
                rng.is_none() ? 0 : PyLong_AsUnsignedLongLongMask(py::object(py::module_::import("plait._rng").attr("seed")(rng)).ptr());
            const py::gil_scoped_release release;
            return std::make_unique<Table>(outputs, given, seed);
          }),
          py::arg("nodes"), py::arg("feeds") = py::none(), py::arg("rng") = py::none());
  cls.def(
      "__getitem__",
      [](const Table& self, const py::object& object) {
        const NodeRef node = node_in(self, object, "table[node]");
        PLAIT_REQUIRE_AS(GraphError, !node->op->opaque, "table: ", node->label(), " is a ", node->op->name, "; its value is what was fed");
        return array_from(*value_of(self, node));
      },
      py::arg("node"));
  cls.def(
      "_steps",
      [](Table& self) {
        std::vector<Table::Step> steps;
        {
          const py::gil_scoped_release release;
          steps = self.steps();
        }
        const auto held = [](const Node* node) -> py::object {
          return node != nullptr ? py::object(to_python(NodeRef(const_cast<Node*>(node)))) : py::none();
        };
        constexpr const char* kKinds[] = {"seed", "arrival", "complete"};
        py::list list;
        for (const Table::Step& step : steps)
          list.append(py::make_tuple(kKinds[static_cast<int>(step.kind)], held(step.node), held(step.consumer), step.input,
                                     step.gradient ? py::object(array_from(*step.gradient)) : py::none()));
        return list;
      },
      "(kind, node, consumer, input, gradient) of the last backward().");
  cls.def_property_readonly(
      "outputs", [](const Table& self) { return NodeTuple(py::tuple(to_python(self.outputs()))); }, "The nodes that it was made for.");
  cls.def_property_readonly(
      "nodes", [](const Table& self) { return NodeTuple(py::tuple(to_python(self.nodes()))); },
      "Every node of the table, inputs before consumers: the order in which they were evaluated.");
  cls.def(
      "_node", [](const Table& self, const py::object& node, const std::string& what) { return to_python(node_in(self, node, what.c_str())); },
      py::arg("node"), py::arg("what"), "A node of the table, by itself or by its name.");
  cls.def(
      "trace", [](const py::object& self) { return EventIterator(py::module_::import("plait.graph.events").attr("trace")(self)); },
      R"(The steps of forward and, after `backward`, of backward, one event each, in their order.

Returns
-------
iterator of Event
    Each prints itself as a line, and holds what it speaks of: see `plait.graph.Event`.

Notes
-----
Going through the backward steps takes as long as another `backward`, which by itself keeps only the sums.

Examples
--------
>>> x = plait.input("x", (), dtype="float64")
>>> y = (x * x).named("y")
>>> table = plait.Table(y, {x: 3.0})
>>> table.backward(y)
>>> for event in table.trace():
...     print(event)
x = 3, as fed
y = multiply(x, x) = 9
seed of y: 1
y complete: passed on to x, x
gradient over edge y → x arrives: 1 of 2, 3, sum so far 3
gradient over edge y → x arrives: 2 of 2, 3, sum so far 6
x complete: its gradient is 6
)");
  cls.def(
      "edge_grad",
      [](const py::object& self, const py::object& consumer, const py::object& node, const py::object& input) {
        return ArrayObject(py::module_::import("plait.graph.events").attr("edge_grad")(self, consumer, node, input));
      },
      py::arg("consumer"), py::arg("node"), py::arg("input") = py::none(),
      R"(What the last backward() sent from a consumer to one of its inputs: that edge's share of ``table.grad(node)``.

Parameters
----------
consumer : Node or str
    A node that uses the other, or its name.
node : Node or str
    One of its inputs.
input : int, optional
    Over which of the consumer's inputs, where it uses the node more than once; the sum over all of them if left out.

Returns
-------
numpy.ndarray
    Of the node's shape; zeros where no gradient came over that edge.

Examples
--------
>>> x = plait.input("x", (), dtype="float64")
>>> square, triple = x * x, 3 * x
>>> y = square + triple
>>> table = plait.Table(y, {x: 5.0})
>>> table.backward(y)
>>> table.edge_grad(square, x), table.edge_grad(square, x, input=0), table.edge_grad(triple, x), table.grad(x)
(array(10.), array(5.), array(3.), array(13.))
)");
  cls.def(
      "grad", [](const Table& self, const py::object& node) { return array_from(*gradient_of(self, node_in(self, node, "table.grad"))); },
      py::arg("node"),
      R"(The gradient that the last backward() summed at a node; zeros where none came.

Parameters
----------
node : Node or str
    Any node of the table, or its name.

Returns
-------
numpy.ndarray
    Of the node's shape.
)");
  cls.def(
      "backward",
      [](Table& self, const py::object& node, const py::object& seed) {
        std::vector<NodeRef> outputs;
        std::vector<TensorRef> seeds;
        const bool single = node_of(node) != nullptr;
        if (single) outputs.emplace_back(node_of(node));
        else outputs = require_nodes(node, "backward");
        if (!seed.is_none()) {
          const py::list given = single ? py::list(py::make_tuple(seed)) : py::list(seed);
          PLAIT_REQUIRE_AS(GraphError, given.size() == outputs.size(), "backward: ", outputs.size(), " nodes and ", given.size(), " seeds");
          for (std::size_t i = 0; i < outputs.size(); ++i)
            seeds.push_back(given[i].is_none() ? TensorRef() : seed_of(outputs[i], given[i], value_of(self, outputs[i])->spec.shape));
        }
        const py::gil_scoped_release release;
        self.backward(outputs, seeds);
      },
      py::arg("node"), py::arg("seed") = py::none(),
      R"(Send gradients from a node, or several at once, to everything below; replaces what an earlier call left.

Parameters
----------
node : Node or sequence of Node
    Where gradients start: any nodes of the table.
seed : array_like or sequence of array_like, optional
    Gradients to start with, one for each node; ones where it is left out.
)");
}

}  // namespace plait::bindings
