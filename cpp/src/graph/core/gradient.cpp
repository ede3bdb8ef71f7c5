#include "plait/graph/gradient.hpp"

#include <algorithm>
#include <deque>

#include "chosen.hpp"
#include "node_map.hpp"
#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/ops.hpp"
#include "plait/graph/scope.hpp"

namespace plait::graph {
namespace {

// What a node knows while gradients travel.
struct Waiting {
  std::size_t edges = 0;            // over which a gradient will still come
  std::vector<Cotangent> received;  // what has come
  bool wanted = false;              // lies between an output and a node we differentiate for
  bool reached = false;             // a gradient comes to it
};

// That of every node that the outputs depend on.
class WaitingNodes {
 public:
  explicit WaitingNodes(const std::vector<Node*>& order) : index_(order.size()), waiting_(order.size()) {
    for (std::size_t i = 0; i < order.size(); ++i) index_.insert(order[i], static_cast<int>(i));
  }
  [[nodiscard]] bool has(const Node* node) const { return index_[node] >= 0; }
  Waiting& operator[](const Node* node) { return waiting_[static_cast<std::size_t>(index_[node])]; }

 private:
  NodeMap index_;
  std::vector<Waiting> waiting_;
};

bool takes_gradient(const Node* node, std::size_t k, WaitingNodes& nodes) {
  return !shape_only(*node->op, k) && is_float(node->input(k)->spec.dtype) && nodes[node->input(k)].wanted;
}

// The wait-list algorithm. `wanted` says for which nodes gradients should travel; returns the sum of every node that received one.
std::unordered_map<const Node*, NodeRef> distribute(std::span<const NodeRef> outputs, std::span<const NodeRef> seeds, WaitingNodes& nodes,
                                                    const std::vector<Node*>& order, std::vector<BackwardStep>* steps) {
  // Count: every wanted node waits for the edges of those consumers that will themselves receive a gradient.
  Fragile fragile;
  for (Node* const node : order) {
    if (!nodes[node].wanted || node->op->kind == OpKind::leaf) continue;
    std::vector<Node*> inputs;
    for (std::size_t k = 0; k < node->input_count(); ++k)
      if (takes_gradient(node, k, nodes)) inputs.push_back(node->input(k));
    fragile.add(node, inputs);
  }
  for (const NodeRef& output : outputs) nodes[output.get()].reached = true;
  for (std::size_t i = order.size(); i-- > 0;) {
    Node* const node = order[i];
    if (!nodes[node].reached || !nodes[node].wanted || node->op->kind == OpKind::leaf) continue;
    for (std::size_t k = 0; k < node->input_count(); ++k) {
      if (!takes_gradient(node, k, nodes)) continue;
      Node* const input = node->input(k);
      nodes[input].edges += 1;
      nodes[input].reached = true;
    }
  }
  std::deque<Node*> ready;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    Node* const output = outputs[i].get();
    PLAIT_REQUIRE_AS(DTypeError, is_float(output->spec.dtype), "gradient: ", output->label(), " is ", name_of(output->spec.dtype),
                     "; only floating point results have gradients");
    NodeRef seed = i < seeds.size() ? seeds[i] : NodeRef();
    if (!seed) seed = build::ones_like(outputs[i]);
    else seed = build::broadcast_like(build::cast(seed, output->spec.dtype), outputs[i]);
    if (steps != nullptr) steps->push_back({BackwardStep::Kind::seed, outputs[i], {}, 0, seed});
    nodes[output].received.push_back(fragile.carries(output, true) ? taken_apart(seed, true) : Cotangent{seed, {}});
  }
  std::unordered_map<const Node*, NodeRef> sums;
  for (const NodeRef& output : outputs)
    if (nodes[output.get()].edges == 0 && sums.find(output.get()) == sums.end()) {
      sums.emplace(output.get(), NodeRef());
      ready.push_back(output.get());
    }
  while (!ready.empty()) {
    poll_interrupt();
    Node* const node = ready.front();
    ready.pop_front();
    Waiting& waiting = nodes[node];
    const InScope scope(node->scope);  // the gradient of a part of a model belongs to that part
    Cotangent g;
    if (!waiting.received.empty()) {
      g = total(waiting.received);
      sums[node] = realised(g);
      if (g.mask && !fragile.carries(node, g.strong)) g = {sums[node], {}};
    }
    waiting.received.clear();
    if (steps != nullptr) steps->push_back({BackwardStep::Kind::complete, NodeRef(node), {}, 0, g.g ? sums[node] : NodeRef()});
    if (!waiting.wanted || node->op->kind == OpKind::leaf) continue;
    std::vector<Cotangent> parts;
    if (g.g) {
      bool any = false;
      for (const Edge& edge : node->inputs()) any = any || (is_float(edge.input->spec.dtype) && nodes[edge.input].wanted);
      if (any) {
        PLAIT_REQUIRE_AS(GraphError, static_cast<bool>(node->op->gradient), "gradient: ", node->op->name, " (", node->label(), ") has no gradient");
        if (g.mask) parts = carried(NodeRef(node), g);
        else
          for (NodeRef& part : node->op->gradient(NodeRef(node), g.g)) parts.push_back({std::move(part), {}});
      }
    }
    for (std::size_t k = 0; k < node->input_count(); ++k) {
      if (!takes_gradient(node, k, nodes)) continue;
      Node* const input = node->input(k);
      Waiting& next = nodes[input];
      if (k < parts.size() && parts[k].g) {
        const bool strong = node->op == &ops::where;
        const bool apart = !parts[k].mask && fragile.carries(input, strong);
        next.received.push_back(apart ? taken_apart(parts[k].g, strong) : parts[k]);
      }
      if (steps != nullptr) {
        const bool came = k < parts.size() && parts[k].g;
        steps->push_back({BackwardStep::Kind::arrival, NodeRef(input), NodeRef(node), k, came ? realised(parts[k]) : NodeRef()});
      }
      if (--next.edges == 0) ready.push_back(input);  // the last has come (even if none of them carried anything)
    }
  }
  return sums;
}

}  // namespace

