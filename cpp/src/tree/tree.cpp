#include "plait/tree/tree.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"
#include "plait/base/thread_pool.hpp"

namespace plait::tree {
namespace {

constexpr Index kBlock = 4096;  // rows of a task
constexpr int kTogether = 16;   // rows that descend interleaved, so that their cache misses overlap
constexpr double kTie = 1e-9;   // probabilities closer than this are ties, as sums of fractional cases depend on their order

std::int32_t most_probable(const double* p, std::int32_t n) {
  std::int32_t best = 0;
  for (std::int32_t k = 1; k < n; ++k)
    if (p[k] > p[best] + kTie) best = k;
  return best;
}

// The fields of a numeric node that one step reads. A leaf leads to itself for every value.
struct Step {
  double threshold;
  std::int32_t attribute;
  std::int32_t first;
};

// Routes rows to leaves of one tree.
class Walker {
 public:
  Walker(const Tree& tree, Index rows) : tree_(tree) {
    numeric_ = std::all_of(tree.map.begin(), tree.map.end(), [](std::int32_t m) { return m < 0; });
    if (!numeric_ || rows < 64) {
      numeric_ = false;
      return;
    }
    steps_.resize(static_cast<std::size_t>(tree.size()));
    for (std::size_t v = 0; v < steps_.size(); ++v) {
      const bool leaf = tree.attribute[v] < 0;
      steps_[v] = {leaf ? HUGE_VAL : tree.threshold[v], leaf ? 0 : tree.attribute[v], tree.first[v]};
    }
  }

  // Leaves of rows without missing values at the tests passed; -1 for the others.
  void leaves(const double* values, Index n, std::int32_t* out) const {
    Index i = 0;
    if (numeric_)
      for (; i + kTogether <= n; i += kTogether) together(values + i * tree_.features, out + i);
    for (; i < n; ++i) out[i] = leaf(values + i * tree_.features);
  }

  // Visits every leaf that a row reaches, with its weight.
  template <class Visit>
  void shares(const double* x, std::vector<std::pair<std::int32_t, double>>& stack, Visit&& visit) const {
    stack.assign(1, {0, 1.0});
    while (!stack.empty()) {
      const auto [v, share] = stack.back();
      stack.pop_back();
      const auto at = static_cast<std::size_t>(v);
      if (tree_.attribute[at] < 0) {
        visit(v, share);
        continue;
      }
      const std::int32_t b = branch(at, x);
      if (b >= 0) {
        stack.emplace_back(tree_.first[at] + b, share);
        continue;
      }
      double all = 0;
      for (std::int32_t c = 0; c < tree_.branches[at]; ++c) all += tree_.weight[static_cast<std::size_t>(tree_.first[at] + c)];
      if (all <= 0) visit(v, share);
      for (std::int32_t c = tree_.branches[at] - 1; c >= 0 && all > 0; --c) {
        const double w = tree_.weight[static_cast<std::size_t>(tree_.first[at] + c)];
        if (w > 0) stack.emplace_back(tree_.first[at] + c, share * w / all);
      }
    }
  }

 private:
  [[nodiscard]] std::int32_t branch(std::size_t v, const double* x) const {
    const double value = x[tree_.attribute[v]];
    if (value != value) return kNoBranch;
    if (tree_.map[v] < 0) return value <= tree_.threshold[v] ? 0 : 1;
    if (!(value >= 0 && value < tree_.categories[static_cast<std::size_t>(tree_.attribute[v])])) return kNoBranch;
    return tree_.maps[static_cast<std::size_t>(tree_.map[v]) + static_cast<std::size_t>(value)];
  }

  [[nodiscard]] std::int32_t leaf(const double* x) const {
    std::int32_t v = 0;
    while (tree_.attribute[static_cast<std::size_t>(v)] >= 0) {
      const std::int32_t b = branch(static_cast<std::size_t>(v), x);
      if (b < 0) return -1;
      v = tree_.first[static_cast<std::size_t>(v)] + b;
    }
    return v;
  }

