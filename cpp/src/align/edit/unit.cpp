// Weights of 1: the choice of the algorithm for each pair. Up to 256 symbols are a few words of bits, in registers; similar strings use the diagonal
// algorithm; others use blocks of bit vectors in a band.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "align/edit/forms.hpp"
#include "align/tuning.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align::detail {
namespace {

/// Positions of symbols as bits, in `words` words. The text is known, so that only entries that will be read are cleared.
template <class T, int words>
class Masks {
 public:
  Masks(const T* pattern, Index n, const T* text, Index m) {
    if constexpr (sizeof(T) > 1) std::memset(symbols_, 0, sizeof symbols_);
    if (n + m < kDirect) {
      for (Index j = 0; j < m; ++j) clear(text[j]);
      for (Index i = 0; i < n; ++i) clear(pattern[i]);
    } else {
      std::memset(direct_, 0, sizeof direct_);
    }
    for (Index i = 0; i < n; ++i) {
      const std::uint64_t bit = std::uint64_t{1} << (i % 64);
      if (pattern[i] < kDirect) {
        direct_[pattern[i]].word[i / 64] |= bit;
      } else if constexpr (sizeof(T) > 1) {
        const std::uint32_t at = slot(pattern[i]);
        if (symbols_[at] == 0) symbols_[at] = pattern[i], masks_[at] = {};
        masks_[at].word[i / 64] |= bit;
      }
    }
  }
  [[nodiscard]] const std::uint64_t* operator[](T symbol) const {
    if constexpr (sizeof(T) == 1) return direct_[symbol].word;
    if (symbol < kDirect) return direct_[symbol].word;
    const std::uint32_t at = slot(symbol);
    return symbols_[at] == 0 ? none_.word : masks_[at].word;
  }

 private:
  static constexpr Index kDirect = 256;
  static constexpr std::uint32_t kSlots = sizeof(T) > 1 ? 128 * words : 1;  // twice the number of possible symbols
  struct Mask {
    std::uint64_t word[words];
  };

  void clear(T symbol) {
    if (symbol < kDirect) direct_[symbol] = {};
  }
  [[nodiscard]] std::uint32_t slot(T symbol) const {
    std::uint32_t at = (symbol * 0x9E3779B1u) >> 16;
    while (symbols_[at %= kSlots] != 0 && symbols_[at] != symbol) ++at;
    return at;
  }

  Mask direct_[kDirect];
  T symbols_[kSlots];   // of a hash table; 0: empty, as symbol 0 is in direct_
  Mask masks_[kSlots];  // valid where symbols_ has a symbol
  Mask none_{};
};

/// Hyyrö 2003, for 1 <= n <= 64 * words.
template <class T, bool restricted, int words>
Index words_distance(const T* x, Index n, const T* y, Index m) {
  const Masks<T, words> masks(x, n, y, m);
  std::uint64_t plus[words], minus[words] = {}, diagonal[words] = {}, before[words] = {};
  std::fill_n(plus, words, ~std::uint64_t{0});
  for (Index j = 0; j < m; ++j) {
    const std::uint64_t* mask = masks[y[j]];
    std::uint64_t in_flat = 0, in_minus = 0, crossed = 0;
    for (int w = 0; w < words; ++w) {
      const std::uint64_t equal = mask[w] | in_minus;
      std::uint64_t d = (((equal & plus[w]) + plus[w]) ^ plus[w]) | equal | minus[w];
      if constexpr (restricted) {
        const std::uint64_t half = ~diagonal[w] & mask[w];
        d |= (half << 1 | crossed) & before[w];
        crossed = half >> 63;
        diagonal[w] = d;
        before[w] = mask[w];
      }
      // `flat`: cells not one above their left neighbour; the complement saves an inversion.
      const std::uint64_t flat = (d ^ minus[w]) | plus[w], left = d & plus[w];
      const std::uint64_t down_flat = flat << 1 | in_flat, down_minus = left << 1 | in_minus;
      in_flat = flat >> 63;
      in_minus = left >> 63;
      plus[w] = down_minus | (down_flat & ~d);
      minus[w] = d & ~down_flat;
    }
    if ((j & 0xFFFF) == 0xFFFF) poll_interrupt();
  }
  // Sum of the last column's differences, from its top cell, m.
  Index distance = m;
  for (int w = 0; w < words && 64 * w < n; ++w) {
    const std::uint64_t rows = n - 64 * w >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << (n - 64 * w)) - 1;
    distance += std::popcount(plus[w] & rows) - std::popcount(minus[w] & rows);
  }
  return distance;
}

