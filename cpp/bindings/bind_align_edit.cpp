// Factories of the edit distances.
#include "align.hpp"
#include "plait/align/edit.hpp"
#include "plait/base/error.hpp"

namespace {

using namespace plait;
using namespace plait::bindings;
using namespace plait::align;

}  // namespace

void bind_align_edit(py::module_& m) {
  py::enum_<Transposition>(m, "Transposition")
      .value("none", Transposition::none)
      .value("restricted", Transposition::restricted)
      .value("unrestricted", Transposition::unrestricted);
  m.def(
      "make_levenshtein",
      [](double insert, double remove, double substitute, Transposition transposition) {
        return make_levenshtein({insert, remove, substitute, transposition});
      },
      py::arg("insert"), py::arg("remove"), py::arg("substitute"), py::arg("transposition"), py::pos_only());
  m.def("make_lcs", &make_lcs);
}
