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

// The state of a node during the backward pass.
struct Waiting {
  std::vector<Cotangent> received;  // cotangents received
  std::size_t edges = 0;            // edges over which a gradient will still arrive
  bool wanted = false;              // lies between an output and a node we differentiate for
  bool reached = false;             // receives a gradient
  bool asked = false;               // its gradient is a result
};

// The ancestors of the outputs, by position in the order of ids, and the state of each.
class WaitList {
 public:
  explicit WaitList(std::span<const NodeRef> outputs) : nodes_(ancestors(outputs)), position_(nodes_.size()), waiting_(nodes_.size()) {
    begin_.reserve(nodes_.size() + 1);
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      position_.insert(nodes_[i], static_cast<int>(i));
      begin_.push_back(inputs_.size());
      for (const Edge& edge : nodes_[i]->inputs()) inputs_.push_back(position_[edge.input]);
    }
  }
  [[nodiscard]] int size() const { return static_cast<int>(nodes_.size()); }
  [[nodiscard]] Node* node(int i) const { return nodes_[i]; }
  [[nodiscard]] int input(int i, std::size_t k) const { return inputs_[begin_[i] + k]; }
  [[nodiscard]] int position(const NodeRef& node) const { return position_[node.get()]; }  ///< -1: not an ancestor
  Waiting& operator[](int i) { return waiting_[i]; }

  /// True if the node propagates gradients; and if so to its input k.
  [[nodiscard]] bool distributes(int i) const { return waiting_[i].wanted && nodes_[i]->op->kind != OpKind::leaf; }
  [[nodiscard]] bool takes_gradient(int i, std::size_t k) const {
    return !shape_only(*nodes_[i]->op, k) && is_float(nodes_[i]->input(k)->spec.dtype) && waiting_[input(i, k)].wanted;
  }

 private:
  std::vector<Node*> nodes_;
  NodeMap position_;
  std::vector<std::size_t> begin_;  // per node: where its inputs begin
  std::vector<int> inputs_;
  std::vector<Waiting> waiting_;
};

// The gradient rule of a node applied to the sum of its cotangents.
std::vector<Cotangent> parts_of(Node* node, const Cotangent& g) {
  PLAIT_REQUIRE_AS(GraphError, static_cast<bool>(node->op->gradient), "gradient: ", node->op->name, " (", node->label(), ") has no gradient");
  if (g.mask) return carried(NodeRef(node), g);
  std::vector<Cotangent> parts;
  for (NodeRef& part : node->op->gradient(NodeRef(node), g.g)) parts.push_back({std::move(part), {}});
  return parts;
}

// The wait-list algorithm. `wanted` marks the nodes through which gradients propagate; returns the sums at the nodes whose gradients are results, by
// position.
std::unordered_map<int, NodeRef> distribute(std::span<const NodeRef> outputs, std::span<const NodeRef> seeds, WaitList& list,
                                            std::vector<BackwardStep>* steps) {
  // Count: every wanted node waits for the edges of those consumers that will themselves receive a gradient.
  Fragile fragile(static_cast<std::size_t>(list.size()));
  std::vector<int> wanted;
  for (int i = 0; i < list.size(); ++i) {
    if (!list.distributes(i)) continue;
    wanted.clear();
    for (std::size_t k = 0; k < list.node(i)->input_count(); ++k)
      if (list.takes_gradient(i, k)) wanted.push_back(list.input(i, k));
    fragile.add(i, list.node(i), wanted);
  }
  for (const NodeRef& output : outputs) list[list.position(output)].reached = true;
  for (int i = list.size(); i-- > 0;) {
    if (!list[i].reached || !list.distributes(i)) continue;
    for (std::size_t k = 0; k < list.node(i)->input_count(); ++k) {
      if (!list.takes_gradient(i, k)) continue;
      Waiting& input = list[list.input(i, k)];
      input.edges += 1;
      input.reached = true;
    }
  }
  std::deque<int> ready;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    Node* const output = outputs[i].get();
    PLAIT_REQUIRE_AS(DTypeError, is_float(output->spec.dtype), "gradient: ", output->label(), " is ", name_of(output->spec.dtype),
                     "; only floating point results have gradients");
    NodeRef seed = i < seeds.size() ? seeds[i] : NodeRef();
    if (!seed) seed = build::ones_like(outputs[i]);
    else seed = build::broadcast_like(build::cast(seed, output->spec.dtype), outputs[i]);
    if (steps != nullptr) steps->push_back({BackwardStep::Kind::seed, outputs[i], {}, 0, seed});
    const int at = list.position(outputs[i]);
    list[at].received.push_back(fragile.carries(at, true) ? taken_apart(seed, true) : Cotangent{seed, {}});
  }
  for (const NodeRef& output : outputs)
    if (const int at = list.position(output); list[at].edges == 0 && std::exchange(list[at].reached, false)) ready.push_back(at);
  std::unordered_map<int, NodeRef> sums;
  while (!ready.empty()) {
    poll_interrupt();
    const int at = ready.front();
    ready.pop_front();
    Node* const node = list.node(at);
    const InScope scope(node->scope);  // backward nodes get the scope of the forward node
    const std::vector<Cotangent> received = std::exchange(list[at].received, {});
    Cotangent g;
    if (!received.empty()) {
      g = total(received);
      const bool loses_mask = g.mask && !fragile.carries(at, g.strong);
      if (loses_mask || list[at].asked) {
        const NodeRef sum = realised(g);
        if (list[at].asked) sums.emplace(at, sum);
        if (loses_mask) g = {sum, {}};
      }
    }
    if (steps != nullptr) steps->push_back({BackwardStep::Kind::complete, NodeRef(node), {}, 0, g.g ? sums.at(at) : NodeRef()});
    if (!list.distributes(at)) continue;
    bool any = false;
    for (std::size_t k = 0; k < node->input_count(); ++k) any = any || (is_float(node->input(k)->spec.dtype) && list[list.input(at, k)].wanted);
    std::vector<Cotangent> parts;
    if (g.g && any) parts = parts_of(node, g);
    for (std::size_t k = 0; k < node->input_count(); ++k) {
      if (!list.takes_gradient(at, k)) continue;
      const int input = list.input(at, k);
      Waiting& next = list[input];
      if (k < parts.size() && parts[k].g) {
        const bool strong = node->op == &ops::where;
        const bool apart = !parts[k].mask && fragile.carries(input, strong);
        next.received.push_back(apart ? taken_apart(parts[k].g, strong) : parts[k]);
      }
      if (steps != nullptr) {
        const bool came = k < parts.size() && parts[k].g;
        steps->push_back({BackwardStep::Kind::arrival, NodeRef(list.node(input)), NodeRef(node), k, came ? realised(parts[k]) : NodeRef()});
      }
      if (--next.edges == 0) ready.push_back(input);  // the last edge (even if no edge carried a gradient)
    }
  }
  return sums;
}

}  // namespace

