// Gradients by wait-lists, run on symbols.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "plait/graph/node.hpp"

namespace plait::graph {

/// The gradient of Σ_k <seed_k, output_k> with respect to each of `wrt`, as nodes. An empty seed stands for ones. Zeros where nothing depends.
/// Every node between the outputs and `wrt` counts the edges over which a gradient will come (edges, not consumers: x * x sends two), sums
/// what comes, and distributes to its inputs once, when the last has come.
std::vector<NodeRef> gradient(std::span<const NodeRef> outputs, std::span<const NodeRef> wrt, std::span<const NodeRef> seeds = {});

/// A step of that algorithm, as it was taken.
struct BackwardStep {
  enum class Kind { seed, arrival, complete };
  Kind kind;
  NodeRef node;           ///< the one that a gradient comes to, or that has them all and passes their sum on
  NodeRef consumer;       ///< arrival: where it comes from
  std::size_t input = 0;  ///< arrival: over which of the consumer's inputs
  NodeRef gradient;       ///< what came, or the sum; empty where an edge carries nothing
};

/// The same for every node that the outputs depend on and to which a gradient comes. `steps`, if given, takes the steps in their order.
std::unordered_map<const Node*, NodeRef> all_gradients(std::span<const NodeRef> outputs, std::span<const NodeRef> seeds = {},
                                                       std::vector<BackwardStep>* steps = nullptr);
/// Edges over which a gradient comes to a node where outputs send theirs to everything below.
std::size_t wait_count_in(const Node& node, std::span<const NodeRef> outputs);

}  // namespace plait::graph
