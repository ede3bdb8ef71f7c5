// A decision tree as flat arrays, for fitting, files and prediction.
//
// Nodes are numbered so that the root is 0 and the children of a node follow each other: branch b of node v leads to first[v] + b.
// A tree of any depth is walked with loops; nothing here recurses.
#pragma once

#include <cstdint>
#include <vector>

namespace plait::tree {

using Index = std::int64_t;

/// The branch of a category without a branch: such a case goes down all branches, like a missing value.
inline constexpr std::int32_t kNoBranch = -1;

struct Tree {
  std::int32_t classes = 0;
  std::int32_t features = 0;
  std::vector<std::int32_t> categories;  ///< of each feature; 0: numeric

  // One entry for each node.
  std::vector<std::int32_t> attribute;  ///< feature of the split; -1 at a leaf
  std::vector<double> threshold;        ///< numeric: x <= threshold goes to branch 0, x > threshold to branch 1
  std::vector<std::int32_t> first;      ///< its first child; its own number at a leaf
  std::vector<std::int32_t> branches;   ///< number of children
  std::vector<std::int32_t> map;        ///< categorical: where its categories' branches begin in `maps`; -1 elsewhere
  std::vector<double> weight;           ///< of the training cases that reached it
  std::vector<double> counts;           ///< (nodes, classes): the same by class; an empty leaf has its parent's, and weight 0

  std::vector<std::int32_t> maps;  ///< branch of each category

  [[nodiscard]] Index size() const { return static_cast<Index>(attribute.size()); }

  /// Throws FormatError unless the arrays are consistent: children in range, each node with one parent, weights finite.
  void validate() const;

  /// Probabilities of each class for rows×features values (row by row; NaN is missing, categories are their index).
  void probabilities(const double* values, Index rows, double* out, int threads = 0) const;
  /// The most probable class, the first of equals.
  void predict(const double* values, Index rows, std::int32_t* out, int threads = 0) const;
  /// The leaf that each row ends in; one that is sent down several branches ends in the heaviest leaf.
  void apply(const double* values, Index rows, std::int32_t* out, int threads = 0) const;
};

}  // namespace plait::tree
