#include "plait/graph/node.hpp"

#include <algorithm>
#include <bit>
#include <mutex>
#include <new>

#include "node_map.hpp"
#include "plait/base/error.hpp"
#include "plait/graph/op.hpp"
#include "plait/graph/ops.hpp"
#include "plait/graph/scope.hpp"

namespace plait::graph {
namespace {

std::atomic<std::uint64_t> g_next_id{1};
thread_local BackwardScope* t_scope = nullptr;

// One mutex for all consumer lists: held for a few instructions, and graphs are mostly built by one thread.
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
  // Freeing a node may free its inputs, and so on along a chain: an explicit list instead of recursion.
  std::vector<Node*> dead;
  for (Node* node = node_;;) {
    {
      const std::lock_guard lock(edge_mutex());
      for (Edge& edge : std::span(node->edges(), node->count_)) {
        (edge.previous != nullptr ? edge.previous->next : edge.input->first_consumer_) = edge.next;
        if (edge.next != nullptr) edge.next->previous = edge.previous;
      }
    }
    for (const Edge& edge : node->inputs())
      if (edge.input->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) dead.push_back(edge.input);
    Node::destroy(node);
    if (dead.empty()) return;
    node = dead.back();
    dead.pop_back();
  }
}

// The spec object of the first input with an equal spec, else a new one.
const SharedSpec& shared_spec(std::span<const NodeRef> inputs, Spec spec) {
  for (const NodeRef& input : inputs)
    if (input->spec == spec) return static_cast<const SharedSpec&>(input->spec);
  return *new SharedSpec(std::move(spec));
}

Node* Node::make(const Op& o, std::span<const NodeRef> inputs, Attributes a, Spec s, TensorRef v) {
  static_assert(alignof(Edge) <= alignof(Node) && alignof(Node) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
  void* const memory = ::operator new(sizeof(Node) + inputs.size() * sizeof(Edge));
  return new (memory) Node(o, inputs, std::move(a), shared_spec(inputs, std::move(s)), std::move(v));  // which does not throw
}

void Node::destroy(Node* node) {
  node->~Node();
  ::operator delete(node);
}

Node::Node(const Op& o, std::span<const NodeRef> inputs, Attributes a, const SharedSpec& s, TensorRef v)
    : op(&o),
      attributes(std::move(a)),
      id(g_next_id.fetch_add(1)),
      spec(s),
      scope(current_scope()),
      backward(t_scope != nullptr),
      count_(static_cast<std::uint32_t>(inputs.size())),
      own_(v ? std::make_unique<Own>(Own{{}, std::move(v)}) : nullptr) {
  s.references.fetch_add(1, std::memory_order_relaxed);
  const std::lock_guard lock(edge_mutex());
  for (std::size_t i = 0; i < count_; ++i) {
    Node* const input = inputs[i].get();
    input->references_.fetch_add(1, std::memory_order_relaxed);
    Edge* const edge = new (edges() + i) Edge{input, this, nullptr, input->first_consumer_};
    if (input->first_consumer_ != nullptr) input->first_consumer_->previous = edge;
    input->first_consumer_ = edge;
  }
}

Node::~Node() {
  const auto& shared = static_cast<const SharedSpec&>(spec);
  if (shared.references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete &shared;
}

const TensorRef& Node::value() const {
  static const TensorRef none;
  return own_ ? own_->value : none;
}
const std::string& Node::name() const {
  static const std::string none;
  return own_ ? own_->name : none;
}
void Node::set_name(std::string name) {
  if (own_) own_->name = std::move(name);
  else if (!name.empty()) own_ = std::make_unique<Own>(Own{std::move(name), {}});
}

bool Node::counts(const Edge& edge) const {
  if ((edge.consumer->backward && !backward) || (edge.consumer->draft_ && !draft_)) return false;
  return is_float(spec.dtype) && is_float(edge.consumer->spec.dtype) &&
         !shape_only(*edge.consumer->op, static_cast<std::size_t>(&edge - edge.consumer->edges()));
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
  const bool is_named = !name().empty();
  std::string text = is_named && op == &ops::input ? std::string() : scope_path(scope);
  if (!text.empty()) text += '/';
  text += is_named ? name() : op->name;
  if (!is_named) {
    text += '_';
    text += std::to_string(id);
  }
  return text;
}

NodeRef make_node(const Op& op, std::span<const NodeRef> inputs, Attributes attributes, Spec spec, TensorRef value, std::string name) {
  NodeRef node(Node::make(op, inputs, std::move(attributes), std::move(spec), std::move(value)));
  node->set_name(std::move(name));
  return node;
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

BackwardScope::BackwardScope() : outer_(std::exchange(t_scope, this)) {}
BackwardScope::~BackwardScope() { t_scope = outer_; }
BackwardScope* BackwardScope::current() { return t_scope; }

const NodeRef& BackwardScope::number(double value, DType dtype) {
  NodeRef& known = numbers_[{std::bit_cast<std::uint64_t>(value), dtype, current_scope()}];
  if (!known) known = make_constant(scalar_tensor(value, dtype));
  return known;
}

std::vector<Node*> ancestors(std::span<const NodeRef> outputs) {
  std::vector<std::pair<std::uint64_t, Node*>> found;  // with their ids, so that sorting does not dereference nodes
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
