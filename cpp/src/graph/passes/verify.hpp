// The invariants of a module, checked.
#pragma once

#include "pipeline.hpp"

namespace plait::graph {

/// Throws std::logic_error that names the first value or group that violates an invariant of this stage:
///   lowered     inputs stand before their readers; shapes are known and those that the op infers; an update has the spec of its parameter
///   simplified  outputs and updates are values of their own, no leaves and no views; everything is needed
///   views       roots are no views; views lie within the buffer of their root; pieces lie within their concatenation, and not on each other
///   fused       every value but leaves and views is in one group; a group reads earlier groups; members have the shape of their group
///   scheduled   a group runs after those that it reads; one that writes a parameter in place runs after all others that read it
///   allocated   what needs storage has a buffer; values that are alive at one time do not overlap, but for results that take the memory of an input
///               which ends there and is read at the very elements that are written
void verify(const Module& module, Stage stage);

}  // namespace plait::graph
