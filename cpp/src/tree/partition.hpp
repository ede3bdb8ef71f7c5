// How a node's cases went to its children: what the orders of the features are partitioned by.
#pragma once

#include <cstdint>
#include <vector>

#include "work.hpp"

namespace plait::tree {

struct Partition {
  std::vector<std::uint32_t> ids;     ///< the node's cases in their order before
  std::vector<std::uint16_t> branch;  ///< of each of them; kMissingCode where it went down several
  bool moved = false;                 ///< whether each child has a block of its own
  // Where moved:
  std::vector<std::uint32_t> target;  ///< case in the child's block; of a missing one its number among the missing
  std::vector<Index> missing_begin;   ///< by branch: case of the first missing one; -1 where the branch takes none
};

Partition partition_ids(const Samples& samples, WorkTree& tree, std::int32_t node, int threads);

}  // namespace plait::tree
