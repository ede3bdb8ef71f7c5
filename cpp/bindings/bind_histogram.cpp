// Histograms and quantile sketches: conversion of arrays, and a fast insert of single values.
#include <pybind11/stl.h>

#include "histogram.hpp"
#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"
#include "plait/histogram/accumulator.hpp"

namespace {

using namespace plait;
using namespace plait::bindings;
using namespace plait::histogram;

/// Below this many values (about 10 µs) the GIL is kept: releasing it costs more than it gains.
constexpr Index kReleaseValues = 4096;

Column as_column(const py::handle& object, Index& n, const char* name) {
  if (!py::isinstance<py::array>(object)) throw py::type_error(message(name, ": the core takes arrays, got ", Py_TYPE(object.ptr())->tp_name));
  const auto array = py::reinterpret_borrow<py::array>(object);
  const bool of_double = py::isinstance<py::array_t<double>>(array), of_float = py::isinstance<py::array_t<float>>(array);
  if ((!of_double && !of_float) || array.ndim() != 1 || (array.flags() & py::array::c_style) == 0) {
    throw py::type_error(message(name, ": the core takes contiguous arrays (n,) of float64 or float32"));
  }
  PLAIT_REQUIRE_AS(ShapeError, n < 0 || array.shape(0) == n, name, ": expected ", n, " elements, got ", array.shape(0));
  n = array.shape(0);
  return {array.data(), of_float};
}

void fill(Accumulator& self, const py::list& arrays, const py::object& weights, double weight, int threads) {
  Index n = -1;
  std::vector<Column> columns;
  for (const py::handle array : arrays) columns.push_back(as_column(array, n, "fill"));
  const double* each = nullptr;
  if (!weights.is_none()) {
    const Column column = as_column(weights, n, "weights");
    if (column.single) throw py::type_error("weights: the core takes float64");
    each = static_cast<const double*>(column.data);
  }
  if (n < kReleaseValues) return self.fill(columns, n, each, weight, 1);
  const py::gil_scoped_release release;
  self.fill(columns, n, each, weight, threads);
}

py::object as_array(const std::vector<double>& values) { return py::array_t<double>(static_cast<py::ssize_t>(values.size()), values.data()); }

py::tuple contents(const Accumulator& self) {
  const Contents now = self.contents();
  return py::make_tuple(as_array(now.sums), now.squares ? as_array(*now.squares) : py::none(), now.invalid);
}

using Doubles = py::array_t<double, py::array::c_style | py::array::forcecast>;

std::vector<double> as_vector(const Doubles& array) { return {array.data(), array.data() + array.size()}; }

py::array_t<std::int64_t> find(const Accumulator& self, std::size_t axis, const py::object& x) {
  Index n = -1;
  const Column column = as_column(x, n, "find");
  py::array_t<std::int64_t> out(n);
  std::int64_t* const bins = out.mutable_data();
  const py::gil_scoped_release release;
  constexpr Index block = 1024;
  Slot slots[block];
  for (Index at = 0; at < n; at += block) {
    poll_interrupt();
    const Index size = std::min(block, n - at);
    if (column.single) {
      self.locator(axis).locate(static_cast<const float*>(column.data) + at, size, slots);
    } else {
      self.locator(axis).locate(static_cast<const double*>(column.data) + at, size, slots);
    }
    for (Index i = 0; i < size; ++i) bins[at + i] = static_cast<std::int64_t>(slots[i]) - 1;
  }
  return out;
}

constexpr std::size_t kMostAxes = 32;

/// insert(*values, weight=1.0) by the vectorcall convention: pybind11's overhead would be ten times the work.
PyObject* insert(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
  return fast_method<Accumulator>(self, [&](Accumulator& histogram) -> PyObject* {
    const Py_ssize_t axes = static_cast<Py_ssize_t>(histogram.axes());
    PyObject* weight_given = count == axes + 1 ? arguments[axes] : nullptr;
    if (names != nullptr && PyTuple_GET_SIZE(names) > 0) {
      if (PyTuple_GET_SIZE(names) > 1 || weight_given != nullptr || PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), "weight") != 0) {
        PyErr_Format(PyExc_TypeError, "insert: expected weight= once and no other keyword, got %R", names);
        return nullptr;
      }
      weight_given = arguments[count];
    } else if (count != axes && weight_given == nullptr) {
      PyErr_Format(PyExc_TypeError, "insert: expected %zd value%s and perhaps a weight, got %zd", axes, axes == 1 ? "" : "s, one for each axis",
                   count);
      return nullptr;
    }
    if (count < axes) {
      PyErr_Format(PyExc_TypeError, "insert: expected %zd values, one for each axis, got %zd", axes, count);
      return nullptr;
    }
    double x[kMostAxes], weight = 1;
    for (Py_ssize_t axis = 0; axis < axes; ++axis)
      if (!as_number(arguments[axis], x[axis], "insert: value")) return nullptr;
    if (weight_given != nullptr && !as_number(weight_given, weight, "insert: weight")) return nullptr;
    histogram.insert(x, weight);
    Py_RETURN_NONE;
  });
}

PyMethodDef insert_method = {"insert", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&insert)), METH_FASTCALL | METH_KEYWORDS,
                             "insert($self, /, *values, weight=1.0)\n--\n\n"
                             "Count one value, or one point of several coordinates.\n\n"
                             "Parameters\n----------\n"
                             "*values : float\n    One for each axis; NaN counts as invalid.\n"
                             "weight : float\n    How much it counts; may also be given by position.\n\n"
                             "Raises\n------\nValueError\n    If the weight is not finite.\n\n"
                             "Examples\n--------\n"
                             ">>> h = plait.Histogram([0, 1, 2])\n>>> h.insert(0.5)\n>>> h.insert(1.5, 2)\n>>> h.values()\narray([1., 2.])\n"};

}  // namespace

void bind_histogram(py::module_& core) {
  py::module_ m = core.def_submodule("histogram", "Histograms and quantile sketches.");
  py::class_<Accumulator> accumulator(m, "Accumulator", "Counts in cells between borders.");
  accumulator
      .def(py::init([](const std::vector<Doubles>& of_axes, bool right) {
             std::vector<std::vector<double>> borders;
             for (const Doubles& of_axis : of_axes) borders.push_back(as_vector(of_axis));
             PLAIT_REQUIRE(borders.size() <= kMostAxes, "Histogram: expected at most ", kMostAxes, " axes, got ", borders.size());
             return std::make_unique<Accumulator>(borders, right ? Closed::right : Closed::left);
           }),
           py::arg("borders"), py::arg("right"), py::pos_only())
      .def("_fill", &fill, py::arg("arrays"), py::arg("weights"), py::arg("weight"), py::arg("threads"), py::pos_only())
      .def("_contents", &contents)
      .def(
          "_set_contents",
          [](Accumulator& self, const Doubles& sums, const std::optional<Doubles>& squares, std::uint64_t invalid) {
            Contents contents{as_vector(sums), std::nullopt, invalid};
            if (squares) contents.squares = as_vector(*squares);
            self.set_contents(std::move(contents));
          },
          py::arg("sums"), py::arg("squares"), py::arg("invalid"), py::pos_only())
      .def(
          "_add", [](Accumulator& self, const Accumulator& other) { self.add(other.contents()); }, py::arg("other"), py::pos_only())
      .def("_find", &find, py::arg("axis"), py::arg("x"), py::pos_only());
  add_method(accumulator, insert_method);
  bind_histogram_sketch(m);
}
