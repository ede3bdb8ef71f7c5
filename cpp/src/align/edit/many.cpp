#include "align/edit/many.hpp"

#include <algorithm>
#include <cstring>

namespace plait::align::detail {
namespace {

/// Lanes of 8 << size bits take a pattern.
int size_of(Index pattern) { return pattern <= 8 ? 0 : pattern <= 16 ? 1 : pattern <= 32 ? 2 : 3; }

}  // namespace

LaneReferences::LaneReferences(std::vector<Sequence> sequences) : References(std::move(sequences)) {
  windows_.resize(static_cast<std::size_t>((size() + kWindow - 1) / kWindow));
  for (std::size_t w = 0; w < windows_.size(); ++w) {
    const Index first = static_cast<Index>(w) * kWindow;
    fill(windows_[w], first, std::min(size(), first + kWindow));
  }
}

void LaneReferences::fill(Window& window, Index first, Index last) {
  std::vector<std::uint32_t> order;  // length from the longest down, then member: one number, which sorts faster than two
  const auto member_of = [](std::uint32_t key) { return static_cast<std::uint16_t>(key & 0xFF); };
  Index wide = 0;
  for (Index k = first; k < last; ++k) {
    const Sequence& s = (*this)[k];
    const auto member = static_cast<std::uint16_t>(k - first);
    window.lane_of[member] = kTooLong;
    if (s.length > kLongest) continue;
    order.push_back(static_cast<std::uint32_t>((kLongest - s.length) << 8 | member));
    for (Index i = 0; i < s.length; ++i) {
      const std::uint32_t symbol = s.symbol(i);
      if (symbol >= 256) ++wide;
      else if (window.direct[symbol] == 0) window.direct[symbol] = ++window.narrow;
    }
  }
  if (wide > 0) {
    window.wide = std::make_unique<SymbolIds>(wide);
    for (const std::uint32_t key : order) {
      const Sequence& s = (*this)[first + member_of(key)];
      for (Index i = 0; i < s.length; ++i) {
        if (s.symbol(i) >= 256) window.wide->of(s.symbol(i), true);
      }
    }
  }
  const std::size_t rows = static_cast<std::size_t>(1 + window.narrow + (window.wide ? window.wide->count() : 0));
  std::sort(order.begin(), order.end());
  std::vector<std::uint16_t> members(order.size());
  std::transform(order.begin(), order.end(), members.begin(), member_of);
  // The longest that is left says how wide the lanes must be.
  for (std::span<const std::uint16_t> left(members); !left.empty();) {
    const std::size_t lanes = static_cast<std::size_t>(kLaneBytes >> size_of((*this)[first + left.front()].length));
    const std::size_t count = std::min(lanes, left.size());
    add_batch(window, first, left.first(count), rows);
    left = left.subspan(count);
  }
}

void LaneReferences::add_batch(Window& window, Index first, std::span<const std::uint16_t> members, std::size_t rows) {
  const Index longest = (*this)[first + members.front()].length;
  Batch batch;
  batch.longest = longest;
  batch.shortest = (*this)[first + members.back()].length;
  batch.size = size_of(longest);
  batch.masks = window.masks.size();
  batch.first_lane = window.lanes;
  window.lanes += kLaneBytes >> batch.size;
  window.masks.resize(window.masks.size() + rows * (kLaneBytes / 8));
  const std::size_t bytes = std::size_t{1} << batch.size;
  // A lane of `bytes` bytes, written as bytes (lanes are little-endian on all machines that there are kernels for).
  const auto add = [&](std::uint64_t* row, std::size_t lane, Index bit) {
    reinterpret_cast<std::uint8_t*>(row)[lane * bytes + static_cast<std::size_t>(bit / 8)] |= static_cast<std::uint8_t>(1 << (bit % 8));
  };
  for (std::size_t lane = 0; lane < members.size(); ++lane) {
    const Sequence& s = (*this)[first + members[lane]];
    window.lane_of[members[lane]] = static_cast<std::uint16_t>(batch.first_lane + static_cast<int>(lane));
    for (Index i = 0; i < s.length; ++i) {
      add(window.masks.data() + batch.masks + window.row(s.symbol(i)) * std::size_t{kLaneBytes / 8}, lane, i);
      add(batch.patterns, lane, i);
    }
  }
  window.batches.push_back(std::move(batch));
}

}  // namespace plait::align::detail