std::vector<NodeRef> gradient(std::span<const NodeRef> outputs, std::span<const NodeRef> wrt, std::span<const NodeRef> seeds) {
  PLAIT_REQUIRE_AS(GraphError, seeds.empty() || seeds.size() == outputs.size(), "gradient: ", outputs.size(), " outputs and ", seeds.size(),
                   " seeds");
  const BackwardScope scope;
  WaitList list(outputs);
  for (const NodeRef& target : wrt) {
    PLAIT_REQUIRE_AS(DTypeError, is_float(target->spec.dtype), "gradient: ", target->label(), " is ", name_of(target->spec.dtype),
                     "; only floating point nodes have gradients");
    if (const int at = list.position(target); at >= 0) list[at].wanted = list[at].asked = true;
  }
  for (int i = 0; i < list.size(); ++i) {
    if (list.node(i)->op->kind == OpKind::leaf) continue;
    for (std::size_t k = 0; k < list.node(i)->input_count(); ++k)
      if (list[list.input(i, k)].wanted) {
        list[i].wanted = true;
        break;
      }
  }
  const auto sums = distribute(outputs, seeds, list, nullptr);
  std::vector<NodeRef> result;
  for (const NodeRef& target : wrt) {
    const auto found = sums.find(list.position(target));
    result.push_back(found != sums.end() && found->second ? found->second : build::zeros_like(target));
  }
  return result;
}

std::unordered_map<const Node*, NodeRef> all_gradients(std::span<const NodeRef> outputs, std::span<const NodeRef> seeds,
                                                       std::vector<BackwardStep>* steps) {
  PLAIT_REQUIRE_AS(GraphError, seeds.empty() || seeds.size() == outputs.size(), "backward: ", outputs.size(), " outputs and ", seeds.size(),
                   " seeds");
  const BackwardScope scope;
  WaitList list(outputs);
  for (int i = 0; i < list.size(); ++i) {
    list[i].wanted = is_float(list.node(i)->spec.dtype) && !list.node(i)->op->opaque;
    list[i].asked = true;
  }
  std::unordered_map<const Node*, NodeRef> result;
  for (auto& [at, sum] : distribute(outputs, seeds, list, steps)) result.emplace(list.node(at), std::move(sum));
  return result;
}

std::size_t wait_count_in(const Node& node, std::span<const NodeRef> outputs) {
  const std::vector<Node*> order = ancestors(outputs);
  const std::vector<NodeRef> answering = node.consumers();  // ascending by id
  NodeMap reached(order.size());
  for (const NodeRef& output : outputs) reached.insert(output.get(), 0);
  // In a graph of gradients, forward nodes whose values no forward node reads count as outputs.
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
