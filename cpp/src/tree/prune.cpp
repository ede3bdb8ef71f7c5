// Collapsing and pessimistic pruning with subtree raising, from the leaves up and with explicit stacks. Children have higher numbers than
// their parents, before and after raising.
#include <algorithm>
#include <utility>

#include "criterion.hpp"
#include "pessimism.hpp"
#include "plait/base/interrupt.hpp"
#include "work.hpp"

namespace plait::tree {
namespace {

void make_leaf(WorkNode& node) {
  node.attribute = node.first = node.map = -1;
  node.branches = 0;
}

struct Weighted {
  std::uint32_t row;
  std::uint16_t label;
  double weight;
};

class Pruner {
 public:
  Pruner(const Samples& samples, const Options& options, WorkTree& tree)
      : samples_(samples),
        options_(options),
        tree_(tree),
        pessimism_(options.confidence),
        estimate_(tree.nodes.size()),
        divided_(tree.nodes.size()),
        extra_(tree.counts.size()) {}

  void run() {
    std::vector<std::pair<std::int32_t, bool>> stack{{0, false}};
    while (!stack.empty()) {
      const auto [v, ready] = stack.back();
      stack.pop_back();
      const WorkNode& node = at(v);
      if (node.first < 0) {
        estimate_[index(v)] = leaf_estimate(v);
        divided_[index(v)] = false;
        continue;
      }
      if (!ready) {
        poll_interrupt();
        stack.emplace_back(v, true);
        for (std::int32_t b = 0; b < node.branches; ++b) stack.emplace_back(node.first + b, false);
      } else if (decide(v)) {
        stack.emplace_back(v, false);  // raised: its new subtree has other cases, and is pruned anew
      }
    }
  }

 private:
  static std::size_t index(std::int32_t v) { return static_cast<std::size_t>(v); }
  WorkNode& at(std::int32_t v) { return tree_.nodes[index(v)]; }
  double leaf_estimate(std::int32_t v) const { return pessimism_.estimate(tree_.counts_of(v), tree_.classes); }

  // Leaf, raised branch or subtree, whichever promises the fewest errors. True if raised.
  bool decide(std::int32_t v) {
    WorkNode& node = at(v);
    double as_tree = 0, most = 0;
    std::int32_t largest = node.first;
    divided_[index(v)] = at(node.first).block != node.block;
    for (std::int32_t child = node.first; child < node.first + node.branches; ++child) {
      as_tree += estimate_[index(child)];
      divided_[index(v)] = divided_[index(v)] || divided_[index(child)];
      if (at_least(at(child).weight, most)) {
        most = at(child).weight;
        largest = child;
      }
    }
    const double as_leaf = leaf_estimate(v);
    // Above this limit both comparisons below are decided.
    const double limit = std::max(as_tree + 0.2, as_leaf + 0.2);
    const double as_branch = options_.subtree_raising ? branch_estimate(v, largest, limit) : limit + 1e300;
    if (at_most(as_leaf, as_tree + 0.1) && at_most(as_leaf, as_branch + 0.1)) {
      make_leaf(node);
      estimate_[index(v)] = as_leaf;
      divided_[index(v)] = false;
      return false;
    }
    if (at_most(as_branch, as_tree + 0.1)) {
      raise(v, largest);
      return true;
    }
    estimate_[index(v)] = as_tree;
    return false;
  }

  void raise(std::int32_t v, std::int32_t child) {
    WorkNode& node = at(v);
    const WorkNode from = at(child);
    node.attribute = from.attribute;
    node.threshold = from.threshold;
    node.first = from.first;
    node.branches = from.branches;
    node.map = from.map;
    std::vector<std::int32_t> stack{v};
    while (!stack.empty()) {
      const std::int32_t top = stack.back();
      stack.pop_back();
      if (at(top).first < 0) continue;
      distribute(samples_, tree_, top);
      for (std::int32_t b = 0; b < at(top).branches; ++b) stack.push_back(at(top).first + b);
    }
  }

  // Estimated errors if all cases of v went down its largest branch; any number above `limit` once that is sure.
  double branch_estimate(std::int32_t v, std::int32_t child, double limit) {
    const WorkNode& node = at(v);
    const Block& block = *node.block;
    if (at(child).block == node.block && !divided_[index(child)]) {
      double sum = 0;
      if (with_others(v, child, sum)) return sum;
    }
    std::vector<Weighted> cases;
    cases.reserve(node.end - node.begin);
    for (std::uint32_t i = node.begin; i < node.end; ++i) {
      const std::uint32_t id = block.ids[i];
      cases.push_back({block.row[id], block.label[id], block.weight_of(id)});
    }
    return routed(child, std::move(cases), limit);
  }

