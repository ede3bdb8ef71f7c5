#include "graph_problem.hpp"

#include <algorithm>
#include <cstring>

#include "plait/base/error.hpp"
#include "plait/base/thread_pool.hpp"
#include "plait/graph/op.hpp"

namespace plait::bindings {
namespace {

constexpr double kTogether = 5e3;  // ns: a program of derivatives that is cheaper than this is run also if only values are needed
constexpr double kParallel = 1e5;  // ns: a run may use several threads from here on

}  // namespace

// A program with memory of its own; the addresses of its feeds are fixed.
class GraphProblem::Runner {
 public:
  Runner(Program& program, const GraphProblem& of) {
    std::vector<Spec> specs;
    for (const NodeRef& input : program.inputs()) {
      const TensorRef tensor = of.tensor_of(*input);
      PLAIT_REQUIRE_AS(GraphError, tensor != nullptr, "Problem: input ", input->label(), " is neither a variable nor a parameter with a value");
      specs.push_back(tensor->spec);
      feeds_.push_back(tensor->data.get());
      held_.push_back(tensor);
    }
    const std::shared_ptr<Plan> plan = program.plan(specs);
    cost_ = plan->cost_ns();
    threads_ = cost_ > kParallel ? get_num_threads() : 1;
    runner_ = std::make_unique<PlanRunner>(plan, std::vector<char>(feeds_.size(), 0));
    memory_ = allocate_bytes(runner_->bytes(threads_));
    runner_->begin(memory_.get(), feeds_.data());
    for (const Spec& spec : plan->output_specs()) {
      outputs_.push_back(std::make_unique<Tensor>(spec));
      pointers_.push_back(outputs_.back()->data.get());
    }
  }
  void run() { runner_->run(memory_.get(), feeds_.data(), pointers_.data(), {.threads = threads_}); }
  [[nodiscard]] const double* output(std::size_t k) const { return reinterpret_cast<const double*>(outputs_[k]->data.get()); }
  [[nodiscard]] double cost() const { return cost_; }

