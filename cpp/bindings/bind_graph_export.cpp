// Export: a program's description as dicts and lists, and its methods to_c and to_onnx, which call plait.export.
#include <pybind11/stl.h>

#include "graph.hpp"
#include "plait/base/error.hpp"
#include "plait/graph/description.hpp"
#include "plait/graph/program.hpp"

namespace plait::bindings {
namespace {

py::dict to_dict(const Description& description);

py::tuple to_tuple(const Shape& numbers) {
  py::tuple result(numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) result[i] = numbers[i];
  return result;
}

py::object to_dict(const StepOperand& operand) {
  static constexpr const char* kMemory[] = {"feed", "parameter", "constant", "arena", "output"};
  py::dict d;
  d["memory"] = kMemory[static_cast<int>(operand.memory)];
  d["index"] = operand.index;
  d["bytes"] = operand.bytes;
  d["dtype"] = name_of(operand.spec.dtype);
  d["shape"] = to_tuple(operand.spec.shape);
  d["strides"] = to_tuple(operand.strides);
  return d;
}
py::list operands(const std::vector<StepOperand>& list) {
  py::list result;
  for (const StepOperand& operand : list) result.append(to_dict(operand));
  return result;
}
py::list specs(const std::vector<Spec>& list) {
  py::list result;
  for (const Spec& spec : list) result.append(py::make_tuple(name_of(spec.dtype), to_tuple(spec.shape)));
  return result;
}

py::dict to_dict(const LaneProgram& program, const std::vector<LaneOutput>& stores) {
  static constexpr const char* kTypes[] = {"float32", "float64", "int64"};
  static constexpr const char* kKinds[] = {"store", "sum", "product", "maximum", "minimum"};
  py::dict d;
  d["type"] = kTypes[static_cast<int>(program.type)];
  d["inputs"] = program.inputs;
  d["constants"] = program.constants;
  py::list code, outputs;
  for (const LaneInstruction& i : program.code) {
    const std::uint16_t from[] = {i.a, i.b, i.c};
    code.append(py::make_tuple(name_of(i.op), std::vector<int>(from, from + arity(i.op))));
  }
  for (std::size_t k = 0; k < stores.size(); ++k) {
    const LaneOutput& store = stores[k];
    py::dict o;
    o["register"] = program.outputs[k];
    o["kind"] = kKinds[static_cast<int>(store.kind)];
    o["dtype"] = name_of(store.dtype);
    o["outer"] = store.outer;
    o["inner"] = store.inner;
    o["strides"] = to_tuple(store.strides);
    outputs.append(o);
  }
  d["code"] = code;
  d["outputs"] = outputs;
  return d;
}

py::dict to_dict(const LoopDescription& loop) {
  py::dict d;
  d["steps"] = loop.steps;
  d["reverse"] = loop.reverse;
  py::list states, xs, captures, ys;
  for (const auto& s : loop.states) {
    py::dict state;
    state["input"] = s.input;
    state["feed"] = s.feed;
    state["output"] = s.output;
    state["bytes"] = s.bytes;
    state["last"] = s.last;
    states.append(state);
  }
  for (const auto& x : loop.xs) xs.append(py::make_tuple(x.input, x.feed, x.bytes));
  for (const auto& c : loop.captures) captures.append(py::make_tuple(c.input, c.feed));
  for (const auto& y : loop.ys) ys.append(py::make_tuple(y.output, y.begin, y.bytes));
  d["states"] = states;
  d["xs"] = xs;
  d["captures"] = captures;
  d["ys"] = ys;
  d["body"] = to_dict(*loop.body);
  return d;
}

py::dict to_dict(const StepDescription& step) {
  static constexpr const char* kKinds[] = {"lanes", "product", "copy", "op", "loop"};
  py::dict d;
  d["kind"] = kKinds[static_cast<int>(step.kind)];
  d["op"] = step.op;
  d["node"] = step.node;
  d["inputs"] = operands(step.inputs);
  d["outputs"] = operands(step.outputs);
  if (!step.stores.empty()) {
    d["space"] = to_tuple(step.space);
    d["lanes"] = to_dict(step.program, step.stores);
  }
  if (step.kind == StepDescription::Kind::product) {
    const MatmulShape& p = step.product;
    py::dict shape;
    const std::pair<const char*, Index> numbers[] = {
        {"m", p.m},         {"n", p.n},     {"k", p.k},         {"a_row", p.a_row},     {"a_col", p.a_col},     {"b_row", p.b_row},
        {"b_col", p.b_col}, {"ldc", p.ldc}, {"batch", p.batch}, {"a_batch", p.a_batch}, {"b_batch", p.b_batch}, {"c_batch", p.c_batch}};
    for (const auto& [name, number] : numbers) shape[name] = number;
    d["product"] = shape;
  }
  d["ints"] = step.ints;
  d["reals"] = step.reals;
  d["begin"] = step.begin;
  if (step.loop) d["loop"] = to_dict(*step.loop);
  return d;
}

py::dict to_dict(const Description& description) {
  py::dict d;
  py::list feeds, parameters, constants, steps, deferred;
  for (const NodeRef& node : description.feeds) feeds.append(to_python(node));
  for (const NodeRef& node : description.parameters) parameters.append(to_python(node));
  for (const TensorRef& tensor : description.constants) constants.append(array_from(*tensor));
  for (const StepDescription& step : description.steps) steps.append(to_dict(step));
  for (const auto& update : description.deferred) deferred.append(py::make_tuple(to_dict(update.from), update.parameter));
  d["inputs"] = specs(description.inputs);
  d["outputs"] = specs(description.outputs);
  d["feeds"] = feeds;
  d["parameters"] = parameters;
  d["constants"] = constants;
  d["steps"] = steps;
  d["deferred"] = deferred;
  d["arena_bytes"] = description.arena_bytes;
  return d;
}

}  // namespace

py::dict describe_program(const Program& program, const std::vector<Spec>& inputs) {
  std::unique_ptr<const Description> description;
  {
    const py::gil_scoped_release release;
    description = std::make_unique<Description>(program.describe(inputs));
  }
  return to_dict(*description);
}

void bind_export(py::module_& m) {
  const py::object cls = m.attr("Program");
  const auto call = [](const char* name) { return py::module_::import("plait.export").attr(name); };
  cls.attr("to_c") =
      py::cpp_function([call](const py::object& self, const py::object& folder, const std::string& name,
                              const py::object& shapes) { return call("to_c")(self, folder, name, shapes); },
                       py::name("to_c"), py::is_method(cls), py::arg("folder"), py::arg("name") = "model", py::arg("shapes") = py::none(),
                       R"(Write the program as C99 source: name.c and name.h.

The file has ``void name_run(const float *input0, ..., float *output0, ...)`` in the order of the program's inputs and
outputs, arrays row by row. Weights are in it; memory is one static arena, so nothing is allocated; it needs the C
library's mathematics and nothing else. With updates a run is one step of the training, and ``void name_init(void)``
goes back to the parameters' first values. Random numbers are those that the program would draw.

Parameters
----------
folder : path
    Where the two files go; made if it is not there.
name : str
    Of the files, and the beginning of the functions' names.
shapes : dict, optional
    A shape for each input that has sizes of None, by node or name: in C every size is fixed.

Returns
-------
CSource
    ``source`` and ``header`` (paths), ``weight_bytes``, ``arena_bytes`` and ``variable_bytes``: what it takes on a
    device. Printed, it says so in a line.

Raises
------
GraphError
    If the shape of an input is not known; the message names it.
NotImplementedError
    For what has no form in C (alignments, optimisers and sparse inputs inside of a graph); the message names the node.

Notes
-----
Steps are those that the passes leave (fused loops, products, memory shared by lifetimes). An index that is out of
range, an error in Python, takes the nearest element, and ``int name_failed(void)`` then gives 1. Results agree with the
program's to rounding; subnormal numbers are what the device makes of them.

Examples
--------
>>> x = plait.input("x", (None, 3))
>>> program = plait.compile(plait.tanh(x @ plait.parameter(np.eye(3), name="w")))
>>> written = program.to_c("out", name="tiny", shapes={"x": (1, 3)})
>>> written.source.name, written.weight_bytes
('tiny.c', 72)
)");
  cls.attr("to_onnx") = py::cpp_function([call](const py::object& self, const py::object& path) { call("to_onnx")(self, path); }, py::name("to_onnx"),
                                         py::is_method(cls), py::arg("path"), R"(Write the program as an ONNX file (needs the extra ``onnx``).

Inputs and outputs keep their names; sizes of None are dynamic axes; parameters are initialisers under their names. Loops
become Scan.

Parameters
----------
path : path
    The file.

Raises
------
NotImplementedError
    For what ONNX lacks, and for programs with updates; the message names the node.

Examples
--------
>>> x = plait.input("x", (None, 3))
>>> plait.compile({"y": plait.tanh(x)}).to_onnx("tanh.onnx")  # doctest: +SKIP
)");
}

}  // namespace plait::bindings
