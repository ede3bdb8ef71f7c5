// A small graph as one lane program in which every element of every value is a register of its own: for running a function of numbers and short
// vectors on many arguments side by side.
#pragma once

#include <span>

#include "plait/graph/node.hpp"
#include "plait/tensor/lanes.hpp"

namespace plait::graph {

/// The scalar `output` as a float64 program of the elements of `inputs`, one after the other, row-major, unused ones included.
/// Integers and booleans are computed as integral float64 values. GraphError if the output is not a scalar, depends on a leaf other than the inputs,
/// computes in float32, or uses an op that lane programs do not have.
LaneProgram unroll(const NodeRef& output, std::span<const NodeRef> inputs);

}  // namespace plait::graph
