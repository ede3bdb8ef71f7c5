// Program: calling a compiled graph from Python. For small graphs this file is most of the cost of a call, so __call__ is a type slot: plain arrays
// are read without conversion, the plan of the last call is reused for equal shapes, and the program writes results directly into the returned
// arrays.
#include <pybind11/critical_section.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <mutex>

#include "graph.hpp"
#include "plait/base/error.hpp"
#include "plait/graph/program.hpp"

namespace plait::bindings {
namespace {

constexpr double kReleaseAbove = 10e3;  // ns: below, releasing the GIL costs more than it gains
constexpr std::size_t kSmall = 16;      // inputs or outputs that fit on the stack

// An array that is on the stack if it is short.
template <class T>
class Few {
 public:
  explicit Few(std::size_t n) : many_(n > kSmall ? n : 0), data_(n > kSmall ? many_.data() : few_.data()) {}
  T* data() { return data_; }
  T& operator[](std::size_t i) { return data_[i]; }

 private:
  std::array<T, kSmall> few_{};
  std::vector<T> many_;
  T* data_;
};

struct Step {
  StepInfo info;
  double seconds = 0;
};

struct Bound {
  std::vector<Spec> specs;  // of the inputs
  std::shared_ptr<Plan> plan;
};

class PyProgram {
 public:
  PyProgram(std::vector<NodeRef> outputs, Updates updates, std::uint64_t seed, py::object structure)
      : program_(std::move(outputs), std::move(updates), seed), structure_(std::move(structure)) {
    for (const NodeRef& input : program_.inputs()) {
      PyObject* const name = PyUnicode_FromString(input->name().c_str());
      if (name == nullptr) throw py::error_already_set();
      names_.push_back(py::reinterpret_steal<py::object>(name));
    }
    for (py::object& name : names_) {
      PyObject* raw = name.release().ptr();
      PyUnicode_InternInPlace(&raw);  // keyword arguments are interned: the same name is the same object
      name = py::reinterpret_steal<py::object>(raw);
    }
    // Known shapes are bound at once, so that shape errors are raised here and not at the first call.
    std::vector<Spec> specs;
    for (const NodeRef& input : program_.inputs()) specs.push_back(input->spec);
    if (std::all_of(specs.begin(), specs.end(), [](const Spec& s) { return is_known(s.shape); })) bind(std::move(specs));
  }

  py::object call(PyObject* args, PyObject* kwargs) {
    const std::size_t n = program_.inputs().size();
    Few<py::object> given(n);  // references: another thread may change a dict of feeds while this one runs without the GIL
    read_arguments(args, kwargs, given.data());
    Few<const void*> feeds(n);
    const std::shared_ptr<const Bound> bound = bind_feeds(given.data(), feeds.data());
    const std::span<const Spec> specs = bound->plan->output_specs();
    std::vector<py::object> results;
    results.reserve(specs.size());
    Few<void*> out(specs.size());
    for (std::size_t i = 0; i < specs.size(); ++i) {
      results.push_back(new_array(specs[i].shape, specs[i].dtype));
      out[i] = array_data(results.back());
    }
    run(*bound->plan, feeds.data(), out.data());
    return in_structure(structure_, results);
  }

  std::vector<Step> profile(const py::object& feeds_object) {
    const std::size_t n = program_.inputs().size();
    Few<py::object> given(n);
    const py::tuple args = feeds_object.is_none() ? py::tuple() : py::make_tuple(feeds_object);
    read_arguments(args.ptr(), nullptr, given.data());
    Few<const void*> feeds(n);
    const std::shared_ptr<const Bound> bound = bind_feeds(given.data(), feeds.data());
    std::vector<Tensor> results;
    std::vector<void*> out;
    for (const Spec& spec : bound->plan->output_specs()) out.push_back(results.emplace_back(spec).data.get());
    std::vector<double> seconds(bound->plan->steps().size());
    {
      const py::gil_scoped_release release;
      program_.profile(*bound->plan, feeds.data(), out.data(), seconds);
    }
    std::vector<Step> steps;
    for (std::size_t i = 0; i < seconds.size(); ++i) steps.push_back({bound->plan->steps()[i], seconds[i]});
    return steps;
  }

