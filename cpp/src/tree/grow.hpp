// Growing a tree: nodes from an explicit stack, large ones with all threads over the features, small ones as parallel subtrees.
#pragma once

#include <memory>
#include <vector>

#include "partition.hpp"
#include "split.hpp"
#include "work.hpp"

namespace plait::tree {

/// A node to be split, with its sorted orders or histograms.
struct Pending {
  std::int32_t node = 0;
  std::shared_ptr<Orders> orders;  ///< null while histograms are used
  std::vector<double> sums;        ///< histograms by (feature, bin, class); empty: not computed yet
};

/// Workspace of one thread.
struct GrowSpace {
  SplitSpace split;
  std::vector<Ranked> ranked;
  std::vector<double> sums;
};

/// A subtree, and the node that it replaces.
struct Grown {
  std::int32_t node;
  WorkTree tree;
};

class Grower {
 public:
  Grower(const Samples& samples, const Options& options);
  WorkTree run();

 private:
  // Whether a node can be split at all.
  bool may_grow(const WorkTree& tree, std::int32_t node) const;
  NodeFacts facts(const WorkTree& tree, std::int32_t node) const;
  // Splits one node; its children that may grow are appended to `next`.
  void step(WorkTree& tree, Pending item, std::vector<Pending>& next, std::vector<GrowSpace>& spaces, int threads);
  // Grows the items of `subtrees` in parallel, into trees appended to `grown`.
  void grow_subtrees(WorkTree& tree, std::vector<Pending>& subtrees, std::vector<Grown>& grown, std::vector<GrowSpace>& spaces, int threads);
  static void begin_part(WorkTree& tree, Pending& item, WorkTree& part);
  static void absorb(WorkTree& tree, Grown& one);
  void subtree(WorkTree& tree, Pending item, std::vector<GrowSpace>& spaces, int worker);
  // The best split on one feature.
  Candidate best_split(const WorkTree& tree, const Pending& item, std::int32_t feature, GrowSpace& space) const;
  // Quinlan's choice: the best gain ratio among features with at least the mean gain. -1: none.
  std::int32_t choose(const std::vector<Candidate>& candidates) const;
  void partition_orders(const WorkTree& tree, std::int32_t node, const Partition& parts, Orders& orders,
                        const std::vector<std::shared_ptr<Orders>>& fresh, std::vector<GrowSpace>& spaces, int threads) const;
  // Binned features.
  void bin_features(int threads);
  void add_up(const WorkTree& tree, Pending& item, int threads) const;
  static void own_block(WorkTree& tree, std::int32_t node);
  static void return_block(WorkTree& tree, const WorkNode& root);
  std::shared_ptr<Orders> orders_of(const WorkTree& tree, std::int32_t node) const;

  const Samples& samples_;
  const Options& options_;
  double total_ = 0;
  bool binned_ = false;
  std::unique_ptr<Logs> logs_;
  std::vector<Levels> values_;         ///< numeric: distinct values, or upper borders of bins
  std::vector<std::uint16_t> codes_;   ///< binned: (rows, features)
  std::vector<std::int32_t> offsets_;  ///< binned: first bin of each feature, then the total; each feature has one more bin for missing values
};

}  // namespace plait::tree
