// Distributes cases to the branches of a node: a stable partition of the ordering array, and fractional cases where a value is missing.
#include <algorithm>
#include <numeric>

#include "criterion.hpp"
#include "partition.hpp"
#include "plait/base/thread_pool.hpp"
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

namespace {

/// Counts of a range of the node's cases by branch.
struct Stretch {
  std::vector<Index> to;  ///< by branch
  Index missing = 0;
};
constexpr Index kStretch = Index{1} << 15;

}  // namespace

Partition partition_ids(const Samples& samples, WorkTree& tree, std::int32_t node, int threads) {
  const WorkNode at = tree.nodes[static_cast<std::size_t>(node)];
  Block& block = *at.block;
  const auto branches = static_cast<std::size_t>(at.branches);
  const Index n = static_cast<Index>(at.end) - at.begin;
  Partition parts;
  parts.branch.resize(static_cast<std::size_t>(n));
  std::vector<Stretch> stretches(static_cast<std::size_t>(std::max<Index>(1, (n + kStretch - 1) / kStretch)));
  const auto in_stretches = [&](auto&& work) {
    const auto one = [&](std::int64_t s, int) { work(stretches[static_cast<std::size_t>(s)], s * kStretch, std::min(n, (s + 1) * kStretch)); };
    if (threads == 1 || stretches.size() == 1) {
      for (std::size_t s = 0; s < stretches.size(); ++s) one(static_cast<std::int64_t>(s), 0);
    } else {
      parallel_for(static_cast<Index>(stretches.size()), one, threads);
    }
  };
  in_stretches([&](Stretch& stretch, Index begin, Index end) {
    stretch.to.assign(branches, 0);
    for (Index i = begin; i < end; ++i) {
      const std::uint32_t id = block.ids[static_cast<std::size_t>(at.begin + i)];
      const double x = samples.values[static_cast<Index>(block.row[id]) * samples.features + at.attribute];
      const std::int32_t b = branch_of(at, tree.maps, x);
      parts.branch[static_cast<std::size_t>(i)] = b < 0 ? kMissingCode : static_cast<std::uint16_t>(b);
      if (b < 0) ++stretch.missing;
      else ++stretch.to[static_cast<std::size_t>(b)];
    }
  });
  std::vector<Index> sizes(branches, 0);
  Index missing = 0;
  for (const Stretch& stretch : stretches) {
    missing += stretch.missing;
    for (std::size_t b = 0; b < branches; ++b) sizes[b] += stretch.to[b];
  }
  parts.moved = missing > 0;
  parts.ids.assign(block.ids.begin() + at.begin, block.ids.begin() + at.end);
  if (!parts.moved) {
    Index start = at.begin;
    for (std::size_t b = 0; b < branches; ++b) {
      WorkNode& child = tree.nodes[static_cast<std::size_t>(at.first) + b];
      child.block = at.block;
      child.begin = static_cast<std::uint32_t>(start);
      child.end = static_cast<std::uint32_t>(start + sizes[b]);
      for (Stretch& stretch : stretches) {  // prefix sums: from counts to offsets
        const Index here = stretch.to[b];
        stretch.to[b] = start;
        start += here;
      }
    }
    in_stretches([&](Stretch& stretch, Index begin, Index end) {
      for (Index i = begin; i < end; ++i)
        block.ids[static_cast<std::size_t>(stretch.to[parts.branch[static_cast<std::size_t>(i)]]++)] = parts.ids[static_cast<std::size_t>(i)];
    });
  } else {
    // Each child has its known cases first, then a fraction of every missing one.
    std::vector<double> known(branches, 0.0);
    for (std::size_t i = 0; i < parts.ids.size(); ++i)
      if (parts.branch[i] != kMissingCode) known[parts.branch[i]] += block.weight_of(parts.ids[i]);
    const double all = std::accumulate(known.begin(), known.end(), 0.0);
    std::vector<double> share(branches);
    for (std::size_t b = 0; b < branches; ++b) share[b] = equal(all, 0) ? 1.0 / static_cast<double>(branches) : known[b] / all;
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

void distribute(const Samples& samples, WorkTree& tree, std::int32_t node) { partition_ids(samples, tree, node, 1); }

}  // namespace plait::tree
