// The body of a loop: liveness of its states and outputs, and the buffer layout once shapes are known.
#include <algorithm>

#include "graph/passes/module.hpp"
#include "plait/base/error.hpp"
#include "plait/graph/scan.hpp"

namespace plait::graph {
namespace {

bool is_scan(const Node& node) { return node.op == &ops::scan; }
bool is_scan_output(const Node& node) { return node.op == &ops::scan_output; }

std::size_t lines(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

// ---- liveness ----

Demands::Demands(std::span<const NodeRef> wanted) : order_(ancestors(wanted)) {
  for (const NodeRef& node : wanted) needed_.insert(node.get());
  for (std::size_t i = order_.size(); i-- > 0;) {  // consumers before inputs
    const Node& node = *order_[i];
    if (!contains(&node)) continue;
    if (is_scan(node)) {
      const std::vector<int> wanted_here = outputs(&node);
      for (const int k : loop_of(node.attributes)->body->demand(wanted_here).inputs) needed_.insert(node.input(k));
      continue;
    }
    for (std::size_t k = 0; k < node.input_count(); ++k)
      if (!shape_only(*node.op, k)) needed_.insert(node.input(k));
    if (!is_scan_output(node)) continue;
    auto& list = outputs_[node.input(0)];
    const int output = static_cast<int>(node.attributes.as<LoopOutput>().output);
    if (std::find(list.begin(), list.end(), output) == list.end()) list.push_back(output);
  }
  for (auto& [scan, list] : outputs_) std::sort(list.begin(), list.end());
}

std::vector<int> Demands::outputs(const Node* scan) const {
  const auto found = outputs_.find(scan);
  return found != outputs_.end() ? found->second : std::vector<int>();
}

// ---- the body ----

ScanBody::ScanBody(StepGraph g, std::vector<NodeRef> residuals) : graph(std::move(g)), residuals_(std::move(residuals)) {
  std::vector<NodeRef> all = graph.next;
  all.insert(all.end(), graph.ys.begin(), graph.ys.end());
  all.insert(all.end(), graph.states.begin(), graph.states.end());
  for (const Node* node : ancestors(all))
    if (node->spec.dtype == DType::float64) buffer_type_ = DType::float64;
}

const NodeRef& ScanBody::input(std::size_t i) const {
  for (const auto* list : {&graph.states, &graph.xs, &graph.captures}) {
    if (i < list->size()) return (*list)[i];
    i -= list->size();
  }
  throw GraphError("scan: there is no such input");
}

int ScanBody::output_count() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(graph.next.size() + graph.ys.size() + residuals_.size());
}

NodeRef ScanBody::output(int k) const {
  auto i = static_cast<std::size_t>(k);
  if (i < graph.next.size()) return graph.next[i];
  i -= graph.next.size();
  if (i < graph.ys.size()) return graph.ys[i];
  i -= graph.ys.size();
  const std::lock_guard lock(mutex_);
  PLAIT_REQUIRE_AS(GraphError, i < residuals_.size(), "scan: there is no output ", k);
  return residuals_[i];
}

std::vector<NodeRef> ScanBody::residuals() const {
  const std::lock_guard lock(mutex_);
  return residuals_;
}

int ScanBody::add_residual(const NodeRef& node) {
  const auto first = static_cast<int>(graph.next.size());
  const auto same = [&](const NodeRef& other) {
    return other == node || (is_scan_output(*node) && is_scan_output(*other) && node->input(0) == other->input(0) &&
                             node->attributes.as<LoopOutput>().output == other->attributes.as<LoopOutput>().output);
  };
  for (std::size_t k = 0; k < graph.ys.size(); ++k)
    if (same(graph.ys[k])) return first + static_cast<int>(k);
  const std::lock_guard lock(mutex_);
  auto at = std::find_if(residuals_.begin(), residuals_.end(), same);
  if (at == residuals_.end()) at = residuals_.insert(at, node);
  return first + static_cast<int>(graph.ys.size()) + static_cast<int>(at - residuals_.begin());
}

// Live states: those that the requested outputs depend on, and transitively those that the next values of live states depend on.
ScanBody::Demand ScanBody::demand(std::span<const int> outputs) const {
  Demand d{.live = std::vector<char>(graph.states.size(), 0), .inputs = {}};
  std::vector<NodeRef> stacked;
  for (const int k : outputs) {
    if (is_stacked(k)) stacked.push_back(output(k));
    else d.live[static_cast<std::size_t>(k)] = 1;
  }
  for (bool grows = true; grows;) {
    grows = false;
    std::vector<NodeRef> wanted = stacked;
    for (std::size_t i = 0; i < d.live.size(); ++i)
      if (d.live[i] != 0) wanted.push_back(graph.next[i]);
    const Demands demands(wanted);
    for (std::size_t i = 0; i < d.live.size(); ++i)
      if (d.live[i] == 0 && demands.contains(graph.states[i].get())) {
        d.live[i] = 1;
        grows = true;
      }
    if (grows) continue;
    for (std::size_t i = 0; i < input_count(); ++i)
      if (i < d.live.size() ? d.live[i] != 0 : demands.contains(input(i).get())) d.inputs.push_back(static_cast<int>(i));
  }
  return d;
}

// ---- with shapes ----

Spec Scan::output(int k, Index any_steps) const {
  const auto at = static_cast<std::size_t>(k);
  Spec spec = at < specs.size() ? specs[at] : body->output(k)->spec;
  if (body->is_stacked(k)) spec.shape.insert(spec.shape.begin(), bound ? steps : any_steps);
  return spec;
}

const Node* loop_behind(const Node& node) {
  if (is_scan(node)) return nullptr;
  return node.input(node.input_count() - 1);
}

std::shared_ptr<const Scan> bind_scan(const std::shared_ptr<ScanBody>& body, std::vector<Spec> inputs, std::optional<std::vector<int>> outputs) {
  const StepGraph& graph = body->graph;
  PLAIT_REQUIRE_AS(GraphError, inputs.size() == body->input_count(), "scan: expected ", body->input_count(), " inputs, got ", inputs.size());
  auto scan = std::make_shared<Scan>();
  scan->body = body;
  scan->bound = true;
  scan->inputs = std::move(inputs);
  scan->steps = kAny;
  const int output_count = body->output_count();
  const bool everything = !outputs;
  if (everything) {
    outputs.emplace();
    for (int k = 0; k < output_count; ++k) outputs->push_back(k);
  }
  // Shapes of the step's nodes.
  std::unordered_map<const Node*, Spec> feeds;
  for (std::size_t i = 0; i < scan->inputs.size(); ++i) {
    Spec spec = scan->inputs[i];
    if (i >= graph.states.size() && i < graph.states.size() + graph.xs.size()) {
      const Index n = spec.shape.front();
      PLAIT_REQUIRE_AS(ShapeError, scan->steps == kAny || scan->steps == n, "scan: sequences of different length: ", scan->steps, " and ", n,
                       " steps");
      scan->steps = n;
      spec.shape.erase(spec.shape.begin());
    }
    feeds.emplace(body->input(i).get(), std::move(spec));
  }
  ScanBody::Demand demand = body->demand(*outputs);
  scan->live = std::move(demand.live);
  scan->passed = std::move(demand.inputs);
  if (everything) {
    scan->passed.clear();
    for (std::size_t i = 0; i < scan->inputs.size(); ++i) scan->passed.push_back(static_cast<int>(i));
  }
  std::vector<NodeRef> nodes;  // all outputs: a shape may be read where the value is not
  for (int k = 0; k < output_count; ++k) nodes.push_back(body->output(k));
  const Module lowered = lower(nodes, {}, feeds);
  for (const int value : lowered.outputs) scan->specs.push_back(lowered.values[static_cast<std::size_t>(value)].spec);
  for (std::size_t i = 0; i < graph.states.size(); ++i) {
    const Spec &before = scan->inputs[i], &after = scan->specs[i];
    PLAIT_REQUIRE_AS(ShapeError, before == after, "scan: ", graph.states[i]->label(), " has shape ", to_string(before.shape), " before a step and ",
                     to_string(after.shape), " after it (", graph.next[i]->label(), ")");
  }
  // Sections, each aligned to cache lines; the first line stays unused, so that no section starts at offset 0 and could pass for the whole buffer.
  std::size_t bytes = kAlignment;
  scan->section_of.assign(static_cast<std::size_t>(output_count), -1);
  for (const int k : *outputs) {
    const NodeRef node = body->output(k);
    const bool stacked = body->is_stacked(k);
    int& section = scan->section_of[static_cast<std::size_t>(k)];
    for (std::size_t s = 0; stacked && s < scan->sections.size(); ++s)
      if (scan->sections[s].stacked && scan->sections[s].node == node) section = static_cast<int>(s);
    if (section >= 0) continue;
    section = static_cast<int>(scan->sections.size());
    Scan::Section made{.node = node, .spec = scan->specs[static_cast<std::size_t>(k)], .stacked = stacked, .offset = bytes};
    Shape shape = made.spec.shape;
    if (stacked) shape.insert(shape.begin(), scan->steps);
    bytes += lines(static_cast<std::size_t>(count_of(shape)) * size_of(made.spec.dtype));
    scan->sections.push_back(std::move(made));
  }
  scan->size = static_cast<Index>(bytes / size_of(body->buffer_type()));
  return scan;
}

std::vector<NodeRef> apply_scan(const std::shared_ptr<ScanBody>& body, std::span<const NodeRef> inputs) {
  auto loop = std::make_shared<Scan>();
  loop->body = body;
  const NodeRef node = graph::apply(ops::scan, inputs, LoopBody{std::move(loop)});
  std::vector<NodeRef> outputs;
  const auto n = static_cast<int>(body->graph.next.size() + body->graph.ys.size());
  for (int k = 0; k < n; ++k) outputs.push_back(scan_output(node, k));
  return outputs;
}

NodeRef scan_output(const NodeRef& scan, int k) {
  const std::shared_ptr<const Scan> loop = loop_of(scan->attributes);
  const StepGraph& graph = loop->body->graph;
  Index steps = kAny;
  for (std::size_t j = 0; j < graph.xs.size(); ++j) steps = std::max(steps, scan->input(graph.states.size() + j)->spec.shape[0]);
  return graph::apply(ops::scan_output, {scan}, LoopOutput{k, steps, loop});
}

}  // namespace plait::graph
