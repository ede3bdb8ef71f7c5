// SLSQP for Python: one solve, and many over threads.
#include <algorithm>
#include <chrono>

#include "plait/base/thread_pool.hpp"
#include "plait/optimize/slsqp.hpp"
#include "problem.hpp"

namespace {

using namespace plait;
using namespace plait::bindings;
using namespace plait::optimize;

SlsqpResult run(Problem& problem, const Numbers& x0, int max_iterations, double ftol, double gtol, double ctol, bool check_derivatives,
                bool second_order, const std::optional<Numbers>& hessian, const py::object& callback) {
  static thread_local Slsqp solver;
  const std::vector<double> start = vector_of(x0), b = hessian ? vector_of(*hessian) : std::vector<double>{};
  PLAIT_REQUIRE(b.empty() || b.size() == start.size() * start.size(), "slsqp: hessian: expected ", start.size(), " x ", start.size());
  const IterationCallback each = callback_of(callback, problem.n);
  const SlsqpOptions options{max_iterations, ftol, gtol, ctol, check_derivatives, second_order, b.empty() ? nullptr : &b};
  const py::gil_scoped_release release;
  // A Python callback may solve another problem, which needs a separate solver.
  static thread_local bool busy = false;
  if (busy) return Slsqp().solve(problem, start, options, each);
  struct Busy {
    Busy() { busy = true; }
    ~Busy() { busy = false; }
  } const guard;
  return solver.solve(problem, start, options, each);
}

constexpr Index kTogether = 32;  // problems that one task solves

/// Many problems that differ in start and parameters: (x, f, status, kkt, iterations).
py::tuple run_many(const GraphProblem& problem, const Numbers& starts, const std::vector<std::pair<std::size_t, py::array>>& parameters,
                   int max_iterations, double ftol, double gtol, double ctol, int threads) {
  const Index count = starts.shape(0), n = problem.n;
  PLAIT_REQUIRE(starts.ndim() == 2 && starts.shape(1) == n, "solve_many: starts: expected (k, ", n, ")");
  struct Varying {
    std::size_t k;
    Shape shape;
    const std::byte* data;
    Index bytes;
  };
  std::vector<Varying> varying;
  for (const auto& [k, array] : parameters) {
    PLAIT_REQUIRE(array.ndim() > 0 && array.shape(0) == count && (array.flags() & py::array::c_style) != 0, "solve_many: parameters: expected ",
                  count, " values");
    Index bytes = array.itemsize();
    for (py::ssize_t axis = 1; axis < array.ndim(); ++axis) bytes *= array.shape(axis);
    varying.push_back({k, Shape(array.shape() + 1, array.shape() + array.ndim()), static_cast<const std::byte*>(array.data()), bytes});
  }
  py::array_t<double> x({count, n}), f(count), kkt(count);
  py::array_t<int> status(count), iterations(count);
  double *const to_x = x.mutable_data(), *const to_f = f.mutable_data(), *const to_kkt = kkt.mutable_data();
  int *const to_status = status.mutable_data(), *const to_iterations = iterations.mutable_data();
  const double* const from = starts.data();
  const SlsqpOptions options{max_iterations, ftol, gtol, ctol, false, true, nullptr};
  {
    const py::gil_scoped_release release;
    if (threads <= 0) threads = get_num_threads();
    struct Worker {
      std::unique_ptr<GraphProblem> problem;
      Slsqp solver;
    };
    std::vector<Worker> workers(static_cast<std::size_t>(threads));
    parallel_for((count + kTogether - 1) / kTogether,
                 [&](std::int64_t task, int worker) {
                   Worker& own = workers[static_cast<std::size_t>(worker)];
                   if (!own.problem) own.problem = problem.clone();
                   std::vector<double> start(static_cast<std::size_t>(n));
                   for (Index i = task * kTogether; i < std::min(count, (task + 1) * kTogether); ++i) {
                     for (const Varying& v : varying) own.problem->set_parameter(v.k, v.shape, v.data + i * v.bytes);
                     std::copy_n(from + i * n, n, start.begin());
                     const SlsqpResult r = own.solver.solve(*own.problem, start, options);
                     std::copy_n(r.x.begin(), n, to_x + i * n);
                     to_f[i] = r.f;
                     to_kkt[i] = r.kkt;
                     to_status[i] = static_cast<int>(r.status);
                     to_iterations[i] = r.iterations;
                   }
                 },
                 threads);
  }
  return py::make_tuple(x, f, status, kkt, iterations);
}

/// The entries of Python's result, in order, except those that are added in Python.
py::dict fields(const SlsqpResult& r) {
  const auto n = static_cast<py::ssize_t>(r.x.size());
  py::dict d;
  const auto put = [&d](const char* name, const py::object& value) {
    PyObject* const key = PyUnicode_InternFromString(name);
    PyDict_SetItem(d.ptr(), key, value.ptr());
    Py_DECREF(key);
  };
  put("x", array_of(r.x));
  put("fun", py::float_(r.f));
  put("jac", array_of(r.gradient));
  put("success", py::bool_(r.status == Status::solved));
  put("status", py::int_(static_cast<int>(r.status)));
  put("message", py::none());
  put("nit", py::int_(r.iterations));
  put("nfev", py::int_(r.evaluations));
  put("njev", py::int_(r.derivative_evaluations));
  put("nhev", py::int_(r.products));
  put("multipliers", array_of(r.multipliers));
  put("bound_multipliers", array_of(r.bound_multipliers));
  py::array_t<bool> active(static_cast<py::ssize_t>(r.active.size()));
  std::transform(r.active.begin(), r.active.end(), active.mutable_data(), [](char a) { return a != 0; });
  put("active", active);
  put("kkt", py::float_(r.kkt));
  put("constraint_violation", py::float_(r.violation));
  put("best_feasible", r.feasible_found ? py::object(py::make_tuple(array_of(r.best_x), r.best_f)) : py::none());
  put("path", py::array_t<double>({static_cast<py::ssize_t>(r.path.size() / 2), py::ssize_t{2}}, r.path.data()));
  put("conflict", py::list());
  put("_hessian", py::array_t<double>({n, n}, r.hessian.data()));
  return d;
}

/// Mean seconds per solve over `times` solves without Python: for benches.
double seconds(Problem& problem, const Numbers& x0, int times) {
  const std::vector<double> start = vector_of(x0);
  const py::gil_scoped_release release;
  Slsqp solver;
  const auto begin = std::chrono::steady_clock::now();
  for (int k = 0; k < times; ++k) solver.solve(problem, start);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() / times;
}

}  // namespace