std::vector<NodeRef> gradient(std::span<const NodeRef> outputs, std::span<const NodeRef> wrt, std::span<const NodeRef> seeds) {
  PLAIT_REQUIRE_AS(GraphError, seeds.empty() || seeds.size() == outputs.size(), "gradient: ", outputs.size(), " outputs and ", seeds.size(),
                   " seeds");
  const BackwardScope scope;
  const std::vector<Node*> order = ancestors(outputs);
  WaitingNodes nodes(order);
  for (const NodeRef& target : wrt) {
    PLAIT_REQUIRE_AS(DTypeError, is_float(target->spec.dtype), "gradient: ", target->label(), " is ", name_of(target->spec.dtype),
                     "; only floating point nodes have gradients");
    if (nodes.has(target.get())) nodes[target.get()].wanted = true;
  }
  for (Node* node : order) {
    Waiting& waiting = nodes[node];
    if (node->op->kind == OpKind::leaf) continue;
    for (const Edge& edge : node->inputs())
      if (nodes[edge.input].wanted) {
        waiting.wanted = true;
        break;
      }
  }
  auto sums = distribute(outputs, seeds, nodes, order, nullptr);
  std::vector<NodeRef> result;
  for (const NodeRef& target : wrt) {
    const auto found = sums.find(target.get());
    result.push_back(found != sums.end() && found->second ? found->second : build::zeros_like(target));
  }
  return result;
}

std::unordered_map<const Node*, NodeRef> all_gradients(std::span<const NodeRef> outputs, std::span<const NodeRef> seeds,
                                                       std::vector<BackwardStep>* steps) {
  PLAIT_REQUIRE_AS(GraphError, seeds.empty() || seeds.size() == outputs.size(), "backward: ", outputs.size(), " outputs and ", seeds.size(),
                   " seeds");
  const BackwardScope scope;
  const std::vector<Node*> order = ancestors(outputs);
  WaitingNodes nodes(order);
  for (const Node* node : order) nodes[node].wanted = is_float(node->spec.dtype) && !node->op->opaque;
  return distribute(outputs, seeds, nodes, order, steps);
}

std::size_t wait_count_in(const Node& node, std::span<const NodeRef> outputs) {
  const std::vector<Node*> order = ancestors(outputs);
  const std::vector<NodeRef> answering = node.consumers();  // ascending by id
  NodeMap reached(order.size());
  for (const NodeRef& output : outputs) reached.insert(output.get(), 0);
  // In a graph of gradients, forward nodes that no forward one reads, but for its shape alone, are as outputs.
  if (std::any_of(order.begin(), order.end(), [](const Node* n) { return n->backward; })) {
    NodeMap read(order.size());
    for (const Node* const consumer : order)
      for (std::size_t k = 0; k < consumer->input_count(); ++k)
        if (!consumer->backward && (!is_float(consumer->spec.dtype) || !shape_only(*consumer->op, k))) read.insert(consumer->input(k), 0);
    for (const Node* const n : order)
      if (!n->backward && read[n] < 0) reached.insert(n, 0);
  }
  std::size_t edges = 0;
  for (std::size_t i = order.size(); i-- > 0;) {
    const Node* const consumer = order[i];
    if (reached[consumer] < 0 || !is_float(consumer->spec.dtype) || consumer->op->kind == OpKind::leaf) continue;
    for (std::size_t k = 0; k < consumer->input_count(); ++k) {
      const Node* const input = consumer->input(k);
      if (shape_only(*consumer->op, k) || !is_float(input->spec.dtype)) continue;
      reached.insert(input, 0);
      if (input != &node) continue;
      const auto at =
          std::lower_bound(answering.begin(), answering.end(), consumer->id, [](const NodeRef& a, std::uint64_t id) { return a->id < id; });
      edges += at != answering.end() && at->get() == consumer ? 1 : 0;
    }
  }
  return edges;
}

}  // namespace plait::graph
