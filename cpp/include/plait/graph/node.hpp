// A node: one operation on other nodes. Immutable, shared, and aware of its consumers without anyone registering anything:
// every edge stands in two places, in the consumer's inputs and in a linked list of the input.
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

/// A counted reference to a node. Freeing a chain of a million nodes takes no recursion.
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

/// A spec that several nodes have.
struct SharedSpec : Spec {
  explicit SharedSpec(Spec s) : Spec(std::move(s)) {}
  mutable std::atomic<std::size_t> references{0};
};

class Node {
 public:
  const Op* const op;
  const Attributes attributes;
  const std::uint64_t id;     ///< grows with creation: inputs have smaller ids than their consumers
  const Spec& spec;           ///< nodes of the spec of an input share it
  const std::uint32_t scope;  ///< the part of a model that it belongs to (scope.hpp)
  const bool backward;        ///< made by gradient(), so not one whom a forward node waits for

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

  /// Edges over which this node would receive a gradient: x * x counts two. Consumers that gradient() made do not count for a forward node,
  /// nor do those that only look at its shape, nor those whose result has no gradient (a comparison, an index), nor drafts.
  [[nodiscard]] std::size_t wait_count() const;
  /// The consumers behind those edges, each once, oldest first.
  [[nodiscard]] std::vector<NodeRef> consumers() const;
  /// "name" if it has one, else "add_17", behind its scope: for messages and pictures. An input is its name alone, by which it is fed.
  [[nodiscard]] std::string label() const;

 private:
  friend class NodeRef;
  friend NodeRef make_node(const Op&, std::span<const NodeRef>, Attributes, Spec, TensorRef, std::string);
  friend void mark_drafts(std::span<const NodeRef> inputs);
  Node(const Op& o, std::span<const NodeRef> inputs, Attributes a, const SharedSpec& s, TensorRef v);
  ~Node();
  [[nodiscard]] bool counts(const Edge& edge) const;
  // The edges stand behind the node, in one block of memory with it.
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

/// Whether a node is of that operation: is_op(node, ops::add).
inline bool is_op(const NodeRef& node, const Op& op) { return node->op == &op; }
inline bool is_op(const Node* node, const Op& op) { return node->op == &op; }

/// Makes a node whose spec has been inferred already; apply() in op.hpp is the usual way.
NodeRef make_node(const Op& op, std::span<const NodeRef> inputs, Attributes attributes, Spec spec, TensorRef value = {}, std::string name = {});

/// Marks inputs of a traced step, and all that depends on them by now, as drafts: a loop is made of copies, so drafts that are still alive are left
/// out of the wait counts of nodes that are none.
void mark_drafts(std::span<const NodeRef> inputs);

/// While one is alive, nodes made on this thread are marked as backward, and equal numbers that gradient rules ask for within one part of a model are
/// one node.
class BackwardScope {
 public:
  BackwardScope();
  ~BackwardScope();
  BackwardScope(const BackwardScope&) = delete;
  BackwardScope& operator=(const BackwardScope&) = delete;

  /// The scope that counts on this thread; null: none.
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
