// From a traced step to a scan node: outside values that the step reads become captures, and loop-invariant nodes are hoisted out of the
// loop.
#include <algorithm>

#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/ops.hpp"
#include "plait/graph/scan.hpp"
#include "plait/graph/scope.hpp"

namespace plait::graph {
namespace {

using namespace build;

enum class Kind : std::uint8_t { constant, outside, varying };

class Tracer {
 public:
  explicit Tracer(const TracedScan& traced) : traced_(traced) {
    // All traced nodes have larger ids than the inputs made for the trace; nodes with smaller ids cannot depend on them.
    since_ = ~std::uint64_t{0};
    for (const auto* list : {&traced.step_states, &traced.step_xs})
      for (const NodeRef& node : *list) {
        since_ = std::min(since_, node->id);
        kinds_[node.get()] = Kind::varying;
        replaced_.emplace(node.get(), node);
      }
    graph_.states = traced.step_states;
    graph_.xs = traced.step_xs;
    sequences_ = traced.sequences;
  }

  std::shared_ptr<ScanBody> body() {
    std::vector<NodeRef> outputs = traced_.next;
    outputs.insert(outputs.end(), traced_.ys.begin(), traced_.ys.end());
    const std::vector<Node*> members = made_here(outputs);
    for (Node* node : members) classify(node);
    for (Node* node : members) rebuild(node);
    for (const NodeRef& node : traced_.next) graph_.next.push_back(inside(node.get()));
    for (const NodeRef& node : traced_.ys) graph_.ys.push_back(inside(node.get()));
    graph_.reverse = traced_.reverse;
    return std::make_shared<ScanBody>(std::move(graph_));
  }

  /// The captures of the scan node.
  [[nodiscard]] std::vector<NodeRef> captured() const { return captured_; }
  [[nodiscard]] std::vector<NodeRef> sequences() const { return sequences_; }

 private:
  std::vector<Node*> made_here(const std::vector<NodeRef>& outputs) {
    std::unordered_set<const Node*> seen;
    std::vector<Node*> open, found;
    const auto visit = [&](Node* node) {
      if (node->id >= since_ && seen.insert(node).second) open.push_back(node);
    };
    for (const NodeRef& output : outputs) visit(output.get());
    while (!open.empty()) {
      Node* const node = open.back();
      open.pop_back();
      found.push_back(node);
      for (const Edge& edge : node->inputs()) visit(edge.input);
    }
    std::sort(found.begin(), found.end(), [](const Node* a, const Node* b) { return a->id < b->id; });
    return found;
  }

  Kind kind(const Node* node) const {
    const auto found = kinds_.find(node);
    if (found != kinds_.end()) return found->second;
    return node->op == &ops::constant ? Kind::constant : Kind::outside;  // older than the trace
  }

  void classify(Node* node) {
    if (kinds_.find(node) != kinds_.end()) return;
    Kind most = Kind::constant;
    if (node->op->kind == OpKind::random) most = Kind::varying;  // new random numbers at every step
    else if (node->op->kind == OpKind::leaf) most = node->op == &ops::constant ? Kind::constant : Kind::outside;
    for (const Edge& edge : node->inputs()) most = std::max(most, kind(edge.input));
    kinds_[node] = most;
  }

  void rebuild(Node* node) {
    if (kind(node) != Kind::varying || replaced_.find(node) != replaced_.end()) return;
    std::vector<NodeRef> inputs;
    bool same = true;
    for (const Edge& edge : node->inputs()) {
      inputs.push_back(inside(edge.input));
      same = same && inputs.back().get() == edge.input;
    }
    if (node->op->kind == OpKind::random) replaced_[node] = random(*node, inputs);
    else replaced_[node] = same ? NodeRef(node) : clone_node(*node, inputs);
  }

  // The node inside the body that stands for a traced node.
  NodeRef inside(Node* node) {
    if (const auto found = replaced_.find(node); found != replaced_.end()) return found->second;
    if (kind(node) == Kind::constant) return NodeRef(node);
    return replaced_[node] = capture(NodeRef(node));
  }

