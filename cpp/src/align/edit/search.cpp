#include "align/edit/search.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "align/edit/text_lanes.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align::detail {
namespace {

/// One column of Hyyrö 2003 for patterns of one word.
template <bool restricted>
struct TextState {
  std::uint64_t plus = ~std::uint64_t{0}, minus = 0, diagonal = 0, before = 0;

  void step(std::uint64_t mask) {
    std::uint64_t d = (((mask & plus) + plus) ^ plus) | mask | minus;
    if constexpr (restricted) {
      d |= ((~diagonal & mask) << 1) & before;
      diagonal = d;
      before = mask;
    }
    const std::uint64_t flat = ((d ^ minus) | plus) << 1, left = (d & plus) << 1;
    plus = left | (flat & ~d);
    minus = d & ~flat;
  }
};

bool equal(const Sequence& x, const Sequence& y) {
  if (x.length != y.length) return false;
  if (x.kind == y.kind) {
    if (x.length > 0 && *static_cast<const char*>(x.data) != *static_cast<const char*>(y.data)) return false;  // decides nearly all cases
    const std::size_t bytes = x.kind == Sequence::Kind::u8 ? 1 : x.kind == Sequence::Kind::u16 ? 2 : 4;
    return std::memcmp(x.data, y.data, static_cast<std::size_t>(x.length) * bytes) == 0;
  }
  for (Index i = 0; i < x.length; ++i) {
    if (x.symbol(i) != y.symbol(i)) return false;
  }
  return true;
}

}  // namespace

EditSearch::EditSearch(const Sequence& x, bool restricted, double unit, Index k, Index limit)
    : x_(x), restricted_(restricted), unit_(unit), k_(k), limit_(limit), ranking_(Order::minimum, k) {}

void EditSearch::set_masks() {
  if (has_masks_) return;
  has_masks_ = true;
  std::fill_n(masks_.direct, 256, 0);
  for (Index i = 0; i < x_.length; ++i) {
    const std::uint32_t symbol = x_.symbol(i);
    const std::uint64_t bit = std::uint64_t{1} << i;
    if (symbol < 256) {
      masks_.direct[symbol] |= bit;
    } else {
      if (!masks_.ids) masks_.ids = std::make_unique<SymbolIds>(x_.length), masks_.wide.assign(static_cast<std::size_t>(x_.length) + 1, 0);
      masks_.wide[masks_.ids->of(symbol, true)] |= bit;
    }
  }
}

Index EditSearch::limit() const {
  const double kept = ranking_.cutoff();
  return kept == kWorst<Order::minimum> ? limit_ : std::min(limit_, static_cast<Index>(kept) - 1);
}

bool EditSearch::offer(std::span<const Sequence> references, Index first, Workspace& workspace) {
  for (std::size_t at = 0; at < references.size(); at += kBlock) {
    const Index most = limit();
    if (most < 0) return false;
    const std::size_t count = std::min<std::size_t>(kBlock, references.size() - at);
    if (k_ == 1 && count < kBlock) {
      // The first equal reference is the best match: checked first if there are few.
      const auto found =
          std::find_if(references.begin() + static_cast<std::ptrdiff_t>(at), references.end(), [&](const Sequence& y) { return equal(x_, y); });
      if (found != references.end()) {
        ranking_.offer(first + (found - references.begin()), 0);
        return false;
      }
    }
    block(references.subspan(at, count), first + static_cast<Index>(at), most, workspace);
    if (count == kBlock) poll_interrupt();  // fewer take little time
  }
  return limit() >= 0;
}

void EditSearch::block(std::span<const Sequence> references, Index first, Index limit, Workspace& workspace) {
  std::uint8_t members[kBlock];
  Index count = 0;
  for (std::size_t k = 0; k < references.size(); ++k) {
    const Index apart = references[k].length - x_.length;
    members[count] = static_cast<std::uint8_t>(k);
    count += static_cast<Index>(std::max(apart, -apart) <= limit);
  }
  if (limit == 0) {
    for (Index c = 0; c < count; ++c) {
      if (!equal(x_, references[members[c]])) continue;
      ranking_.offer(first + members[c], 0);
      if (this->limit() < 0) return;
    }
    return;
  }
  // The filter takes about as long as this many columns of the word recurrence.
  const bool few = limit <= kPrefixLimit / (restricted_ ? 2 : 1) && 6 * limit + 4 < x_.length;
  if (few) count = filter(references, members, count, limit, workspace);
  if (x_.length > 0 && x_.length <= kWord && !few) {
    set_masks();
    unsigned kinds = 0;
    for (Index c = 0; c < count; ++c) kinds |= 1U << static_cast<int>(references[members[c]].kind);
    const auto any = [&](Sequence::Kind kind) { return (kinds >> static_cast<int>(kind) & 1) != 0; };
    if (any(Sequence::Kind::u8)) by_words<std::uint8_t>(references, first, members, count);
    if (any(Sequence::Kind::u16)) by_words<std::uint16_t>(references, first, members, count);
    if (any(Sequence::Kind::u32)) by_words<std::uint32_t>(references, first, members, count);
    return;
  }
  for (Index c = 0; c < count; ++c) {
    const Index open = this->limit(), now = open < limit ? open + 1 : limit;  // earlier index of this block wins a tie
    const Index edits = unit_distance(x_, references[members[c]], restricted_, now, workspace);
    if (edits <= now) ranking_.offer(first + members[c], static_cast<double>(edits));
  }
}

