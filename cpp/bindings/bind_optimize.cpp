// Constrained optimisation: quadratic programs; problems over graphs are in join_optimize.cpp.
#include "plait/base/error.hpp"
#include "plait/optimize/qp.hpp"
#include "problem.hpp"

namespace {

using namespace plait;
using namespace plait::bindings;
using namespace plait::optimize;

std::span<const double> span_of(const Numbers& a) { return {a.data(), static_cast<std::size_t>(a.size())}; }

struct BoundQp {
  Qp qp;

  static BoundQp make(const Numbers& hessian, const std::optional<Numbers>& rows) {
    PLAIT_REQUIRE_AS(ShapeError, hessian.ndim() == 2 && hessian.shape(0) == hessian.shape(1), "Qp: hessian: expected a square matrix");
    const Index n = hessian.shape(0);
    PLAIT_REQUIRE_AS(ShapeError, !rows || (rows->ndim() == 2 && rows->shape(1) == n), "Qp: rows: expected a matrix of ", n, " columns");
    return {Qp(n, rows ? rows->shape(0) : 0, span_of(hessian), rows ? span_of(*rows) : std::span<const double>{})};
  }

  QpResult solve(const Numbers& gradient, const std::optional<Numbers>& lower, const std::optional<Numbers>& upper,
                 const std::optional<Numbers>& row_lower, const std::optional<Numbers>& row_upper, const std::optional<QpResult>& warm,
                 int max_steps) {
    const auto part = [](const std::optional<Numbers>& a) { return a ? span_of(*a) : std::span<const double>{}; };
    const QpLimits limits{part(lower), part(upper), part(row_lower), part(row_upper)};
    const py::gil_scoped_release release;
    return qp.solve(span_of(gradient), limits, {max_steps, warm ? &warm->active : nullptr});
  }
};

const char* name_of_status(QpStatus status) {
  constexpr const char* kNames[] = {"solved", "infeasible", "unbounded", "step_limit", "not_convex"};
  return kNames[static_cast<int>(status)];
}

}  // namespace

void bind_optimize(py::module_& top) {
  py::module_ m = top.def_submodule("optimize", "Constrained optimisation.");
  py::class_<QpResult>(m, "QpResult", "What a quadratic program came to.")
      .def_property_readonly("status", [](const QpResult& r) { return name_of_status(r.status); })
      .def_property_readonly("x", [](const QpResult& r) { return array_of(r.x); })
      .def_property_readonly("bound_multipliers", [](const QpResult& r) { return array_of(r.bound_multipliers); })
      .def_property_readonly("row_multipliers", [](const QpResult& r) { return array_of(r.row_multipliers); })
      .def_property_readonly("bound_certificate", [](const QpResult& r) { return array_of(r.bound_certificate); })
      .def_property_readonly("row_certificate", [](const QpResult& r) { return array_of(r.row_certificate); })
      .def_property_readonly("bounds_active", [](const QpResult& r) { return array_of(r.active.bounds); })
      .def_property_readonly("rows_active", [](const QpResult& r) { return array_of(r.active.rows); })
      .def_property_readonly("ray", [](const QpResult& r) { return array_of(r.ray); })
      .def_readonly("objective", &QpResult::objective)
      .def_readonly("steps", &QpResult::steps);
  py::class_<BoundQp>(m, "Qp", "min ½x'Hx + g'x subject to lower <= x <= upper, row_lower <= A x <= row_upper: H and A prepared once.")
      .def(py::init(&BoundQp::make), py::arg("hessian"), py::arg("rows") = py::none())
      .def("solve", &BoundQp::solve, py::arg("gradient"), py::arg("lower") = py::none(), py::arg("upper") = py::none(),
           py::arg("row_lower") = py::none(), py::arg("row_upper") = py::none(), py::arg("warm") = py::none(), py::arg("max_steps") = 0);
  bind_problems(m);
  bind_slsqp(m);
  bind_solution(m);
}
