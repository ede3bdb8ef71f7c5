// Search of one sequence in a stream of others, for weights of 1: references are not prepared, so a single query of a list of words costs little more
// than reading the list.
#pragma once

#include <memory>
#include <span>

#include "align/edit/codes.hpp"
#include "align/edit/forms.hpp"
#include "align/edit/prefixes.hpp"

namespace plait::align::detail {

class EditSearch final : public Search {
 public:
  /// Finds references within `limit` edits, each of cost `unit`.
  EditSearch(const Sequence& x, bool restricted, double unit, Index k, Index limit);

  bool offer(std::span<const Sequence> references, Index first, Workspace& workspace) override;
  std::vector<Neighbour> take() override;

 private:
  static constexpr Index kBlock = kPrefixLanes;
  static constexpr Index kWord = 64;  // rows of a word

  /// The positions of each symbol in the query, as bits.
  struct Masks {
    std::uint64_t direct[256];
    std::unique_ptr<SymbolIds> ids;  // of symbols >= 256
    std::vector<std::uint64_t> wide;

    template <class T>
    [[nodiscard]] std::uint64_t of(T symbol) const {
      if constexpr (sizeof(T) > 1) {
        if (symbol >= 256) return ids ? wide[ids->of(symbol, false)] : 0;
      }
      return direct[symbol];
    }
  };

  void set_masks();
  /// The largest number of edits that is among the best k. Later references lose ties.
  [[nodiscard]] Index limit() const;
  void block(std::span<const Sequence> references, Index first, Index limit, Workspace& workspace);
  /// Moves the members that may be within the limit to the front; returns their number.
  Index filter(std::span<const Sequence> references, std::uint8_t* members, Index count, Index limit, Workspace& workspace) const;
  template <class T>
  void by_words(std::span<const Sequence> references, Index first, const std::uint8_t* members, Index count);
  template <class T, bool restricted>
  void by_text_lanes(std::span<const Sequence> references, Index first, const std::uint8_t* members, Index count);

  Sequence x_;
  bool restricted_;
  double unit_;
  Index k_, limit_;
  Ranking ranking_;  // of edits
  Masks masks_;      // valid if has_masks_
  bool has_masks_ = false;
};

}  // namespace plait::align::detail
