// Table: the book's algorithm. One result and one gradient per node, op by op, nothing fused: the reference, the debugger and the teacher.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "plait/graph/node.hpp"

namespace plait::graph {

using Feeds = std::unordered_map<const Node*, TensorRef>;

class Table {
 public:
  /// Evaluates every node that the outputs depend on. `feeds` holds a tensor of the right dtype for every input among them (GraphError names one
  /// that is missing, ShapeError one that does not fit). Random nodes draw from (seed, run).
  Table(std::span<const NodeRef> outputs, const Feeds& feeds, std::uint64_t seed = 0, std::uint64_t run = 0);

  /// The value of a node of the table; GraphError for a node that is not in it.
  [[nodiscard]] TensorRef value(const NodeRef& node) const;

  /// Sends gradients from the outputs (seeds: one tensor each, null for ones) to everything below; replaces what an earlier call left.
  void backward(std::span<const NodeRef> outputs, std::span<const TensorRef> seeds = {});

  /// The gradient that backward() summed at a node; zeros where none came. GraphError before backward() or for a foreign node.
  [[nodiscard]] TensorRef gradient(const NodeRef& node) const;

 private:
  void evaluate(std::span<const NodeRef> outputs);
  /// The value of a node whose inputs have theirs.
  TensorRef compute(const Node& node);
  /// Loops run again where `wanted` reads of their steps what nobody had asked for before there was a gradient.
  void repeat_loops(std::span<const NodeRef> wanted);

  std::uint64_t seed_, run_;
  std::int64_t randoms_ = 0;
  std::vector<NodeRef> kept_;  // keeps the nodes alive that the maps are keyed by
  std::unordered_map<const Node*, TensorRef> values_;
  std::unordered_map<const Node*, TensorRef> gradients_;
  std::unordered_map<const Node*, std::shared_ptr<const Scan>> loops_;  // as they ran
  bool backward_done_ = false;
};

}  // namespace plait::graph
