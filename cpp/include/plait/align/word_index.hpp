// Words prepared so that those within a few edits of a question are found without a look at the others.
//
// Two words are within k edits only if leaving out at most k symbols of each makes them the same (Mor and Fraenkel 1982). So the index keeps, for
// every word, what is left of it after each such way; and a question leaves out symbols of its own. Of long words the first `prefix` symbols
// do: matched symbols that lie beyond the prefix of one word only are no more than the insertions before them, so that the bound holds there, too.
#pragma once

#include <cstdint>
#include <vector>

#include "plait/align/method.hpp"

namespace plait::align {

class WordIndex {
 public:
  static constexpr Index kMostEdits = 3;
  static constexpr Index kMostWords = 1 << 30;

  /// Of `words`, which stay alive; questions about up to `edits` insertions, deletions, substitutions and transpositions. May throw Interrupted.
  WordIndex(std::vector<Sequence> words, Index edits);

  [[nodiscard]] Index size() const { return static_cast<Index>(words_.size()); }
  [[nodiscard]] Index edits() const { return edits_; }
  [[nodiscard]] Index prefix() const { return prefix_; }
  /// Of the tables, without the words.
  [[nodiscard]] std::size_t bytes() const;

  /// The words that may be within so many edits of x, in order, each once: all that are, and few others.
  void candidates(const Sequence& x, Index edits, std::vector<std::uint32_t>& out) const;

  /// How many edits of at least `least` each a score of `cutoff` can hold.
  [[nodiscard]] static double edits_within(double cutoff, double least);
  /// The k best by the method (k < 0: all) that are not worse than `cutoff`, as Method::nearest has it. No edit costs less than `least`, and
  /// the cutoff holds no more of them than edits(). Few edits are tried first, since there are fewer words to look at.
  [[nodiscard]] std::vector<Neighbour> nearest(const Method& method, const Sequence& x, Index k, double cutoff, double least,
                                               Workspace& workspace) const;

 private:
  std::vector<Sequence> words_;
  Index edits_, prefix_;
  int shift_ = 0;
  std::vector<std::uint32_t> begin_;        // of each bucket, and the end of the last
  std::vector<std::uint32_t> members_;      // words, bucket after bucket
  std::vector<std::uint8_t> fingerprints_;  // more bits of what was hashed
};

}  // namespace plait::align
