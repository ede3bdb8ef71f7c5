// Soft-DTW: as a method, and its gradients.
#include "align.hpp"
#include "plait/align/soft.hpp"
#include "plait/base/error.hpp"

namespace {

using namespace plait;
using namespace plait::bindings;
using namespace plait::align;

SoftOptions options_of(double gamma, const py::object& window, bool slanted) {
  PLAIT_REQUIRE(gamma > 0 && gamma < kWorst<Order::minimum>, "gamma: expected a positive number, got ", gamma);
  return {gamma, as_window(window), slanted};
}

/// (score, d score / dx, d score / dy, expected alignment); None for those not requested.
py::tuple gradients(const py::object& x, const py::object& y, double gamma, const py::object& window, bool slanted, bool wrt_series, bool expected) {
  const SoftOptions options = options_of(gamma, window, slanted);
  const Sequence a = as_sequence(x.ptr(), "x"), b = as_sequence(y.ptr(), "y");
  make_soft_dtw(options)->check(a, b);
  const auto like = [](const py::object& series) {
    const auto array = py::reinterpret_borrow<py::array>(series);
    return py::array_t<double>(std::vector<py::ssize_t>(array.shape(), array.shape() + array.ndim()));
  };
  py::object gx = py::none(), gy = py::none(), share = py::none();
  SoftGradient wanted;
  const auto place = [](py::object& to, py::array_t<double> array) {
    to = array;
    return array.mutable_data();
  };
  if (wrt_series) {
    wanted.x = place(gx, like(x));
    wanted.y = place(gy, like(y));
  }
  if (expected) wanted.expected = place(share, py::array_t<double>({static_cast<py::ssize_t>(a.length), static_cast<py::ssize_t>(b.length)}));
  double score = 0;
  {
    const py::gil_scoped_release release;
    score = below_infinity(soft_dtw(a, b, options, wanted, thread_workspace()));
  }
  return py::make_tuple(score, gx, gy, share);
}

}  // namespace

void bind_align_soft(py::module_& m) {
  m.def(
      "make_soft_dtw", [](double gamma, const py::object& window, bool slanted) { return make_soft_dtw(options_of(gamma, window, slanted)); },
      py::arg("gamma"), py::arg("window"), py::arg("slanted"), py::pos_only());
  m.def("soft_dtw_gradients", &gradients, py::arg("x"), py::arg("y"), py::arg("gamma"), py::arg("window"), py::arg("slanted"), py::arg("wrt_series"),
        py::arg("expected"), py::pos_only());
}
