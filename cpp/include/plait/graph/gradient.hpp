// Symbolic reverse-mode differentiation by wait-lists.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "plait/graph/node.hpp"

namespace plait::graph {

/// The gradient of Σ_k <seed_k, output_k> with respect to each of `wrt`, as nodes. An empty seed stands for ones. Zeros where no output depends on a
/// node. Every node between the outputs and `wrt` counts the edges over which a gradient will arrive (edges, not consumers: x * x sends two), sums
/// the gradients, and propagates the sum to its inputs once, after the last one.
std::vector<NodeRef> gradient(std::span<const NodeRef> outputs, std::span<const NodeRef> wrt, std::span<const NodeRef> seeds = {});

/// One recorded step of that algorithm.
struct BackwardStep {
  enum class Kind { seed, arrival, complete };
  Kind kind;
  NodeRef node;           ///< the node that receives a gradient, or that propagates the sum of all it received
  NodeRef consumer;       ///< arrival: the sender
  std::size_t input = 0;  ///< arrival: the consumer's input number
  NodeRef gradient;       ///< the gradient received, or the sum; empty where an edge carries none
};

/// The same for every node that the outputs depend on and that receives a gradient. `steps`, if given, receives the steps in order.
std::unordered_map<const Node*, NodeRef> all_gradients(std::span<const NodeRef> outputs, std::span<const NodeRef> seeds = {},
                                                       std::vector<BackwardStep>* steps = nullptr);
/// The number of edges over which a node receives gradients in a backward pass from `outputs` to all their ancestors.
std::size_t wait_count_in(const Node& node, std::span<const NodeRef> outputs);

}  // namespace plait::graph