  // The plan of the last call, or of the only possible shapes.
  std::shared_ptr<Plan> plan(const char* what) {
    const std::shared_ptr<const Bound> last = last_bound();
    PLAIT_REQUIRE_AS(GraphError, last != nullptr, what, ": the shapes of ", expected(), " are not known yet; call the program once, or bind() it");
    return last->plan;
  }

  py::typing::Dict<py::str, py::str> passes() {
    const std::shared_ptr<Plan> last = plan("passes");
    std::vector<std::pair<std::string, std::string>> texts;
    {
      const py::gil_scoped_release release;
      texts = program_.passes(last->input_specs());
    }
    py::typing::Dict<py::str, py::str> result;
    for (const auto& [name, text] : texts) result[py::str(name)] = py::str(text);
    return result;
  }

  void bind_shapes(const py::dict& shapes) { bind(specs_with(shapes)); }
  py::dict describe(const py::dict& shapes) { return describe_program(program_, specs_with(shapes)); }

 private:
  [[nodiscard]] std::vector<Spec> specs_with(const py::dict& shapes) const {
    std::vector<Spec> specs;
    for (const NodeRef& input : program_.inputs()) {
      Spec spec = input->spec;
      for (const auto& [key, shape] : shapes)
        if (node_of(key) == input.get() || (PyUnicode_Check(key.ptr()) && std::string(py::str(key)) == input->name()))
          spec.shape = parse_shape(shape, "bind", false);
      PLAIT_REQUIRE_AS(GraphError, is_known(spec.shape), "bind: the shape of ", input->label(), " ", to_string(input->spec.shape), " is not given");
      specs.push_back(std::move(spec));
    }
    return specs;
  }

 public:
  Program& program() { return program_; }
  [[nodiscard]] const py::object& structure() const { return structure_; }
  py::object outputs() {
    std::vector<py::object> nodes;
    for (const NodeRef& node : program_.outputs()) nodes.push_back(to_python(node));
    return in_structure(structure_, nodes);
  }

 private:
  [[nodiscard]] std::string expected() const {
    std::string text;
    for (const NodeRef& input : program_.inputs()) text += (text.empty() ? "" : ", ") + input->label();
    return text.empty() ? "no inputs" : text;
  }

  std::size_t position(PyObject* name) const {
    for (std::size_t i = 0; i < names_.size(); ++i)
      if (names_[i].ptr() == name) return once(i);
    for (std::size_t i = 0; i < names_.size(); ++i)
      if (PyUnicode_Compare(names_[i].ptr(), name) == 0) return once(i);
    throw GraphError(message("feed of '", std::string(py::str(py::handle(name))), "': the program has no such input; expected: ", expected()));
  }
  std::size_t once(std::size_t i) const {
    for (std::size_t k = i + 1; k < names_.size(); ++k)
      PLAIT_REQUIRE_AS(GraphError, names_[k].ptr() != names_[i].ptr(), "feed of '", std::string(py::str(names_[i])),
                       "': two inputs have that name; feed them by node");
    return i;
  }

  void read_arguments(PyObject* args, PyObject* kwargs, py::object* given) {
    const auto put = [&](std::size_t i, PyObject* value) {
      PLAIT_REQUIRE_AS(GraphError, given[i].ptr() == nullptr, "feed of ", program_.inputs()[i]->label(), ": given twice");
      given[i] = py::reinterpret_borrow<py::object>(value);
    };
    const Py_ssize_t count = PyTuple_GET_SIZE(args);
    PyObject *key = nullptr, *value = nullptr;
    py::object kept;
    if (count > 1)
      throw py::type_error(
          message("a program takes one dict of feeds, or feeds by name, not ", count, " positional arguments; expected: ", expected()));
    if (count == 1) {
      PyObject* feeds = PyTuple_GET_ITEM(args, 0);
      if (PyDict_Check(feeds) == 0) {
        if (!py::hasattr(feeds, "keys"))
          throw py::type_error(
              message("feeds are a dict from inputs to arrays, or keyword arguments, not ", Py_TYPE(feeds)->tp_name, "; expected: ", expected()));
        kept = py::dict(py::reinterpret_borrow<py::object>(feeds));
        feeds = kept.ptr();
      }
      const py::scoped_critical_section alone(feeds);  // without the GIL another thread may change it meanwhile
      Py_ssize_t at = 0;
      while (PyDict_Next(feeds, &at, &key, &value) != 0) {
        if (Node* const node = node_of(key)) {
          const auto inputs = program_.inputs();
          const auto found = std::find_if(inputs.begin(), inputs.end(), [&](const NodeRef& input) { return input.get() == node; });
          PLAIT_REQUIRE_AS(GraphError, found != inputs.end(), "feed of ", node->label(), ": it is no input of this program; expected: ", expected());
          put(static_cast<std::size_t>(found - inputs.begin()), value);
        } else if (PyUnicode_Check(key) != 0) {
          put(position(key), value);
        } else {
          throw py::type_error(message("feeds: keys are nodes or names of inputs, got ", Py_TYPE(key)->tp_name));
        }
      }
    }
    if (kwargs != nullptr) {
      Py_ssize_t at = 0;
      while (PyDict_Next(kwargs, &at, &key, &value) != 0) {
        if (PyUnicode_Check(key) == 0)
          throw py::type_error(message("feeds by keyword: names are str, got ", Py_TYPE(key)->tp_name, "; give program({node: array})"));
        put(position(key), value);
      }
    }
    std::string missing;
    for (std::size_t i = 0; i < names_.size(); ++i)
      if (given[i].ptr() == nullptr) missing += (missing.empty() ? "" : ", ") + program_.inputs()[i]->label();
    PLAIT_REQUIRE_AS(GraphError, missing.empty(), "no feed for ", missing, "; expected: ", expected());
  }

