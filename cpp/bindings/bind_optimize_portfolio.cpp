// For portfolios: whole shares, the critical line.
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include "modules.hpp"
#include "plait/optimize/whole_shares.hpp"

namespace {

using namespace plait::optimize;
using Numbers = py::array_t<double, py::array::c_style | py::array::forcecast>;

std::span<const double> span_of(const Numbers& a) { return {a.data(), static_cast<std::size_t>(a.size())}; }

py::tuple whole_shares_of(const Numbers& wanted, const Numbers& prices, double money, std::int64_t max_nodes) {
  WholeShares found;
  {
    const py::gil_scoped_release release;
    found = whole_shares(span_of(wanted), span_of(prices), money, max_nodes);
  }
  return py::make_tuple(found.shares, found.error, found.cash, found.proven, found.nodes);
}

}  // namespace

void bind_optimize_portfolio(py::module_& top) {
  py::module_ m = top.attr("optimize");
  m.def("whole_shares", &whole_shares_of, py::arg("wanted"), py::arg("prices"), py::arg("money"), py::arg("max_nodes"),
        "(shares, error, cash, proven, nodes) of the whole shares that come closest to the wanted amounts within the money.");
}
