// SLSQP for Python: one solve, and many over threads.
#include "plait/base/thread_pool.hpp"
#include "plait/optimize/slsqp.hpp"
#include "problem.hpp"

namespace {

using namespace plait;
using namespace plait::optimize;

SlsqpResult run(Problem& problem, const Numbers& x0, int max_iterations, double ftol, double gtol, double ctol, bool check_derivatives,
                bool second_order, const std::optional<Numbers>& hessian, const py::object& callback) {
  static thread_local Slsqp solver;
  const std::vector<double> start = vector_of(x0), b = hessian ? vector_of(*hessian) : std::vector<double>{};
  PLAIT_REQUIRE(b.empty() || b.size() == start.size() * start.size(), "slsqp: hessian: expected ", start.size(), " x ", start.size());
  const IterationCallback each = callback_of(callback, problem.n);
  const SlsqpOptions options{max_iterations, ftol, gtol, ctol, check_derivatives, second_order, b.empty() ? nullptr : &b};
  const py::gil_scoped_release release;
  // A callback of Python may solve another problem: it then needs a solver of its own.
  static thread_local bool busy = false;
  if (busy) return Slsqp().solve(problem, start, options, each);
  struct Busy {
    Busy() { busy = true; }
    ~Busy() { busy = false; }
  } const guard;
  return solver.solve(problem, start, options, each);
}

}  // namespace

void bind_slsqp(py::module_& m) {
  py::class_<SlsqpResult>(m, "SlsqpResult", "What SLSQP came to.")
      .def_property_readonly("status", [](const SlsqpResult& r) { return static_cast<int>(r.status); })
      .def_property_readonly("x", [](const SlsqpResult& r) { return array_of(r.x); })
      .def_property_readonly("gradient", [](const SlsqpResult& r) { return array_of(r.gradient); })
      .def_readonly("f", &SlsqpResult::f)
      .def_property_readonly("multipliers", [](const SlsqpResult& r) { return array_of(r.multipliers); })
      .def_property_readonly("bound_multipliers", [](const SlsqpResult& r) { return array_of(r.bound_multipliers); })
      .def_property_readonly("rows", [](const SlsqpResult& r) { return array_of(r.rows); })
      .def_property_readonly("active",
                             [](const SlsqpResult& r) {
                               py::array_t<bool> a(static_cast<py::ssize_t>(r.active.size()));
                               for (std::size_t k = 0; k < r.active.size(); ++k) a.mutable_data()[k] = r.active[k] != 0;
                               return a;
                             })
      .def_readonly("kkt", &SlsqpResult::kkt)
      .def_readonly("violation", &SlsqpResult::violation)
      .def_readonly("feasible_found", &SlsqpResult::feasible_found)
      .def_property_readonly("best_x", [](const SlsqpResult& r) { return array_of(r.best_x); })
      .def_readonly("best_f", &SlsqpResult::best_f)
      .def_property_readonly("hessian",
                             [](const SlsqpResult& r) {
                               const auto n = static_cast<py::ssize_t>(r.x.size());
                               return py::array_t<double>({n, n}, r.hessian.data());
                             })
      .def_readonly("iterations", &SlsqpResult::iterations)
      .def_readonly("evaluations", &SlsqpResult::evaluations)
      .def_readonly("derivative_evaluations", &SlsqpResult::derivative_evaluations)
      .def_readonly("wrong_by", &SlsqpResult::wrong_by)
      .def_readonly("wrong_row", &SlsqpResult::wrong_row)
      .def_readonly("negative_curvature", &SlsqpResult::negative_curvature);
  m.def("slsqp", &run, py::arg("problem"), py::arg("x0"), py::arg("max_iterations") = 1000, py::arg("ftol") = 1e-10, py::arg("gtol") = 1e-8,
        py::arg("ctol") = 1e-8, py::arg("check_derivatives") = false, py::arg("second_order") = true, py::arg("hessian") = py::none(),
        py::arg("callback") = py::none());
}
