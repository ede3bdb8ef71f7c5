// An index of words for finding those within a few edits of a query without comparing all of them.
// Two words are within k edits only if deleting at most k symbols of each makes them equal (Mor and Fraenkel 1982). So the index
// stores the deletion neighbourhood of every word, and a query looks up its own. For long words the first `prefix` symbols suffice:
// the number of matched symbols beyond the prefix of only one word is at most the number of insertions before them, so the bound still
// holds.
#pragma once

#include <cstdint>
#include <vector>

#include "plait/align/method.hpp"

namespace plait::align {

class WordIndex {
 public:
  static constexpr Index kMostEdits = 3;
  static constexpr Index kMostWords = 1 << 30;

  /// `words` must stay alive; queries allow up to `edits` insertions, deletions, substitutions and transpositions. May throw Interrupted.
  WordIndex(std::vector<Sequence> words, Index edits);

  [[nodiscard]] Index size() const { return static_cast<Index>(words_.size()); }
  [[nodiscard]] Index edits() const { return edits_; }
  [[nodiscard]] Index prefix() const { return prefix_; }
  /// Memory of the tables, without the words.
  [[nodiscard]] std::size_t bytes() const;

  /// Candidates within that many edits of x, ascending, without duplicates: a superset of the matches.
  void candidates(const Sequence& x, Index edits, std::vector<std::uint32_t>& out) const;

  /// The largest number of edits of cost >= `least` with a total of at most `cutoff`.
  [[nodiscard]] static double edits_within(double cutoff, double least);
  /// The k best by the method (k < 0: all) that are not worse than `cutoff`, as Method::nearest has it. No edit costs less than `least`, and the
  /// cutoff must allow at most edits() of them. Small numbers of edits are tried first, because they have fewer candidates.
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