  void together(const double* values, std::int32_t* out) const {
    const double* row[kTogether];
    std::int32_t at[kTogether] = {};
    bool known = true;
    for (int j = 0; j < kTogether; ++j) row[j] = values + static_cast<Index>(j) * tree_.features;
    for (bool moving = true; moving;) {
      std::int32_t moved = 0;
      for (int j = 0; j < kTogether; ++j) {
        const Step& step = steps_[static_cast<std::size_t>(at[j])];
        const double x = row[j][step.attribute];
        known = known && (x == x || step.threshold == HUGE_VAL);
        const std::int32_t to = step.first + static_cast<std::int32_t>(x > step.threshold);
        moved |= to ^ at[j];
        at[j] = to;
      }
      moving = moved != 0;
    }
    for (int j = 0; j < kTogether; ++j) out[j] = known ? at[j] : leaf(row[j]);
  }

  const Tree& tree_;
  bool numeric_ = false;
  std::vector<Step> steps_;
};

// Predicted distribution of one row, over all leaves that it reaches.
void divided(const Tree& tree, const Walker& walker, const double* x, std::vector<std::pair<std::int32_t, double>>& stack, double* out) {
  std::fill(out, out + tree.classes, 0.0);
  walker.shares(x, stack, [&](std::int32_t v, double share) {
    const double* counts = tree.counts.data() + static_cast<Index>(v) * tree.classes;
    double all = 0;
    for (std::int32_t k = 0; k < tree.classes; ++k) all += counts[k];
    for (std::int32_t k = 0; k < tree.classes; ++k) out[k] += share * counts[k] / all;
  });
}

// Calls f(first row, rows, leaves) for blocks of rows.
template <class F>
void in_blocks(const Tree& tree, const double* values, Index rows, int threads, F&& f) {
  const Walker walker(tree, rows);
  parallel_for((rows + kBlock - 1) / kBlock,
               [&](std::int64_t block, int) {
                 const Index begin = block * kBlock, n = std::min(kBlock, rows - begin);
                 std::vector<std::int32_t> leaves(static_cast<std::size_t>(n));
                 walker.leaves(values + begin * tree.features, n, leaves.data());
                 f(walker, begin, n, leaves.data());
               },
               threads);
}

}  // namespace

void Tree::probabilities(const double* values, Index rows, double* out, int threads) const {
  in_blocks(*this, values, rows, threads, [&](const Walker& walker, Index begin, Index n, const std::int32_t* leaves) {
    std::vector<std::pair<std::int32_t, double>> stack;
    for (Index i = 0; i < n; ++i) {
      double* p = out + (begin + i) * classes;
      if (leaves[i] < 0) {
        poll_interrupt();
        divided(*this, walker, values + (begin + i) * features, stack, p);
        continue;
      }
      const double* c = counts.data() + static_cast<Index>(leaves[i]) * classes;
      double all = 0;
      for (std::int32_t k = 0; k < classes; ++k) all += c[k];
      for (std::int32_t k = 0; k < classes; ++k) p[k] = c[k] / all;
    }
  });
}

void Tree::predict(const double* values, Index rows, std::int32_t* out, int threads) const {
  std::vector<std::int32_t> labels(rows < 64 ? 0 : static_cast<std::size_t>(size()));
  std::vector<double> q(static_cast<std::size_t>(classes));
  const auto label = [this](std::size_t v, std::vector<double>& p) {
    const double* c = counts.data() + static_cast<Index>(v) * classes;
    double all = 0;
    for (std::int32_t k = 0; k < classes; ++k) all += c[k];
    for (std::int32_t k = 0; k < classes; ++k) p[static_cast<std::size_t>(k)] = c[k] / all;
    return most_probable(p.data(), classes);
  };
  for (std::size_t v = 0; v < labels.size(); ++v) labels[v] = attribute[v] < 0 ? label(v, q) : 0;
  in_blocks(*this, values, rows, threads, [&](const Walker& walker, Index begin, Index n, const std::int32_t* leaves) {
    std::vector<std::pair<std::int32_t, double>> stack;
    std::vector<double> p(static_cast<std::size_t>(classes));
    for (Index i = 0; i < n; ++i) {
      if (leaves[i] >= 0) {
        out[begin + i] = labels.empty() ? label(static_cast<std::size_t>(leaves[i]), p) : labels[static_cast<std::size_t>(leaves[i])];
        continue;
      }
      poll_interrupt();
      divided(*this, walker, values + (begin + i) * features, stack, p.data());
      out[begin + i] = most_probable(p.data(), classes);
    }
  });
}

void Tree::apply(const double* values, Index rows, std::int32_t* out, int threads) const {
  in_blocks(*this, values, rows, threads, [&](const Walker& walker, Index begin, Index n, const std::int32_t* leaves) {
    std::vector<std::pair<std::int32_t, double>> stack;
    for (Index i = 0; i < n; ++i) {
      std::int32_t best = leaves[i];
      if (best < 0) {
        double most = -1;
        walker.shares(values + (begin + i) * features, stack, [&](std::int32_t v, double share) {
          if (share > most + kTie) {
            most = share;
            best = v;
          }
        });
      }
      out[begin + i] = best;
    }
  });
}

void Tree::validate() const {
#define PLAIT_FILE(condition, ...) PLAIT_REQUIRE_AS(FormatError, condition, "tree: ", __VA_ARGS__)
  const auto n = attribute.size();
  PLAIT_FILE(classes >= 1 && features >= 1 && categories.size() == static_cast<std::size_t>(features), classes, " classes, ", features, " features, ",
             categories.size(), " numbers of categories");
  PLAIT_FILE(n >= 1 && threshold.size() == n && first.size() == n && branches.size() == n && map.size() == n && weight.size() == n &&
                 counts.size() == n * static_cast<std::size_t>(classes),
             "arrays of different lengths for ", n, " nodes");
  for (const std::int32_t c : categories) PLAIT_FILE(c >= 0, c, " categories");
  std::size_t next = 1;  // each node's children follow those of all nodes before it: one parent for each, and no cycle
  for (std::size_t v = 0; v < n; ++v) {
    double all = 0;
    for (std::int32_t k = 0; k < classes; ++k) {
      const double c = counts[v * static_cast<std::size_t>(classes) + static_cast<std::size_t>(k)];
      PLAIT_FILE(std::isfinite(c) && c >= 0, "count ", c, " at node ", v);
      all += c;
    }
    PLAIT_FILE(std::isfinite(weight[v]) && weight[v] >= 0 && std::isfinite(all) && all > 0, "weight ", weight[v], ", counts of ", all, " at node ",
               v);
    if (attribute[v] < 0) {
      PLAIT_FILE(attribute[v] == -1 && branches[v] == 0 && first[v] == static_cast<std::int32_t>(v) && map[v] == -1, "leaf ", v, " with branches");
      continue;
    }
    PLAIT_FILE(attribute[v] < features, "feature ", attribute[v], " of ", features, " at node ", v);
    PLAIT_FILE(branches[v] >= 1 && first[v] == static_cast<std::int64_t>(next) && static_cast<std::size_t>(branches[v]) <= n - next, "node ", v,
               " has children that are not its own");
    next += static_cast<std::size_t>(branches[v]);
    const std::int32_t c = categories[static_cast<std::size_t>(attribute[v])];
    if (c == 0) {
      PLAIT_FILE(branches[v] == 2 && map[v] == -1 && std::isfinite(threshold[v]), "node ", v, ": threshold ", threshold[v], ", ", branches[v],
                 " branches");
      continue;
    }
    PLAIT_FILE(map[v] >= 0 && static_cast<std::size_t>(map[v]) + static_cast<std::size_t>(c) <= maps.size(), "node ", v,
               ": no branches for categories");
    for (std::int32_t i = 0; i < c; ++i) {
      const std::int32_t b = maps[static_cast<std::size_t>(map[v]) + static_cast<std::size_t>(i)];
      PLAIT_FILE(b >= kNoBranch && b < branches[v], "node ", v, ": branch ", b, " of ", branches[v]);
    }
  }
  PLAIT_FILE(next == n, n, " nodes, of which ", next, " belong to the tree");
#undef PLAIT_FILE
}

}  // namespace plait::tree
