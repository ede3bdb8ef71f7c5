// The solution of a problem as an operation of graphs: connects optimize and graph.
//   solution(p...): values of the problem's parameters; gives x (n,).
//   solution_gradient(p..., g): (dx/dp_k)' g for one k, of p_k's shape, by implicit differentiation of the first-order conditions with fixed active
//   constraints (Fiacco 1976). It has no gradient.
#include <cmath>
#include <mutex>

#include "graph.hpp"
#include "plait/base/error.hpp"
#include "plait/optimize/slsqp.hpp"
#include "problem.hpp"

namespace plait::bindings {
namespace joined_ops {
extern const Op solution, solution_gradient;
}  // namespace joined_ops

namespace {

using Specs = std::span<const Spec>;

/// A registered problem, kept for the life of the process: nodes refer to it by number.
struct Registered {
  std::shared_ptr<GraphProblem> problem;
  std::shared_ptr<Program> pullback;  ///< of x, p, direction, multipliers, weights: for each p its gradient
  NodeRef direction, multipliers, weights;
  std::vector<double> start;
};
std::mutex registry_mutex;
std::vector<std::unique_ptr<Registered>> registry;

/// Attributes: the problem's number in the registry. They cannot be read from a file: the number is valid in this process only.
struct SolvedProblem {
  Index number;
  bool operator==(const SolvedProblem&) const = default;
  static void fields(auto& self, auto& f) { f.number(self.number); }
};
/// The same, and the parameter to differentiate with respect to.
struct SolvedGradient {
  Index number, parameter;
  bool operator==(const SolvedGradient&) const = default;
  static void fields(auto& self, auto& f) {
    f.number(self.number);
    f.number(self.parameter);
  }
};

Registered& registered(Index number) {
  const std::lock_guard lock(registry_mutex);
  return *registry.at(static_cast<std::size_t>(number));
}

struct Solved {
  std::unique_ptr<GraphProblem> problem;
  optimize::SlsqpResult result;
};

Solved solve(const Registered& r, const void* const* parameters, const std::vector<Shape>& shapes) {
  Solved s{r.problem->clone(), {}};
  for (std::size_t k = 0; k < shapes.size(); ++k) s.problem->set_parameter(k, shapes[k], parameters[k]);
  s.result = optimize::Slsqp().solve(*s.problem, r.start);
  if (s.result.status != optimize::Status::solved)
    throw std::runtime_error(message("solution: the problem was not solved for these parameters: status ", static_cast<int>(s.result.status)));
  return s;
}

/// Gaussian elimination with pivoting: a (n × n) y = b in place; components of singular directions are 0.
void solve_dense(std::vector<double>& a, std::vector<double>& b) {
  const std::size_t n = b.size();
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t best = k;
    for (std::size_t i = k + 1; i < n; ++i)
      if (std::abs(a[i * n + k]) > std::abs(a[best * n + k])) best = i;
    PLAIT_REQUIRE(std::abs(a[best * n + k]) > 1e-13,
                  "solution: its derivative is not defined: the active constraints depend on each other, or the "
                  "minimum is not strict");
    for (std::size_t j = 0; j < n && best != k; ++j) std::swap(a[k * n + j], a[best * n + j]);
    std::swap(b[k], b[best]);
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = a[i * n + k] / a[k * n + k];
      if (factor == 0) continue;
      for (std::size_t j = k; j < n; ++j) a[i * n + j] -= factor * a[k * n + j];
      b[i] -= factor * b[k];
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t j = k + 1; j < n; ++j) b[k] -= a[k * n + j] * b[j];
    b[k] /= a[k * n + k];
  }
}

std::vector<Shape> shapes_of(Specs in, std::size_t count) {
  std::vector<Shape> shapes;
  for (std::size_t k = 0; k < count; ++k) shapes.push_back(in[k].shape);
  return shapes;
}

class SolutionKernel final : public Kernel {
 public:
  SolutionKernel(Specs in, const Attributes& a) : of_(registered(a.as<SolvedProblem>().number)), shapes_(shapes_of(in, in.size())) {}
  void run(const void* const* inputs, void* const* outputs, void*, const RunContext&) const override {
    const Solved s = solve(of_, inputs, shapes_);
    std::copy(s.result.x.begin(), s.result.x.end(), static_cast<double*>(outputs[0]));
  }

 private:
  const Registered& of_;
  std::vector<Shape> shapes_;
};

class PullbackKernel final : public Kernel {
 public:
  PullbackKernel(Specs in, const Attributes& a)
      : of_(registered(a.as<SolvedGradient>().number)),
        shapes_(shapes_of(in, in.size() - 1)),
        which_(static_cast<std::size_t>(a.as<SolvedGradient>().parameter)) {}