void bind_slsqp(py::module_& m) {
  py::class_<SlsqpResult>(m, "SlsqpResult", "What SLSQP came to.")
      .def_property_readonly("status", [](const SlsqpResult& r) { return static_cast<int>(r.status); })
      .def_property_readonly("x", [](const SlsqpResult& r) { return array_of(r.x); })
      .def_property_readonly("rows", [](const SlsqpResult& r) { return array_of(r.rows); })
      .def("fields", &fields, "What it came to, by the names of a result of Python.")
      .def_readonly("wrong_by", &SlsqpResult::wrong_by)
      .def_readonly("wrong_row", &SlsqpResult::wrong_row)
      .def_readonly("negative_curvature", &SlsqpResult::negative_curvature);
  m.def("slsqp", &run, py::arg("problem"), py::arg("x0"), py::arg("max_iterations") = 1000, py::arg("ftol") = 1e-10, py::arg("gtol") = 1e-8,
        py::arg("ctol") = 1e-8, py::arg("check_derivatives") = false, py::arg("second_order") = true, py::arg("hessian") = py::none(),
        py::arg("callback") = py::none());
  m.def("slsqp_seconds", &seconds, py::arg("problem"), py::arg("x0"), py::arg("times"));
  m.def("slsqp_many", &run_many, py::arg("problem"), py::arg("starts"), py::arg("parameters"), py::arg("max_iterations"), py::arg("ftol"),
        py::arg("gtol"), py::arg("ctol"), py::arg("threads"));
}
