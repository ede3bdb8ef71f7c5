#include "plait/align/scored.hpp"

#include "align/scored_recursion.hpp"
#include "plait/base/error.hpp"

namespace plait::align {
namespace {

class Scored final : public Method {
 public:
  explicit Scored(ScoredOptions options) : options_(std::move(options)) {
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
  [[nodiscard]] double score(const Sequence& x, const Sequence& y, double, Workspace&) const override {
    Best<Order::maximum> best;
    return run_recursion(options_, best, x, y).score;
  }
  [[nodiscard]] Path path(const Sequence& x, const Sequence& y, std::size_t, Workspace&) const override {
    Traced<Order::maximum> traced;
    const auto end = run_recursion(options_, traced, x, y);
    return {end.score, columns_of(traced.path(end))};
  }
  [[nodiscard]] double count(const Sequence& x, const Sequence& y) const override {
    Counted<Order::maximum> counted;
    const auto best = run_recursion(options_, counted, x, y);
    return options_.ends.local && best.score == 0 ? 1 : best.paths;  // nothing is similar: the empty alignment, wherever it may stand
  }
  [[nodiscard]] bool symmetric() const override { return symmetric_; }

 private:
  ScoredOptions options_;
  bool symmetric_ = false;
};

}  // namespace

std::unique_ptr<Method> make_scored(ScoredOptions options) { return std::make_unique<Scored>(std::move(options)); }

}  // namespace plait::align
