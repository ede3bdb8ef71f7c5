// One sequence against many with integer scores: the references sorted by length and grouped into lanes; those that do not fill a group, or
// overflow 16 bits, are scored one by one.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <numeric>

#include "align/pairwise/integer.hpp"
#include "align/tuning.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align::detail {
namespace {

using tuning::kLongestInLane, tuning::kPollLaneVectors;
constexpr std::uint8_t kPadding = kLaneCodes - 1, kOther = kLaneCodes - 2;

/// x as ranks of its symbols, and the scores of each rank with the codes of y.
struct Query {
  std::vector<std::uint8_t> ranks;
  std::vector<std::int8_t> table;
  std::vector<std::uint32_t> symbols;  // by rank
  Index codes = 0;                     // of a matrix; without one, codes are ranks

  /// Empty if the alphabet or the scores are too large.
  static std::optional<Query> of(const IntegerScores& scores, const Sequence& x) {
    const bool equality = scores.size == 0;
    const std::int32_t padding = std::min(scores.least, 0);
    if (scores.size >= kLaneCodes || padding < -128 || scores.most > 127) return std::nullopt;
    Query out;
    out.codes = scores.size;
    for (Index i = 0; i < x.length; ++i) {
      const std::uint32_t symbol = x.symbol(i);
      const auto at = std::find(out.symbols.begin(), out.symbols.end(), symbol);
      out.ranks.push_back(static_cast<std::uint8_t>(at - out.symbols.begin()));
      if (at != out.symbols.end()) continue;
      if (out.symbols.size() == kOther) return std::nullopt;
      out.symbols.push_back(symbol);
      const std::size_t row = out.table.size();
      out.table.resize(row + kLaneCodes, static_cast<std::int8_t>(equality ? scores.mismatch : padding));
      out.table[row + kPadding] = static_cast<std::int8_t>(padding);
      if (equality) out.table[row + out.symbols.size() - 1] = static_cast<std::int8_t>(scores.match);
      for (Index b = 0; b < scores.size; ++b) {
        out.table[row + static_cast<std::size_t>(b)] = static_cast<std::int8_t>(scores.columns[static_cast<std::size_t>(b * scores.size + symbol)]);
      }
    }
    return out;
  }

  [[nodiscard]] std::uint8_t code(std::uint32_t symbol) const {
    if (codes > 0) return static_cast<std::uint8_t>(symbol);
    const auto at = std::find(symbols.begin(), symbols.end(), symbol);
    return at == symbols.end() ? kOther : static_cast<std::uint8_t>(at - symbols.begin());
  }
};

template <class T>
class Groups {
 public:
  Groups(const IntegerScores& scores, const PairwiseLanesKernels<T>& kernels, const Query& query, const References& references, double* out,
         Index begin, Workspace& workspace)
      : scores_(scores), kernels_(kernels), query_(query), references_(references), out_(out), begin_(begin), workspace_(workspace) {}

  /// Scores those of `order` (by length) that fill groups; the others stay in `order`.
  void run(std::vector<Index>& order) {
    std::vector<Index> left;
    for (std::size_t at = 0; at < order.size();) {
      const std::size_t count = std::min(order.size() - at, static_cast<std::size_t>(kernels_.lanes));
      const std::span<const Index> group(order.data() + at, count);
      if (!fills_lanes(group) || !run(group, left)) left.insert(left.end(), group.begin(), group.end());
      at += count;
    }
    order = std::move(left);
  }

 private:
  [[nodiscard]] bool fills_lanes(std::span<const Index> group) const {
    const Index longest = references_[group.back()].length;
    Index sum = 0;
    for (const Index k : group) sum += references_[k].length;
    return longest <= kLongestInLane && 4 * sum >= longest * kernels_.lanes;
  }

  /// Of local alignment, where sums saturate.
  [[nodiscard]] std::optional<Offset> saturating_offset() const {
    constexpr std::int64_t kLeast = std::numeric_limits<T>::min();
    if (scores_.open < kLeast) return std::nullopt;
    return Offset{.zero = kLeast, .lowest = kLeast, .proved = false};
  }

  /// The codes of the references, interleaved: y[j · lanes + l] is the j-th of the l-th.
  void interleave(std::span<const Index> group, std::array<std::int32_t, 64>& lengths, std::uint8_t* y) const {
    const Index lanes = kernels_.lanes, count = static_cast<Index>(group.size());
    bool bytes = query_.codes > 0 && std::endian::native == std::endian::little;
    for (Index l = 0; l < count; ++l) {
      lengths[static_cast<std::size_t>(l)] = static_cast<std::int32_t>(references_[group[l]].length);
      bytes = bytes && references_[group[l]].kind == Sequence::Kind::u8;
    }
    // Eight codes of eight sequences at a time: they are far apart in memory, so that several cache misses overlap.
    for (Index l = 0; l < count; l += 8) {
      Index done = 0;
      if (bytes && l + 8 <= count) {
        std::array<const std::uint8_t*, 8> from{};
        for (Index k = 0; k < 8; ++k) from[static_cast<std::size_t>(k)] = static_cast<const std::uint8_t*>(references_[group[l + k]].data);
        const Index shortest = references_[group[l]].length;  // sorted by length
        for (; done + 8 <= shortest; done += 8) {
          std::array<std::uint64_t, 8> words{};
          for (std::size_t k = 0; k < 8; ++k) std::memcpy(&words[k], from[k] + done, 8);
          transpose(words);
          for (std::size_t k = 0; k < 8; ++k) std::memcpy(y + (done + static_cast<Index>(k)) * lanes + l, &words[k], 8);
        }
      }
      for (Index k = l; k < std::min(count, l + 8); ++k) {
        const Sequence& reference = references_[group[k]];
        for (Index j = done; j < reference.length; ++j) y[j * lanes + k] = query_.code(reference.symbol(j));
      }
    }
  }