  void run(const void* const* inputs, void* const* outputs, void*, const RunContext&) const override {
    Solved s = solve(of_, inputs, shapes_);
    const auto* const g = static_cast<const double*>(inputs[shapes_.size()]);
    const auto n = static_cast<std::size_t>(s.problem->n), m = static_cast<std::size_t>(s.problem->m);
    std::vector<std::size_t> free, tight;
    const optimize::SlsqpResult& r = s.result;
    for (std::size_t i = 0; i < n; ++i)
      if (r.bound_multipliers[i] == 0 && s.problem->lower[i] < s.problem->upper[i]) free.push_back(i);
    for (std::size_t k = 0; k < m; ++k)
      if (r.multipliers[k] != 0 || s.problem->row_lower[k] == s.problem->row_upper[k]) tight.push_back(k);
    std::vector<double> gradient(n), jacobian(m * n), v(n), image(n);
    s.problem->derivatives(r.x.data(), gradient.data(), jacobian.data());
    const std::size_t nf = free.size(), size = nf + tight.size();
    std::vector<double> system(size * size, 0.0), right(size, 0.0);
    for (std::size_t b = 0; b < nf; ++b) {
      std::fill(v.begin(), v.end(), 0.0);
      v[free[b]] = 1;
      PLAIT_REQUIRE(s.problem->curvature(r.x.data(), r.multipliers.data(), v.data(), image.data()),
                    "solution: an operation of the problem has no second derivative");
      for (std::size_t a = 0; a < nf; ++a) system[a * size + b] = image[free[a]];
      right[b] = g[free[b]];
      for (std::size_t t = 0; t < tight.size(); ++t) system[b * size + nf + t] = system[(nf + t) * size + b] = jacobian[tight[t] * n + free[b]];
    }
    solve_dense(system, right);
    std::vector<double> direction(n, 0.0), weights(std::max<std::size_t>(m, 1), 0.0);
    for (std::size_t a = 0; a < nf; ++a) direction[free[a]] = -right[a];
    for (std::size_t t = 0; t < tight.size(); ++t) weights[tight[t]] = -right[nf + t];
    std::vector<const void*> feeds;
    std::vector<Spec> specs;
    const auto& variables = s.problem->programs().variables;
    const auto& parameters = s.problem->programs().parameters;
    for (const NodeRef& input : of_.pullback->inputs()) {
      specs.push_back(input->spec);
      const void* data = input == of_.direction ? direction.data() : input == of_.multipliers ? r.multipliers.data() : weights.data();
      if (input == variables[0]) data = r.x.data();
      for (std::size_t k = 0; k < parameters.size(); ++k)
        if (input == parameters[k]) {
          data = inputs[k];
          specs.back().shape = shapes_[k];
        }
      feeds.push_back(data);
    }
    const std::shared_ptr<Plan> plan = of_.pullback->plan(specs);
    std::vector<Tensor> results;
    std::vector<void*> to;
    for (const Spec& spec : plan->output_specs()) to.push_back(results.emplace_back(spec).data.get());
    of_.pullback->run(*plan, feeds.data(), to.data(), 1);
    std::memcpy(outputs[0], results[which_].data.get(), results[which_].bytes());
  }

 private:
  const Registered& of_;
  std::vector<Shape> shapes_;
  std::size_t which_;
};

Spec solution_rule(Specs, const Attributes& a) { return {{registered(a.as<SolvedProblem>().number).problem->n}, DType::float64}; }
Spec pullback_rule(Specs in, const Attributes& a) { return in[static_cast<std::size_t>(a.as<SolvedGradient>().parameter)]; }

std::vector<NodeRef> d_solution(const NodeRef& node, const NodeRef& g) {
  std::vector<NodeRef> inputs, gradients;
  for (std::size_t k = 0; k < node->input_count(); ++k) inputs.push_back(node->input_ref(k));
  inputs.push_back(g);
  for (std::size_t k = 0; k < node->input_count(); ++k)
    gradients.push_back(
        apply(joined_ops::solution_gradient, inputs, SolvedGradient{node->attributes.as<SolvedProblem>().number, static_cast<Index>(k)}));
  return gradients;
}
std::vector<NodeRef> no_second(const NodeRef&, const NodeRef&) { throw GraphError("gradient: solution has a first derivative, but no second one"); }

}  // namespace

namespace joined_ops {
constinit const Op solution =
    entry({.name = "solution",
           .kind = OpKind::other,
           .inputs = -1,
           .infer = solution_rule,
           .gradient = d_solution,
           .kernel = [](Specs in, const Spec&, const Attributes& a) -> std::unique_ptr<Kernel> { return std::make_unique<SolutionKernel>(in, a); }});
constinit const Op solution_gradient =
    entry({.name = "solution_gradient",
           .kind = OpKind::other,
           .inputs = -1,
           .infer = pullback_rule,
           .gradient = no_second,
           .kernel = [](Specs in, const Spec&, const Attributes& a) -> std::unique_ptr<Kernel> { return std::make_unique<PullbackKernel>(in, a); }});
}  // namespace joined_ops

void add_solution_ops(OpList& list) { list.insert(list.end(), {&joined_ops::solution, &joined_ops::solution_gradient}); }

namespace {

Index register_solution(std::shared_ptr<GraphProblem> problem, const Numbers& start, const py::object& pullback, const py::object& direction,
                        const py::object& multipliers, const py::object& weights) {
  auto entry = std::make_unique<Registered>();
  entry->start = vector_of(start);
  entry->pullback = std::make_shared<Program>(require_nodes(pullback, "pullback"));
  entry->direction = require_node(direction, "direction");
  entry->multipliers = require_node(multipliers, "multipliers");
  entry->weights = require_node(weights, "weights");
  entry->problem = std::move(problem);
  const std::lock_guard lock(registry_mutex);
  registry.push_back(std::move(entry));
  return static_cast<Index>(registry.size()) - 1;
}

}  // namespace
}  // namespace plait::bindings

void bind_solution(py::module_& m) {
  m.def("register_solution", &plait::bindings::register_solution, py::arg("problem"), py::arg("start"), py::arg("pullback"), py::arg("direction"),
        py::arg("multipliers"), py::arg("weights"));
  m.def("solution", [](plait::tensor::Index number, const py::object& parameters) -> py::object {
    return plait::bindings::to_python(plait::graph::apply(
        plait::bindings::joined_ops::solution, plait::bindings::require_nodes(parameters, "solution"), plait::bindings::SolvedProblem{number}));
  });
}
