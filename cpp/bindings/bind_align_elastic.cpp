// Factories of the elastic methods.
#include <pybind11/stl.h>

#include "align.hpp"
#include "plait/align/elastic.hpp"
#include "plait/align/search.hpp"
#include "plait/base/error.hpp"

namespace {

using namespace plait;
using namespace plait::bindings;
using namespace plait::align;

/// True if all are arrays of finite float64, of shape (n,) or (n, d), that the core can read without conversion: the fast path of the checks.
bool are_series(const py::object& values) {
  const auto items = py::reinterpret_steal<py::object>(PySequence_Fast(values.ptr(), "expected a list or tuple"));
  if (!items) throw py::error_already_set();
  const PyTypeObject* array_type = py::detail::npy_api::get().PyArray_Type_;
  // Not a plain static: its initialisation may switch threads, and the other thread would then wait for the static while holding the interpreter.
  PYBIND11_CONSTINIT static py::gil_safe_call_once_and_store<py::dtype> once;
  const py::dtype& number = once.call_once_and_store_result([] { return py::dtype::of<double>(); }).get_stored();
  for (py::ssize_t k = 0; k < PySequence_Fast_GET_SIZE(items.ptr()); ++k) {
    PyObject* item = PySequence_Fast_GET_ITEM(items.ptr(), k);
    if (Py_TYPE(item) != array_type) return false;
    const auto array = py::reinterpret_borrow<py::array>(item);
    if (array.dtype().ptr() != number.ptr() || (array.flags() & py::array::c_style) == 0) return false;
    if ((array.ndim() != 1 && array.ndim() != 2) || array.size() == 0) return false;  // an empty array takes the element type of the others
    const auto* data = static_cast<const double*>(array.data());
    bool finite = true;
    for (py::ssize_t i = 0; i < array.size(); ++i) finite &= data[i] - data[i] == 0;
    if (!finite) return false;
  }
  return true;
}

py::array_t<double> bounds_of_windows(const DtwOptions& options, const py::object& query, const py::object& stream, bool normalize, int threads) {
  const Sequence x = as_sequence(query.ptr(), "query"), y = as_sequence(stream.ptr(), "stream");
  std::vector<double> found;
  {
    const py::gil_scoped_release release;
    found = window_bounds(options, x, y, normalize, threads);
  }
  return py::array_t<double>(static_cast<py::ssize_t>(found.size()), found.data());
}

py::tuple all_endings(const DtwOptions& options, const py::object& query, const py::object& stream) {
  const Sequence x = as_sequence(query.ptr(), "query"), y = as_sequence(stream.ptr(), "stream");
  std::vector<Ending> found;
  {
    const py::gil_scoped_release release;
    found = endings(options, x, y);
  }
  const auto size = static_cast<py::ssize_t>(found.size());
  py::array_t<double> scores(size);
  py::array_t<std::int64_t> starts(size);
  for (py::ssize_t j = 0; j < size; ++j) {
    scores.mutable_data()[j] = found[static_cast<std::size_t>(j)].score;
    starts.mutable_data()[j] = found[static_cast<std::size_t>(j)].start;
  }
  return py::make_tuple(scores, starts);
}

}  // namespace

void bind_align_elastic(py::module_& m) {
  py::enum_<Metric>(m, "Metric")
      .value("squared", Metric::squared)
      .value("absolute", Metric::absolute)
      .value("euclidean", Metric::euclidean)
      .value("cosine", Metric::cosine)
      .value("precomputed", Metric::precomputed);
  m.def("are_series", &are_series, py::arg("values"), py::pos_only());
  py::enum_<StepPattern>(m, "StepPattern")
      .value("symmetric1", StepPattern::symmetric1)
      .value("symmetric2", StepPattern::symmetric2)
      .value("asymmetric", StepPattern::asymmetric);
  py::class_<DtwOptions>(m, "DtwOptions")
      .def(py::init([](Metric metric, StepPattern step, const py::object& window, bool slanted, double slope, bool normalized, bool root,
                       bool open_begin, bool open_end, bool propagate_nan) {
             return DtwOptions{metric, step, as_window(window), slanted, normalized, slope, root, open_begin, open_end, propagate_nan};
           }),
           py::arg("metric"), py::arg("step"), py::arg("window"), py::arg("slanted"), py::arg("slope"), py::arg("normalized"), py::arg("root"),
           py::arg("open_begin"), py::arg("open_end"), py::arg("propagate_nan"), py::pos_only());
  m.def("make_dtw", &make_dtw, py::arg("options"), py::pos_only());
  m.def("window_bounds", &bounds_of_windows, py::arg("options"), py::arg("query"), py::arg("stream"), py::arg("normalize"), py::arg("threads"),
        py::pos_only());
  m.def("endings", &all_endings, py::arg("options"), py::arg("query"), py::arg("stream"), py::pos_only());
  m.def(
      "make_elastic",
      [](const std::string& key, std::vector<double> parameters, const py::object& window, bool slanted, bool propagate_nan) {
        return make_elastic(key, std::move(parameters), {as_window(window), slanted, propagate_nan});
      },
      py::arg("key"), py::arg("parameters"), py::arg("window"), py::arg("slanted"), py::arg("propagate_nan"), py::pos_only());
}
