// Problems over graphs and over functions of Python, and L-BFGS on them.
#include "graph.hpp"
#include "plait/optimize/lbfgs.hpp"
#include "problem.hpp"

namespace {

using namespace plait;
using namespace plait::bindings;
using namespace plait::optimize;

void set_limits(Problem& p, const Numbers& lower, const Numbers& upper, const Numbers& row_lower, const Numbers& row_upper, const Numbers& linear,
                const Numbers& linear_lower, const Numbers& linear_upper) {
  p.lower = vector_of(lower);
  p.upper = vector_of(upper);
  p.row_lower = vector_of(row_lower);
  p.row_upper = vector_of(row_upper);
  p.linear = vector_of(linear);
  p.linear_lower = vector_of(linear_lower);
  p.linear_upper = vector_of(linear_upper);
  const auto n = static_cast<std::size_t>(p.n), m = static_cast<std::size_t>(p.m), rows = p.linear_lower.size();
  PLAIT_REQUIRE(p.lower.size() == n && p.upper.size() == n, "Problem: bounds: expected ", n, " of each kind, got ", p.lower.size(), " and ",
                p.upper.size());
  PLAIT_REQUIRE(p.row_lower.size() == m && p.row_upper.size() == m, "Problem: limits of constraints: expected ", m);
  PLAIT_REQUIRE(p.linear_upper.size() == rows && p.linear.size() == rows * n, "Problem: linear constraints do not fit together");
}

std::shared_ptr<Program> program_of(const py::object& nodes, const char* what) {
  std::vector<NodeRef> outputs = require_nodes(nodes, what);
  for (const NodeRef& node : outputs) PLAIT_REQUIRE_AS(DTypeError, node->spec.dtype == DType::float64, what, ": outputs must be float64");
  return std::make_shared<Program>(std::move(outputs));
}

std::shared_ptr<GraphProblem> graph_problem(const py::object& variables, const py::object& parameters, const py::object& values,
                                            const py::object& derivatives, const py::object& curvature, const py::object& directions,
                                            const py::object& multipliers, Index m) {
  auto programs = std::make_shared<ProblemPrograms>();
  programs->variables = require_nodes(variables, "variables");
  programs->parameters = require_nodes(parameters, "parameters");
  programs->values = program_of(values, "values");
  programs->derivatives = program_of(derivatives, "derivatives");
  if (!curvature.is_none()) programs->curvature = program_of(curvature, "curvature");
  programs->directions = require_nodes(directions, "directions");
  if (!multipliers.is_none()) programs->multipliers = require_node(multipliers, "multipliers");
  programs->m = m;
  return std::make_shared<GraphProblem>(std::move(programs));
}

void set_parameter(GraphProblem& p, std::size_t k, const py::object& value) {
  const Node& node = *p.programs().parameters.at(k);
  const py::object array = array_as(value, "parameters: " + node.label(), node.spec.dtype);
  p.set_parameter(k, array_shape(array), array_data(array));
}

LbfgsResult run_lbfgs(Problem& problem, const Numbers& x0, int memory, int max_iterations, int max_evaluations, double ftol, double gtol,
                      double gtol_absolute, bool check_derivatives, bool second_order, const py::object& callback) {
  const std::vector<double> start = vector_of(x0);
  const IterationCallback each = callback_of(callback, problem.n);
  const py::gil_scoped_release release;
  return lbfgs(problem, start, {memory, max_iterations, max_evaluations, ftol, gtol, gtol_absolute, check_derivatives, second_order}, each);
}

}  // namespace

