#include "grow.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "columns.hpp"
#include "criterion.hpp"
#include "plait/base/interrupt.hpp"
#include "plait/base/thread_pool.hpp"

namespace plait::tree {

Grower::Grower(const Samples& samples, const Options& options) : samples_(samples), options_(options), binned_(options.max_bins > 0) {}

bool Grower::may_grow(const WorkTree& tree, std::int32_t node) const {
  const WorkNode& at = tree.nodes[static_cast<std::size_t>(node)];
  if (options_.max_depth >= 0 && at.depth >= options_.max_depth) return false;
  if (greater(2 * options_.min_leaf, at.weight)) return false;
  const double* counts = tree.counts_of(node);
  return !equal(at.weight, counts[largest_class(counts, tree.classes)]);
}

NodeFacts Grower::facts(const WorkTree& tree, std::int32_t node) const {
  const WorkNode& at = tree.nodes[static_cast<std::size_t>(node)];
  return {*at.block, tree.counts_of(node), tree.classes, at.weight, options_.min_leaf, at.block->weight.empty() ? logs_.get() : nullptr};
}

Candidate Grower::best_split(const WorkTree& tree, const Pending& item, std::int32_t feature, GrowSpace& space) const {
  const NodeFacts node = facts(tree, item.node);
  const WorkNode& at = tree.nodes[static_cast<std::size_t>(item.node)];
  const auto f = static_cast<std::size_t>(feature);
  const std::int32_t categories = samples_.categories[f];
  const auto k = static_cast<std::size_t>(tree.classes);
  if (!item.orders) {
    const double* sums = item.sums.data() + static_cast<std::size_t>(offsets_[f]) * k;
    return categories > 0 ? split_categories(sums, categories, options_.subsets, node) : split_binned(sums, values_[f], node, space.split);
  }
  if (categories == 0) return split_sorted(item.orders->of[f].data() + at.begin, at.end - at.begin, values_[f], node, space.split);
  space.sums.assign(static_cast<std::size_t>(categories) * k, 0.0);
  const Block& block = *at.block;
  for (std::uint32_t i = at.begin; i < at.end; ++i) {
    const std::uint32_t id = block.ids[i];
    const double x = samples_.values[static_cast<Index>(block.row[id]) * samples_.features + feature];
    if (x == x) space.sums[static_cast<std::size_t>(x) * k + block.label[id]] += block.weight_of(id);
  }
  return split_categories(space.sums.data(), categories, options_.subsets, node);
}

std::int32_t Grower::choose(const std::vector<Candidate>& candidates) const {
  // Features of many categories have high gains by chance; they do not count in the mean gain that a split must reach, unless there are no others.
  const auto many = [&](std::size_t f) { return samples_.categories[f] > 0 && !greater(0.3 * total_, static_cast<double>(samples_.categories[f])); };
  bool all_many = true;
  for (std::size_t f = 0; f < candidates.size(); ++f) all_many = all_many && many(f);
  double sum = 0;
  int counted = 0;
  for (std::size_t f = 0; f < candidates.size(); ++f)
    if (candidates[f].valid && (all_many || !many(f))) {
      sum += candidates[f].gain;
      ++counted;
    }
  if (counted == 0) return -1;
  const double mean = sum / counted;
  double best = 0;
  std::int32_t chosen = -1;
  for (std::size_t f = 0; f < candidates.size(); ++f)
    if (candidates[f].valid && candidates[f].gain >= mean - 1e-3 && greater(candidates[f].ratio, best)) {  // 1e-3 as in C4.5's own code
      best = candidates[f].ratio;
      chosen = static_cast<std::int32_t>(f);
    }
  return chosen;
}

void Grower::partition_orders(const WorkTree& tree, std::int32_t node, const Partition& parts, Orders& orders,
                              const std::vector<std::shared_ptr<Orders>>& fresh, std::vector<GrowSpace>& spaces, int threads) const {
  const WorkNode& at = tree.nodes[static_cast<std::size_t>(node)];
  const auto branches = static_cast<std::size_t>(at.branches);
  const WorkNode* child = &tree.nodes[static_cast<std::size_t>(at.first)];
  const auto task = [&](std::int64_t f, int worker) {
    auto& order = orders.of[static_cast<std::size_t>(f)];
    if (order.empty()) return;
    GrowSpace& space = spaces[static_cast<std::size_t>(worker)];
    Ranked* begin = order.data() + at.begin;
    const Index n = at.end - at.begin;
    const std::uint16_t* branch = orders.branch.data();
    if (!parts.moved && branches == 2) {
      if (f == at.attribute && at.map < 0) return;  // its sorted order is partitioned already
      space.ranked.resize(std::max(space.ranked.size(), static_cast<std::size_t>(n) + 1));
      Ranked *left = begin, *right = space.ranked.data();
      for (Index i = 0; i < n; ++i) {  // branch-free: each entry is written to both sides, and only one of them advances
        const Ranked one = begin[i];
        const std::size_t b = branch[one.id];
        *left = one;
        *right = one;
        left += 1 - b;
        right += b;
      }
      std::memcpy(left, space.ranked.data(), static_cast<std::size_t>(right - space.ranked.data()) * sizeof(Ranked));
      return;
    }
    std::vector<Index> cursor(branches);
    if (!parts.moved) {
      space.ranked.assign(begin, begin + n);
      for (std::size_t b = 0; b < branches; ++b) cursor[b] = child[b].begin;
      for (Index i = 0; i < n; ++i)
        order[static_cast<std::size_t>(cursor[branch[space.ranked[static_cast<std::size_t>(i)].id]]++)] = space.ranked[static_cast<std::size_t>(i)];
      return;
    }
    std::vector<Ranked*> to(branches, nullptr);
    for (std::size_t b = 0; b < branches; ++b)
      if (fresh[b]) {
        auto& own = fresh[b]->of[static_cast<std::size_t>(f)];
        own.resize(static_cast<std::size_t>(child[b].end));
        to[b] = own.data();
      }
    for (Index i = 0; i < n; ++i) {
      const Ranked one = begin[i];
      const std::uint32_t target = orders.target[one.id];
      const std::uint16_t way = branch[one.id];
      if (way != kMissingCode) {
        if (to[way] != nullptr) *to[way]++ = {target, one.rank};
        continue;
      }
      for (std::size_t b = 0; b < branches; ++b)
        if (to[b] != nullptr && parts.missing_begin[b] >= 0) *to[b]++ = {static_cast<std::uint32_t>(parts.missing_begin[b] + target), one.rank};
    }
    if (static_cast<std::size_t>(n) == order.size()) std::vector<Ranked>().swap(order);  // no other node uses it
  };
  if (threads == 1) {
    for (std::int32_t f = 0; f < samples_.features; ++f) task(f, 0);
  } else {
    parallel_for(samples_.features, task, threads);
  }
}

void Grower::step(WorkTree& tree, Pending item, std::vector<Pending>& next, std::vector<GrowSpace>& spaces, int threads) {
  poll_interrupt();
  const auto node = static_cast<std::size_t>(item.node);
  if (!item.orders && item.sums.empty()) add_up(tree, item, threads);
  std::vector<Candidate> candidates(static_cast<std::size_t>(samples_.features));
  const auto task = [&](std::int64_t f, int worker) {
    candidates[static_cast<std::size_t>(f)] = best_split(tree, item, static_cast<std::int32_t>(f), spaces[static_cast<std::size_t>(worker)]);
  };
  if (threads == 1) {
    for (std::int32_t f = 0; f < samples_.features; ++f) task(f, 0);
  } else {
    parallel_for(samples_.features, task, threads);
  }
  const std::int32_t chosen = choose(candidates);
  if (chosen < 0) return release(tree, item.node);
  const Candidate& best = candidates[static_cast<std::size_t>(chosen)];
  const std::int32_t first = tree.add(best.branches);
  WorkNode& at = tree.nodes[node];
  at.attribute = chosen;
  at.threshold = best.threshold;
  at.first = first;
  at.branches = best.branches;
  if (!best.map.empty()) {
    at.map = static_cast<std::int32_t>(tree.maps.size());
    tree.maps.insert(tree.maps.end(), best.map.begin(), best.map.end());
  }
  const Partition parts = partition_ids(samples_, tree, item.node, threads);
  if (parts.moved && tree.nodes[node].depth == 0) logs_.reset();  // all cases have weights now
  std::vector<std::int32_t> growing;
  for (std::int32_t b = 0; b < best.branches; ++b) {
    if (may_grow(tree, first + b)) growing.push_back(first + b);
    else release(tree, first + b);
  }
  if (growing.empty()) return release(tree, item.node);
  if (!item.orders) {
    // The largest child's histograms are the parent's minus those of the other child.
    std::int32_t largest = growing[0];
    const auto cases = [&](std::int32_t n) { return tree.nodes[static_cast<std::size_t>(n)].end - tree.nodes[static_cast<std::size_t>(n)].begin; };
    for (const std::int32_t child : growing)
      if (cases(child) > cases(largest)) largest = child;
    const bool subtract = !parts.moved && best.branches == 2 && growing.size() == 2;
    std::vector<double> rest = std::move(item.sums);
    std::size_t place = next.size();
    for (const std::int32_t child : growing) {
      next.push_back({child, nullptr, {}});
      if (subtract && child == largest) place = next.size() - 1;
      if (subtract && child != largest) {
        add_up(tree, next.back(), threads);
        for (std::size_t i = 0; i < rest.size(); ++i) rest[i] -= next.back().sums[i];
      }
    }
    if (subtract) next[place].sums = std::move(rest);
    return release(tree, item.node);
  }
  Orders& orders = *item.orders;
  for (std::size_t i = 0; i < parts.ids.size(); ++i) {
    orders.branch[parts.ids[i]] = parts.branch[i];
    if (parts.moved) orders.target[parts.ids[i]] = parts.target[i];
  }
  std::vector<std::shared_ptr<Orders>> below(static_cast<std::size_t>(best.branches));
  for (const std::int32_t child : growing) {
    auto& own = below[static_cast<std::size_t>(child - first)];
    own = item.orders;
    if (!parts.moved) continue;
    const auto size = static_cast<std::size_t>(tree.nodes[static_cast<std::size_t>(child)].block->size());
    own = std::make_shared<Orders>();
    own->of.resize(orders.of.size());
    own->branch.resize(size);
    own->target.resize(size);
  }
  partition_orders(tree, item.node, parts, orders, below, spaces, threads);
  release(tree, item.node);
  for (const std::int32_t child : growing) next.push_back({child, below[static_cast<std::size_t>(child - first)], {}});
}

namespace {

// Binned: nodes of at most this many cases are grown by sorted codes, as their histograms would be mostly empty.
constexpr Index kFewCases = 4096;

Index cases(const WorkTree& tree, const Pending& item) {
  const WorkNode& at = tree.nodes[static_cast<std::size_t>(item.node)];
  return static_cast<Index>(at.end) - at.begin;
}

// Depth first, the largest child last, so that little is kept for pending nodes.
void push_smallest_last(const WorkTree& tree, std::vector<Pending>& next, std::vector<Pending>& stack) {
  std::stable_sort(next.begin(), next.end(), [&](const Pending& a, const Pending& b) {
    const WorkNode &x = tree.nodes[static_cast<std::size_t>(a.node)], &y = tree.nodes[static_cast<std::size_t>(b.node)];
    return x.end - x.begin > y.end - y.begin;
  });
  for (Pending& child : next) stack.push_back(std::move(child));
}

}  // namespace

// A copy of the node's cases, numbered from 0.
void Grower::own_block(WorkTree& tree, std::int32_t node) {
  WorkNode& at = tree.nodes[static_cast<std::size_t>(node)];
  const Block& whole = *at.block;
  auto block = std::make_shared<Block>();
  for (std::uint32_t i = at.begin; i < at.end; ++i) {
    const std::uint32_t id = whole.ids[i];
    block->ids.push_back(i - at.begin);
    block->row.push_back(whole.row[id]);
    block->label.push_back(whole.label[id]);
    if (!whole.weight.empty()) block->weight.push_back(whole.weight[id]);
  }
  at.end -= at.begin;
  at.begin = 0;
  at.block = std::move(block);
}

// Restores the block that was copied: pruning expects a node's cases in its parent's block.
void Grower::return_block(WorkTree& tree, const WorkNode& root) {
  const std::shared_ptr<Block> copy = tree.nodes[0].block;
  std::vector<std::uint32_t>& ids = root.block->ids;
  const std::vector<std::uint32_t> before(ids.begin() + root.begin, ids.begin() + root.end);
  for (std::size_t i = 0; i < before.size(); ++i) ids[root.begin + i] = before[copy->ids[i]];
  for (WorkNode& node : tree.nodes)
    if (node.block == copy) {
      node.block = root.block;
      node.begin += root.begin;
      node.end += root.begin;
    }
}

void Grower::subtree(WorkTree& tree, Pending item, std::vector<GrowSpace>& spaces, int worker) {
  std::vector<GrowSpace> own(1);
  std::swap(own[0], spaces[static_cast<std::size_t>(worker)]);
  WorkNode root;
  if (binned_ && cases(tree, item) <= kFewCases) {
    if (tree.nodes[0].block.get() == tree.kept) root = tree.nodes[0];
    own_block(tree, item.node);
    item.sums = {};
    item.orders = orders_of(tree, item.node);
    tree.kept = root.block ? tree.nodes[0].block.get() : nullptr;
  }
  std::vector<Pending> stack, next;
  stack.push_back(std::move(item));
  while (!stack.empty()) {
    Pending at = std::move(stack.back());
    stack.pop_back();
    if (!at.orders && cases(tree, at) <= kFewCases) {
      Grown small{at.node, WorkTree(tree.classes)};
      begin_part(tree, at, small.tree);
      subtree(small.tree, std::move(at), own, 0);  // does not recurse further: this form uses no histograms
      absorb(tree, small);
      continue;
    }
    next.clear();
    step(tree, std::move(at), next, own, 1);
    push_smallest_last(tree, next, stack);
  }
  std::swap(own[0], spaces[static_cast<std::size_t>(worker)]);
  if (root.block) return_block(tree, root);
}

WorkTree Grower::run() {
  WorkTree tree(samples_.classes);
  const auto n = static_cast<std::size_t>(samples_.rows);
  const int threads = options_.threads > 0 ? options_.threads : get_num_threads();
  tree.add(1);
  auto block = std::make_shared<Block>();
  block->row.resize(n);
  block->ids.resize(n);
  std::iota(block->row.begin(), block->row.end(), 0U);
  std::iota(block->ids.begin(), block->ids.end(), 0U);
  block->label.assign(samples_.labels, samples_.labels + n);
  if (samples_.weights != nullptr) block->weight.assign(samples_.weights, samples_.weights + n);
  tree.nodes[0].block = block;
  tree.kept = block.get();
  tree.nodes[0].end = static_cast<std::uint32_t>(n);
  count(tree, 0);
  total_ = tree.nodes[0].weight;
  if (!may_grow(tree, 0)) return tree;
  values_.resize(static_cast<std::size_t>(samples_.features));

  Pending root;
  if (binned_) {
    bin_features(threads);
  } else {
    root.orders = std::make_shared<Orders>();
    root.orders->of.resize(static_cast<std::size_t>(samples_.features));
    root.orders->branch.resize(n);
    root.orders->target.resize(n);
    std::vector<SortSpace> sorting(static_cast<std::size_t>(threads));
    parallel_for(
        samples_.features,
        [&](std::int64_t f, int worker) {
          const auto at = static_cast<std::size_t>(f);
          if (samples_.categories[at] == 0)
            root.orders->of[at] = presort(samples_, static_cast<std::int32_t>(f), values_[at], sorting[static_cast<std::size_t>(worker)]);
        },
        threads);
  }
  logs_ = std::make_unique<Logs>(samples_.rows);
  std::vector<GrowSpace> spaces(static_cast<std::size_t>(threads));
  // Nodes of at most this many cases are grown as subtrees, one per thread; fewer with `collect`, whose requests are serial.
  const Index small = options_.collect ? kFewCases : std::max<Index>(binned_ ? kFewCases : 2048, samples_.rows / ((binned_ ? 8 : 4) * threads));
  std::vector<Pending> stack, subtrees, next;
  std::vector<Grown> grown;
  stack.push_back(std::move(root));
  Index waiting = 0;  // cases in blocks owned by pending subtrees, which take additional memory
  while (!stack.empty()) {
    Pending item = std::move(stack.back());
    stack.pop_back();
    const WorkNode& at = tree.nodes[static_cast<std::size_t>(item.node)];
    const bool own = at.block != block;
    if (cases(tree, item) <= (own ? std::max<Index>(2048, small / 4) : small) || (threads == 1 && !options_.collect)) {
      waiting += own ? cases(tree, item) : 0;
      subtrees.push_back(std::move(item));
      if (waiting <= samples_.rows / 8) continue;
      grow_subtrees(tree, subtrees, grown, spaces, threads);
      waiting = 0;
      continue;
    }
    next.clear();
    step(tree, std::move(item), next, spaces, threads);
    push_smallest_last(tree, next, stack);
  }
  grow_subtrees(tree, subtrees, grown, spaces, threads);
  for (Grown& one : grown) absorb(tree, one);
  return tree;
}

void Grower::absorb(WorkTree& tree, Grown& one) {
  WorkTree& part = one.tree;
  const auto nodes = static_cast<std::int32_t>(tree.nodes.size()) - 1;  // node 0 of the part is already in the tree
  const auto maps = static_cast<std::int32_t>(tree.maps.size());
  for (WorkNode& node : part.nodes) {
    if (node.first >= 0) node.first += nodes;
    if (node.map >= 0) node.map += maps;
  }
  tree.nodes[static_cast<std::size_t>(one.node)] = part.nodes[0];
  tree.nodes.insert(tree.nodes.end(), part.nodes.begin() + 1, part.nodes.end());
  tree.counts.insert(tree.counts.end(), part.counts.begin() + tree.classes, part.counts.end());
  tree.maps.insert(tree.maps.end(), part.maps.begin(), part.maps.end());
  part = WorkTree(tree.classes);
}

// Makes a tree whose root is the item's node, and moves the item there.
void Grower::begin_part(WorkTree& tree, Pending& item, WorkTree& part) {
  part.kept = tree.kept;
  part.add(1);
  part.nodes[0] = tree.nodes[static_cast<std::size_t>(item.node)];
  std::copy_n(tree.counts_of(item.node), tree.classes, part.counts_of(0));
  release(tree, item.node);
  item.node = 0;
}

// Merged in their order, not in order of completion.
void Grower::grow_subtrees(WorkTree& tree, std::vector<Pending>& subtrees, std::vector<Grown>& grown, std::vector<GrowSpace>& spaces, int threads) {
  const std::size_t before = grown.size();
  for (const Pending& item : subtrees) grown.push_back({item.node, WorkTree(samples_.classes)});
  parallel_for(
      static_cast<Index>(subtrees.size()),
      [&](std::int64_t i, int worker) {
        WorkTree& part = grown[before + static_cast<std::size_t>(i)].tree;
        begin_part(tree, subtrees[static_cast<std::size_t>(i)], part);
        subtree(part, std::move(subtrees[static_cast<std::size_t>(i)]), spaces, worker);
      },
      threads);
  subtrees.clear();
}

}  // namespace plait::tree
