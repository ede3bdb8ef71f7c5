// Alignment with integer scores: the inputs of the blocks of striped.hpp, and their results.
#pragma once

#include <optional>
#include <vector>

#include "align/edit/codes.hpp"
#include "align/pairwise/lanes.hpp"
#include "align/pairwise/striped.hpp"
#include "plait/align/pairwise.hpp"

namespace plait::align::detail {

/// Scores as integer multiples of a unit.
struct IntegerScores {
  double unit = 1;
  Index size = 0;
  std::vector<std::int32_t> columns;  ///< size rows: the scores of all symbols of x with one of y
  std::int32_t match = 0, mismatch = 0, open = 0, extend = 0;
  std::int32_t least = 0, most = 0;  ///< of any two symbols
  Ends ends;

  /// Empty if no power of two makes them small integers, or if open > extend, which the kernels do not support.
  static std::optional<IntegerScores> of(const PairwiseOptions& options);
  /// The best score of a symbol of x.
  [[nodiscard]] std::int32_t best_of(std::uint32_t symbol) const;

 private:
  std::vector<std::int32_t> best_;
};

/// The offset of zero in a T, such that every sum is representable.
struct Offset {
  std::int64_t zero = 0, lowest = 0;  ///< lowest: less than every gap value
  bool proved = false;                ///< otherwise sums above max(T) - most indicate a possible overflow of T
};
/// For n rows and m columns whose sums are at most `high`; insertions may fall by `fall` extensions below `lowest`. Empty if T is too
/// small, or, for local alignment, unlikely to suffice.
template <class T>
std::optional<Offset> offset_for(const IntegerScores& scores, Index n, Index m, Index fall, std::int64_t high);

/// Query profile (Rognes and Seeberg 2000): the scores of a block's rows with each symbol of y, in lane order, built on first use.
template <class T>
class StripedProfile {
 public:
  /// For rows begin … of x; does nothing if already prepared for them.
  void prepare(const IntegerScores& scores, const StripedKernels<T>& kernels, const Sequence& x, Index begin, Index segments);
  /// out[j] is the row of the profile for y's element j.
  void rows_for(const IntegerScores& scores, const Sequence& y, Index length, std::uint32_t* out);
  [[nodiscard]] const T* data() const { return reinterpret_cast<const T*>(rows_.get()); }

 private:
  void build(const IntegerScores& scores, std::uint32_t row, std::uint32_t symbol);

  Index begin_ = -1, segments_ = 0, cells_ = 0;
  std::vector<std::uint32_t> x_;     // rows of the profile for x's symbols, in lane order; kPadding after the last
  std::vector<std::uint8_t> codes_;  // the same as bytes, where a table of bytes has a symbol's scores
  const StripedKernels<T>* kernels_ = nullptr;
  std::optional<SymbolIds> ids_;  // without a matrix: rows by symbols of x
  std::vector<char> built_;
  Bytes rows_;
  std::size_t size_ = 0;
};

/// State of one sequence that is compared with many, computed once.
struct IntegerProfiles {
  StripedProfile<std::int8_t> i8;
  StripedProfile<std::int16_t> i16;
  StripedProfile<std::int32_t> i32;
};

/// Neither x nor y is empty. Empty if the sums do not fit into 32 bits.
std::optional<double> integer_score(const IntegerScores& scores, const StripedTable& table, const Sequence& x, const Sequence& y,
                                    IntegerProfiles& profiles, Workspace& workspace);
std::optional<Path> integer_path(const IntegerScores& scores, const StripedTable& table, const Sequence& x, const Sequence& y,
                                 std::size_t memory_limit, IntegerProfiles& profiles, Workspace& workspace);

/// out[k - begin] = score of x and references[k], one lane each. x is not empty. Returns the references not scored, for single
/// comparisons: too few or too different in length for a group, or with sums that overflow.
std::vector<Index> integer_scores(const IntegerScores& scores, const PairwiseLanesTable& lanes, const Sequence& x, const References& references,
                                  Index begin, Index end, double* out, Workspace& workspace);

}  // namespace plait::align::detail