  // The branch's own cases stay in their leaves: only the others have to be sent down. False where one of them would have to be divided.
  bool with_others(std::int32_t v, std::int32_t child, double& sum) {
    const WorkNode& node = at(v);
    const WorkNode& kept = at(child);
    const Block& block = *node.block;
    std::vector<std::int32_t> touched;
    bool whole = true;
    for (std::uint32_t i = node.begin; i < node.end && whole; ++i) {
      if (i == kept.begin) i = kept.end;
      if (i >= node.end) break;
      const std::uint32_t id = block.ids[i];
      const double* x = samples_.values + static_cast<Index>(block.row[id]) * samples_.features;
      std::int32_t to = child;
      while (at(to).first >= 0) {
        const std::int32_t b = branch_of(at(to), tree_.maps, x[at(to).attribute]);
        if (b < 0) {
          whole = false;
          break;
        }
        to = at(to).first + b;
      }
      if (!whole) break;
      double* extra = extra_.data() + static_cast<Index>(to) * tree_.classes;
      extra[block.label[id]] += block.weight_of(id);
      touched.push_back(to);
    }
    std::sort(touched.begin(), touched.end());
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    sum = estimate_[index(child)];
    std::vector<double> counts(static_cast<std::size_t>(tree_.classes));
    for (const std::int32_t leaf : touched) {
      double* extra = extra_.data() + static_cast<Index>(leaf) * tree_.classes;
      for (std::size_t k = 0; k < counts.size(); ++k) {
        counts[k] = tree_.counts_of(leaf)[k] + extra[k];
        extra[k] = 0;
      }
      sum += pessimism_.estimate(counts.data(), tree_.classes) - leaf_estimate(leaf);
    }
    return whole;
  }

  double routed(std::int32_t top, std::vector<Weighted> all, double limit) {
    double sum = 0;
    std::vector<std::pair<std::int32_t, std::vector<Weighted>>> stack;
    stack.emplace_back(top, std::move(all));
    std::vector<double> counts(static_cast<std::size_t>(tree_.classes));
    while (!stack.empty() && sum <= limit) {
      const std::int32_t v = stack.back().first;
      const std::vector<Weighted> cases = std::move(stack.back().second);
      stack.pop_back();
      const WorkNode& node = at(v);
      if (node.first < 0) {
        std::fill(counts.begin(), counts.end(), 0.0);
        for (const Weighted& c : cases) counts[c.label] += c.weight;
        sum += pessimism_.estimate(counts.data(), tree_.classes);
        continue;
      }
      const auto branches = static_cast<std::size_t>(node.branches);
      std::vector<std::vector<Weighted>> parts(branches);
      std::vector<double> known(branches, 0.0);
      std::vector<Weighted> missing;
      double total = 0;
      for (const Weighted& c : cases) {
        const std::int32_t b = branch_of(node, tree_.maps, samples_.values[static_cast<Index>(c.row) * samples_.features + node.attribute]);
        if (b < 0) {
          missing.push_back(c);
          continue;
        }
        parts[index(b)].push_back(c);
        known[index(b)] += c.weight;
        total += c.weight;
      }
      for (std::size_t b = 0; b < branches; ++b) {
        const double share = equal(total, 0) ? 1.0 / static_cast<double>(branches) : known[b] / total;
        if (greater(share, 0))
          for (const Weighted& c : missing) parts[b].push_back({c.row, c.label, c.weight * share});
        if (!parts[b].empty()) stack.emplace_back(node.first + static_cast<std::int32_t>(b), std::move(parts[b]));
      }
    }
    return sum;
  }

  const Samples& samples_;
  const Options& options_;
  WorkTree& tree_;
  Pessimism pessimism_;
  std::vector<double> estimate_;  ///< of the subtree below each node
  std::vector<char> divided_;     ///< whether a split at or below it has divided cases
  std::vector<double> extra_;     ///< (nodes, classes), zero between uses
};

}  // namespace

void collapse(WorkTree& tree) {
  std::vector<double> errors(tree.nodes.size());
  const auto wrong = [&](std::int32_t v) {
    const double* counts = tree.counts_of(v);
    return tree.nodes[static_cast<std::size_t>(v)].weight - counts[largest_class(counts, tree.classes)];
  };
  for (auto v = static_cast<std::int32_t>(tree.nodes.size()) - 1; v >= 0; --v) {
    const WorkNode& node = tree.nodes[static_cast<std::size_t>(v)];
    if (node.first < 0) errors[static_cast<std::size_t>(v)] = wrong(v);
    for (std::int32_t b = 0; b < node.branches; ++b) errors[static_cast<std::size_t>(v)] += errors[static_cast<std::size_t>(node.first + b)];
  }
  for (std::int32_t v = 0; v < static_cast<std::int32_t>(tree.nodes.size()); ++v)  // below a leaf that this makes it does not matter
    if (tree.nodes[static_cast<std::size_t>(v)].first >= 0 && errors[static_cast<std::size_t>(v)] >= wrong(v) - 1e-3)
      make_leaf(tree.nodes[static_cast<std::size_t>(v)]);
}

void prune(const Samples& samples, const Options& options, WorkTree& tree) { Pruner(samples, options, tree).run(); }

}  // namespace plait::tree