  /// Transposes 8 × 8 bytes (Warren, Hacker's Delight, 7-3).
  static void transpose(std::array<std::uint64_t, 8>& rows) {
    const auto swap = [&rows](std::size_t a, std::size_t b, int shift, std::uint64_t mask) {
      const std::uint64_t t = ((rows[a] >> shift) ^ rows[b]) & mask;
      rows[a] ^= t << shift;
      rows[b] ^= t;
    };
    for (const std::size_t k : {0U, 1U, 2U, 3U}) swap(k, k + 4, 32, 0x00000000FFFFFFFFU);
    for (const std::size_t k : {0U, 1U, 4U, 5U}) swap(k, k + 2, 16, 0x0000FFFF0000FFFFU);
    for (const std::size_t k : {0U, 2U, 4U, 6U}) swap(k, k + 1, 8, 0x00FF00FF00FF00FFU);
  }

  bool run(std::span<const Index> group, std::vector<Index>& left) {
    const Index n = static_cast<Index>(query_.ranks.size()), lanes = kernels_.lanes, longest = references_[group.back()].length;
    const Index columns = (longest + kernels_.block - 1) / kernels_.block * kernels_.block;
    const Ends& ends = scores_.ends;
    const std::optional<Offset> offset =
        ends.local ? saturating_offset() : offset_for<T>(scores_, n, columns, 1, std::min(n, longest) * std::max(scores_.most, 0));
    if (!offset) return false;
    const auto border = [&](Index at, bool free) {
      const std::int64_t gap = at == 0 || free || ends.local ? 0 : scores_.open + (at - 1) * static_cast<std::int64_t>(scores_.extend);
      return static_cast<T>(offset->zero + gap);
    };
    PairwiseLanes<T> s;
    s.rows = n;
    s.columns = columns;
    s.x = query_.ranks.data();
    s.ranks = static_cast<Index>(query_.symbols.size());
    s.table = query_.table.data();
    s.open = static_cast<T>(scores_.open);
    s.extend = static_cast<T>(scores_.extend);
    s.lowest = static_cast<T>(offset->lowest);
    s.zero = static_cast<T>(offset->zero);
    s.h = workspace_.take_as<T>(static_cast<std::size_t>((2 * n + s.ranks * kernels_.block + 2 * columns + 3) * lanes), 0);
    s.e = s.h + n * lanes;
    s.profile = s.e + n * lanes;
    s.bottom = s.profile + s.ranks * kernels_.block * lanes;
    s.best = s.bottom + (columns + 1) * lanes;
    T* top = s.best + lanes;
    s.top = top;
    for (Index i = 0; i < n; ++i) std::fill(s.h + i * lanes, s.h + (i + 1) * lanes, border(i + 1, ends.x_begin));
    std::fill(s.e, s.e + n * lanes, s.lowest);
    std::fill(s.best, s.best + lanes, ends.local ? s.zero : s.lowest);
    std::fill(s.bottom, s.bottom + lanes, border(n, ends.x_begin));
    for (Index j = 0; j <= columns; ++j) top[j] = border(j, ends.y_begin);
    auto* y = workspace_.take_as<std::uint8_t>(static_cast<std::size_t>(columns * lanes), 1);
    std::fill(y, y + columns * lanes, kPadding);
    std::array<std::int32_t, 64> lengths{};
    interleave(group, lengths, y);
    s.y = y;
    if (ends.x_end && !ends.local) s.ends = lengths.data();
    const Index piece = std::max<Index>(1, kPollLaneVectors / (n * kernels_.block)) * kernels_.block;
    for (Index at = 0; at < columns; at += piece) {
      kernels_.run[ends.local][scores_.open == scores_.extend](s, at, std::min(columns, at + piece));
      poll_interrupt();
    }
    for (std::size_t l = 0; l < group.size(); ++l) {
      const Index m = lengths[l];
      T best = s.best[l];
      if (ends.local && best == std::numeric_limits<T>::max()) {
        left.push_back(group[l]);
        continue;
      }
      if (!ends.local) {
        if (ends.x_end) best = std::max(best, top[m]);
        for (Index j = ends.y_end ? 0 : m; j <= m; ++j) best = std::max(best, s.bottom[j * lanes + static_cast<Index>(l)]);
      }
      out_[group[l] - begin_] = static_cast<double>(best - offset->zero) * scores_.unit;
    }
    return true;
  }

  const IntegerScores& scores_;
  const PairwiseLanesKernels<T>& kernels_;
  const Query& query_;
  const References& references_;
  double* out_;
  Index begin_;
  Workspace& workspace_;
};

}  // namespace

std::vector<Index> integer_scores(const IntegerScores& scores, const PairwiseLanesTable& lanes, const Sequence& x, const References& references,
                                  Index begin, Index end, double* out, Workspace& workspace) {
  std::vector<Index> order(static_cast<std::size_t>(end - begin));
  std::iota(order.begin(), order.end(), begin);
  const std::optional<Query> query = Query::of(scores, x);
  if (!query) return order;
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return references[a].length < references[b].length; });
  Groups<std::int8_t>(scores, lanes.i8, *query, references, out, begin, workspace).run(order);
  Groups<std::int16_t>(scores, lanes.i16, *query, references, out, begin, workspace).run(order);
  return order;
}

}  // namespace plait::align::detail
