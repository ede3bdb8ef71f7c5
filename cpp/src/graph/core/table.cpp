#include "plait/graph/table.hpp"

#include "graph/passes/module.hpp"
#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"
#include "plait/base/thread_pool.hpp"
#include "plait/graph/scan.hpp"

namespace plait::graph {
namespace {

void check_feed(const Node& input, const Spec& got) {
  PLAIT_REQUIRE_AS(DTypeError, got.dtype == input.spec.dtype, "input ", input.label(), ": expected ", name_of(input.spec.dtype), ", got ",
                   name_of(got.dtype));
  PLAIT_REQUIRE_AS(ShapeError, fits(got.shape, input.spec.shape), "input ", input.label(), ": expected shape ", to_string(input.spec.shape), ", got ",
                   to_string(got.shape));
}

}  // namespace

bool fits(const Shape& known, const Shape& declared) {
  if (known.size() != declared.size()) return false;
  for (std::size_t i = 0; i < known.size(); ++i)
    if (declared[i] != kAny && declared[i] != known[i]) return false;
  return true;
}

Table::Table(std::span<const NodeRef> outputs, const Feeds& feeds, std::uint64_t seed, std::uint64_t run) : seed_(seed), run_(run) {
  for (Node* node : ancestors(outputs)) {
    const auto feed = feeds.find(node);
    if (feed == feeds.end()) continue;
    check_feed(*node, feed->second->spec);
    values_.emplace(node, feed->second);
  }
  evaluate(outputs);
  kept_.assign(outputs.begin(), outputs.end());
}

void Table::evaluate(std::span<const NodeRef> outputs) {
  for (Node* node : ancestors(outputs))
    if (values_.find(node) == values_.end()) values_.emplace(node, compute(*node));
}

TensorRef Table::compute(const Node& node) {
  poll_interrupt();
  const Op& op = *node.op;
  if (op.kind == OpKind::leaf) {
    PLAIT_REQUIRE_AS(GraphError, node.value(), "input ", node.label(), " ", to_string(node.spec.shape), " was not fed");
    // Copied: a parameter may be updated while the table lives.
    auto copy = std::make_shared<Tensor>(node.spec);
    std::memcpy(copy->data.get(), node.value()->data.get(), copy->bytes());
    return copy;
  }
  std::vector<const Tensor*> inputs;
  std::vector<Spec> specs;
  for (const Edge& edge : node.inputs()) {
    inputs.push_back(values_.at(edge.input).get());
    specs.push_back(inputs.back()->spec);
  }
  Attributes attributes = node.attributes;
  if (op.kind == OpKind::random) attributes = RandomDraw::with_ordinal(attributes, randoms_++);
  Spec spec;
  try {
    if (const std::shared_ptr<const Scan> declared = loop_of(attributes)) {
      const Node* const loop = loop_behind(node);
      attributes = with_loop(attributes, loop != nullptr ? loops_.at(loop) : loops_[&node] = bind_scan(declared->body, specs, {}));
    }
    spec = op.infer(specs, attributes);
  } catch (const ShapeError& e) {
    throw ShapeError(message(e.what(), " [at ", node.label(), "]"));
  }
  return evaluate_op(op, inputs, spec, attributes, {.seed = seed_, .run = run_, .threads = get_num_threads()});
}

void Table::repeat_loops(std::span<const NodeRef> wanted) {
  for (const Node* node : ancestors(wanted)) {
    if (node->op != &ops::scan_output) continue;
    const Node* const loop = loop_behind(*node);
    const auto ran = loops_.find(loop);
    if (ran != loops_.end() && !ran->second->has(static_cast<int>(node->attributes.as<LoopOutput>().output))) values_[loop] = compute(*loop);
  }
}

TensorRef Table::value(const NodeRef& node) const {
  const std::lock_guard lock(mutex_);
  const auto found = values_.find(node.get());
  PLAIT_REQUIRE_AS(GraphError, found != values_.end(), "table: node ", node->label(), " is not in it");
  return found->second;
}

void Table::backward(std::span<const NodeRef> outputs, std::span<const TensorRef> seeds) {
  const std::lock_guard lock(mutex_);
  for (const NodeRef& output : outputs) static_cast<void>(value(output));
  std::vector<NodeRef> from(outputs.begin(), outputs.end());
  std::vector<TensorRef> given(seeds.begin(), seeds.end());
  from_.swap(from);
  seeds_.swap(given);
  try {
    differentiate(false);
  } catch (...) {  // restore the results of the earlier call
    from_.swap(from);
    seeds_.swap(given);
    throw;
  }
  steps_.clear();
  recorded_ = false;
  backward_done_ = true;
}

void Table::differentiate(bool recording) {
  std::vector<NodeRef> seed_nodes;
  for (const TensorRef& seed : seeds_) seed_nodes.push_back(seed ? make_constant(seed) : NodeRef());
  std::vector<BackwardStep> taken;
  const auto gradients = all_gradients(from_, seed_nodes, recording ? &taken : nullptr);
  std::vector<NodeRef> wanted;
  // NOLINTNEXTLINE(bugprone-nondeterministic-pointer-iteration-order): in which order they are evaluated changes no value
  for (const auto& [node, gradient] : gradients)
    if (gradient) wanted.push_back(gradient);
  for (const BackwardStep& step : taken)
    if (step.gradient) wanted.push_back(step.gradient);
  repeat_loops(wanted);
  auto forward = values_;
  auto forward_loops = loops_;
  const auto forget = [&] {  // only the sums are kept: backward nodes are freed, and new nodes may reuse their addresses
    values_ = std::move(forward);
    loops_ = std::move(forward_loops);
  };
  try {
    evaluate(wanted);
  } catch (...) {
    forget();
    throw;
  }
  gradients_.clear();
  // NOLINTNEXTLINE(bugprone-nondeterministic-pointer-iteration-order): from one map into another
  for (const auto& [node, gradient] : gradients)
    if (gradient) gradients_.emplace(node, values_.at(gradient.get()));
  std::vector<Step> steps;
  for (const BackwardStep& step : taken)
    steps.push_back({step.kind, step.node.get(), step.consumer.get(), step.input, step.gradient ? values_.at(step.gradient.get()) : TensorRef()});
  steps_ = std::move(steps);
  forget();
}

std::vector<Table::Step> Table::steps() {
  const std::lock_guard lock(mutex_);
  if (backward_done_ && !recorded_) {
    differentiate(true);
    recorded_ = true;
  }
  return steps_;
}

std::vector<NodeRef> Table::nodes() const {
  std::vector<NodeRef> found;
  for (Node* node : ancestors(kept_)) found.emplace_back(node);
  return found;
}

TensorRef Table::gradient(const NodeRef& node) const {
  const std::lock_guard lock(mutex_);
  PLAIT_REQUIRE_AS(GraphError, backward_done_, "table: no gradients yet; call backward first");
  const TensorRef own = value(node);
  PLAIT_REQUIRE_AS(GraphError, !node->op->opaque, "table: ", node->label(), " is a ", node->op->name,
                   "; plait.gradient gives its gradient, which is dense");
  PLAIT_REQUIRE_AS(DTypeError, is_float(node->spec.dtype), "table: ", node->label(), " is ", name_of(node->spec.dtype),
                   "; only floating point nodes have gradients");
  const auto found = gradients_.find(node.get());
  if (found != gradients_.end()) return found->second;
  auto zeros = std::make_shared<Tensor>(own->spec);
  std::memset(zeros->data.get(), 0, zeros->bytes());
  return zeros;
}

}  // namespace plait::graph
