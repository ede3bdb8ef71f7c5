// A node: one operation on other nodes. Immutable and shared. It lists its consumers without registration: every edge is stored once, in the
// consumer, and linked into a list of the input.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "plait/graph/attribute_store.hpp"
#include "plait/tensor/tensor.hpp"

namespace plait::graph {

class Node;

/// A reference-counted pointer to a node. Freeing a chain of a million nodes does not recurse.
class NodeRef {
 public:
  NodeRef() = default;
  explicit NodeRef(Node* node);
  NodeRef(const NodeRef& other);
  NodeRef(NodeRef&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  NodeRef& operator=(NodeRef other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~NodeRef();

  [[nodiscard]] Node* get() const { return node_; }
  Node* operator->() const { return node_; }
  Node& operator*() const { return *node_; }
  explicit operator bool() const { return node_ != nullptr; }
  friend bool operator==(const NodeRef& a, const NodeRef& b) { return a.node_ == b.node_; }

 private:
  Node* node_ = nullptr;
};

/// One use of a node as an input. Linked into the list of the input's consumers.
struct Edge {
  Node* input = nullptr;
  Node* consumer = nullptr;
  Edge* previous = nullptr;
  Edge* next = nullptr;
};

/// A spec that several nodes share.
struct SharedSpec : Spec {
  explicit SharedSpec(Spec s) : Spec(std::move(s)) {}
  mutable std::atomic<std::size_t> references{0};
};

class Node {
 public:
  const Op* const op;
  const Attributes attributes;
  const std::uint64_t id;     ///< grows with creation: inputs have smaller ids than their consumers
  const Spec& spec;           ///< shared with an input that has an equal spec
  const std::uint32_t scope;  ///< the part of a model that it belongs to (scope.hpp)
  const bool backward;        ///< made by gradient(): not counted in the wait counts of forward nodes

  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  [[nodiscard]] std::span<const Edge> inputs() const { return {edges(), count_}; }
  [[nodiscard]] std::size_t input_count() const { return count_; }
  [[nodiscard]] Node* input(std::size_t i) const { return edges()[i].input; }
  [[nodiscard]] NodeRef input_ref(std::size_t i) const { return NodeRef(edges()[i].input); }

  /// Of constants and parameters; null for others.
  [[nodiscard]] const TensorRef& value() const;
  /// Given by the user, or empty.
  [[nodiscard]] const std::string& name() const;
  void set_name(std::string name);

  /// Edges over which this node would receive a gradient: x * x counts two. Excluded: consumers made by gradient() if this is a forward node,
  /// consumers that read only its shape, those whose result has no gradient (a comparison, an index), and drafts.
  [[nodiscard]] std::size_t wait_count() const;
  /// The consumers behind those edges, each once, oldest first.
  [[nodiscard]] std::vector<NodeRef> consumers() const;
  /// The scope and "name" if it has one, else "add_17": for messages and pictures. An input: its name alone, by which it is fed.
  [[nodiscard]] std::string label() const;

 private:
  friend class NodeRef;
  friend NodeRef make_node(const Op&, std::span<const NodeRef>, Attributes, Spec, TensorRef, std::string);
  friend void mark_drafts(std::span<const NodeRef> inputs);
  Node(const Op& o, std::span<const NodeRef> inputs, Attributes a, const SharedSpec& s, TensorRef v);
  ~Node();
  [[nodiscard]] bool counts(const Edge& edge) const;
  // The edges follow the node in the same block of memory.
  [[nodiscard]] Edge* edges() { return reinterpret_cast<Edge*>(this + 1); }
  [[nodiscard]] const Edge* edges() const { return reinterpret_cast<const Edge*>(this + 1); }
  static Node* make(const Op& o, std::span<const NodeRef> inputs, Attributes a, Spec s, TensorRef v);
  static void destroy(Node* node);

  bool draft_ = false;  // guarded by the lock of consumer lists
  std::uint32_t count_;
  struct Own {
    std::string name;
    TensorRef value;
  };
  std::unique_ptr<Own> own_;        // few nodes have a name or a value
  Edge* first_consumer_ = nullptr;  // newest first
  mutable std::atomic<std::uint32_t> references_{0};
};

/// True if a node is of that operation: is_op(node, ops::add).
inline bool is_op(const NodeRef& node, const Op& op) { return node->op == &op; }
inline bool is_op(const Node* node, const Op& op) { return node->op == &op; }

/// Makes a node whose spec has been inferred already; apply() in op.hpp is the usual way.
NodeRef make_node(const Op& op, std::span<const NodeRef> inputs, Attributes attributes, Spec spec, TensorRef value = {}, std::string name = {});

/// Marks inputs of a traced step, and all that depends on them by now, as drafts: the loop's body is made of copies, so drafts still alive must not
/// count in the wait counts of other nodes.
void mark_drafts(std::span<const NodeRef> inputs);

/// While one is alive, nodes made on this thread are marked as backward, and equal scalar constants that gradient rules request within one scope are
/// one node.
class BackwardScope {
 public:
  BackwardScope();
  ~BackwardScope();
  BackwardScope(const BackwardScope&) = delete;
  BackwardScope& operator=(const BackwardScope&) = delete;

  /// The innermost one of this thread; null: none.
  static BackwardScope* current();
  /// The scalar constant of that dtype, made at first use.
  const NodeRef& number(double value, DType dtype);

 private:
  BackwardScope* outer_;
  std::map<std::tuple<std::uint64_t, DType, std::uint32_t>, NodeRef> numbers_;  // by bits, dtype and scope
};

/// All nodes that the outputs depend on, themselves included, inputs before consumers, ordered by id.
std::vector<Node*> ancestors(std::span<const NodeRef> outputs);

}  // namespace plait::graph