Index EditSearch::filter(std::span<const Sequence> references, std::uint8_t* members, Index count, Index limit, Workspace& workspace) const {
  if (count == 0) return 0;
  Index least = limit, most = -limit;
  for (Index c = 0; c < count; ++c) {
    const Index apart = references[members[c]].length - x_.length;
    least = std::min(least, apart), most = std::max(most, apart);
  }
  const Index left = (limit - least) / 2, right = (limit + most) / 2;
  const Index edits = restricted_ ? 2 * limit : limit;
  // Enough rows to exclude unrelated strings.
  const Index rows = std::min({x_.length, 12 + 4 * edits, kPrefix - right}), columns = (rows + right + 15) / 16 * 16;
  std::uint8_t text[kPrefix];
  for (Index i = 0; i < rows; ++i) text[i] = static_cast<std::uint8_t>(x_.symbol(i));
  std::uint8_t* const strings = workspace.take_as<std::uint8_t>(static_cast<std::size_t>((2 * kPrefix + kPrefixLimit) * kPrefixLanes), 0);
  std::uint8_t* const before = strings + kPrefix * kPrefixLanes;
  std::uint8_t* const symbols = before + kPrefixLimit * kPrefixLanes;
  for (Index c = 0; c < count; ++c) {
    const Sequence& s = references[members[c]];
    std::uint8_t* const to = strings + c * kPrefix;
    const Index there = std::min(s.length, columns);
    if (s.kind == Sequence::Kind::u8) std::memcpy(to, s.data, static_cast<std::size_t>(there));
    else
      for (Index j = 0; j < there; ++j) to[j] = static_cast<std::uint8_t>(s.symbol(j));
    if (there < columns) std::memset(to + there, 0, static_cast<std::size_t>(columns - there));
  }
  std::memset(before, 0, static_cast<std::size_t>(kPrefixLimit * kPrefixLanes));
  const PrefixTable& table = PLAIT_PICK(prefix_table);
  table.transpose(strings, columns, symbols);
  const std::uint64_t inside = table.within({symbols, text, rows, static_cast<int>(left), static_cast<int>(right), static_cast<int>(edits)});
  Index kept = 0;
  for (Index c = 0; c < count; ++c) {
    members[kept] = members[c];
    kept += static_cast<Index>(inside >> c & 1);
  }
  return kept;
}

template <class T>
void EditSearch::by_words(std::span<const Sequence> references, Index first, const std::uint8_t* members, Index count) {
  constexpr auto kKind = sizeof(T) == 1 ? Sequence::Kind::u8 : sizeof(T) == 2 ? Sequence::Kind::u16 : Sequence::Kind::u32;
  // References of this kind sorted by length, so that those processed together have similar lengths.
  constexpr Index kLengths = kWord + 2;
  std::uint8_t begin[kLengths] = {}, sorted[kBlock];
  const auto length = [&](std::uint8_t member) { return std::min(references[member].length, kWord + 1); };
  Index found = 0, shortest = kLengths - 1, longest = 0;
  for (Index c = 0; c < count; ++c) {
    if (references[members[c]].kind != kKind) continue;
    const Index here = length(members[c]);
    shortest = std::min(shortest, here), longest = std::max(longest, here);
    ++begin[here], ++found;
  }
  std::uint8_t sum = 0;
  for (Index l = shortest; l <= longest; ++l) begin[l] = static_cast<std::uint8_t>((sum += begin[l]) - begin[l]);
  for (Index c = 0; c < count; ++c) {
    if (references[members[c]].kind == kKind) sorted[begin[length(members[c])]++] = members[c];
  }
  restricted_ ? by_text_lanes<T, true>(references, first, sorted, found) : by_text_lanes<T, false>(references, first, sorted, found);
}

template <class T, bool restricted>
void EditSearch::by_text_lanes(std::span<const Sequence> references, Index first, const std::uint8_t* members, Index count) {
  const std::uint64_t rows = x_.length == kWord ? ~std::uint64_t{0} : (std::uint64_t{1} << x_.length) - 1;
  const auto finish = [&](std::uint8_t member, TextState<restricted> state, Index from) {
    const Sequence& y = references[member];
    const T* const text = static_cast<const T*>(y.data);
    for (Index j = from; j < y.length; ++j) state.step(masks_.of(text[j]));
    const Index edits = y.length + std::popcount(state.plus & rows) - std::popcount(state.minus & rows);
    if (edits <= limit_) ranking_.offer(first + member, static_cast<double>(edits));
  };
  Index c = 0;
  if constexpr (sizeof(T) == 1) {
    // Each step depends on the previous one; several strings are interleaved up to the length of the shortest.
    const TextTable& table = PLAIT_PICK(text_table);
    for (; c + 1 < count; c += kTextLanes) {
      const std::uint8_t* texts[kTextLanes];
      const Index here = std::min<Index>(kTextLanes, count - c);
      Index together = references[members[c]].length;
      for (Index s = 0; s < kTextLanes; ++s) {
        const Sequence& y = references[members[c + std::min(s, here - 1)]];
        texts[s] = static_cast<const std::uint8_t*>(y.data);
        together = std::min(together, y.length);
      }
      TextLanes found;
      (restricted ? table.restricted : table.levenshtein)(masks_.direct, texts, together, &found);
      for (Index s = 0; s < here; ++s) finish(members[c + s], {found.plus[s], found.minus[s], found.diagonal[s], found.before[s]}, together);
    }
  }
  for (; c < count; ++c) finish(members[c], {}, 0);
}

std::vector<Neighbour> EditSearch::take() {
  std::vector<Neighbour> found = ranking_.take();
  for (Neighbour& neighbour : found) neighbour.score *= unit_;
  return found;
}

}  // namespace plait::align::detail
