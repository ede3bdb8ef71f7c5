// What the parts of the fuse pass share.
#pragma once

#include "module.hpp"
#include "tuning.hpp"

namespace plait::graph {

using tuning::kMostMembers;

/// Inside of a group a value is read register to register: as it stands, and in the type of the group.
bool reads_register(const Module& module, int v, const Group& group);

/// The values that need memory: those that another group, an output or an update reads.
std::vector<char> stored_values(const Module& module);
/// Marks them.
void find_stored(Module& module);

}  // namespace plait::graph
