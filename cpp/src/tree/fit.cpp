#include "plait/tree/fit.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "criterion.hpp"
#include "grow.hpp"
#include "plait/base/error.hpp"
#include "work.hpp"

namespace plait::tree {
namespace {

// Copies reachable nodes, parents first and children contiguous; an empty leaf predicts its parent's distribution.
Tree flatten(const Samples& samples, const WorkTree& work) {
  Tree tree;
  tree.classes = samples.classes;
  tree.features = samples.features;
  tree.categories = samples.categories;
  std::vector<std::int32_t> from{0}, parent{-1};
  for (std::size_t v = 0; v < from.size(); ++v) {
    const WorkNode& node = work.nodes[static_cast<std::size_t>(from[v])];
    const bool leaf = node.first < 0;
    tree.attribute.push_back(node.attribute);
    tree.threshold.push_back(!leaf && node.map < 0 ? node.threshold : 0.0);
    tree.first.push_back(static_cast<std::int32_t>(leaf ? v : from.size()));
    tree.branches.push_back(node.branches);
    tree.map.push_back(node.map < 0 ? -1 : static_cast<std::int32_t>(tree.maps.size()));
    if (node.map >= 0) {
      const auto begin = work.maps.begin() + node.map;
      tree.maps.insert(tree.maps.end(), begin, begin + samples.categories[static_cast<std::size_t>(node.attribute)]);
    }
    const bool empty = equal(node.weight, 0) && v > 0;
    tree.weight.push_back(empty ? 0 : node.weight);
    if (empty && leaf) {
      const auto k = static_cast<std::size_t>(tree.classes);
      const std::vector<double> above(tree.counts.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(parent[v]) * k),
                                      tree.counts.begin() + static_cast<std::ptrdiff_t>((static_cast<std::size_t>(parent[v]) + 1) * k));
      tree.counts.insert(tree.counts.end(), above.begin(), above.end());
    } else {
      tree.counts.insert(tree.counts.end(), work.counts_of(from[v]), work.counts_of(from[v]) + tree.classes);
    }
    for (std::int32_t b = 0; b < node.branches; ++b) {
      from.push_back(node.first + b);
      parent.push_back(static_cast<std::int32_t>(v));
    }
  }
  return tree;
}

}  // namespace

Tree fit(const Samples& samples, const Options& options) {
  PLAIT_REQUIRE(samples.rows >= 1 && samples.rows < std::numeric_limits<std::int32_t>::max(), "fit: ", samples.rows,
                " rows, expected 1 to 2147483646");
  PLAIT_REQUIRE(samples.classes >= 1 && samples.classes <= 65535, "fit: ", samples.classes, " classes, expected 1 to 65535");
  PLAIT_REQUIRE(samples.features >= 1 && samples.categories.size() == static_cast<std::size_t>(samples.features), "fit: ", samples.features,
                " features, and numbers of categories for ", samples.categories.size());
  PLAIT_REQUIRE(options.min_leaf > 0, "min_leaf: ", options.min_leaf, " was given, a number above 0 was expected");
  PLAIT_REQUIRE(options.confidence > 0 && options.confidence <= 0.5, "confidence: ", options.confidence,
                " was given, a number above 0 and up to 0.5 was expected");
  PLAIT_REQUIRE(options.max_bins == 0 || (options.max_bins >= 2 && options.max_bins <= 65534), "max_bins: ", options.max_bins,
                " was given, 2 to 65534 bins were expected");
  for (std::int32_t f = 0; f < samples.features; ++f) {
    const std::int32_t categories = samples.categories[static_cast<std::size_t>(f)];
    PLAIT_REQUIRE(categories >= 0 && categories < 65534, "feature ", f, ": ", categories, " categories, at most 65533 were expected");
    if (categories == 0) continue;
    for (Index i = 0; i < samples.rows; ++i) {
      const double x = samples.values[i * samples.features + f];
      PLAIT_REQUIRE(x != x || (x >= 0 && x < categories && x == static_cast<double>(static_cast<std::int32_t>(x))), "feature ", f, ": category ", x,
                    " in row ", i, ", one of 0 to ", categories - 1, " was expected");
    }
  }
  for (Index i = 0; i < samples.rows; ++i)
    PLAIT_REQUIRE(samples.labels[i] < samples.classes, "label ", samples.labels[i], " in row ", i, ", expected less than ", samples.classes);
  WorkTree work = Grower(samples, options).run();
  collapse(work);
  if (options.prune) prune(samples, options, work);
  return flatten(samples, work);
}

}  // namespace plait::tree
