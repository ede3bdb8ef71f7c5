// What the parts of the fuse pass share.
#pragma once

#include "lowered.hpp"

namespace plait::graph {

/// Few enough that registers of a block stay in the first-level cache and operand lists stay short; longer chains go on in another group.
constexpr std::size_t kMostMembers = 40;

/// Inside of a group a value is read register to register: as it stands, and in the type of the group.
bool reads_register(const Fused& fused, int v, const Group& group);

/// Moves values to the later group that alone reads them, where that saves memory traffic.
void postpone(Fused& fused);

}  // namespace plait::graph
