// Shared by the bindings of the solvers: problems as Python objects.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>

#include "graph_problem.hpp"
#include "modules.hpp"
#include "plait/base/error.hpp"

namespace plait::bindings {

using Numbers = py::array_t<double, py::array::c_style | py::array::forcecast>;

inline std::vector<double> vector_of(const Numbers& a) { return {a.data(), a.data() + a.size()}; }
template <class T>
py::array_t<T> array_of(const std::vector<T>& v) {
  return py::array_t<T>(static_cast<py::ssize_t>(v.size()), v.data());
}

/// Python functions as a Problem. Results have been checked in Python: float64, contiguous, of the right size.
class CallableProblem final : public optimize::Problem {
 public:
  py::object value_of, derivatives_of;
  py::object curvature_of = py::none();
  bool by_differences = false;

  void values(const double* x, double& f, double* c) override {
    const py::gil_scoped_acquire gil;
    const py::tuple both = value_of(array(x));
    f = both[0].cast<double>();
    copy(both[1], c, m);
  }
  void derivatives(const double* x, double* gradient, double* jacobian) override {
    const py::gil_scoped_acquire gil;
    const py::tuple both = derivatives_of(array(x));
    copy(both[0], gradient, n);
    copy(both[1], jacobian, n * m);
  }
  bool curvature(const double* x, const double* multipliers, const double* v, double* out) override {
    const py::gil_scoped_acquire gil;
    if (curvature_of.is_none()) return false;
    copy(curvature_of(array(x), py::array_t<double>(m, multipliers), array(v)), out, n);
    return true;
  }
  [[nodiscard]] bool differences() const override { return by_differences; }

 private:
  [[nodiscard]] py::array_t<double> array(const double* x) const { return py::array_t<double>(n, x); }
  static void copy(const py::object& from, double* to, Index count) {
    if (count == 0) return;
    const auto a = from.cast<Numbers>();
    PLAIT_REQUIRE(a.size() == count, "Problem: a function gave ", a.size(), " numbers, not ", count);
    std::copy_n(a.data(), count, to);
  }
};

/// The callback of a solver from a callable (x, f, iteration) -> bool, or None.
inline optimize::IterationCallback callback_of(const py::object& callback, Index n) {
  if (callback.is_none()) return {};
  return [&callback, n](const double* x, double f, int iteration) {
    const py::gil_scoped_acquire gil;
    return callback(py::array_t<double>(n, x), f, iteration).cast<bool>();
  };
}

}  // namespace plait::bindings

void bind_problems(py::module_& m);
void bind_slsqp(py::module_& m);
void bind_solution(py::module_& m);
