// One sequence against many, for weights of 1: short references are processed together, one a lane. Of longer ones the prefixes are, to exclude
// references that are beyond the cutoff.
#pragma once

#include <algorithm>
#include <memory>

#include "align/edit/codes.hpp"
#include "align/edit/forms.hpp"
#include "align/edit/lanes.hpp"
#include "align/edit/prefixes.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align::detail {

enum class EditCount : std::uint8_t { edits, edits_restricted, common };

class LaneReferences final : public References {
 public:
  static constexpr Index kWindow = 128;  ///< references with a common table of symbols; pairwise() passes that many at a time

  explicit LaneReferences(std::vector<Sequence> sequences);

  /// Edits (or length of the common subsequence) for x against references [begin, end). References too long for a lane are computed
  /// by `one(k)`; those whose length alone requires more than `limit` edits may get infinity.
  template <class F>
  void counts(EditCount what, const Sequence& x, Index begin, Index end, double unit, Index limit, double* out, Workspace& workspace, F&& one) const;

 private:
  static constexpr Index kLongest = 64;                                      // longest pattern of a lane
  static constexpr int kMostLanes = static_cast<int>(kWindow) + kLaneBytes;  // all batches but the last one are full
  static constexpr std::uint16_t kTooLong = 0xFFFF;

  /// References of a window in one set of lanes, the longest first.
  struct Batch {
    int size;                                     // lanes are of 8 << size bits
    std::size_t masks;                            // their offset in Window::masks
    std::uint64_t patterns[kLaneBytes / 8] = {};  // as in PatternLanes
    Index longest, shortest;
    int first_lane;  // of all lanes of the window
  };
  /// Prefixes of longer references of similar length.
  struct LongBatch {
    Index longest, shortest;
    int size = 0;
    std::uint16_t members[kPrefixLanes];
    std::vector<std::uint8_t> symbols;  // as in PrefixLanes, with the padding columns that are read before them
  };
  struct Window {
    std::uint16_t direct[256] = {};   // row of a symbol, 0 if there is none
    std::unique_ptr<SymbolIds> wide;  // for symbols >= 256, if there are any: row less `narrow`
    std::uint16_t narrow = 0;         // number of rows of `direct`
    std::vector<std::uint64_t> masks;
    std::vector<Batch> batches;
    std::vector<LongBatch> long_batches;
    std::uint16_t lane_of[kWindow];  // of a reference, among all lanes of the window, or kTooLong
    int lanes = 0;

    [[nodiscard]] std::uint16_t row(std::uint32_t symbol) const {
      if (symbol < 256) return direct[symbol];
      const std::uint32_t number = wide ? wide->of(symbol, false) : 0;
      return static_cast<std::uint16_t>(number == 0 ? 0 : number + narrow);
    }
    void encode(const Sequence& x, std::uint16_t* text) const {
      for (Index i = 0; i < x.length; ++i) text[i] = row(x.symbol(i));
    }
  };

  void fill(Window& window, Index first, Index last);
  void add_batch(Window& window, Index first, std::span<const std::uint16_t> members, std::size_t rows);
  void add_long_batch(Window& window, Index first, std::span<const std::uint16_t> members);
  /// Sets beyond[k] of the members that need more than `limit` edits.
  void exclude(const Window& window, const std::uint8_t* prefix, Index length, bool restricted, Index limit, bool* beyond) const;

  std::vector<Window> windows_;
};

template <class F>
void LaneReferences::counts(EditCount what, const Sequence& x, Index begin, Index end, double unit, Index limit, double* out, Workspace& workspace,
                            F&& one) const {
  const PatternTable& table = PLAIT_PICK(pattern_table);
  const auto& kernels = what == EditCount::edits ? table.levenshtein : what == EditCount::edits_restricted ? table.restricted : table.lcs;
  std::uint16_t* text = workspace.take_as<std::uint16_t>(static_cast<std::size_t>(x.length), Workspace::kSlots - 1);
  double found[kMostLanes];
  const bool cut = what != EditCount::common && limit <= kPrefixLimit;
  std::uint8_t prefix[kPrefix];
  for (Index i = 0; cut && i < std::min(x.length, kPrefix); ++i) prefix[i] = static_cast<std::uint8_t>(x.symbol(i));
  const Index often = 1 + 10'000 / (x.length + 1);  // windows between two polls: many for short words
  for (Index w = begin / kWindow; w * kWindow < end; ++w) {
    const Window& window = windows_[static_cast<std::size_t>(w)];
    bool encoded = false;
    for (const Batch& batch : window.batches) {
      double* const to = found + batch.first_lane;
      if (x.length - batch.longest > limit || batch.shortest - x.length > limit) {
        std::fill_n(to, kLaneBytes >> batch.size, kWorst<Order::minimum>);
      } else {
        if (!encoded) window.encode(x, text), encoded = true;
        kernels[batch.size]({window.masks.data() + batch.masks, text, x.length, batch.patterns, unit, to});
      }
    }
    // In the order of the references, for sequential stores: a row of the matrix does not fit the caches.
    const Index low = std::max(begin, w * kWindow), high = std::min(end, (w + 1) * kWindow);
    const std::uint16_t* const lane_of = window.lane_of + (low - w * kWindow);
    double* const to = out + (low - begin);
    if (window.long_batches.empty()) {  // every reference has a lane: no branch
#pragma GCC unroll 4
      for (Index k = 0; k < high - low; ++k) to[k] = found[lane_of[k]];
    } else {
      bool beyond[kWindow] = {};
      if (cut) exclude(window, prefix, x.length, what == EditCount::edits_restricted, limit, beyond);
      const bool* const out_of_reach = beyond + (low - w * kWindow);
      for (Index k = 0; k < high - low; ++k)
        to[k] = lane_of[k] != kTooLong ? found[lane_of[k]] : out_of_reach[k] ? kWorst<Order::minimum> : one(low + k);
    }
    if (w % often == 0) poll_interrupt();
  }
}

}  // namespace plait::align::detail
