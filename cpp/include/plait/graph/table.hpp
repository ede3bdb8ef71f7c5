// Table: the textbook algorithm. One result and one gradient per node, op by op, nothing fused: for reference, debugging and teaching.
#pragma once

#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "plait/graph/gradient.hpp"
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

  /// Propagates gradients from the outputs (seeds: one tensor each, null for ones) to all their ancestors; replaces earlier results.
  void backward(std::span<const NodeRef> outputs, std::span<const TensorRef> seeds = {});

  /// The gradient that backward() summed at a node; zeros where none arrived. GraphError before backward() or for a foreign node.
  [[nodiscard]] TensorRef gradient(const NodeRef& node) const;

  /// The outputs given to the constructor.
  [[nodiscard]] const std::vector<NodeRef>& outputs() const { return kept_; }
  /// Every node, inputs before consumers: the order in which they were evaluated.
  [[nodiscard]] std::vector<NodeRef> nodes() const;
  /// A step of the last backward(): node, consumer and input as in BackwardStep, and the gradient's value; null where an edge carried nothing.
  struct Step {
    BackwardStep::Kind kind;
    const Node* node;
    const Node* consumer;
    std::size_t input;
    TensorRef gradient;
  };
  /// The steps of the last backward() in order. Computed on first use by a second backward pass: backward() itself keeps only the sums.
  [[nodiscard]] std::vector<Step> steps();

 private:
  void differentiate(bool recording);
  void evaluate(std::span<const NodeRef> outputs);
  /// The value of a node whose inputs have been evaluated.
  TensorRef compute(const Node& node);
  /// Runs loops again where `wanted` reads outputs of them (residuals) that were not computed in the first run.
  void repeat_loops(std::span<const NodeRef> wanted);

  mutable std::recursive_mutex mutex_;  // steps() runs a backward pass although it looks like a getter
  std::uint64_t seed_, run_;
  std::int64_t randoms_ = 0;
  std::vector<NodeRef> kept_;  // keeps the maps' key nodes alive
  std::unordered_map<const Node*, TensorRef> values_;
  std::unordered_map<const Node*, TensorRef> gradients_;
  std::unordered_map<const Node*, std::shared_ptr<const Scan>> loops_;  // as they ran
  std::vector<NodeRef> from_;                                           // where the last backward() started
  std::vector<TensorRef> seeds_;                                        // and with which gradients
  std::vector<Step> steps_;
  bool backward_done_ = false, recorded_ = false;
};

}  // namespace plait::graph
