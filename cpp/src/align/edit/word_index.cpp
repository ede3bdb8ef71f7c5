#include "plait/align/word_index.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "align/tuning.hpp"
#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align {
namespace {

constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15u;
using tuning::kLongestPrefix;

/// The high bits select the bucket, the low bits are the fingerprint.
std::uint64_t mixed(std::uint64_t hash) {
  hash ^= hash >> 32;
  hash *= 0xD6E8FEB86659FD93u;
  return hash ^ hash >> 32;
}

/// f(hash) for a word's prefix with at most `edits` of its symbols deleted; within a run of equal symbols the first ones are.
/// Polynomial hashes, so that the hash of a substring is a difference of prefix hashes.
template <class F>
void each_remainder(const Sequence& word, Index prefix, Index edits, F&& f) {
  const Index n = std::min(prefix, word.length);
  std::uint32_t symbols[kLongestPrefix];
  std::uint64_t hash[kLongestPrefix + 1] = {}, power[kLongestPrefix + 1] = {1};
  for (Index i = 0; i < n; ++i) {
    symbols[i] = word.symbol(i);
    hash[i + 1] = hash[i] * kMultiplier + (symbols[i] + 1) * 0xA24BAED4963EE407u;
    power[i + 1] = power[i] * kMultiplier;
  }
  // The hash of the symbols kept up to `gap[depth - 1]`.
  std::uint64_t kept[WordIndex::kMostEdits + 1] = {};
  Index next[WordIndex::kMostEdits + 1] = {}, gap[WordIndex::kMostEdits + 1];
  const auto through = [&](Index depth, Index end) {  // extended to `end`
    const Index begin = depth == 0 ? 0 : gap[depth - 1] + 1;
    return kept[depth] * power[end - begin] + hash[end] - hash[begin] * power[end - begin];
  };
  f(mixed(hash[n]));
  for (Index depth = 0; depth >= 0;) {
    if (depth == edits || next[depth] >= n) {
      --depth;
      continue;
    }
    const Index i = next[depth]++, before = depth == 0 ? -1 : gap[depth - 1];
    if (i > 0 && symbols[i] == symbols[i - 1] && before != i - 1) continue;  // gives the same remainder as deleting its predecessor
    gap[depth] = i;
    const std::uint64_t sofar = through(depth, i);
    ++depth;
    kept[depth] = sofar;
    next[depth] = i + 1;
    f(mixed(through(depth, n)));
  }
}

/// The prefix length at which the remainder of a word matches few others: log2(16 size) bits by the entropy of a symbol, plus the deletions. Symbols
/// are not independent, hence one more.
Index prefix_for(const std::vector<Sequence>& words, Index edits) {
  std::unordered_map<std::uint32_t, double> often;
  double all = 0;
  const std::size_t step = std::max<std::size_t>(1, words.size() / 1000);
  for (std::size_t k = 0; k < words.size(); k += step) {
    for (Index i = 0; i < std::min(words[k].length, kLongestPrefix); ++i, ++all) ++often[words[k].symbol(i)];
  }
  double entropy = 0;
  for (const auto& [symbol, count] : often) entropy -= count / all * std::log2(count / all);
  const double bits = std::log2(16.0 * static_cast<double>(words.size() + 1));
  const double symbols = std::min(bits / std::max(entropy, 0.5), static_cast<double>(kLongestPrefix));
  // With three deletions there are n³ / 6 variants.
  const Index most = edits == 3 ? 14 : kLongestPrefix;
  return std::min(most, edits + 1 + static_cast<Index>(std::ceil(symbols)));
}

}  // namespace

