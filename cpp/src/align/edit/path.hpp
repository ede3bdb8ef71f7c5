// Ways back: columns of an alignment from the last to the first, and strips that are computed again on the way.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "plait/align/method.hpp"

namespace plait::align::detail {

/// A path that is built from its end at cell (n, m).
class Way {
 public:
  Way(Index n, Index m) : i_(n), j_(m) {}

  [[nodiscard]] Index row() const { return i_; }
  [[nodiscard]] Index column() const { return j_; }
  void pair() { reversed_.insert(reversed_.end(), {--i_, --j_}); }
  void insert() { reversed_.insert(reversed_.end(), {-1, --j_}); }  ///< a symbol of y
  void remove() { reversed_.insert(reversed_.end(), {--i_, -1}); }  ///< one of x

  /// The pairs in order, along the border to cell (0, 0).
  std::vector<Index> finish() {
    while (j_ > 0) insert();
    while (i_ > 0) remove();
    std::vector<Index> out;
    out.reserve(reversed_.size());
    for (std::size_t k = reversed_.size(); k >= 2; k -= 2) out.insert(out.end(), {reversed_[k - 2], reversed_[k - 1]});
    return out;
  }

 private:
  Index i_, j_;
  std::vector<Index> reversed_;
};

/// Visits strips from the last to the first, each with the row above it, of `bytes` bytes, that was current when it was first reached.
///
/// `row` is the current one; run(s) takes it from above strip s to below; back(s, row) may do with it what it likes. Rows are kept above all
/// strips if `memory_limit` allows, which runs each strip once before back(), else above groups of them, which runs it twice.
/// scratch(bytes) gives memory.
template <class Scratch, class Run, class Back>
void back_through(Index strips, std::uint8_t* row, std::size_t bytes, std::size_t memory_limit, Scratch&& scratch, Run&& run, Back&& back) {
  Index group = std::max<Index>(strips, 1);
  if (static_cast<double>(strips) * static_cast<double>(bytes) > static_cast<double>(memory_limit)) {
    group = static_cast<Index>(std::sqrt(static_cast<double>(strips))) + 1;
  }
  const Index groups = (strips + group - 1) / group;
  std::uint8_t* const kept = scratch(static_cast<std::size_t>(groups + group) * bytes);
  const auto kept_at = [&](Index at) { return kept + static_cast<std::size_t>(at) * bytes; };
  for (Index g = 0; g < groups; ++g) {
    std::memcpy(kept_at(g), row, bytes);
    for (Index s = g * group; g + 1 < groups && s < (g + 1) * group; ++s) run(s);
  }
  for (Index g = groups - 1; g >= 0; --g) {
    const Index first = g * group, last = std::min(strips, first + group) - 1;
    std::memcpy(row, kept_at(g), bytes);
    for (Index s = first; s <= last; ++s) {
      std::memcpy(kept_at(groups + s - first), row, bytes);
      if (s < last) run(s);
    }
    for (Index s = last; s >= first; --s) {
      std::memcpy(row, kept_at(groups + s - first), bytes);
      back(s, kept_at(groups + s - first));
    }
  }
}

}  // namespace plait::align::detail