/// Hyyrö 2004, for 1 <= n <= 64 * words.
template <class T, int words>
Index words_common(const T* x, Index n, const T* y, Index m) {
  const Masks<T, words> masks(x, n, y, m);
  std::uint64_t same[words];
  std::fill_n(same, words, ~std::uint64_t{0});
  for (Index j = 0; j < m; ++j) {
    const std::uint64_t* mask = masks[y[j]];
    std::uint64_t carry = 0;
    for (int w = 0; w < words; ++w) {
      const std::uint64_t both = same[w] & mask[w], sum = same[w] + both, total = sum + carry;
      carry = static_cast<std::uint64_t>(sum < both) | static_cast<std::uint64_t>(total < carry);
      same[w] = total | (same[w] - both);
    }
    if ((j & 0xFFFF) == 0xFFFF) poll_interrupt();
  }
  Index length = 0;  // rows beyond n have empty masks, and their bits stay set
  for (const std::uint64_t word : same) length += std::popcount(~word);
  return length;
}

/// Calls f(words) with the smallest compiled number of words for n symbols; n <= kMostInWords.
constexpr Index kMostInWords = 256;
template <class F>
Index with_words(Index n, F&& f) {
  if (n <= 64) return f(std::integral_constant<int, 1>{});
  if (n <= 128) return f(std::integral_constant<int, 2>{});
  return f(std::integral_constant<int, 4>{});
}

/// Length of the common prefix of x and y, up to `most`. Blocks are compared as little-endian numbers.
template <class T>
Index run_of(const T* x, const T* y, Index most) {
  constexpr Index kBlock = 8 / sizeof(T);
  Index k = 0;
  for (; k + kBlock <= most; k += kBlock) {
    std::uint64_t a, b;
    std::memcpy(&a, x + k, 8);
    std::memcpy(&b, y + k, 8);
    if (a != b) return k + std::countr_zero(a ^ b) / static_cast<int>(8 * sizeof(T));
  }
  while (k < most && x[k] == y[k]) ++k;
  return k;
}

/// Length of the common suffix before x_end and y_end, up to `most`.
template <class T>
Index run_before(const T* x_end, const T* y_end, Index most) {
  constexpr Index kBlock = 8 / sizeof(T);
  Index k = 0;
  for (; k + kBlock <= most; k += kBlock) {
    std::uint64_t a, b;
    std::memcpy(&a, x_end - k - kBlock, 8);
    std::memcpy(&b, y_end - k - kBlock, 8);
    if (a != b) return k + std::countl_zero(a ^ b) / static_cast<int>(8 * sizeof(T));
  }
  while (k < most && x_end[-1 - k] == y_end[-1 - k]) ++k;
  return k;
}

