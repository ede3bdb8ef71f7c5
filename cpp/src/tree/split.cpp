#include "split.hpp"

#include <algorithm>
#include <cmath>

#include "criterion.hpp"

namespace plait::tree {
namespace {

// Candidate from the best scaled gain and the number of possible thresholds: choosing one of them costs log2(tries) bits (Quinlan 1996).
Candidate finish(double best, double tries, double left, double right, const NodeFacts& node) {
  Candidate found;
  if (tries == 0) return found;
  const double gain = best / node.weight - std::log2(tries) / node.weight;
  if (at_most(gain, 0)) return found;
  found.valid = true;
  found.gain = gain;
  const double unknown = node.weight - left - right;
  const double split = xlogx(node.weight) - xlogx(left) - xlogx(right) - xlogx(unknown);
  found.ratio = equal(split, 0) ? 0 : gain / (split / node.weight);
  return found;
}

// Weights of 1: integer counts, with entropies from a table.
Candidate scan_counts(const Ranked* cases, Index known, const Levels& values, const NodeFacts& node, SplitSpace& space) {
  const auto k = static_cast<std::size_t>(node.classes);
  const std::uint16_t* label = node.block.label.data();
  space.left_count.assign(k, 0);
  space.right_count.assign(k, 0);
  std::int64_t* left = space.left_count.data();
  std::int64_t* right = space.right_count.data();
  if (static_cast<double>(known) == node.weight) {
    for (std::size_t c = 0; c < k; ++c) right[c] = static_cast<std::int64_t>(node.counts[c]);
  } else {
    for (Index i = 0; i < known; ++i) ++right[label[cases[i].id]];
  }
  const double* xlog = node.logs->values();
  const double* step = node.logs->steps();
  double sum_left = 0, sum_right = 0;
  for (std::size_t c = 0; c < k; ++c) sum_right += xlog[right[c]];
  const double before = xlog[known] - sum_right;

  const double least = least_side(static_cast<double>(known), node.classes, node.min_leaf);
  const Index begin = std::max<Index>(1, static_cast<Index>(std::ceil(least - kTolerance)));
  const Index end = known - begin;  // the largest possible size of the left side
  if (end < begin) return {};
  double best = 0;
  Index best_at = -1, tries = 0;
  const double margin = kTolerance * node.weight;
  Index i = 0;
  const auto move = [&](Index at) {
    const std::uint16_t c = label[cases[at].id];
    sum_left += step[left[c]++];
    sum_right -= step[--right[c]];
  };
  for (; i + 1 < begin; ++i) move(i);
  for (; i < end; ++i) {
    move(i);
    if (cases[i].rank == cases[i + 1].rank) continue;
    const Index a = i + 1;
    double gain = before - (xlog[a] - sum_left) - (xlog[known - a] - sum_right);
    ++tries;
    if (gain > best + margin && gain >= kTolerance) {
      best = gain;
      best_at = i;
    }
  }
  if (best_at < 0) return {};
  Candidate found = finish(best, static_cast<double>(tries), static_cast<double>(best_at + 1), static_cast<double>(known - best_at - 1), node);
  if (found.valid) found.threshold = threshold_between(values, cases[best_at].rank, cases[best_at + 1].rank);
  return found;
}

// Any weights: `next` moves the cases of the next distinct value to the left and returns its rank, false at the end.
template <class Next>
Candidate scan_weights(Next&& next, double known, const Levels& values, const NodeFacts& node, SplitSpace& space) {
  double* left = space.left.data();
  double* right = space.right.data();
  const double before = scaled_entropy(right, node.classes, known);
  const double least = least_side(known, node.classes, node.min_leaf);
  double best = 0, best_left = 0, done = 0, tries = 0;
  std::uint32_t low = 0, high = 0, best_low = 0, best_high = 0;
  const double margin = kTolerance * node.weight;
  if (!next(low, done)) return {};
  while (true) {
    const double side = done;
    // The gain of cutting here is evaluated before the next value's cases move.
    double gain = 0;
    const bool possible = at_least(side, least) && at_least(known - side, least);
    if (possible) gain = before - scaled_entropy(left, node.classes, side) - scaled_entropy(right, node.classes, known - side);
    if (!next(high, done)) break;
    if (possible) {
      ++tries;
      if (gain > best + margin && gain >= kTolerance) {
        best = gain;
        best_left = side;
        best_low = low;
        best_high = high;
      }
    }
    low = high;
  }
  if (best <= 0) return {};
  Candidate found = finish(best, tries, best_left, known - best_left, node);
  if (found.valid) found.threshold = threshold_between(values, best_low, best_high);
  return found;
}

}  // namespace

Logs::Logs(Index n) : values_(static_cast<std::size_t>(n + 2)), steps_(static_cast<std::size_t>(n + 1)) {
  for (std::size_t i = 1; i < values_.size(); ++i) values_[i] = static_cast<double>(i) * std::log2(static_cast<double>(i));
  for (std::size_t i = 0; i < steps_.size(); ++i) steps_[i] = values_[i + 1] - values_[i];
}

double threshold_between(const Levels& values, std::uint32_t low, std::uint32_t high) {
  const double middle = std::max(0.5 * values[low] + 0.5 * values[high], values[low]);
  if (middle >= values[high]) return values[low];
  while (high - low > 1) {  // values[low] <= middle < values[high]
    const std::uint32_t half = low + (high - low) / 2;
    (values[half] <= middle ? low : high) = half;
  }
  return values[low];
}

Candidate split_sorted(const Ranked* cases, Index n, const Levels& values, const NodeFacts& node, SplitSpace& space) {
  Index known = n;
  while (known > 0 && cases[known - 1].rank == kMissingRank) --known;
  if (known < 2 || cases[0].rank == cases[known - 1].rank) return {};
  if (node.logs != nullptr) return scan_counts(cases, known, values, node, space);
  space.left.assign(static_cast<std::size_t>(node.classes), 0.0);
  space.right.assign(static_cast<std::size_t>(node.classes), 0.0);
  double weight = 0;
  for (Index i = 0; i < known; ++i) {
    const double w = node.block.weight_of(cases[i].id);
    space.right[node.block.label[cases[i].id]] += w;
    weight += w;
  }
  Index at = 0;
  const auto next = [&](std::uint32_t& rank, double& done) {
    if (at == known) return false;
    rank = cases[at].rank;
    for (; at < known && cases[at].rank == rank; ++at) {
      const double w = node.block.weight_of(cases[at].id);
      const std::uint16_t c = node.block.label[cases[at].id];
      space.left[c] += w;
      space.right[c] -= w;
      done += w;
    }
    return true;
  };
  return scan_weights(next, weight, values, node, space);
}

Candidate split_binned(const double* sums, const Levels& values, const NodeFacts& node, SplitSpace& space) {
  const auto k = static_cast<std::size_t>(node.classes);
  const std::size_t bins = values.size();
  space.left.assign(k, 0.0);
  space.right.assign(node.counts, node.counts + k);
  double known = node.weight;
  for (std::size_t c = 0; c < k; ++c) {  // missing values
    space.right[c] -= sums[bins * k + c];
    known -= sums[bins * k + c];
  }
  if (known <= kTolerance) return {};
  std::size_t bin = 0;
  const auto next = [&](std::uint32_t& rank, double& done) {
    for (; bin < bins; ++bin) {
      double here = 0;
      for (std::size_t c = 0; c < k; ++c) here += sums[bin * k + c];
      if (here <= 0) continue;
      for (std::size_t c = 0; c < k; ++c) {
        space.left[c] += sums[bin * k + c];
        space.right[c] -= sums[bin * k + c];
      }
      done += here;
      rank = static_cast<std::uint32_t>(bin++);
      return true;
    }
    return false;
  };
  return scan_weights(next, known, values, node, space);
}

}  // namespace plait::tree
