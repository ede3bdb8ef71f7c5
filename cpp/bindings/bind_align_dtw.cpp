// Factories of the warping methods.
#include "align.hpp"
#include "plait/align/dtw.hpp"
#include "plait/base/error.hpp"

namespace {

using namespace plait;
using namespace plait::align;

/// None, a number of cells, or a fraction of the longer length.
std::optional<Window> as_window(const py::object& window) {
  if (window.is_none()) return std::nullopt;
  if (py::isinstance<py::float_>(window)) return Window{0, window.cast<double>()};
  return Window{window.cast<Index>(), -1};
}

}  // namespace

void bind_align_dtw(py::module_& m) {
  py::enum_<Metric>(m, "Metric")
      .value("squared", Metric::squared)
      .value("absolute", Metric::absolute)
      .value("euclidean", Metric::euclidean)
      .value("cosine", Metric::cosine);
  m.def(
      "make_dtw",
      [](Metric metric, const py::object& window, bool root, bool open_begin, bool open_end) {
        return make_dtw({metric, as_window(window), root, open_begin, open_end});
      },
      py::arg("metric"), py::arg("window"), py::arg("root"), py::arg("open_begin"), py::arg("open_end"), py::pos_only());
}