/// The diagonal algorithm: the furthest row reached with k edits on each diagonal (Ukkonen 1985; Myers 1986). For similar pairs: O(n + k²).
/// Returns the distance if it is at most `most`, else kBeyond, or kUnlike if the prefixes suggest a much larger one, which is estimated in `guess`.
///
/// Transpositions of adjacent symbols (restricted) are tried only from the furthest cells of k - 1 edits: one that begins earlier reaches no further
/// than a substitution.
constexpr Index kBeyond = -1, kUnlike = -2;
template <class T>
Index wave_distance(const T* x, Index n, const T* y, Index m, bool restricted, Index most, Index& guess, Workspace& workspace) {
  // reach[d]: number of symbols of x consumed on the diagonal j - i = d, negative if k edits do not reach it; updated in place from k - 1 to k.
  const std::size_t width = static_cast<std::size_t>(2 * most + 5);
  Index* reach = workspace.take_as<Index>(width, 0) + most + 2;
  std::fill_n(reach - most - 2, width, Index{-2});
  const auto slide = [&](Index i, Index d) { return i + run_of(x + i, y + i + d, std::min(n - i, m - i - d)); };
  const Index last = m - n;  // the diagonal of the last cell
  reach[0] = slide(0, 0);
  for (Index k = 0; k <= most; ++k) {
    if (k > 0) {
      // Diagonals from which the remaining edits can reach the last cell.
      const Index first = std::max(-k, last - (most - k)), end = std::min(k, last + (most - k));
      Index left = reach[first - 1];  // of k - 1, on the previous diagonal
      for (Index d = first; d <= end; ++d) {
        const Index here = reach[d];
        Index i = std::max({left, here + 1, reach[d + 1] + 1});  // insertion, substitution, deletion
        if (restricted && here >= 0 && here + 2 <= n && here + d + 2 <= m && x[here] == y[here + d + 1] && x[here + 1] == y[here + d]) {
          i = std::max(i, here + 2);
        }
        left = here;
        i = std::min({i, n, m - d});
        reach[d] = i < 0 || i + d < 0 ? -2 : slide(i, d);
      }
    }
    if (last <= k && reach[last] == n) return k;
    if (k % 8 == 7) {
      poll_interrupt();
      const Index furthest = *std::max_element(reach - k, reach + k + 1);
      guess = k * m / std::max<Index>(furthest, 1);
      if (guess > 2 * most) return kUnlike;
    }
  }
  guess = std::max(guess, most + 1);
  return kBeyond;
}

template <class T>
constexpr Sequence::Kind kKind = sizeof(T) == 1   ? Sequence::Kind::u8
                                 : sizeof(T) == 2 ? Sequence::Kind::u16
                                                  : Sequence::Kind::u32;

/// A pair without its common prefix and suffix, the shorter sequence first.
template <class T>
struct Pair {
  const T *x, *y;
  Index n, m;
  Index common = 0;

  Pair(const Sequence& a, const Sequence& b) : x(static_cast<const T*>(a.data)), y(static_cast<const T*>(b.data)), n(a.length), m(b.length) {
    if (n > m) std::swap(x, y), std::swap(n, m);
    const Index prefix = run_of(x, y, n);
    x += prefix, y += prefix, n -= prefix, m -= prefix;
    const Index suffix = run_before(x + n, y + m, n);
    n -= suffix, m -= suffix, common = prefix + suffix;
  }
  [[nodiscard]] Sequence first() const { return {x, n, 1, kKind<T>}; }
  [[nodiscard]] Sequence second() const { return {y, m, 1, kKind<T>}; }
};

/// A lower bound on the number of edits: each edit changes the histogram of symbols by at most one up and one down. (Symbols with equal
/// low bytes are counted together, which only lowers the bound.)
template <class T>
Index fewest_edits(const T* x, Index n, const T* y, Index m) {
  Index count[256] = {};
  for (Index i = 0; i < n; ++i) ++count[x[i] & 0xFF];
  for (Index j = 0; j < m; ++j) --count[y[j] & 0xFF];
  Index more = 0, less = 0;
  for (const Index c : count) (c > 0 ? more : less) += c;
  return std::max(more, -less);
}

using tuning::kFewEdits, tuning::kSomeEdits;

