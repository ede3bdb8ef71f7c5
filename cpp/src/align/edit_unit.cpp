// Weights of 1: which form takes which pair. Up to 64 symbols are one word of bits, in registers; strings that are much alike go along
// their diagonals; the rest are strips of bits in a band.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "align/edit_internal.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align::edit {
namespace {

/// Where a word's symbols stand, as bits. For text and pattern known beforehand, so that only what will be asked is cleared.
template <class T>
class WordMasks {
 public:
  WordMasks(const T* pattern, Index n, const T* text, Index m) {
    if constexpr (sizeof(T) > 1) std::fill_n(symbols_, kSlots, T{0}), std::fill_n(slots_, kSlots, std::uint64_t{0});
    if (m < kDirect / 4) {
      for (Index j = 0; j < m; ++j) {
        if (text[j] < kDirect) direct_[text[j]] = 0;
      }
      for (Index i = 0; i < n; ++i) {
        if (pattern[i] < kDirect) direct_[pattern[i]] = 0;
      }
    } else {
      std::fill_n(direct_, kDirect, std::uint64_t{0});
    }
    for (Index i = 0; i < n; ++i) {
      if (pattern[i] < kDirect) {
        direct_[pattern[i]] |= std::uint64_t{1} << i;
      } else {
        const std::size_t at = slot(pattern[i]);
        symbols_[at] = pattern[i];
        slots_[at] |= std::uint64_t{1} << i;
      }
    }
  }
  [[nodiscard]] std::uint64_t operator[](T symbol) const { return symbol < kDirect ? direct_[symbol] : slots_[slot(symbol)]; }

 private:
  static constexpr std::uint32_t kDirect = 256;
  static constexpr std::size_t kSlots = sizeof(T) > 1 ? 128 : 1;  // twice as many as symbols can be

  [[nodiscard]] std::size_t slot(T symbol) const {
    std::size_t at = (symbol * 0x9E3779B1u) >> 25;
    while (slots_[at] != 0 && symbols_[at] != symbol) at = (at + 1) % kSlots;
    return at;
  }

