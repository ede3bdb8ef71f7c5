// A small graph as one lane program in which every element of every value is a register of its own: what a function of numbers and short
// vectors becomes when it is to be run for many of them side by side.
#pragma once

#include <span>

#include "plait/graph/node.hpp"
#include "plait/tensor/lanes.hpp"

namespace plait::graph {

/// The scalar `output` as a float64 program of the elements of `inputs`, one after the other, row-major; those that do not matter included.
/// Integers and booleans are computed as whole numbers of float64. GraphError: what is no scalar, depends on something else than the inputs,
/// computes in float32, or uses an operation that lanes do not have.
LaneProgram unroll(const NodeRef& output, std::span<const NodeRef> inputs);

}  // namespace plait::graph