WordIndex::WordIndex(std::vector<Sequence> words, Index edits) : words_(std::move(words)), edits_(edits), prefix_(prefix_for(words_, edits)) {
  PLAIT_REQUIRE(edits >= 0 && edits <= kMostEdits, "WordIndex: edits is ", edits, "; expected 0 to ", kMostEdits);
  PLAIT_REQUIRE(size() <= kMostWords, "WordIndex: ", size(), " words; expected at most ", kMostWords);
  std::size_t entries = 0;
  const auto counted = [&] {
    for (Index w = 0; w < size(); ++w) {
      each_remainder(words_[static_cast<std::size_t>(w)], prefix_, edits_, [&](std::uint64_t) { ++entries; });
      if (w % 4096 == 0) poll_interrupt();
    }
  };
  counted();
  PLAIT_REQUIRE(entries < std::numeric_limits<std::uint32_t>::max(), "WordIndex: ", entries, " entries for ", size(), " words within ", edits,
                " edits; expected fewer than 2**32");
  const std::size_t buckets = std::bit_ceil(std::max<std::size_t>(entries, 2));
  shift_ = 64 - std::countr_zero(buckets);
  begin_.assign(buckets + 1, 0);
  members_.resize(entries);
  fingerprints_.resize(entries);
  // Counted at the next index, so that after filling each offset is the bucket's begin.
  for (Index w = 0; w < size(); ++w) {
    each_remainder(words_[static_cast<std::size_t>(w)], prefix_, edits_, [&](std::uint64_t hash) { ++begin_[hash >> shift_]; });
    if (w % 4096 == 0) poll_interrupt();
  }
  std::uint32_t sum = 0;
  for (std::uint32_t& at : begin_) at = sum += at;
  for (Index w = size(); w-- > 0;) {
    each_remainder(words_[static_cast<std::size_t>(w)], prefix_, edits_, [&](std::uint64_t hash) {
      const std::uint32_t at = --begin_[hash >> shift_];
      members_[at] = static_cast<std::uint32_t>(w);
      fingerprints_[at] = static_cast<std::uint8_t>(hash);
    });
    if (w % 4096 == 0) poll_interrupt();
  }
}

std::size_t WordIndex::bytes() const { return sizeof *this + (begin_.size() + members_.size()) * sizeof(std::uint32_t) + fingerprints_.size(); }

void WordIndex::candidates(const Sequence& x, Index edits, std::vector<std::uint32_t>& out) const {
  out.clear();
  // All entries are prefetched before the first is read: each is in a different cache line.
  thread_local std::vector<std::uint64_t> hashes;
  hashes.clear();
  each_remainder(x, prefix_, std::min(edits, edits_), [&](std::uint64_t hash) {
    hashes.push_back(hash);
    __builtin_prefetch(begin_.data() + (hash >> shift_));
  });
  for (const std::uint64_t hash : hashes) __builtin_prefetch(fingerprints_.data() + begin_[hash >> shift_]);
  for (const std::uint64_t hash : hashes) {
    const std::size_t bucket = hash >> shift_;
    for (std::uint32_t at = begin_[bucket]; at < begin_[bucket + 1]; ++at) {
      if (fingerprints_[at] == static_cast<std::uint8_t>(hash)) out.push_back(members_[at]);
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  std::erase_if(out, [&](std::uint32_t w) {
    const Index apart = words_[w].length - x.length;
    return std::max(apart, -apart) > edits;
  });
}

double WordIndex::edits_within(double cutoff, double least) {
  if (!(cutoff >= 0)) return -1;
  return std::floor(cutoff / least * (1 + 1e-9));  // slack, as sums of weights may have been rounded down
}

std::vector<Neighbour> WordIndex::nearest(const Method& method, const Sequence& x, Index k, double cutoff, double least, Workspace& workspace) const {
  const double most = edits_within(cutoff, least);
  PLAIT_REQUIRE(most <= static_cast<double>(edits_), "WordIndex: asked for ", most, " edits, built for ", edits_);
  thread_local std::vector<std::uint32_t> found;
  const auto scored = [&](Index edits, auto&& cutoff_now, auto&& take) {
    candidates(x, edits, found);
    for (std::size_t c = 0; c < found.size(); ++c) {
      if (c + 4 < found.size()) __builtin_prefetch(words_[found[c + 4]].data);
      take(found[c], method.score(x, words_[found[c]], cutoff_now(), workspace));
      if (c % 1024 == 0) poll_interrupt();
    }
  };
  if (k >= 0) {
    for (Index edits = 0;; ++edits) {
      Ranking ranking(method.order(), k, cutoff);
      if (static_cast<double>(edits) <= most) {
        scored(edits, [&] { return ranking.cutoff(); }, [&](std::uint32_t w, double score) { ranking.offer(w, score); });
      }
      // More edits than this cost more than the k-th best.
      std::vector<Neighbour> best = ranking.take();
      const bool all = static_cast<double>(edits) >= most;
      if (all || (static_cast<Index>(best.size()) == k && (k == 0 || best.back().score < static_cast<double>(edits + 1) * least * (1 - 1e-9)))) {
        return best;
      }
    }
  }
  std::vector<Neighbour> all;
  if (most >= 0) {
    scored(
        static_cast<Index>(most), [&] { return cutoff; },
        [&](std::uint32_t w, double score) {
          if (score <= cutoff) all.push_back({w, score});
        });
  }
  const Ranking order(method.order(), 0);
  std::sort(all.begin(), all.end(), [&](const Neighbour& a, const Neighbour& b) { return order.comes_first(a, b); });
  return all;
}

}  // namespace plait::align