 private:
  std::vector<TensorRef> held_;
  std::vector<const void*> feeds_;
  std::unique_ptr<PlanRunner> runner_;
  Bytes memory_;
  std::vector<std::unique_ptr<Tensor>> outputs_;
  std::vector<void*> pointers_;
  double cost_ = 0;
  int threads_ = 1;
};

GraphProblem::GraphProblem(std::shared_ptr<const ProblemPrograms> programs) : programs_(std::move(programs)) {
  m = programs_->m;
  for (const NodeRef& node : programs_->variables) {
    PLAIT_REQUIRE_AS(ShapeError, is_known(node->spec.shape), "Problem: variable ", node->label(), " ", to_string(node->spec.shape),
                     " must have a known shape");
    x_.push_back(node->value() ? node->value() : std::make_shared<Tensor>(node->spec));
    n += x_.back()->count();
  }
  for (const NodeRef& node : programs_->directions) directions_.push_back(std::make_shared<Tensor>(node->spec));
  if (programs_->multipliers) multipliers_ = std::make_shared<Tensor>(programs_->multipliers->spec);
  parameters_.resize(programs_->parameters.size());
  last_.resize(static_cast<std::size_t>(n));
}
GraphProblem::~GraphProblem() = default;

std::unique_ptr<GraphProblem> GraphProblem::clone() const {
  for (const NodeRef& node : programs_->variables)
    PLAIT_REQUIRE_AS(GraphError, !node->value(), "Problem: variable ", node->label(), " is a parameter node, which only one thread can work on");
  auto copy = std::make_unique<GraphProblem>(programs_);
  copy->lower = lower;
  copy->upper = upper;
  copy->row_lower = row_lower;
  copy->row_upper = row_upper;
  copy->linear = linear;
  copy->linear_lower = linear_lower;
  copy->linear_upper = linear_upper;
  for (std::size_t k = 0; k < parameters_.size(); ++k)
    if (parameters_[k]) copy->set_parameter(k, parameters_[k]->spec.shape, parameters_[k]->data.get());
  return copy;
}

TensorRef GraphProblem::tensor_of(const Node& node) const {
  const auto find = [&](const std::vector<NodeRef>& nodes, const std::vector<TensorRef>& tensors) -> TensorRef {
    for (std::size_t k = 0; k < nodes.size(); ++k)
      if (nodes[k].get() == &node) return tensors[k];
    return nullptr;
  };
  if (programs_->multipliers.get() == &node) return multipliers_;
  if (TensorRef t = find(programs_->variables, x_)) return t;
  if (TensorRef t = find(programs_->parameters, parameters_)) return t;
  return find(programs_->directions, directions_);
}

void GraphProblem::set_parameter(std::size_t k, const Shape& shape, const void* data) {
  TensorRef& tensor = parameters_.at(k);
  const Node& node = *programs_->parameters[k];
  if (!tensor || tensor->spec.shape != shape) {
    const Shape& asked = node.spec.shape;
    const bool same = std::equal(shape.begin(), shape.end(), asked.begin(), asked.end(), [](Index a, Index b) { return a == b || b == kAny; });
    PLAIT_REQUIRE_AS(ShapeError, same, "parameters: ", node.label(), ": expected shape ", to_string(asked), ", got ", to_string(shape));
    tensor = std::make_shared<Tensor>(Spec{shape, node.spec.dtype});
    values_.reset();
    derivatives_.reset();
    curvature_.reset();
  }
  std::memcpy(tensor->data.get(), data, tensor->bytes());
  known_ = false;
}

GraphProblem::Runner& GraphProblem::runner(std::unique_ptr<Runner>& which, const std::shared_ptr<Program>& program) {
  if (!which) which = std::make_unique<Runner>(*program, *this);
  return *which;
}

void GraphProblem::put(const std::vector<TensorRef>& to, const double* x) const {
  for (const TensorRef& tensor : to) {
    const Index count = tensor->count();
    if (tensor->spec.dtype == DType::float64) std::memcpy(tensor->data.get(), x, static_cast<std::size_t>(count) * sizeof(double));
    else
      for (Index i = 0; i < count; ++i) set_element(tensor->data.get(), tensor->spec.dtype, i, x[i]);
    x += count;
  }
}

void GraphProblem::values(const double* x, double& f, double* c) {
  put(x_, x);
  const bool together = runner(derivatives_, programs_->derivatives).cost() <= kTogether;
  Runner& from = together ? *derivatives_ : runner(values_, programs_->values);
  from.run();
  known_ = together;
  if (together) std::copy_n(x, n, last_.begin());
  f = *from.output(0);
  if (m > 0) std::copy_n(from.output(1), m, c);
}

void GraphProblem::derivatives(const double* x, double* gradient, double* jacobian) {
  Runner& from = runner(derivatives_, programs_->derivatives);
  if (!known_ || !std::equal(last_.begin(), last_.end(), x)) {
    put(x_, x);
    from.run();
    std::copy_n(x, n, last_.begin());
    known_ = true;
  }
  const std::size_t first = m > 0 ? 2 : 1, count = x_.size();
  Index at = 0;
  for (std::size_t k = 0; k < count; ++k) {
    const Index size = x_[k]->count();
    std::copy_n(from.output(first + k), size, gradient + at);
    if (m > 0) {
      const double* const part = from.output(first + count + k);
      for (Index row = 0; row < m; ++row) std::copy_n(part + row * size, size, jacobian + row * n + at);
    }
    at += size;
  }
}

bool GraphProblem::curvature(const double* x, const double* multipliers, const double* v, double* out) {
  if (!programs_->curvature) return false;
  put(x_, x);
  known_ = false;
  put(directions_, v);
  if (multipliers_) std::copy_n(multipliers, m, reinterpret_cast<double*>(multipliers_->data.get()));
  Runner& from = runner(curvature_, programs_->curvature);
  from.run();
  for (std::size_t k = 0; k < x_.size(); ++k) {
    std::copy_n(from.output(k), x_[k]->count(), out);
    out += x_[k]->count();
  }
  return true;
}

}  // namespace plait::bindings
