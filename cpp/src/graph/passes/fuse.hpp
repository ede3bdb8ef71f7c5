// Helpers shared by the fuse and sink passes.
#pragma once

#include "module.hpp"
#include "tuning.hpp"

namespace plait::graph {

using tuning::kMostMembers;

/// True if a group reads the value from a register: with its own shape and in the type of the group.
bool reads_register(const Module& module, int v, const Group& group);

/// The values that need memory: those that another group, an output or an update reads.
std::vector<char> stored_values(const Module& module);
/// Sets needs_storage of those values.
void find_stored(Module& module);

}  // namespace plait::graph