  // Pointers to contiguous data of the right dtype, and the plan for their shapes. Converted arrays replace the given ones.
  std::shared_ptr<const Bound> bind_feeds(py::object* given, const void** feeds) {
    std::shared_ptr<const Bound> last = last_bound();
    const std::span<const NodeRef> inputs = program_.inputs();
    bool same = last != nullptr;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const DType dtype = inputs[i]->spec.dtype;
      if (inputs[i]->op->opaque) {
        const SparseFeed feed = sparse_feed(given[i], *inputs[i], "feed");
        given[i] = feed.owner;
        feeds[i] = feed.tensor->data.get();
        same = same && last->specs[i] == feed.tensor->spec;
        continue;
      }
      if (!array_is_plain(given[i], dtype)) given[i] = array_as(given[i], "feed of " + inputs[i]->label(), dtype);
      const auto* a = py::detail::array_proxy(given[i].ptr());
      feeds[i] = a->data;
      if (same) {
        const Shape& shape = last->specs[i].shape;
        same = static_cast<std::size_t>(a->nd) == shape.size() && std::equal(shape.begin(), shape.end(), a->dimensions);
      }
    }
    if (same) return last;
    std::vector<Spec> specs;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      specs.push_back(inputs[i]->op->opaque ? sparse_feed(given[i], *inputs[i], "feed").tensor->spec
                                            : Spec{array_shape(given[i]), inputs[i]->spec.dtype});
    return bind(std::move(specs));
  }

  std::shared_ptr<const Bound> bind(std::vector<Spec> specs) {
    auto bound = std::make_shared<Bound>();
    {
      const py::gil_scoped_release release;
      bound->plan = program_.plan(specs);
    }
    bound->specs = std::move(specs);
    const std::lock_guard lock(mutex_);
    last_ = bound;
    return bound;
  }

  std::shared_ptr<const Bound> last_bound() {
    const std::lock_guard lock(mutex_);
    return last_;
  }

  void run(const Plan& plan, const void* const* feeds, void* const* out) {
    // Runs with updates take a lock of the program; waiting for it while holding the GIL could deadlock with its owner.
    if (program_.updates().empty() && plan.cost_ns() < kReleaseAbove) {
      program_.run(plan, feeds, out);
    } else {
      const py::gil_scoped_release release;
      program_.run(plan, feeds, out);
    }
  }

