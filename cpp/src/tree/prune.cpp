// Collapsing and pessimistic pruning with subtree raising, bottom-up and with explicit stacks. Children have higher numbers than
// their parents, before and after raising.
#include <algorithm>
#include <limits>
#include <utility>

#include "criterion.hpp"
#include "pessimism.hpp"
#include "plait/base/interrupt.hpp"
#include "plait/base/thread_pool.hpp"
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
        extra_(tree.counts.size()),
        most_(tree.nodes.size(), -1.0),
        done_(tree.nodes.size()),
        per_error_(options.confidence >= 1e-3 ? 0.5 : 0.0) {
    steps_.resize(tree.nodes.size());
    for (std::size_t v = 0; v < steps_.size(); ++v) refresh(static_cast<std::int32_t>(v));
  }

  // First subtrees of few cases in parallel, then larger ones around them, up to the root: no decision depends on another subtree.
  void run() {
    const Index all = at(0).end - at(0).begin;
    for (Index share = 16; share > 1; share /= 2) {
      const Index small = std::max<Index>(1000, all / share);
      std::vector<std::int32_t> roots, stack{0};
      while (!stack.empty()) {
        const std::int32_t v = stack.back();
        stack.pop_back();
        const WorkNode& node = at(v);
        if (node.first < 0 || node.block == nullptr || done_[index(v)] != 0) continue;
        if (static_cast<Index>(node.end) - node.begin <= small) {
          roots.push_back(v);
          continue;
        }
        for (std::int32_t b = 0; b < node.branches; ++b) stack.push_back(node.first + b);
      }
      parallel_for(
          static_cast<Index>(roots.size()),
          [&](std::int64_t i, int) {
            run(roots[static_cast<std::size_t>(i)]);
            done_[index(roots[static_cast<std::size_t>(i)])] = 1;
          },
          options_.threads);
    }
    run(0);
  }

 private:
  void run(std::int32_t root) {
    std::vector<std::pair<std::int32_t, bool>> stack{{root, false}};
    while (!stack.empty()) {
      const auto [v, ready] = stack.back();
      stack.pop_back();
      const WorkNode& node = at(v);
      if (done_[index(v)] != 0) {
        done_[index(v)] = 0;  // valid once: if a node above is raised, everything below is pruned again
        continue;
      }
      if (node.first < 0) {
        estimate_[index(v)] = leaf_estimate(v);
        divided_[index(v)] = false;
        continue;
      }
      if (!ready) {
        poll_interrupt();
        if (at(node.first).block == nullptr) distribute(samples_, tree_, v);  // not kept by growing, or v was raised
        stack.emplace_back(v, true);
        for (std::int32_t b = 0; b < node.branches; ++b) stack.emplace_back(node.first + b, false);
        continue;
      }
      const std::int32_t first = node.first, branches = node.branches;
      const bool raised = decide(v);
      for (std::int32_t b = 0; b < branches; ++b) release(tree_, first + b);
      if (raised) stack.emplace_back(v, false);  // its new subtree has other cases, and is pruned again
    }
  }

  // The fields of a node that routing a case reads, contiguous.
  struct Step {
    double threshold;  ///< NaN: a categorical node
    std::int32_t attribute;
    std::int32_t first;  ///< negative: a leaf
  };
  void refresh(std::int32_t v) {
    const WorkNode& node = at(v);
    steps_[index(v)] = {node.map < 0 ? node.threshold : std::numeric_limits<double>::quiet_NaN(), node.attribute, node.first};
  }

  // Routes a few cases to their leaves, interleaved, so that their cache misses overlap. False if one of them would have to be divided.
  bool send(const double* const* rows, int n, std::int32_t* to) const {
    for (bool moving = true; moving;) {
      moving = false;
      for (int j = 0; j < n; ++j) {
        const Step& step = steps_[index(to[j])];
        if (step.first < 0) continue;
        const double x = rows[j][step.attribute];
        if (x != x) return false;
        std::int32_t b = static_cast<std::int32_t>(x > step.threshold);
        if (step.threshold != step.threshold) b = branch_of(tree_.nodes[index(to[j])], tree_.maps, x);
        if (b < 0) return false;
        to[j] = step.first + b;
        moving = true;
      }
    }
    return true;
  }

  static std::size_t index(std::int32_t v) { return static_cast<std::size_t>(v); }
  WorkNode& at(std::int32_t v) { return tree_.nodes[index(v)]; }
  double leaf_estimate(std::int32_t v) const { return pessimism_.estimate(tree_.counts_of(v), tree_.classes); }

  // Replaces v by a leaf or its largest branch if that lowers the estimated errors. True if raised.
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
    // Estimates above this limit do not affect the comparisons below.
    const double limit = at_most(as_leaf, as_tree + 0.1) ? std::max(as_tree, as_leaf) + 0.2 : as_tree + 0.2;
    const double as_branch = options_.subtree_raising ? branch_estimate(v, largest, limit) : limit + 1e300;
    if (at_most(as_leaf, as_tree + 0.1) && at_most(as_leaf, as_branch + 0.1)) {
      make_leaf(node);
      refresh(v);
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
    refresh(v);
    std::vector<std::int32_t> stack{v};
    while (!stack.empty()) {
      const std::int32_t top = stack.back();
      stack.pop_back();
      if (top != v) at(top).block.reset();  // until the new cases are distributed
      for (std::int32_t b = 0; b < at(top).branches; ++b) stack.push_back(at(top).first + b);
    }
  }

  // Estimated errors if all cases of v were routed to its largest branch; any number above `limit` if they exceed it.
  double branch_estimate(std::int32_t v, std::int32_t child, double limit) {
    const WorkNode& node = at(v);
    const Block& block = *node.block;
    if (at(child).block == node.block && !divided_[index(child)]) {
      double sum = 0;
      if (with_others(v, child, limit, sum)) return sum;
    }
    std::vector<Weighted> cases;
    cases.reserve(node.end - node.begin);
    for (std::uint32_t i = node.begin; i < node.end; ++i) {
      const std::uint32_t id = block.ids[i];
      cases.push_back({block.row[id], block.label[id], block.weight_of(id)});
    }
    return routed(child, std::move(cases), limit);
  }

  // The branch's own cases stay in their leaves: only the others are routed. False if one of them would have to be divided.
  bool with_others(std::int32_t v, std::int32_t child, double limit, double& sum) {
    const WorkNode& node = at(v);
    const WorkNode& kept = at(child);
    const Block& block = *node.block;
    std::vector<std::int32_t> touched;
    bool whole = true;
    double errors = 0;  // errors added by the others; each raises the estimate by at least per_error_, and no case lowers it
    const double most_errors = per_error_ > 0 ? (limit - estimate_[index(child)]) / per_error_ : limit + 1e300;
    constexpr int kTogether = 16;
    constexpr std::uint32_t kAhead = 32;
    const double* rows[kTogether];
    std::int32_t to[kTogether];
    std::uint32_t ids[kTogether];
    for (std::uint32_t i = node.begin; i < node.end && errors <= most_errors && whole;) {
      int n = 0;
      for (; n < kTogether && i < node.end; ++i) {
        if (i == kept.begin && kept.end > kept.begin) {
          i = kept.end - 1;
          continue;
        }
        if (i + kAhead < node.end) {  // rows are scattered over the table
          const double* soon = samples_.values + static_cast<Index>(block.row[block.ids[i + kAhead]]) * samples_.features;
          for (std::int32_t f = 0; f < std::min(samples_.features, 24); f += 8) __builtin_prefetch(soon + f);
        }
        ids[n] = block.ids[i];
        rows[n] = samples_.values + static_cast<Index>(block.row[ids[n]]) * samples_.features;
        to[n++] = child;
      }
      whole = send(rows, n, to);
      for (int j = 0; j < n && whole; ++j) {
        double* extra = extra_.data() + static_cast<Index>(to[j]) * tree_.classes;
        const double* counts = tree_.counts_of(to[j]);
        double& most = most_[index(to[j])];
        if (most < 0) {
          most = *std::max_element(counts, counts + tree_.classes);
          touched.push_back(to[j]);
        }
        const double weight = block.weight_of(ids[j]);
        const std::uint16_t label = block.label[ids[j]];
        extra[label] += weight;
        const double now = std::max(most, counts[label] + extra[label]);
        errors += weight - (now - most);
        most = now;
      }
    }
    sum = estimate_[index(child)];
    std::vector<double> counts(static_cast<std::size_t>(tree_.classes));
    for (const std::int32_t leaf : touched) {
      double* extra = extra_.data() + static_cast<Index>(leaf) * tree_.classes;
      for (std::size_t k = 0; k < counts.size(); ++k) {
        counts[k] = tree_.counts_of(leaf)[k] + extra[k];
        extra[k] = 0;
      }
      most_[index(leaf)] = -1;
      sum += pessimism_.estimate(counts.data(), tree_.classes) - leaf_estimate(leaf);
    }
    if (errors > most_errors) sum = limit + 1;
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
  std::vector<char> divided_;     ///< whether a split at or below it has fractional cases
  std::vector<double> extra_;     ///< (nodes, classes), zero between uses
  std::vector<double> most_;      ///< of each node, -1 between uses
  std::vector<char> done_;        ///< subtrees that are already pruned
  std::vector<Step> steps_;
  double per_error_;  ///< least rise of the pessimistic error per error; checked for confidences from 0.001 on
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
  for (std::int32_t v = 0; v < static_cast<std::int32_t>(tree.nodes.size()); ++v)  // nodes below a new leaf are irrelevant
    if (tree.nodes[static_cast<std::size_t>(v)].first >= 0 && errors[static_cast<std::size_t>(v)] >= wrong(v) - 1e-3)
      make_leaf(tree.nodes[static_cast<std::size_t>(v)]);
}

void prune(const Samples& samples, const Options& options, WorkTree& tree) { Pruner(samples, options, tree).run(); }

}  // namespace plait::tree
