// Growing and pruning a C4.5 tree (Quinlan, C4.5: Programs for Machine Learning, 1993; Improved use of continuous attributes in C4.5,
// JAIR 4, 1996), with the tie-breaks and tolerances of Weka's J48, so that the trees are the same.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "plait/tree/tree.hpp"

namespace plait::tree {

/// Training data, borrowed. No weight is 0 or less.
struct Samples {
  const double* values = nullptr;  ///< (rows, features); NaN is missing; a categorical feature holds indices of its categories
  Index rows = 0;
  std::int32_t features = 0;
  const std::uint16_t* labels = nullptr;
  std::int32_t classes = 0;
  const double* weights = nullptr;       ///< null: 1 each
  std::vector<std::int32_t> categories;  ///< of each feature; 0: numeric
};

/// The input of a node's histogram: the sum of the weights of its cases for each (feature, bin, class), computed locally or by an executor.
struct HistogramRequest {
  const std::uint16_t* codes;  ///< (cases, features)
  const std::uint16_t* labels;
  const double* weights;  ///< null: 1 each
  Index cases;
  std::int32_t features, classes;
  const std::int32_t* offsets;  ///< first bin of each feature, and the number of all
};
using Collect = std::function<void(const HistogramRequest&, double*)>;

struct Options {
  double min_leaf = 2;       ///< least weight of at least two branches
  double confidence = 0.25;  ///< of the pessimistic error, in (0, 0.5]
  bool prune = true;         ///< subtrees that do not lower the training error are collapsed in any case
  bool subtree_raising = true;
  bool subsets = false;  ///< group categories while that raises the gain ratio
  int max_depth = -1;    ///< -1: no limit; the root has depth 0
  int max_bins = 0;      ///< 0: every threshold between two values; else numeric features in so many bins
  int threads = 0;
  Collect collect;  ///< binned only: computes histograms of large nodes
};

Tree fit(const Samples& samples, const Options& options);

/// Computes the sums of a HistogramRequest in this process.
void add_histogram(const HistogramRequest& request, double* out);

/// Upper confidence limit of the number of errors beyond `errors` among `weight` cases (C4.5's pessimistic error).
double added_errors(double weight, double errors, double confidence);

}  // namespace plait::tree