  // The structure with results instead of their numbers: an int, or a list, tuple or dict of structures.
  static py::object in_structure(const py::handle& structure, const std::vector<py::object>& results) {
    PyObject* const s = structure.ptr();
    if (PyLong_CheckExact(s)) return results[PyLong_AsSize_t(s)];
    if (PyList_CheckExact(s)) {
      const Py_ssize_t n = PyList_GET_SIZE(s);
      py::list list(n);
      for (Py_ssize_t i = 0; i < n; ++i) PyList_SET_ITEM(list.ptr(), i, in_structure(PyList_GET_ITEM(s, i), results).release().ptr());
      return list;
    }
    if (PyTuple_CheckExact(s)) {
      const Py_ssize_t n = PyTuple_GET_SIZE(s);
      py::tuple tuple(n);
      for (Py_ssize_t i = 0; i < n; ++i) PyTuple_SET_ITEM(tuple.ptr(), i, in_structure(PyTuple_GET_ITEM(s, i), results).release().ptr());
      return tuple;
    }
    if (PyDict_CheckExact(s)) {
      py::dict dict;
      PyObject *key = nullptr, *value = nullptr;
      Py_ssize_t at = 0;
      while (PyDict_Next(s, &at, &key, &value) != 0) dict[py::handle(key)] = in_structure(value, results);
      return dict;
    }
    if (PyTuple_Check(s)) {  // a namedtuple
      py::list list;
      for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(s); ++i) list.append(in_structure(PyTuple_GET_ITEM(s, i), results));
      return py::type::of(structure).attr("_make")(list);
    }
    if (PyDict_Check(s)) {
      py::object dict = structure.attr("copy")();
      for (const auto& key : structure) dict[key] = in_structure(structure[key], results);
      return dict;
    }
    return py::reinterpret_borrow<py::object>(structure);  // None and other constants
  }

  Program program_;
  py::object structure_;
  std::vector<py::object> names_;
  std::mutex mutex_;  // held for a copy of a pointer
  std::shared_ptr<const Bound> last_;
};

PyObject* call_slot(PyObject* self, PyObject* args, PyObject* kwargs) {
  try {
    auto* instance = reinterpret_cast<py::detail::instance*>(self);
    auto* program = static_cast<PyProgram*>(instance->get_value_and_holder().value_ptr());
    if (program == nullptr) throw py::type_error("Program.__init__ was not called");
    return program->call(args, kwargs).release().ptr();
  } catch (py::error_already_set& e) {
    e.restore();
  } catch (...) {
    py::detail::try_translate_exceptions();
  }
  return nullptr;
}

constexpr const char* kProgramDoc = R"(A graph compiled for running; made by :func:`plait.compile`.

Called with arrays by input name, ``program(x=..., y=...)``, or with a dict by node or name, it gives arrays in the
structure in which the outputs were named. Shapes are bound at the first call with new ones and remembered. One
program may be called from several threads.

Examples
--------
>>> x = plait.input("x", (None,), dtype="float64")
>>> program = plait.compile({"twice": 2 * x, "sum": x.sum()})
>>> program(x=np.arange(3.0))
{'twice': array([0., 2., 4.]), 'sum': array(3.)}
)";

void bind_step(py::module_& m) {
  py::class_<Step> step(m, "Step", "One step of a program, in the order in which they run.");
  step.def_property_readonly("label", [](const Step& s) { return s.info.label; }, "What it does, such as 'matmul+add+tanh'.");
  step.def_property_readonly("node", [](const Step& s) { return s.info.node; }, "Label of the node that it computes.");
  step.def_property_readonly("shape", [](const Step& s) { return shape_tuple(s.info.space); }, "The shape over which it runs.");
  step.def_property_readonly("flops", [](const Step& s) { return s.info.flops; }, "Floating point operations.");
  step.def_property_readonly("bytes", [](const Step& s) { return s.info.bytes; }, "Bytes read and written.");
  step.def_property_readonly("cost_ns", [](const Step& s) { return s.info.cost_ns; }, "Estimated nanoseconds on one thread.");
  step.def_property_readonly("seconds", [](const Step& s) { return s.seconds; }, "Measured seconds, where profile() gave the step; else 0.");
  step.def("__repr__", [](const Step& s) {
    return message("<plait.Step ", s.info.label, " -> ", s.info.node, " ", to_string(s.info.space),
                   s.seconds > 0 ? message(" ", 1e6 * s.seconds, " us") : "", ">");
  });
}

}  // namespace

