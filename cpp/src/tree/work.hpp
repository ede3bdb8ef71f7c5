// Shared by growing and pruning: cases, and the tree while it is modified.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "plait/tree/fit.hpp"

namespace plait::tree {

/// A case in the order of one numeric feature: its index within its block, and the rank of its value among all distinct ones.
struct Ranked {
  std::uint32_t id;
  std::uint32_t rank;
};
inline constexpr std::uint32_t kMissingRank = 0xFFFFFFFFU;
inline constexpr std::uint16_t kMissingCode = 0xFFFFU;

/// The distinct values of a numeric feature by rank: numbers, or rows of the table that contain them, at half the memory.
struct Levels {
  std::vector<double> numbers;
  std::vector<std::uint32_t> rows;  ///< empty: numbers
  const double* column = nullptr;   ///< of the table; its stride is the number of features
  Index stride = 0;
  [[nodiscard]] double operator[](std::size_t rank) const {
    return rows.empty() ? numbers[rank] : column[static_cast<Index>(rows[rank]) * stride] + 0.0;  // -0 is 0
  }
  [[nodiscard]] std::size_t size() const { return rows.empty() ? numbers.size() : rows.size(); }
};

/// Cases, which nodes own as ranges of one ordering array `ids`. A split that sends missing values down several branches needs more
/// cases than there are, and gives each child its own block; every other split permutes its range in place.
struct Block {
  std::vector<std::uint32_t> row;    ///< of each case; a row may occur more than once, in different branches
  std::vector<double> weight;        ///< empty: 1 each
  std::vector<std::uint16_t> label;  ///< of each case
  std::vector<std::uint32_t> ids;    ///< cases, each node's together
  [[nodiscard]] double weight_of(std::uint32_t id) const { return weight.empty() ? 1.0 : weight[id]; }
  [[nodiscard]] Index size() const { return static_cast<Index>(row.size()); }
};

/// While growing: for each numeric feature the cases by rank, missing ones last, with the same range for each node as in Block::ids.
struct Orders {
  std::vector<std::vector<Ranked>> of;
  // By case, while its node is split: its branch and target. Nodes of a block share no cases, so threads may write concurrently.
  std::vector<std::uint16_t> branch;
  std::vector<std::uint32_t> target;
};

struct WorkNode {
  std::int32_t attribute = -1;
  std::int32_t first = -1;
  std::int32_t branches = 0;
  std::int32_t map = -1;
  std::int32_t depth = 0;
  std::uint32_t begin = 0, end = 0;  ///< its cases in block->ids
  double threshold = 0;
  double weight = 0;
  std::shared_ptr<Block> block;
};

struct WorkTree {
  std::int32_t classes = 0;
  std::vector<WorkNode> nodes;
  std::vector<double> counts;  ///< (nodes, classes)
  std::vector<std::int32_t> maps;
  /// The block that nodes keep when they are split; all others are released, as pruning can restore them.
  const Block* kept = nullptr;

  explicit WorkTree(std::int32_t k) : classes(k) {}
  std::int32_t add(std::int32_t n) {
    const auto at = static_cast<std::int32_t>(nodes.size());
    nodes.resize(nodes.size() + static_cast<std::size_t>(n));
    counts.resize(nodes.size() * static_cast<std::size_t>(classes), 0.0);
    return at;
  }
  double* counts_of(std::int32_t node) { return counts.data() + static_cast<Index>(node) * classes; }
  [[nodiscard]] const double* counts_of(std::int32_t node) const { return counts.data() + static_cast<Index>(node) * classes; }
};

/// Releases the node's reference to its cases, unless their block is kept.
inline void release(WorkTree& tree, std::int32_t node) {
  WorkNode& at = tree.nodes[static_cast<std::size_t>(node)];
  if (at.block.get() != tree.kept) at.block.reset();
}

/// Branch of a value at a node; kNoBranch if it is missing or an unknown category.
inline std::int32_t branch_of(const WorkNode& node, const std::vector<std::int32_t>& maps, double x) {
  if (x != x) return kNoBranch;
  if (node.map < 0) return x <= node.threshold ? 0 : 1;
  return maps[static_cast<std::size_t>(node.map) + static_cast<std::size_t>(x)];
}

/// Distributes the node's cases to its children: permutes ids in place, or gives each child its own block if a missing value is
/// divided among them. Sets the children's block, range, weight and counts. Those of the node itself must be set.
void distribute(const Samples& samples, WorkTree& tree, std::int32_t node);
/// Sets weight and counts of a node from its range.
void count(WorkTree& tree, std::int32_t node);

void collapse(WorkTree& tree);
void prune(const Samples& samples, const Options& options, WorkTree& tree);

}  // namespace plait::tree
