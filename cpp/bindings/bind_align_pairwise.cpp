// The factory of the methods that maximise similarity.
#include "align.hpp"
#include "plait/align/pairwise.hpp"
#include "plait/base/error.hpp"

namespace {

using namespace plait;
using namespace plait::bindings;
using namespace plait::align;

/// A square matrix, or a pair (match, mismatch).
Similarity as_similarity(const py::object& object) {
  Similarity out;
  if (py::isinstance<py::tuple>(object)) {
    const auto pair = object.cast<py::tuple>();
    PLAIT_REQUIRE(pair.size() == 2, "similarity: expected (match, mismatch), got ", pair.size(), " numbers");
    out.match = pair[0].cast<double>();
    out.mismatch = pair[1].cast<double>();
    return out;
  }
  const auto matrix = object.cast<py::array_t<double, py::array::c_style | py::array::forcecast>>();
  PLAIT_REQUIRE_AS(ShapeError, matrix.ndim() == 2 && matrix.shape(0) == matrix.shape(1) && matrix.shape(0) > 0,
                   "similarity: expected a square matrix with a row for each symbol");
  out.size = matrix.shape(0);
  out.matrix.assign(matrix.data(), matrix.data() + matrix.size());
  return out;
}

}  // namespace

void bind_align_pairwise(py::module_& m) {
  m.def(
      "make_pairwise",
      [](const py::object& similarity, double open, double extend, const std::string& free_start, const std::string& free_end, bool local) {
        const auto has = [](const std::string& text, char c) { return text.find(c) != std::string::npos; };
        return make_pairwise({as_similarity(similarity), open, extend,
                              Ends{has(free_start, 'x'), has(free_start, 'y'), has(free_end, 'x'), has(free_end, 'y'), local}});
      },
      py::arg("similarity"), py::arg("open"), py::arg("extend"), py::arg("free_start"), py::arg("free_end"), py::arg("local"), py::pos_only());
}
