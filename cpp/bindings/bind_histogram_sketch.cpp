// The quantile sketch, and borders from data.
#include <pybind11/stl.h>

#include <mutex>

#include "histogram.hpp"
#include "plait/base/error.hpp"
#include "plait/histogram/borders.hpp"
#include "plait/histogram/sketch.hpp"

namespace {

using namespace plait;
using namespace plait::bindings;
using namespace plait::histogram;
using Doubles = py::array_t<double, py::array::c_style | py::array::forcecast>;

py::array_t<double> as_array(const std::vector<double>& values) {
  return py::array_t<double>(static_cast<py::ssize_t>(values.size()), values.data());
}

/// Calls from several threads are serialised by the GIL or, without it, by a mutex of the sketch, which is never held while Python objects are made:
/// allocation may wait until all threads stop.
#ifdef Py_GIL_DISABLED
using Turn = std::mutex;
#else
struct Turn {
  void lock() {}
  void unlock() {}
};
#endif
struct SharedSketch : Sketch {
  using Sketch::Sketch;
  Turn turn;
};

void update(SharedSketch& self, const py::array& x) {
  PLAIT_REQUIRE(x.ndim() == 1 && (x.flags() & py::array::c_style) != 0, "update: the core takes contiguous arrays (n,)");
  const std::lock_guard turn(self.turn);
  if (py::isinstance<py::array_t<float>>(x)) return self.update(static_cast<const float*>(x.data()), x.shape(0));
  if (!py::isinstance<py::array_t<double>>(x)) throw py::type_error("update: the core takes float64 or float32");
  self.update(static_cast<const double*>(x.data()), x.shape(0));
}

SketchState state_of(SharedSketch& self) {
  const std::lock_guard turn(self.turn);
  return self.state();
}

/// `other` is copied first: holding two locks could deadlock, and a sketch may be merged with itself.
void merge(SharedSketch& self, SharedSketch& other) {
  const Sketch added(state_of(other));
  const std::lock_guard turn(self.turn);
  self.merge(added);
}

py::tuple state(SharedSketch& self) {
  const SketchState now = state_of(self);
  std::vector<double> values;
  py::list sizes;
  for (const std::vector<double>& level : now.levels) {
    values.insert(values.end(), level.begin(), level.end());
    sizes.append(level.size());
  }
  return py::make_tuple(now.k, now.seed, now.coins, now.count, now.invalid, now.least, now.greatest, sizes, as_array(values));
}

std::unique_ptr<SharedSketch> restored(std::int64_t k, std::uint64_t seed, std::uint64_t coins, std::uint64_t count, std::uint64_t invalid,
                                       double least, double greatest, const std::vector<std::size_t>& sizes, const Doubles& values) {
  SketchState state{k, seed, coins, count, invalid, least, greatest, {}};
  std::size_t at = 0;
  const std::size_t size = static_cast<std::size_t>(values.size());
  for (const std::size_t n : sizes) {
    PLAIT_REQUIRE_AS(FormatError, n <= size - at, "sketch: the levels are larger than what is there");
    state.levels.emplace_back(values.data() + at, values.data() + at + n);
    at += n;
  }
  PLAIT_REQUIRE_AS(FormatError, at == size, "sketch: the levels are smaller than what is there");
  return std::make_unique<SharedSketch>(std::move(state));
}

PyObject* insert(PyObject* self, PyObject* value) {
  return fast_method<SharedSketch>(self, [&](SharedSketch& sketch) -> PyObject* {
    double x = 0;
    if (!as_number(value, x, "insert: x")) return nullptr;
    const std::lock_guard turn(sketch.turn);
    sketch.insert(x);
    Py_RETURN_NONE;
  });
}

PyMethodDef insert_method = {"insert", &insert, METH_O,
                             "insert($self, x, /)\n--\n\n"
                             "Take in one value; NaN is counted apart.\n\n"
                             "Parameters\n----------\nx : float\n    A number.\n\n"
                             "Examples\n--------\n>>> s = plait.QuantileSketch()\n>>> s.insert(2.5)\n>>> s.quantile(0.5)\n2.5\n"};

}  // namespace

void bind_histogram_sketch(py::module_& m) {
  py::class_<SharedSketch> sketch(m, "Sketch", "A KLL sketch.");
  sketch.def(py::init<std::int64_t, std::uint64_t>(), py::arg("k"), py::arg("seed"), py::pos_only())
      .def(py::init(&restored), py::arg("k"), py::arg("seed"), py::arg("coins"), py::arg("count"), py::arg("invalid"), py::arg("least"),
           py::arg("greatest"), py::arg("sizes"), py::arg("values"), py::pos_only())
      .def("_update", &update, py::arg("x"), py::pos_only())
      .def("_merge", &merge, py::arg("other"), py::pos_only())
      .def("_state", &state)
      .def("_sorted",
           [](SharedSketch& self) {
             std::vector<double> values;
             std::vector<std::uint64_t> weights;
             {
               const std::lock_guard turn(self.turn);
               self.sorted(values, weights);
             }
             return py::make_tuple(as_array(values), py::array_t<std::uint64_t>(static_cast<py::ssize_t>(weights.size()), weights.data()));
           })
      .def_static("_error", &Sketch::error, py::arg("k"), py::pos_only());
  add_method(sketch, insert_method);
  m.def(
      "quantile_borders",
      [](const Doubles& values, std::int64_t bins) {
        std::vector<double> copied(values.data(), values.data() + values.size()), found;
        {
          const py::gil_scoped_release release;
          found = quantile_borders(std::move(copied), bins);
        }
        return as_array(found);
      },
      py::arg("values"), py::arg("bins"), py::pos_only());
}