  NodeRef capture(const NodeRef& node) {
    NodeRef input = make_input(node->label(), node->spec);
    graph_.captures.push_back(input);
    captured_.push_back(node);
    return input;
  }

  // Random nodes of a step become functions of a key, drawn once per run outside the loop, and of the step number: so the backward loop and
  // recomputed segments get the same numbers.
  NodeRef random(const Node& node, const std::vector<NodeRef>& like) {
    if (!index_) {
      index_ = make_input("step", {{}, DType::int64});
      graph_.xs.push_back(index_);
      sequences_.push_back(graph::apply(ops::scan_index, {sequences_[0]}));
    }
    const bool own_seed = node.attributes.as<RandomDraw>().has_seed;
    NodeRef key = key_;
    if (!key || own_seed) {
      const RandomDraw attributes{DType::int64, own_seed, own_seed ? node.attributes.as<RandomDraw>().seed : 0, 0, {}};
      key = capture(graph::apply(ops::scan_key, std::span<const NodeRef>{}, attributes));
      if (!own_seed) key_ = key;
    }
    const RandomDraw attributes = RandomDraw::with_ordinal(node.attributes, ordinal_++);
    std::vector<NodeRef> inputs = {key, index_};
    inputs.insert(inputs.end(), like.begin(), like.end());
    PLAIT_REQUIRE_AS(GraphError, node.op->in_loop != nullptr, "scan: ", node.op->name, " cannot be drawn in the step of a loop");
    return graph::apply(*node.op->in_loop, inputs, attributes);
  }

