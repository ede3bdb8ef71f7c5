// The partition of a node's cases among its children, by which the features' orders are partitioned.
#pragma once

#include <cstdint>
#include <vector>

#include "work.hpp"

namespace plait::tree {

struct Partition {
  std::vector<std::uint32_t> ids;     ///< the node's cases in their order before the partition
  std::vector<std::uint16_t> branch;  ///< of each of them; kMissingCode if it went to several
  bool moved = false;                 ///< whether each child has a block of its own
  // If moved:
  std::vector<std::uint32_t> target;  ///< case in the child's block; of a missing one its index among the missing
  std::vector<Index> missing_begin;   ///< by branch: index of the first missing case; -1 if the branch takes none
};

Partition partition_ids(const Samples& samples, WorkTree& tree, std::int32_t node, int threads);

}  // namespace plait::tree
