#include "align/edit/many.hpp"

#include <algorithm>
#include <cstring>

namespace plait::align::detail {
namespace {

/// Patterns of this length need lanes of 8 << size bits.
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
  std::vector<std::uint16_t> longer;
  std::vector<std::uint32_t> order;  // by descending length, then index: packed into one number, which sorts faster than a pair
  const auto member_of = [](std::uint32_t key) { return static_cast<std::uint16_t>(key & 0xFF); };
  Index wide = 0;
  for (Index k = first; k < last; ++k) {
    const Sequence& s = (*this)[k];
    const auto member = static_cast<std::uint16_t>(k - first);
    window.lane_of[member] = kTooLong;
    if (s.length > kLongest) {
      longer.push_back(member);
      continue;
    }
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
  // The longest remaining one determines the width of the lanes.
  for (std::span<const std::uint16_t> left(members); !left.empty();) {
    const std::size_t lanes = static_cast<std::size_t>(kLaneBytes >> size_of((*this)[first + left.front()].length));
    const std::size_t count = std::min(lanes, left.size());
    add_batch(window, first, left.first(count), rows);
    left = left.subspan(count);
  }
  std::sort(longer.begin(), longer.end(), [&](std::uint16_t a, std::uint16_t b) { return (*this)[first + a].length < (*this)[first + b].length; });
  for (std::span<const std::uint16_t> left(longer); !left.empty();) {
    const std::size_t count = std::min<std::size_t>(kPrefixLanes, left.size());
    add_long_batch(window, first, left.first(count));
    left = left.subspan(count);
  }
}

void LaneReferences::add_long_batch(Window& window, Index first, std::span<const std::uint16_t> members) {
  LongBatch& batch = window.long_batches.emplace_back();
  batch.shortest = (*this)[first + members.front()].length;
  batch.longest = (*this)[first + members.back()].length;
  batch.size = static_cast<int>(members.size());
  std::copy(members.begin(), members.end(), batch.members);
  batch.symbols.resize(static_cast<std::size_t>((kPrefixLimit + kPrefix) * kPrefixLanes));
  for (std::size_t lane = 0; lane < members.size(); ++lane) {
    const Sequence& s = (*this)[first + members[lane]];
    std::uint8_t* const at = batch.symbols.data() + kPrefixLimit * kPrefixLanes + lane;
    for (Index j = 0; j < std::min(kPrefix, s.length); ++j) at[j * kPrefixLanes] = static_cast<std::uint8_t>(s.symbol(j));
  }
}

void LaneReferences::exclude(const Window& window, const std::uint8_t* prefix, Index length, bool restricted, Index limit, bool* beyond) const {
  const PrefixTable& table = PLAIT_PICK(prefix_table);
  for (const LongBatch& batch : window.long_batches) {
    std::uint64_t inside = 0;
    const Index shorter = length - batch.longest, longer = batch.shortest - length;  // lower bounds, if positive
    if (shorter <= limit && longer <= limit) {
      // The band of all members of similar length; a path to diagonal d of k edits strays at most (k - |d|) / 2 from it on either side.
      const Index least = std::max(-limit, batch.shortest - length), most = std::min(limit, batch.longest - length);
      const Index left = (limit - least) / 2, right = (limit + most) / 2;
      // A transposition counts as two substitutions here.
      const Index edits = std::min(restricted ? 2 * limit : limit, kPrefixLimit);
      if (restricted && edits < 2 * limit) {
        inside = ~std::uint64_t{0};
      } else {
        inside = table.within({batch.symbols.data() + kPrefixLimit * kPrefixLanes, prefix, std::min(length, kPrefix - right), static_cast<int>(left),
                               static_cast<int>(right), static_cast<int>(edits)});
      }
    }
    for (int lane = 0; lane < batch.size; ++lane) beyond[batch.members[lane]] = (inside >> lane & 1) == 0;
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
  // A lane of `bytes` bytes, written as bytes (all machines with kernels are little-endian).
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
  window.batches.push_back(batch);
}

}  // namespace plait::align::detail