template <class T>
Index distance_of(const Sequence& a, const Sequence& b, bool restricted, Index limit, Workspace& workspace) {
  const Pair<T> pair(a, b);
  const Index n = pair.n, m = pair.m;
  if (n == 0 || m - n > limit) return m;
  Index guess = std::max<Index>(m - n, 64);
  if (limit <= kFewEdits || (n > 64 && limit <= kSomeEdits)) {
    // Takes no longer than building the masks would.
    const Index found = wave_distance(pair.x, n, pair.y, m, restricted, limit, guess, workspace);
    if (found != kUnlike) return found >= 0 ? found : limit + 1;
  }
  if (n <= kMostInWords) {
    return with_words(n, [&](auto words) {
      return restricted ? words_distance<T, true, words>(pair.x, n, pair.y, m) : words_distance<T, false, words>(pair.x, n, pair.y, m);
    });
  }
  const Index alike = 2 * static_cast<Index>(std::sqrt(static_cast<double>(n)));
  if (limit > kSomeEdits && m - n <= alike) {
    const Index most = std::min(limit, alike);
    const Index found = wave_distance(pair.x, n, pair.y, m, restricted, most, guess, workspace);
    if (found >= 0) return found;
    if (found == kBeyond && most == limit) return limit + 1;
  }
  if (limit < m && fewest_edits(pair.x, n, pair.y, m) > limit) return limit + 1;
  // First with a band as wide as the guess; the result is an upper bound, and a second band of that width contains the best path.
  Index k = std::min(limit, guess + guess / 4);
  for (;;) {
    const bool whole = k >= m;
    const Index found = blocks_distance(pair.first(), pair.second(), restricted, band_of(n, m, whole ? 2 * m : k), workspace);
    if (whole || found <= k || k == limit) return found;
    k = std::min(limit, found);
  }
}

template <class T>
Index common_of(const Sequence& a, const Sequence& b, Workspace& workspace) {
  const Pair<T> pair(a, b);
  if (pair.n == 0) return pair.common;
  if (pair.n <= kMostInWords) {
    return pair.common + with_words(pair.n, [&](auto words) { return words_common<T, words>(pair.x, pair.n, pair.y, pair.m); });
  }
  return pair.common + blocks_common(pair.first(), pair.second(), workspace);
}

/// Calls f with both sequences converted to one symbol type.
template <class F>
auto as_one_kind(const Sequence& x, const Sequence& y, F&& f) {
  if (x.kind == y.kind) {
    switch (x.kind) {
      case Sequence::Kind::u8: return f(std::uint8_t{}, x, y);
      case Sequence::Kind::u16: return f(std::uint16_t{}, x, y);
      default: return f(std::uint32_t{}, x, y);
    }
  }
  const std::vector<std::uint32_t> a = symbols_of(x), b = symbols_of(y);
  return f(std::uint32_t{}, Sequence{a.data(), x.length, 1, Sequence::Kind::u32}, Sequence{b.data(), y.length, 1, Sequence::Kind::u32});
}

}  // namespace

Index unit_distance(const Sequence& x, const Sequence& y, bool restricted, Index limit, Workspace& workspace) {
  return as_one_kind(
      x, y, [&](auto symbol, const Sequence& a, const Sequence& b) { return distance_of<decltype(symbol)>(a, b, restricted, limit, workspace); });
}

Index common_length(const Sequence& x, const Sequence& y, Workspace& workspace) {
  return as_one_kind(x, y, [&](auto symbol, const Sequence& a, const Sequence& b) { return common_of<decltype(symbol)>(a, b, workspace); });
}

Path unit_path(const Sequence& x, const Sequence& y, bool restricted, std::size_t memory_limit, Workspace& workspace) {
  const Index distance = unit_distance(x, y, restricted, kNoLimit, workspace);
  // Equal symbols at the end are always matched. (Not those at the beginning: an earlier tie may have been decided otherwise.)
  Index n = x.length, m = y.length, suffix = 0;
  while (suffix < n && suffix < m && x.symbol(n - 1 - suffix) == y.symbol(m - 1 - suffix)) ++suffix;
  n -= suffix, m -= suffix;
  Path out{static_cast<double>(distance), {}};
  if (n > 0 && m > 0) {
    Sequence a = x, b = y;
    a.length = n, b.length = m;
    out.pairs = blocks_path(a, b, restricted, band_of(n, m, distance), memory_limit, workspace);
  } else {
    for (Index j = 0; j < m; ++j) out.pairs.insert(out.pairs.end(), {-1, j});
    for (Index i = 0; i < n; ++i) out.pairs.insert(out.pairs.end(), {i, -1});
  }
  for (Index k = 0; k < suffix; ++k) out.pairs.insert(out.pairs.end(), {n + k, m + k});
  return out;
}

}  // namespace plait::align::detail
