// Splits on a categorical feature: a branch for each category, or for groups of categories.
#include <algorithm>
#include <numeric>

#include "criterion.hpp"
#include "split.hpp"

namespace plait::tree {
namespace {

// Groups of categories with their sums by class.
struct Groups {
  std::int32_t classes;
  std::vector<std::vector<double>> sums;
  std::vector<double> weights;

  [[nodiscard]] double known() const { return std::accumulate(weights.begin(), weights.end(), 0.0); }

  // Gain and ratio of a split into these groups; not valid unless two of them have enough cases.
  [[nodiscard]] Candidate evaluate(const NodeFacts& node) const {
    Candidate found;
    int enough = 0;
    for (const double w : weights) enough += at_least(w, node.min_leaf) ? 1 : 0;
    if (enough < 2) return found;
    std::vector<double> whole(static_cast<std::size_t>(classes), 0.0);
    for (const auto& sum : sums)
      for (std::size_t c = 0; c < whole.size(); ++c) whole[c] += sum[c];
    const double all = known();
    double gain = scaled_entropy(whole.data(), classes, all);
    double split = xlogx(node.weight) - xlogx(node.weight - all);
    for (std::size_t g = 0; g < sums.size(); ++g) {
      gain -= scaled_entropy(sums[g].data(), classes, weights[g]);
      split -= xlogx(weights[g]);
    }
    found.valid = true;
    found.gain = equal(gain, 0) ? 0 : gain / node.weight;
    found.ratio = equal(split, 0) ? 0 : found.gain / (split / node.weight);
    return found;
  }

  void merge(std::size_t a, std::size_t b) {
    for (std::size_t c = 0; c < sums[a].size(); ++c) sums[a][c] += sums[b][c];
    weights[a] += weights[b];
    sums.erase(sums.begin() + static_cast<std::ptrdiff_t>(b));
    weights.erase(weights.begin() + static_cast<std::ptrdiff_t>(b));
  }
};

}  // namespace

Candidate split_categories(const double* sums, std::int32_t categories, bool subsets, const NodeFacts& node) {
  const auto k = static_cast<std::size_t>(node.classes);
  Groups groups{node.classes, {}, {}};
  std::vector<std::int32_t> group_of(static_cast<std::size_t>(categories), kNoBranch);
  for (std::int32_t v = 0; v < categories; ++v) {
    const double* here = sums + static_cast<std::size_t>(v) * k;
    const double weight = std::accumulate(here, here + k, 0.0);
    if (weight <= 0) continue;
    group_of[static_cast<std::size_t>(v)] = static_cast<std::int32_t>(groups.weights.size());
    groups.sums.emplace_back(here, here + k);
    groups.weights.push_back(weight);
  }
  Candidate found = groups.evaluate(node);
  if (!subsets) {  // a category without cases has a branch too
    found.branches = categories;
    found.map.resize(static_cast<std::size_t>(categories));
    std::iota(found.map.begin(), found.map.end(), 0);
    return found;
  }
  // Quinlan's greedy grouping: repeatedly merges the two groups that give the best ratio, until it would fall.
  while (groups.weights.size() > 2) {
    Candidate best;
    std::size_t first = 0, second = 0;
    for (std::size_t a = 0; a + 1 < groups.weights.size(); ++a)
      for (std::size_t b = a + 1; b < groups.weights.size(); ++b) {
        Groups merged = groups;
        merged.merge(a, b);
        Candidate candidate = merged.evaluate(node);
        if (candidate.valid && (!best.valid || greater(candidate.ratio, best.ratio))) {
          best = std::move(candidate);
          first = a;
          second = b;
        }
      }
    if (!best.valid || (found.valid && greater(found.ratio, best.ratio))) break;
    groups.merge(first, second);
    for (auto& g : group_of) {
      if (g == static_cast<std::int32_t>(second)) g = static_cast<std::int32_t>(first);
      else if (g > static_cast<std::int32_t>(second)) --g;
    }
    found = std::move(best);
  }
  found.branches = static_cast<std::int32_t>(groups.weights.size());
  found.map = std::move(group_of);
  return found;
}

}  // namespace plait::tree
