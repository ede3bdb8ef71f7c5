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

/// The same for every node that the outputs depend on and to which a gradient comes.
std::unordered_map<const Node*, NodeRef> all_gradients(std::span<const NodeRef> outputs, std::span<const NodeRef> seeds = {});

}  // namespace plait::graph
