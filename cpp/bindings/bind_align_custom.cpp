// Custom recursions: init and rank from Python, as traced graphs, function pointers or callables. Joins graph and align: a traced rank becomes a
// lane program.
#include <cmath>

#include "align.hpp"
#include "graph.hpp"
#include "plait/align/custom.hpp"
#include "plait/base/error.hpp"
#include "plait/graph/unroll.hpp"

namespace {

using namespace plait;
using namespace plait::bindings;
using namespace plait::align;

struct PyRule {
  std::shared_ptr<const Rule> rule;
};

Order order_of(bool minimize) { return minimize ? Order::minimum : Order::maximum; }

/// The result of the user's function as a float.
double as_number(const py::object& result, const char* what, Index i, Index j) {
  if (PyFloat_Check(result.ptr())) return PyFloat_AS_DOUBLE(result.ptr());
  const auto refuse = [&](const auto& got) { throw py::type_error(message(what, ": expected a number for the cell (", i, ", ", j, "), got ", got)); };
  if (node_of(result) != nullptr) {
    throw py::type_error(message(what,
                                 ": it could not be traced, and gives a plait.Node when called with numbers: use either functions of plait "
                                 "throughout, or plain Python throughout"));
  }
  if (result.is_none()) refuse("None");
  if (py::hasattr(result, "shape") && py::len(result.attr("shape")) != 0) {
    throw ShapeError(message(what, ": expected a number for the cell (", i, ", ", j, "), got shape ", std::string(py::str(result.attr("shape")))));
  }
  const double value = PyFloat_AsDouble(result.ptr());
  if (value == -1.0 && PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    refuse(Py_TYPE(result.ptr())->tp_name);
  }
  return value;
}

/// A Python callable for every cell. Elements are floats, or arrays of shape (width,).
class PythonRule final : public Rule {
 public:
  /// what: its name in messages.
  PythonRule(py::object rank, Index width, Order order, const char* what)
      : inner_(make_function_rule(
            [rank = std::move(rank), width, what](double insertion, double match, double deletion, const double* x, Index x_stride, const double* y,
                                                  Index y_stride, Index i, Index j) {
              const auto element = [width](const double* values, Index stride) -> py::object {
                if (width == 1) return py::float_(*values);
                py::array_t<double> array(width);
                for (Index c = 0; c < width; ++c) array.mutable_data()[c] = values[c * stride];
                return array;
              };
              return as_number(rank(insertion, match, deletion, element(x, x_stride), element(y, y_stride)), what, i, j);
            },
            order)) {}
  void cells(const Stretch& s, double* out, void* scratch) const override {
    const py::gil_scoped_acquire gil;
    inner_->cells(s, out, scratch);
  }
  void moves(const Stretch& s, const double* cells, std::int32_t* out, void* scratch) const override {
    const py::gil_scoped_acquire gil;
    inner_->moves(s, cells, out, scratch);
  }

 private:
  std::shared_ptr<const Rule> inner_;
};

PyRule pointer_rule(std::uintptr_t address, bool minimize) { return {make_pointer_rule(reinterpret_cast<RankPointer>(address), order_of(minimize))}; }

/// init over [begin, end) of a border: an array of float64, which the Python side has checked.
Border border_from(py::object init) {
  return [init = std::move(init)](bool along_x, Index begin, Index end, double* out) {
    const py::gil_scoped_acquire gil;
    const auto values = py::array_t<double, py::array::c_style | py::array::forcecast>::ensure(init(along_x, begin, end));
    if (!values) throw py::error_already_set();
    PLAIT_REQUIRE_AS(ShapeError, values.ndim() == 1 && values.shape(0) == end - begin, "init: expected ", end - begin, " values");
    std::copy(values.data(), values.data() + values.size(), out);
  };
}

RuleOf rule_from(py::object rank) {
  return [rank = std::move(rank)](Index width) {
    const py::gil_scoped_acquire gil;
    return rank(width).cast<PyRule>().rule;
  };
}

}  // namespace

void bind_align_custom(py::module_& m) {
  py::class_<PyRule>(m, "Rule");  // NOLINT(bugprone-unused-raii): what it is made for is its effect on the module
  m.def(
      "lane_rule",
      [](const py::object& rank, const py::list& inputs, bool minimize) {
        return PyRule{make_lane_rule(unroll(require_node(rank, "rank"), require_nodes(inputs, "rank")), order_of(minimize))};
      },
      py::arg("rank"), py::arg("inputs"), py::arg("minimize"), py::pos_only());
  m.def("pointer_rule", &pointer_rule, py::arg("address"), py::arg("minimize"), py::pos_only());
  m.def(
      "python_rule",
      [](py::object rank, Index width, bool minimize) {
        return PyRule{std::make_shared<PythonRule>(std::move(rank), width, order_of(minimize), "rank")};
      },
      py::arg("rank"), py::arg("width"), py::arg("minimize"), py::pos_only());
  m.def(
      "python_metric",
      [](py::object distance, Index width) { return PyRule{std::make_shared<PythonRule>(std::move(distance), width, Order::minimum, "metric")}; },
      py::arg("distance"), py::arg("width"), py::pos_only());
  m.def(
      "make_dtw_of", [](py::object rule_of, const DtwOptions& options) { return make_dtw_of(rule_from(std::move(rule_of)), options); },
      py::arg("rule_of"), py::arg("options"), py::pos_only());
  m.def(
      "make_custom",
      [](py::object border, py::object rule_of, bool minimize, bool nan) {
        return make_custom(border_from(std::move(border)), rule_from(std::move(rule_of)), {order_of(minimize), nan});
      },
      py::arg("border"), py::arg("rule_of"), py::arg("minimize"), py::arg("nan"), py::pos_only());
}
