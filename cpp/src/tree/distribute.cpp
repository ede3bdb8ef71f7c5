// Cases to the branches of a node: the stable partition of the ordering array, and fractional cases where a value is missing.
#include <algorithm>
#include <numeric>

#include "criterion.hpp"
#include "partition.hpp"
#include "work.hpp"

namespace plait::tree {

void count(WorkTree& tree, std::int32_t node) {
  WorkNode& at = tree.nodes[static_cast<std::size_t>(node)];
  double* counts = tree.counts_of(node);
  std::fill(counts, counts + tree.classes, 0.0);
  const Block& block = *at.block;
  for (std::uint32_t i = at.begin; i < at.end; ++i) {
    const std::uint32_t id = block.ids[i];
    counts[block.label[id]] += block.weight_of(id);
  }
  at.weight = std::accumulate(counts, counts + tree.classes, 0.0);
}

Partition partition_ids(const Samples& samples, WorkTree& tree, std::int32_t node) {
  const WorkNode at = tree.nodes[static_cast<std::size_t>(node)];
  Block& block = *at.block;
  const auto branches = static_cast<std::size_t>(at.branches);
  Partition parts;
  parts.branch.resize(at.end - at.begin);
  std::vector<Index> sizes(branches, 0);
  std::vector<double> known(branches, 0.0);
  Index missing = 0;
  for (std::uint32_t i = at.begin; i < at.end; ++i) {
    const std::uint32_t id = block.ids[i];
    const double x = samples.values[static_cast<Index>(block.row[id]) * samples.features + at.attribute];
    const std::int32_t b = branch_of(at, tree.maps, x);
    parts.branch[i - at.begin] = b < 0 ? kMissingCode : static_cast<std::uint16_t>(b);
    if (b < 0) {
      ++missing;
    } else {
      ++sizes[static_cast<std::size_t>(b)];
      known[static_cast<std::size_t>(b)] += block.weight_of(id);
    }
  }
  parts.moved = missing > 0;
  std::vector<Index> starts(branches + 1, at.begin);
  if (!parts.moved) {
    std::partial_sum(sizes.begin(), sizes.end(), starts.begin() + 1);
    for (std::size_t b = 0; b < branches; ++b) starts[b + 1] += at.begin;
    std::vector<Index> cursor(starts.begin(), starts.end() - 1);
    parts.ids.assign(block.ids.begin() + at.begin, block.ids.begin() + at.end);
    for (std::size_t i = 0; i < parts.ids.size(); ++i) block.ids[static_cast<std::size_t>(cursor[parts.branch[i]]++)] = parts.ids[i];
    for (std::size_t b = 0; b < branches; ++b) {
      WorkNode& child = tree.nodes[static_cast<std::size_t>(at.first) + b];
      child.block = at.block;
      child.begin = static_cast<std::uint32_t>(starts[b]);
      child.end = static_cast<std::uint32_t>(starts[b + 1]);
    }
  } else {
    // Each child has its known cases first and then a share of every missing one.
    const double all = std::accumulate(known.begin(), known.end(), 0.0);
    std::vector<double> share(branches);
    for (std::size_t b = 0; b < branches; ++b) share[b] = equal(all, 0) ? 1.0 / static_cast<double>(branches) : known[b] / all;
    parts.ids.assign(block.ids.begin() + at.begin, block.ids.begin() + at.end);
    parts.target.assign(parts.ids.size(), 0);
    parts.missing_begin.assign(branches, -1);
    std::vector<Block*> fresh(branches);
    for (std::size_t b = 0; b < branches; ++b) {
      auto own = std::make_shared<Block>();
      const bool takes = greater(share[b], 0);
      if (takes) parts.missing_begin[b] = sizes[b];
      const auto total = static_cast<std::size_t>(sizes[b] + (takes ? missing : 0));
      own->row.resize(total);
      own->weight.resize(total);
      own->label.resize(total);
      own->ids.resize(total);
      std::iota(own->ids.begin(), own->ids.end(), 0U);
      WorkNode& child = tree.nodes[static_cast<std::size_t>(at.first) + b];
      fresh[b] = own.get();
      child.block = std::move(own);
      child.begin = 0;
      child.end = static_cast<std::uint32_t>(total);
    }
    const auto put = [&](std::size_t b, Index to, std::uint32_t id, double weight) {
      const auto t = static_cast<std::size_t>(to);
      fresh[b]->row[t] = block.row[id];
      fresh[b]->weight[t] = weight;
      fresh[b]->label[t] = block.label[id];
    };
    std::vector<Index> cursor(branches, 0);
    Index nth = 0;
    for (std::size_t i = 0; i < parts.ids.size(); ++i) {
      const std::uint32_t id = parts.ids[i];
      const double weight = block.weight_of(id);
      if (parts.branch[i] != kMissingCode) {
        const Index to = cursor[parts.branch[i]]++;
        parts.target[i] = static_cast<std::uint32_t>(to);
        put(parts.branch[i], to, id, weight);
        continue;
      }
      parts.target[i] = static_cast<std::uint32_t>(nth);
      for (std::size_t b = 0; b < branches; ++b)
        if (parts.missing_begin[b] >= 0) put(b, parts.missing_begin[b] + nth, id, share[b] * weight);
      ++nth;
    }
  }
  for (std::int32_t b = 0; b < at.branches; ++b) {
    tree.nodes[static_cast<std::size_t>(at.first + b)].depth = at.depth + 1;
    count(tree, at.first + b);
  }
  return parts;
}

void distribute(const Samples& samples, WorkTree& tree, std::int32_t node) { partition_ids(samples, tree, node); }

}  // namespace plait::tree