void bind_program(py::module_& m) {
  bind_step(m);
  py::class_<PyProgram> cls(m, "Program", py::custom_type_setup([](PyHeapTypeObject* type) { type->ht_type.tp_call = &call_slot; }), kProgramDoc);
  cls.def(py::init([](const py::list& outputs, const py::list& updates, const py::int_& seed, const py::object& structure) {
            Updates pairs;
            for (const py::handle pair : updates) {
              const py::tuple two = py::reinterpret_borrow<py::tuple>(pair);
              pairs.emplace_back(require_node(two[0], "updates"), require_node(two[1], "updates"));
            }
            return std::make_unique<PyProgram>(require_nodes(outputs, "compile"), std::move(pairs), PyLong_AsUnsignedLongLongMask(seed.ptr()),
                                               structure);
          }),
          py::arg("outputs"), py::arg("updates"), py::arg("seed"), py::arg("structure"));
  cls.def_property_readonly(
      "inputs", [](PyProgram& p) { return NodeTuple(to_python(p.program().inputs())); }, "The input nodes it needs, oldest first.");
  cls.def_property_readonly("outputs", &PyProgram::outputs, "The output nodes, in the structure in which they were named.");
  cls.def_property_readonly(
      "updates",
      [](PyProgram& p) {
        py::typing::Dict<NodeObject, NodeObject> updates;
        for (const auto& [parameter, value] : p.program().updates()) updates[to_python(parameter)] = to_python(value);
        return updates;
      },
      "The next value of each parameter that a call changes.");
  cls.def_property_readonly(
      "structure", [](const PyProgram& p) { return p.structure(); }, "The structure of the outputs, with numbers in their place.");
  cls.def_property(
      "random_state", [](PyProgram& p) { return py::make_tuple(p.program().seed(), p.program().runs()); },
      [](PyProgram& p, const std::pair<std::uint64_t, std::uint64_t>& state) { p.program().set_random_state(state.first, state.second); },
      "Seed and number of runs so far: all that random nodes depend on.");
  cls.def("summary", [](PyProgram& p) { return p.plan("summary")->summary(); }, R"(A table of the steps: what runs, in what order, over which shapes.

Returns
-------
str
    For the shapes of the last call.
)");
  cls.def("passes", &PyProgram::passes, R"(The graph as text after each pass of the compiler.

One line for each value: its op, inputs, shape and dtype, then what the passes so far know of it (the memory it is a view
of, the step that computes it, its place among buffers). ``PLAIT_DUMP=passes`` in the environment prints the same to
stderr whenever a program is compiled.

Returns
-------
dict of str to str
    By the name of the pass, in order, for the shapes of the last call.

Examples
--------
>>> x = plait.input("x", (3,), dtype="float64")
>>> passes = plait.compile(plait.tanh(x) * 2).passes()
>>> list(passes)[:2]
['lower', 'simplify']
>>> passes["fuse"].splitlines()[-1]
'group 0: lanes (3,) members %2 %3'
)");
  cls.def("bind", &PyProgram::bind_shapes, py::arg("shapes"), R"(Bind shapes without running.

Parameters
----------
shapes : dict
    A shape for each input whose shape is not known, by node or name.
)");
  cls.def("_describe", &PyProgram::describe, py::arg("shapes"), "The steps for these shapes as dicts and lists.");
  cls.def("profile", &PyProgram::profile, py::arg("feeds") = py::none(), R"(Run once and time every step. Updates happen as in a call.

Parameters
----------
feeds : dict, optional
    Arrays by node or name, as for a call.

Returns
-------
list of Step
    In the order in which they ran, with their ``seconds``.
)");
  cls.def_property_readonly(
      "steps",
      [](PyProgram& p) {
        std::vector<Step> steps;
        for (const StepInfo& info : p.plan("steps")->steps()) steps.push_back({info, 0});
        return steps;
      },
      "What runs, in order, for the shapes of the last call.");
  cls.def_property_readonly(
      "memory_bytes", [](PyProgram& p) { return p.plan("memory_bytes")->memory_bytes(); }, "Memory of one run besides inputs and outputs.");
  cls.def_property_readonly(
      "unshared_bytes", [](PyProgram& p) { return p.plan("unshared_bytes")->unshared_bytes(); }, "What all values would take side by side.");
  cls.def_property_readonly("flops", [](PyProgram& p) { return p.plan("flops")->flops(); }, "Floating point operations of one run.");
  cls.def("__repr__", [](PyProgram& p) {
    std::string inputs;
    for (const NodeRef& input : p.program().inputs()) inputs += (inputs.empty() ? "" : ", ") + input->label() + " " + to_string(input->spec.shape);
    return message("<plait.Program (", inputs, ") -> ", p.program().outputs().size(), p.program().outputs().size() == 1 ? " output" : " outputs",
                   p.program().updates().empty() ? "" : message(", ", p.program().updates().size(), " updates"), ">");
  });
}

}  // namespace plait::bindings
