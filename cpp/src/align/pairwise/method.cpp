#include "align/pairwise/diagonals.hpp"
#include "align/pairwise/integer.hpp"
#include "align/pairwise/recursion.hpp"
#include "align/pairwise/tiles.hpp"
#include "align/tuning.hpp"
#include "plait/align/pairwise.hpp"

namespace plait::align {

using namespace detail;

namespace {

class Pairwise final : public Method {
 public:
  explicit Pairwise(PairwiseOptions options) : options_(std::move(options)), integer_(IntegerScores::of(options_)) {
    const Similarity& s = options_.similarity;
    symmetric_ = options_.ends.x_begin == options_.ends.y_begin && options_.ends.x_end == options_.ends.y_end;
    for (Index a = 0; a < s.size; ++a) {
      for (Index b = 0; b < a; ++b) {
        symmetric_ = symmetric_ && s(static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(b)) ==
                                       s(static_cast<std::uint32_t>(b), static_cast<std::uint32_t>(a));
      }
    }
  }

  [[nodiscard]] Order order() const override { return Order::maximum; }
  void check(const Sequence&, const Sequence&) const override {}
  [[nodiscard]] bool takes_any_pair() const override { return true; }
  [[nodiscard]] double score(const Sequence& x, const Sequence& y, double, Workspace& workspace) const override {
    IntegerProfiles profiles;
    return score(x, y, profiles, workspace);
  }
  [[nodiscard]] Path path(const Sequence& x, const Sequence& y, std::size_t memory_limit, Workspace& workspace) const override {
    if (x.length > 0 && y.length > 0 && integer_) {
      IntegerProfiles profiles;
      if (auto found = integer_path(*integer_, PLAIT_PICK(striped_table), x, y, memory_limit, profiles, workspace)) return *std::move(found);
    }
    return diagonal_path(options_, PLAIT_PICK(pairwise_diagonal_table), x, y, memory_limit, workspace);
  }
  void scores(const Sequence& x, const References& references, Index begin, Index end, double, double* out, Workspace& workspace) const override {
    IntegerProfiles profiles;  // of x, for all references
    if (!integer_ || x.length == 0) return Method::scores(x, references, begin, end, kWorst<Order::maximum>, out, workspace);
    for (const Index k : integer_scores(*integer_, PLAIT_PICK(pairwise_lanes_table), x, references, begin, end, out, workspace)) {
      out[k - begin] = score(x, references[k], profiles, workspace);
      poll_interrupt();
    }
  }
  [[nodiscard]] Index batch() const override { return integer_ ? piece() : 1; }
  [[nodiscard]] double count(const Sequence& x, const Sequence& y) const override {
    if (x.length > 0 && y.length > 0 && options_.open <= options_.extend) {
      return pairwise_tile_count(options_, PLAIT_PICK(pairwise_tile_table), x, y, thread_workspace());
    }
    Counted<Order::maximum> counted;
    const auto best = run_recursion(options_, counted, x, y);
    return options_.ends.local && best.score == 0 ? 1 : best.paths;  // no similarity: the empty alignment, counted once
  }
  [[nodiscard]] bool symmetric() const override { return symmetric_; }
  [[nodiscard]] Index piece() const override { return 512; }  // sorted, references that share a vector then have similar lengths
  [[nodiscard]] double cost(const Sequence& x, const Sequence& y) const override {
    return (integer_ ? tuning::kIntegerScoresNs : tuning::kScoresNs) * static_cast<double>(x.length) * static_cast<double>(y.length);
  }

 private:
  double score(const Sequence& x, const Sequence& y, IntegerProfiles& profiles, Workspace& workspace) const {
    if (x.length > 0 && y.length > 0 && integer_) {
      if (const auto found = integer_score(*integer_, PLAIT_PICK(striped_table), x, y, profiles, workspace)) return *found;
    }
    if (x.length > 0 && y.length > 0 && options_.open <= options_.extend) {
      return pairwise_tile_score(options_, PLAIT_PICK(pairwise_tile_table), x, y, workspace);
    }
    return diagonal_score(options_, PLAIT_PICK(pairwise_diagonal_table), x, y, workspace);
  }

  PairwiseOptions options_;
  std::optional<IntegerScores> integer_;
  bool symmetric_ = false;
};

}  // namespace

std::unique_ptr<Method> make_pairwise(PairwiseOptions options) { return std::make_unique<Pairwise>(std::move(options)); }

}  // namespace plait::align
