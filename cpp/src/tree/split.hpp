// Splits of one node on one feature, and their gains.
#pragma once

#include <cstdint>
#include <vector>

#include "work.hpp"

namespace plait::tree {

/// n log2 n for integer n, and its differences: with weights of 1 a class's part of the entropy changes by one difference per case.
class Logs {
 public:
  explicit Logs(Index n);
  [[nodiscard]] const double* values() const { return values_.data(); }
  [[nodiscard]] const double* steps() const { return steps_.data(); }  ///< values()[i + 1] - values()[i]

 private:
  std::vector<double> values_, steps_;
};

/// The best split of a node on one feature. Gains are per unit of the node's weight, with no gain from missing values.
struct Candidate {
  bool valid = false;
  double gain = 0;
  double ratio = 0;
  double threshold = 0;           ///< numeric
  std::vector<std::int32_t> map;  ///< categorical: branch of each category
  std::int32_t branches = 2;
};

/// Data of a node shared by all features.
struct NodeFacts {
  const Block& block;
  const double* counts;  ///< by class, missing values included
  std::int32_t classes;
  double weight;
  double min_leaf;
  const Logs* logs;  ///< null if cases have weights
};

/// Reused workspace.
struct SplitSpace {
  std::vector<double> left, right, table;
  std::vector<std::int64_t> left_count, right_count;
};

/// Binary threshold: the cases of the node by rank, missing ones last. `values[rank]` is ascending.
Candidate split_sorted(const Ranked* cases, Index n, const Levels& values, const NodeFacts& node, SplitSpace& space);
/// The same from sums by (bin, class); the last bin is for missing values.
Candidate split_binned(const double* sums, const Levels& values, const NodeFacts& node, SplitSpace& space);
/// A branch for each category, or for groups of them, from sums by (category, class).
Candidate split_categories(const double* sums, std::int32_t categories, bool subsets, const NodeFacts& node);

/// The largest of values[low..high] that is at most the midpoint of values[low] and values[high]: thresholds are numbers of the data.
double threshold_between(const Levels& values, std::uint32_t low, std::uint32_t high);

}  // namespace plait::tree
