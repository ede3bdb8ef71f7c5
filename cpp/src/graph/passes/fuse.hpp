// What the parts of the fuse pass share.
#pragma once

#include "module.hpp"

namespace plait::graph {

/// Few enough that registers of a block stay in the first-level cache and operand lists stay short; longer chains go on in another group.
constexpr std::size_t kMostMembers = 40;

/// Inside of a group a value is read register to register: as it stands, and in the type of the group.
bool reads_register(const Module& module, int v, const Group& group);

/// Marks the values that need memory: those that another group, an output or an update reads.
void find_stored(Module& module);

}  // namespace plait::graph
