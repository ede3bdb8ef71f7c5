// Binned growing: features as codes, and for each large node histograms by (feature, bin, class), which are sums of parallel pieces.
#include <algorithm>

#include "columns.hpp"
#include "grow.hpp"
#include "plait/base/interrupt.hpp"
#include "plait/base/thread_pool.hpp"

namespace plait::tree {

void add_histogram(const HistogramRequest& request, double* out) {
  const auto k = static_cast<std::size_t>(request.classes);
  const auto d = static_cast<std::size_t>(request.features);
  for (Index i = 0; i < request.cases; ++i) {
    const std::uint16_t* code = request.codes + static_cast<std::size_t>(i) * d;
    double* cell = out + request.labels[i];
    const double w = request.weights == nullptr ? 1.0 : request.weights[i];
    for (std::size_t f = 0; f < d; ++f) cell[(static_cast<std::size_t>(request.offsets[f]) + code[f]) * k] += w;
  }
}

void Grower::bin_features(int threads) {
  const auto d = static_cast<std::size_t>(samples_.features);
  parallel_for(
      samples_.features,
      [&](std::int64_t f, int) {
        const auto at = static_cast<std::size_t>(f);
        if (samples_.categories[at] == 0) values_[at].numbers = bin_borders(samples_, static_cast<std::int32_t>(f), options_.max_bins);
      },
      threads);
  offsets_.assign(1, 0);
  for (std::size_t f = 0; f < d; ++f) {
    const std::size_t bins = samples_.categories[f] > 0 ? static_cast<std::size_t>(samples_.categories[f]) : values_[f].size();
    offsets_.push_back(offsets_.back() + static_cast<std::int32_t>(bins) + 1);  // one more for missing values
  }
  codes_.resize(static_cast<std::size_t>(samples_.rows) * d);
  constexpr Index kRows = 16384;
  parallel_for((samples_.rows + kRows - 1) / kRows,
               [&](std::int64_t part, int) {
                 for (Index i = part * kRows; i < std::min(samples_.rows, (part + 1) * kRows); ++i)
                   for (std::size_t f = 0; f < d; ++f) {
                     const double x = samples_.values[static_cast<std::size_t>(i) * d + f];
                     std::uint16_t& code = codes_[static_cast<std::size_t>(i) * d + f];
                     if (x != x) code = static_cast<std::uint16_t>(offsets_[f + 1] - offsets_[f] - 1);
                     else code = samples_.categories[f] > 0 ? static_cast<std::uint16_t>(x) : locate(values_[f].numbers, x);
                   }
               },
               threads);
}

void Grower::add_up(const WorkTree& tree, Pending& item, int threads) const {
  const WorkNode& at = tree.nodes[static_cast<std::size_t>(item.node)];
  const Block& block = *at.block;
  const auto d = static_cast<std::size_t>(samples_.features);
  const std::size_t cells = static_cast<std::size_t>(offsets_.back()) * static_cast<std::size_t>(tree.classes);
  item.sums.assign(cells, 0.0);
  const Index n = at.end - at.begin;
  // Pieces depend on the number of cases alone and are added in order, so that the sum does not depend on the number of threads.
  constexpr Index kLeast = 1 << 15, kMost = 32;
  const Index pieces = std::clamp<Index>(n / kLeast, 1, kMost);
  const auto piece = [&](Index p, double* out) {
    constexpr std::size_t kBatch = 256;
    std::vector<std::uint16_t> codes(kBatch * d), labels(kBatch);
    std::vector<double> weights(block.weight.empty() ? 0 : kBatch);
    for (Index i = p * n / pieces, end = (p + 1) * n / pieces; i < end;) {
      const Index many = std::min<Index>(static_cast<Index>(kBatch), end - i);
      for (Index j = 0; j < many; ++j, ++i) {
        const std::uint32_t id = block.ids[static_cast<std::size_t>(at.begin + i)];
        std::copy_n(&codes_[static_cast<std::size_t>(block.row[id]) * d], d, &codes[static_cast<std::size_t>(j) * d]);
        labels[static_cast<std::size_t>(j)] = block.label[id];
        if (!weights.empty()) weights[static_cast<std::size_t>(j)] = block.weight[id];
      }
      add_histogram({codes.data(), labels.data(), weights.empty() ? nullptr : weights.data(), many, samples_.features, tree.classes, offsets_.data()},
                    out);
    }
  };
  if (options_.collect && n >= 2 * kLeast) {
    std::vector<std::uint16_t> codes(static_cast<std::size_t>(n) * d), labels(static_cast<std::size_t>(n));
    std::vector<double> weights(block.weight.empty() ? 0 : static_cast<std::size_t>(n));
    for (Index i = 0; i < n; ++i) {
      const std::uint32_t id = block.ids[static_cast<std::size_t>(at.begin + i)];
      std::copy_n(&codes_[static_cast<std::size_t>(block.row[id]) * d], d, &codes[static_cast<std::size_t>(i) * d]);
      labels[static_cast<std::size_t>(i)] = block.label[id];
      if (!weights.empty()) weights[static_cast<std::size_t>(i)] = block.weight[id];
    }
    options_.collect({codes.data(), labels.data(), weights.empty() ? nullptr : weights.data(), n, samples_.features, tree.classes, offsets_.data()},
                     item.sums.data());
    return;
  }
  if (pieces == 1) {
    piece(0, item.sums.data());
    return;
  }
  std::vector<std::vector<double>> sums(static_cast<std::size_t>(pieces));
  parallel_for(
      pieces,
      [&](std::int64_t p, int) {
        auto& out = sums[static_cast<std::size_t>(p)];
        out.assign(cells, 0.0);
        piece(p, out.data());
      },
      threads);
  for (const auto& part : sums)
    for (std::size_t i = 0; i < cells; ++i) item.sums[i] += part[i];
}

// The node has its own block. From here on its codes serve as ranks, and its subtree grows as with sorted features.
std::shared_ptr<Orders> Grower::orders_of(const WorkTree& tree, std::int32_t node) const {
  const WorkNode& at = tree.nodes[static_cast<std::size_t>(node)];
  const auto d = static_cast<std::size_t>(samples_.features);
  const auto n = static_cast<std::size_t>(at.end - at.begin);
  auto orders = std::make_shared<Orders>();
  orders->of.resize(d);
  orders->branch.resize(n);
  orders->target.resize(n);
  std::vector<std::uint32_t> starts;
  for (std::size_t f = 0; f < d; ++f) {
    if (samples_.categories[f] > 0) continue;
    const auto bins = static_cast<std::size_t>(offsets_[f + 1] - offsets_[f]);
    starts.assign(bins + 1, 0);
    for (std::size_t i = 0; i < n; ++i) ++starts[static_cast<std::size_t>(codes_[static_cast<std::size_t>(at.block->row[i]) * d + f]) + 1];
    for (std::size_t b = 0; b < bins; ++b) starts[b + 1] += starts[b];
    auto& order = orders->of[f];
    order.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint16_t code = codes_[static_cast<std::size_t>(at.block->row[i]) * d + f];
      order[starts[code]++] = {static_cast<std::uint32_t>(i), code + 1U == bins ? kMissingRank : code};
    }
  }
  return orders;
}

}  // namespace plait::tree
