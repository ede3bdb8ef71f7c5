// Alignment with whole scores: what the blocks of striped.hpp need to be told, and what is read from them.
#pragma once

#include <optional>
#include <vector>

#include "align/edit/codes.hpp"
#include "align/pairwise/lanes.hpp"
#include "align/pairwise/striped.hpp"
#include "plait/align/pairwise.hpp"

namespace plait::align::detail {

/// Scores as whole multiples of a unit.
struct IntegerScores {
  double unit = 1;
  Index size = 0;
  std::vector<std::int32_t> columns;  ///< size rows: the scores of all symbols of x beside one of y
  std::int32_t match = 0, mismatch = 0, open = 0, extend = 0;
  std::int32_t least = 0, most = 0;  ///< of any two symbols
  Ends ends;

  /// Nothing if no power of two makes them whole and small, or if open > extend, which the kernels do not know.
  static std::optional<IntegerScores> of(const PairwiseOptions& options);
  /// What a symbol of x is worth at best.
  [[nodiscard]] std::int32_t best_of(std::uint32_t symbol) const;

 private:
  std::vector<std::int32_t> best_;
};

/// Where zero lies in a T, so that every sum has its place.
struct Offset {
  std::int64_t zero = 0, lowest = 0;  ///< lowest: below every gap's value
  bool proved = false;                ///< otherwise sums above max(T) - most show that T is too small
};
/// For n rows and m columns whose sums are at most `high`; insertions may fall by `fall` extensions below `lowest`. Nothing if T is too
/// small, or, for local alignment, too small to be worth a try.
template <class T>
std::optional<Offset> offset_for(const IntegerScores& scores, Index n, Index m, Index fall, std::int64_t high);

/// The scores of a block's rows beside each symbol that is met, in the order in which lanes take them.
template <class T>
class StripedProfile {
 public:
  /// For rows begin … of x; does nothing if it is for these already.
  void prepare(const IntegerScores& scores, const StripedKernels<T>& kernels, const Sequence& x, Index begin, Index segments);
  /// out[j] is the row of the profile for y's element j.
  void rows_for(const IntegerScores& scores, const Sequence& y, Index length, std::uint32_t* out);
  [[nodiscard]] const T* data() const { return reinterpret_cast<const T*>(rows_.get()); }

 private:
  void build(const IntegerScores& scores, std::uint32_t row, std::uint32_t symbol);

  Index begin_ = -1, segments_ = 0, cells_ = 0;
  std::vector<std::uint32_t> x_;     // rows of the profile for x's symbols, dealt to the lanes; kPadding after the last
  std::vector<std::uint8_t> codes_;  // the same, where a table of bytes holds a symbol's scores
  const StripedKernels<T>* kernels_ = nullptr;
  std::optional<SymbolIds> ids_;  // without a matrix: rows by symbols of x
  std::vector<char> built_;
  Bytes rows_;
  std::size_t size_ = 0;
};

/// One sequence that is compared with many: what is computed for it once.
struct IntegerProfiles {
  StripedProfile<std::int8_t> i8;
  StripedProfile<std::int16_t> i16;
  StripedProfile<std::int32_t> i32;
};

/// Neither x nor y is empty. Nothing comes back if the sums do not fit into 32 bits.
std::optional<double> integer_score(const IntegerScores& scores, const StripedTable& table, const Sequence& x, const Sequence& y,
                                    IntegerProfiles& profiles, Workspace& workspace);
std::optional<Path> integer_path(const IntegerScores& scores, const StripedTable& table, const Sequence& x, const Sequence& y,
                                 std::size_t memory_limit, IntegerProfiles& profiles, Workspace& workspace);

/// out[k - begin] = score of x and references[k], a lane for each. x is not empty. Comes back with those that are left to be done one by
/// one: too few or too different in length for a group, or with sums that do not fit.
std::vector<Index> integer_scores(const IntegerScores& scores, const PairwiseLanesTable& lanes, const Sequence& x, const References& references,
                                  Index begin, Index end, double* out, Workspace& workspace);

}  // namespace plait::align::detail
