// A node: one operation on other nodes. Immutable, shared, and aware of its consumers without anyone registering anything:
// every edge stands in two places, in the consumer's inputs and in a linked list of the input.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "plait/tensor/tensor.hpp"

namespace plait::graph {

using namespace tensor;

struct Op;
struct Scan;
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

/// What an operation needs to know besides its inputs: axes, sizes, numbers. Each op documents its own.
struct Attributes {
  std::vector<Index> ints;
  std::vector<double> reals;
  std::shared_ptr<const Scan> scan{};  ///< of loops and what reads them: the step (scan.hpp)
  bool operator==(const Attributes&) const = default;
};

/// One use of a node as an input. Linked into the list of the input's consumers.
struct Edge {
  Node* input = nullptr;
  Node* consumer = nullptr;
  Edge* previous = nullptr;
  Edge* next = nullptr;
};

class Node {
 public:
  const Op* const op;
  const Attributes attributes;
  const Spec spec;
  const std::uint64_t id;     ///< grows with creation: inputs have smaller ids than their consumers
  const bool backward;        ///< made by gradient(), so not one whom a forward node waits for
  const std::uint32_t scope;  ///< the part of a model that it belongs to (scope.hpp)
  TensorRef value;            ///< constants and parameters
  std::string name;           ///< given by the user, or empty

  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  [[nodiscard]] std::span<const Edge> inputs() const { return {edges_.get(), count_}; }
  [[nodiscard]] std::size_t input_count() const { return count_; }
  [[nodiscard]] Node* input(std::size_t i) const { return edges_[i].input; }
  [[nodiscard]] NodeRef input_ref(std::size_t i) const { return NodeRef(edges_[i].input); }

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
  Node(const Op& o, std::span<const NodeRef> inputs, Attributes a, Spec s, TensorRef v, std::string n);
  [[nodiscard]] bool counts(const Edge& edge) const;

  std::unique_ptr<Edge[]> edges_;
  std::size_t count_;
  Edge* first_consumer_ = nullptr;  // newest first
  bool draft_ = false;              // guarded by the lock of consumer lists
  mutable std::atomic<std::size_t> references_{0};
};

/// Whether a node is of that operation: is_op(node, ops::add).
inline bool is_op(const NodeRef& node, const Op& op) { return node->op == &op; }
inline bool is_op(const Node* node, const Op& op) { return node->op == &op; }

/// Makes a node whose spec has been inferred already; apply() in op.hpp is the usual way.
NodeRef make_node(const Op& op, std::span<const NodeRef> inputs, Attributes attributes, Spec spec, TensorRef value = {}, std::string name = {});

/// Marks inputs of a traced step, and all that depends on them by now, as a draft: a loop is made of copies, and no node outside of the draft waits
/// for what somebody still holds of it.
void mark_drafts(std::span<const NodeRef> inputs);

/// While one is alive, nodes made on this thread are marked as backward.
class BackwardScope {
 public:
  BackwardScope();
  ~BackwardScope();
  BackwardScope(const BackwardScope&) = delete;
  BackwardScope& operator=(const BackwardScope&) = delete;

 private:
  bool outer_;
};

/// All nodes that the outputs depend on, themselves included, inputs before consumers, ordered by id.
std::vector<Node*> ancestors(std::span<const NodeRef> outputs);

}  // namespace plait::graph
