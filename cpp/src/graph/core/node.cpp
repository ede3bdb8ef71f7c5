#include "plait/graph/node.hpp"

#include <algorithm>
#include <mutex>

#include "node_map.hpp"
#include "plait/base/error.hpp"
#include "plait/graph/op.hpp"
#include "plait/graph/ops.hpp"
#include "plait/graph/scope.hpp"

namespace plait::graph {
namespace {

std::atomic<std::uint64_t> g_next_id{1};
thread_local bool t_backward = false;

// One lock for all consumer lists: it is held for a few instructions, and graphs are mostly built by one thread.
std::mutex& edge_mutex() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

NodeRef::NodeRef(Node* node) : node_(node) {
  if (node_ != nullptr) node_->references_.fetch_add(1, std::memory_order_relaxed);
}

NodeRef::NodeRef(const NodeRef& other) : NodeRef(other.node_) {}

NodeRef::~NodeRef() {
  if (node_ == nullptr || node_->references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  // Freeing a node may free its inputs, and so on down a long chain: the waiting ones stand in a list instead of on the stack.
  std::vector<Node*> dead{node_};
  while (!dead.empty()) {
    Node* const node = dead.back();
    dead.pop_back();
    {
      const std::lock_guard lock(edge_mutex());
      for (std::size_t i = 0; i < node->count_; ++i) {
        Edge& edge = node->edges_[i];
        (edge.previous != nullptr ? edge.previous->next : edge.input->first_consumer_) = edge.next;
        if (edge.next != nullptr) edge.next->previous = edge.previous;
      }
    }
    for (std::size_t i = 0; i < node->count_; ++i) {
      Node* const input = node->edges_[i].input;
      if (input->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) dead.push_back(input);
    }
    delete node;
  }
}

Node::Node(const Op& o, std::span<const NodeRef> inputs, Attributes a, Spec s, TensorRef v, std::string n)
    : op(&o),
      attributes(std::move(a)),
      spec(std::move(s)),
      id(g_next_id.fetch_add(1)),
      backward(t_backward),
      scope(current_scope()),
      value(std::move(v)),
      name(std::move(n)),
      edges_(inputs.empty() ? nullptr : std::make_unique<Edge[]>(inputs.size())),
      count_(inputs.size()) {
  const std::lock_guard lock(edge_mutex());
  for (std::size_t i = 0; i < count_; ++i) {
    Node* const input = inputs[i].get();
    input->references_.fetch_add(1, std::memory_order_relaxed);
    edges_[i] = {input, this, nullptr, input->first_consumer_};
    if (input->first_consumer_ != nullptr) input->first_consumer_->previous = &edges_[i];
    input->first_consumer_ = &edges_[i];
  }
}

Node::~Node() = default;

bool Node::counts(const Edge& edge) const {
  if ((edge.consumer->backward && !backward) || (edge.consumer->draft_ && !draft_)) return false;
  return is_float(spec.dtype) && is_float(edge.consumer->spec.dtype) &&
         !shape_only(*edge.consumer->op, static_cast<std::size_t>(&edge - edge.consumer->edges_.get()));
}

std::size_t Node::wait_count() const {
  const std::lock_guard lock(edge_mutex());
  std::size_t n = 0;
  for (const Edge* e = first_consumer_; e != nullptr; e = e->next) n += counts(*e) ? 1 : 0;
  return n;
}

std::vector<NodeRef> Node::consumers() const {
  std::vector<NodeRef> found;
  {
    const std::lock_guard lock(edge_mutex());
    for (const Edge* e = first_consumer_; e != nullptr; e = e->next)
      if (counts(*e)) found.emplace_back(e->consumer);
  }
  std::sort(found.begin(), found.end(), [](const NodeRef& a, const NodeRef& b) { return a->id < b->id; });
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

std::string Node::label() const {
  const bool is_named = !name.empty();
  std::string text = is_named && op == &ops::input ? std::string() : scope_path(scope);
  if (!text.empty()) text += '/';
  text += is_named ? name : op->name;
  if (!is_named) {
    text += '_';
    text += std::to_string(id);
  }
  return text;
}

NodeRef make_node(const Op& op, std::span<const NodeRef> inputs, Attributes attributes, Spec spec, TensorRef value, std::string name) {
  return NodeRef(new Node(op, inputs, std::move(attributes), std::move(spec), std::move(value), std::move(name)));
}

void mark_drafts(std::span<const NodeRef> inputs) {
  const std::lock_guard lock(edge_mutex());
  std::vector<Node*> open;
  const auto mark = [&](Node* node) {
    if (!std::exchange(node->draft_, true)) open.push_back(node);
  };
  for (const NodeRef& input : inputs) mark(input.get());
  while (!open.empty()) {
    const Node* const node = open.back();
    open.pop_back();
    for (const Edge* e = node->first_consumer_; e != nullptr; e = e->next) mark(e->consumer);
  }
}

BackwardScope::BackwardScope() : outer_(std::exchange(t_backward, true)) {}
BackwardScope::~BackwardScope() { t_backward = outer_; }

std::vector<Node*> ancestors(std::span<const NodeRef> outputs) {
  std::vector<std::pair<std::uint64_t, Node*>> found;  // with their ids: sorting follows no pointers
  NodeMap seen;
  std::vector<Node*> open;
  const auto visit = [&](Node* node) {
    if (seen.insert(node, 0)) open.push_back(node);
  };
  for (const NodeRef& output : outputs) visit(output.get());
  while (!open.empty()) {
    Node* const node = open.back();
    open.pop_back();
    found.emplace_back(node->id, node);
    for (const Edge& edge : node->inputs()) visit(edge.input);
  }
  std::sort(found.begin(), found.end());
  std::vector<Node*> order;
  order.reserve(found.size());
  for (const auto& [id, node] : found) order.push_back(node);
  return order;
}

}  // namespace plait::graph