void bind_problems(py::module_& m) {
  py::class_<Problem, std::shared_ptr<Problem>>(m, "Problem", "What is to be minimised.")
      .def_readonly("n", &Problem::n)
      .def_readonly("m", &Problem::m)
      .def_property_readonly("by_differences", &Problem::differences)
      .def("set_sizes",
           [](Problem& p, const Numbers& sizes) {
             PLAIT_REQUIRE(sizes.size() == p.n, "Problem: sizes: expected ", p.n, " numbers, got ", sizes.size());
             p.sizes = vector_of(sizes);
           })
      .def("set_limits", &set_limits, py::arg("lower"), py::arg("upper"), py::arg("row_lower"), py::arg("row_upper"), py::arg("linear"),
           py::arg("linear_lower"), py::arg("linear_upper"))
      .def("values",
           [](Problem& p, const Numbers& x) {
             PLAIT_REQUIRE(x.size() == p.n, "Problem: x: expected ", p.n, " numbers, got ", x.size());
             double f = 0;
             std::vector<double> c(static_cast<std::size_t>(p.m));
             p.values(x.data(), f, c.data());
             return py::make_tuple(f, array_of(c));
           })
      .def("derivatives",
           [](Problem& p, const Numbers& x) {
             PLAIT_REQUIRE(x.size() == p.n, "Problem: x: expected ", p.n, " numbers, got ", x.size());
             py::array_t<double> g(p.n), j({p.m, p.n});
             p.derivatives(x.data(), g.mutable_data(), j.mutable_data());
             return py::make_tuple(g, j);
           })
      .def("curvature", [](Problem& p, const Numbers& x, const Numbers& multipliers, const Numbers& v) -> py::object {
        PLAIT_REQUIRE(x.size() == p.n && v.size() == p.n && multipliers.size() == p.m, "Problem: curvature: sizes do not fit");
        py::array_t<double> out(p.n);
        if (!p.curvature(x.data(), multipliers.data(), v.data(), out.mutable_data())) return py::none();
        return out;
      });
  py::class_<GraphProblem, Problem, std::shared_ptr<GraphProblem>>(m, "GraphProblem", "Programs of values and derivatives as a Problem.")
      .def(py::init(&graph_problem), py::arg("variables"), py::arg("parameters"), py::arg("values"), py::arg("derivatives"), py::arg("curvature"),
           py::arg("directions"), py::arg("multipliers"), py::arg("m"))
      .def("set_parameter", &set_parameter, py::arg("k"), py::arg("value"));
  py::class_<CallableProblem, Problem, std::shared_ptr<CallableProblem>>(m, "CallableProblem", "Functions of Python as a Problem.")
      .def(py::init([](Index n, Index rows, py::object values, py::object derivatives, py::object curvature, bool by_differences) {
             auto p = std::make_shared<CallableProblem>();
             p->n = n;
             p->m = rows;
             p->value_of = std::move(values);
             p->derivatives_of = std::move(derivatives);
             p->curvature_of = std::move(curvature);
             p->by_differences = by_differences;
             return p;
           }),
           py::arg("n"), py::arg("m"), py::arg("values"), py::arg("derivatives"), py::arg("curvature"), py::arg("by_differences"));

  py::class_<LbfgsResult>(m, "LbfgsResult", "What L-BFGS came to.")
      .def_property_readonly("status", [](const LbfgsResult& r) { return static_cast<int>(r.status); })
      .def_property_readonly("x", [](const LbfgsResult& r) { return array_of(r.x); })
      .def_property_readonly("gradient", [](const LbfgsResult& r) { return array_of(r.gradient); })
      .def_property_readonly("path", [](const LbfgsResult& r) { return array_of(r.path); })
      .def_readonly("f", &LbfgsResult::f)
      .def_readonly("projected_gradient", &LbfgsResult::projected_gradient)
      .def_readonly("iterations", &LbfgsResult::iterations)
      .def_readonly("evaluations", &LbfgsResult::evaluations)
      .def_readonly("wrong_by", &LbfgsResult::wrong_by);
  m.def("lbfgs", &run_lbfgs, py::arg("problem"), py::arg("x0"), py::arg("memory") = 10, py::arg("max_iterations") = 15000,
        py::arg("max_evaluations") = 100000, py::arg("ftol") = 1e-10, py::arg("gtol") = 1e-8, py::arg("gtol_absolute") = 0.0,
        py::arg("check_derivatives") = false, py::arg("second_order") = false, py::arg("callback") = py::none());
}