  const TracedScan& traced_;
  std::vector<NodeRef> sequences_, captured_;
  std::uint64_t since_;
  std::unordered_map<const Node*, Kind> kinds_;
  std::unordered_map<const Node*, NodeRef> replaced_;
  StepGraph graph_;
  NodeRef key_, index_;
  Index ordinal_ = 0;
};

void check(const TracedScan& traced) {
  Index steps = kAny;
  const Node* first = nullptr;
  for (const NodeRef& sequence : traced.sequences) {
    PLAIT_REQUIRE_AS(ShapeError, !sequence->spec.shape.empty(), "scan: the sequence ", sequence->label(), " is a scalar and has no time axis");
    const Index n = sequence->spec.shape[0];
    if (n == kAny) continue;
    PLAIT_REQUIRE_AS(ShapeError, steps == kAny || steps == n, "scan: sequences of different length: ", first->label(), " has ", steps, " steps, ",
                     sequence->label(), " has ", n);
    steps = n;
    first = sequence.get();
  }
  for (std::size_t i = 0; i < traced.next.size(); ++i) {
    const Spec &before = traced.step_states[i]->spec, &after = traced.next[i]->spec;
    PLAIT_REQUIRE_AS(DTypeError, before.dtype == after.dtype, "scan: ", traced.step_states[i]->label(), " is ", name_of(before.dtype),
                     " before a step and ", name_of(after.dtype), " after it (", traced.next[i]->label(), "); cast the one or the other");
    bool fits = before.shape.size() == after.shape.size();
    for (std::size_t d = 0; fits && d < before.shape.size(); ++d)
      fits = before.shape[d] == after.shape[d] || before.shape[d] == kAny || after.shape[d] == kAny;
    PLAIT_REQUIRE_AS(ShapeError, fits, "scan: ", traced.step_states[i]->label(), " has shape ", to_string(before.shape), " before a step and ",
                     to_string(after.shape), " after it (", traced.next[i]->label(), ")");
  }
}

std::vector<NodeRef> inputs_of(std::span<const NodeRef> states, std::span<const NodeRef> sequences, std::span<const NodeRef> captured) {
  std::vector<NodeRef> inputs(states.begin(), states.end());
  inputs.insert(inputs.end(), sequences.begin(), sequences.end());
  inputs.insert(inputs.end(), captured.begin(), captured.end());
  return inputs;
}

NodeRef like(const NodeRef& node) { return make_input(node->label(), node->spec); }

// Checkpointing: a loop over segments whose step is the loop over one segment. The outer loop keeps the states at segment starts and recomputes a
// segment for its gradients; remaining steps that fill no segment are a second loop after it.
std::vector<NodeRef> scan_by_segments(const std::shared_ptr<ScanBody>& body, const std::vector<NodeRef>& states,
                                      const std::vector<NodeRef>& sequences, const std::vector<NodeRef>& captured, Index length) {
  const std::size_t n = states.size(), m = body->graph.ys.size();
  StepGraph outer{.reverse = body->graph.reverse, .recompute = true};
  std::vector<NodeRef> segments, rest;
  for (const NodeRef& sequence : sequences) {
    segments.push_back(graph::apply(ops::scan_segments, {sequence}, Segments{length}));
    rest.push_back(graph::apply(ops::scan_rest, {sequence}, Segments{length}));
    const Shape& shape = segments.back()->spec.shape;
    outer.xs.push_back(make_input(sequence->label(), {Shape(shape.begin() + 1, shape.end()), sequence->spec.dtype}));
  }
  for (const NodeRef& state : body->graph.states) outer.states.push_back(like(state));
  for (const NodeRef& node : captured) outer.captures.push_back(like(node));
  const std::vector<NodeRef> inner = apply_scan(body, inputs_of(outer.states, outer.xs, outer.captures));
  outer.next.assign(inner.begin(), inner.begin() + static_cast<std::ptrdiff_t>(n));
  outer.ys.assign(inner.begin() + static_cast<std::ptrdiff_t>(n), inner.end());
  const bool reverse = outer.reverse;
  const auto over_segments = std::make_shared<ScanBody>(std::move(outer));

  std::vector<NodeRef> carried = states, whole, part;
  for (const bool main : {!reverse, reverse}) {
    auto& outputs_here = main ? whole : part;
    outputs_here = apply_scan(main ? over_segments : body, inputs_of(carried, main ? segments : rest, captured));
    carried.assign(outputs_here.begin(), outputs_here.begin() + static_cast<std::ptrdiff_t>(n));
  }
  std::vector<NodeRef> outputs = carried;
  for (std::size_t k = n; k < n + m; ++k)
    outputs.push_back(graph::apply(ops::concatenate, {graph::apply(ops::scan_join, {whole[k]}), part[k]}, OneAxis{0}));
  return outputs;
}

}  // namespace

NodeRef clone_node(const Node& node, std::span<const NodeRef> inputs) {
  const InScope part(node.scope);
  std::optional<BackwardScope> scope;
  if (node.backward) scope.emplace();
  NodeRef clone = graph::apply(*node.op, inputs, node.attributes);
  clone->set_name(node.name());
  return clone;
}

std::vector<NodeRef> replace_nodes(std::span<const NodeRef> outputs, std::unordered_map<const Node*, NodeRef>& replaced) {
  const auto now = [&](Node* node) {
    const auto found = replaced.find(node);
    return found != replaced.end() ? found->second : NodeRef(node);
  };
  for (Node* node : ancestors(outputs)) {
    if (replaced.find(node) != replaced.end()) continue;
    std::vector<NodeRef> inputs;
    bool same = true;
    for (const Edge& edge : node->inputs()) {
      inputs.push_back(now(edge.input));
      same = same && inputs.back().get() == edge.input;
    }
    if (!same) replaced.emplace(node, clone_node(*node, inputs));
  }
  std::vector<NodeRef> result;
  for (const NodeRef& output : outputs) result.push_back(now(output.get()));
  return result;
}

std::vector<NodeRef> scan(const TracedScan& traced) {
  PLAIT_REQUIRE_AS(GraphError, !traced.sequences.empty(), "scan: no sequence, so no number of steps");
  check(traced);
  Tracer tracer(traced);
  const std::shared_ptr<ScanBody> body = tracer.body();
  if (!traced.checkpoint) return apply_scan(body, inputs_of(traced.states, tracer.sequences(), tracer.captured()));
  return scan_by_segments(body, traced.states, tracer.sequences(), tracer.captured(), *traced.checkpoint);
}

}  // namespace plait::graph