  std::uint64_t direct_[kDirect];
  T symbols_[kSlots];
  std::uint64_t slots_[kSlots];
};

/// Hyyrö 2003. 1 <= n <= 64.
template <class T, bool restricted>
Index word_distance(const T* x, Index n, const T* y, Index m) {
  const WordMasks<T> masks(x, n, y, m);
  std::uint64_t plus = ~std::uint64_t{0}, minus = 0, diagonal = 0, before = 0;
  Index distance = n;
  for (Index j = 0; j < m; ++j) {
    const std::uint64_t mask = masks[y[j]];
    std::uint64_t d = (((mask & plus) + plus) ^ plus) | mask | minus;
    if constexpr (restricted) {
      d |= ((~diagonal & mask) << 1) & before;
      diagonal = d;
      before = mask;
    }
    std::uint64_t right = minus | ~(d | plus), left = d & plus;
    distance += static_cast<Index>(right >> (n - 1) & 1) - static_cast<Index>(left >> (n - 1) & 1);
    right = right << 1 | 1;
    plus = left << 1 | ~(d | right);
    minus = right & d;
    if ((j & 0xFFFF) == 0xFFFF) poll_interrupt();
  }
  return distance;
}

/// Hyyrö 2004.
template <class T>
Index word_common(const T* x, Index n, const T* y, Index m) {
  const WordMasks<T> masks(x, n, y, m);
  std::uint64_t same = ~std::uint64_t{0};
  for (Index j = 0; j < m; ++j) {
    const std::uint64_t both = same & masks[y[j]];
    same = (same + both) | (same - both);
    if ((j & 0xFFFF) == 0xFFFF) poll_interrupt();
  }
  return std::popcount(~same << (64 - n));
}

/// How many symbols from x and y on are equal, up to `most`.
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

/// Diagonal by diagonal: how far k edits reach on each (Ukkonen 1985; Myers 1986). For pairs that are much alike: O(n + k²).
/// The distance if it is at most `most`, else kBeyond, or kUnlike if the beginning of the strings lets one expect much more; in `guess`.
constexpr Index kBeyond = -1, kUnlike = -2;
template <class T>
Index wave_distance(const T* x, Index n, const T* y, Index m, Index most, Index& guess, Workspace& workspace) {
  // reach[d]: how many symbols of x are done on the diagonal j - i = d, -1 where k edits do not lead; written over from k - 1 to k.
  const std::size_t width = static_cast<std::size_t>(2 * most + 5);
  Index* reach = workspace.take_as<Index>(width, 0) + most + 2;
  std::fill_n(reach - most - 2, width, Index{-2});
  const auto slide = [&](Index i, Index d) { return i + run_of(x + i, y + i + d, std::min(n - i, m - i - d)); };
  reach[0] = slide(0, 0);
  for (Index k = 0; k <= most; ++k) {
    if (k > 0) {
      Index left = -2;  // of k - 1, on the diagonal before
      for (Index d = -k; d <= k; ++d) {
        const Index here = reach[d];
        Index i = std::max({left, here + 1, reach[d + 1] + 1});  // adds a symbol of y, replaces, drops a symbol of x
        left = here;
        i = std::min({i, n, m - d});
        reach[d] = i < 0 || i + d < 0 ? -2 : slide(i, d);
      }
    }
    if (m - n <= k && reach[m - n] == n) return k;
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
constexpr Sequence::Kind kKind = sizeof(T) == 1 ? Sequence::Kind::u8 : sizeof(T) == 2 ? Sequence::Kind::u16 : Sequence::Kind::u32;

/// A pair without what it begins and ends with in common, the shorter one first.
template <class T>
struct Pair {
  const T *x, *y;
  Index n, m;
  Index common = 0;

  Pair(const Sequence& a, const Sequence& b) : x(static_cast<const T*>(a.data)), y(static_cast<const T*>(b.data)), n(a.length), m(b.length) {
    if (n > m) std::swap(x, y), std::swap(n, m);
    const Index prefix = run_of(x, y, n);
    x += prefix, y += prefix, n -= prefix, m -= prefix;
    Index suffix = 0;
    while (suffix < n && x[n - 1 - suffix] == y[m - 1 - suffix]) ++suffix;
    n -= suffix, m -= suffix, common = prefix + suffix;
  }
  [[nodiscard]] Sequence first() const { return {x, n, 1, kKind<T>}; }
  [[nodiscard]] Sequence second() const { return {y, m, 1, kKind<T>}; }
};

template <class T>
Index distance_of(const Sequence& a, const Sequence& b, bool restricted, Index limit, Workspace& workspace) {
  const Pair<T> pair(a, b);
  const Index n = pair.n, m = pair.m;
  if (n == 0 || m - n > limit) return m;
  if (n <= 64) return restricted ? word_distance<T, true>(pair.x, n, pair.y, m) : word_distance<T, false>(pair.x, n, pair.y, m);
  Index guess = std::max<Index>(m - n, 64);
  const Index alike = 2 * static_cast<Index>(std::sqrt(static_cast<double>(n)));
  if (!restricted && m - n <= alike) {
    const Index most = std::min(limit, alike);
    const Index found = wave_distance(pair.x, n, pair.y, m, most, guess, workspace);
    if (found >= 0) return found;
    if (found == kBeyond && most == limit) return limit + 1;
  }
  // A first try in a band as wide as the guess; its result is what some path costs, so that the band of the second holds the best one.
  Index k = std::min(limit, guess + guess / 4);
  for (;;) {
    const bool whole = k >= m;
    const Index found = strips_distance(pair.first(), pair.second(), restricted, band_of(n, m, whole ? 2 * m : k), workspace);
    if (whole || found <= k || k == limit) return found;
    k = std::min(limit, found);
  }
}

template <class T>
Index common_of(const Sequence& a, const Sequence& b, Workspace& workspace) {
  const Pair<T> pair(a, b);
  if (pair.n == 0) return pair.common;
  if (pair.n <= 64) return pair.common + word_common(pair.x, pair.n, pair.y, pair.m);
  return pair.common + strips_common(pair.first(), pair.second(), workspace);
}

/// Calls f with both sequences as symbols of one size.
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
  return as_one_kind(x, y, [&](auto symbol, const Sequence& a, const Sequence& b) {
    return distance_of<decltype(symbol)>(a, b, restricted, limit, workspace);
  });
}

Index common_length(const Sequence& x, const Sequence& y, Workspace& workspace) {
  return as_one_kind(x, y, [&](auto symbol, const Sequence& a, const Sequence& b) { return common_of<decltype(symbol)>(a, b, workspace); });
}

Path unit_path(const Sequence& x, const Sequence& y, bool restricted, std::size_t memory_limit, Workspace& workspace) {
  const Index distance = unit_distance(x, y, restricted, kNoLimit, workspace);
  // Equal symbols at the end are matched, whatever stands before them. (Not those at the beginning: a tie may have been decided first.)
  Index n = x.length, m = y.length, suffix = 0;
  while (suffix < n && suffix < m && x.symbol(n - 1 - suffix) == y.symbol(m - 1 - suffix)) ++suffix;
  n -= suffix, m -= suffix;
  Path out{static_cast<double>(distance), {}};
  if (n > 0 && m > 0) {
    Sequence a = x, b = y;
    a.length = n, b.length = m;
    out.pairs = strips_path(a, b, restricted, band_of(n, m, distance), memory_limit, workspace);
  } else {
    for (Index j = 0; j < m; ++j) out.pairs.insert(out.pairs.end(), {-1, j});
    for (Index i = 0; i < n; ++i) out.pairs.insert(out.pairs.end(), {i, -1});
  }
  for (Index k = 0; k < suffix; ++k) out.pairs.insert(out.pairs.end(), {n + k, m + k});
  return out;
}

}  // namespace plait::align::edit
