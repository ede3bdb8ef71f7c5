// The methods, and the choice of the algorithm for each pair.
#include <algorithm>
#include <cmath>

#include "align/edit/forms.hpp"
#include "align/edit/many.hpp"
#include "align/edit/registers.hpp"
#include "align/edit/search.hpp"
#include "align/edit/tiles.hpp"
#include "align/tuning.hpp"
#include "plait/align/edit.hpp"
#include "plait/base/error.hpp"

namespace plait::align {

using namespace detail;

namespace {

using tuning::kFewRows;

double count_of(const EditOptions& options, const Sequence& x, const Sequence& y) {
  if (std::min(x.length, y.length) < kFewRows) return rows_count(options, x, y);
  return registers_count(options, x, y, thread_workspace());
}

class Levenshtein final : public Method {
 public:
  explicit Levenshtein(const EditOptions& options)
      : options_(options),
        unit_(options.insert > 0 && options.insert == options.remove && options.insert == options.substitute &&
              options.transposition != Transposition::unrestricted) {
    if (!unit_) whole_ = integer_weights(options);
    counted_ = whole_ ? whole_->options(options.transposition) : options;
  }

  void check(const Sequence&, const Sequence&) const override {}
  bool takes_any_pair() const override { return true; }
  bool symmetric() const override { return options_.insert == options_.remove; }

  double score(const Sequence& x, const Sequence& y, double cutoff, Workspace& workspace) const override {
    if (unit_) return options_.insert * static_cast<double>(unit_distance(x, y, restricted(), limit(cutoff), workspace));
    const double apart = static_cast<double>(x.length - y.length) * (1 - 1e-9);  // slack, as sums of weights may have been rounded down
    if (std::max(apart * options_.remove, -apart * options_.insert) > cutoff) return worst();
    if (whole_ && options_.transposition == Transposition::none) return weighted_score(*whole_, x, y, workspace);
    return in_units(std::min(x.length, y.length) < kFewRows ? rows_score(counted_, x, y) : tiles_score(counted_, x, y, workspace));
  }
  Path path(const Sequence& x, const Sequence& y, std::size_t memory_limit, Workspace& workspace) const override {
    if (unit_) {
      Path out = unit_path(x, y, restricted(), memory_limit, workspace);
      out.score *= options_.insert;
      return out;
    }
    if (whole_ && options_.transposition == Transposition::none) return weighted_path(*whole_, x, y, memory_limit, workspace);
    Path out = rows_path(counted_, x, y, memory_limit);
    out.score = in_units(out.score);
    return out;
  }
  std::unique_ptr<References> prepare(std::vector<Sequence> sequences) const override {
    if (!unit_) return Method::prepare(std::move(sequences));
    return std::make_unique<LaneReferences>(std::move(sequences));
  }
  void scores(const Sequence& x, const References& references, Index begin, Index end, double cutoff, double* out,
              Workspace& workspace) const override {
    const auto* lanes = dynamic_cast<const LaneReferences*>(&references);
    if (!unit_ || lanes == nullptr) return Method::scores(x, references, begin, end, cutoff, out, workspace);
    lanes->counts(restricted() ? EditCount::edits_restricted : EditCount::edits, x, begin, end, options_.insert, limit(cutoff), out, workspace,
                  [&](Index k) { return score(x, references[k], cutoff, workspace); });
  }
  std::unique_ptr<Search> search(const Sequence& x, Index k, double cutoff) const override {
    if (!unit_ || cutoff < 0) return nullptr;
    return std::make_unique<EditSearch>(x, restricted(), options_.insert, k, limit(cutoff));
  }
  Index batch() const override { return unit_ ? LaneReferences::kWindow : 1; }
  double cost(const Sequence& x, const Sequence& y) const override {
    using namespace tuning;
    return kPairNs + (unit_ ? kBitsNs : whole_ ? kIntegerWeightsNs : kWeightsNs) * static_cast<double>(x.length) * static_cast<double>(y.length);
  }
  double count(const Sequence& x, const Sequence& y) const override { return count_of(counted_, x, y); }

 private:
  /// Score of a sum of `counted_`.
  [[nodiscard]] double in_units(double sum) const { return whole_ ? whole_->score(static_cast<std::int64_t>(sum)) : sum; }
  [[nodiscard]] bool restricted() const { return options_.transposition == Transposition::restricted; }
  /// The largest number of edits with a cost of at most `cutoff`; 0 if there is none.
  [[nodiscard]] Index limit(double cutoff) const {
    const double quotient = cutoff / options_.insert;
    if (!(quotient < 0x1p52)) return kNoLimit;
    double edits = std::max(0.0, std::floor(quotient));
    while (options_.insert * (edits + 1) <= cutoff) ++edits;  // corrects a rounded quotient
    while (edits > 0 && options_.insert * edits > cutoff) --edits;
    return static_cast<Index>(edits);
  }

  EditOptions options_;
  bool unit_;  ///< all edits cost the same, so that counting them suffices
  std::optional<IntegerWeights> whole_;
  EditOptions counted_;  ///< integers if possible, whose sums are exact, and so are ties; else the weights themselves
};

class Lcs final : public Method {
  /// As a substitution costs more than a deletion and an insertion, only equal symbols are matched; the least cost has the most matches.
  static constexpr EditOptions kLeftover{1, 1, 3, Transposition::none};

 public:
  Order order() const override { return Order::maximum; }
  void check(const Sequence&, const Sequence&) const override {}
  bool takes_any_pair() const override { return true; }

  double score(const Sequence& x, const Sequence& y, double, Workspace& workspace) const override {
    return static_cast<double>(common_length(x, y, workspace));
  }
  Path path(const Sequence& x, const Sequence& y, std::size_t memory_limit, Workspace& workspace) const override {
    // NOLINTNEXTLINE(bugprone-unchecked-optional-access): these weights are integers
    Path out = weighted_path(*integer_weights(kLeftover), x, y, memory_limit, workspace);
    out.score = (static_cast<double>(x.length + y.length) - out.score) / 2;
    return out;
  }
  std::unique_ptr<References> prepare(std::vector<Sequence> sequences) const override {
    return std::make_unique<LaneReferences>(std::move(sequences));
  }
  void scores(const Sequence& x, const References& references, Index begin, Index end, double cutoff, double* out,
              Workspace& workspace) const override {
    const auto* lanes = dynamic_cast<const LaneReferences*>(&references);
    if (lanes == nullptr) return Method::scores(x, references, begin, end, cutoff, out, workspace);
    lanes->counts(EditCount::common, x, begin, end, 1, kNoLimit, out, workspace, [&](Index k) { return score(x, references[k], cutoff, workspace); });
  }
  Index batch() const override { return LaneReferences::kWindow; }
  double cost(const Sequence& x, const Sequence& y) const override {
    return tuning::kPairNs + tuning::kBitsNs * static_cast<double>(x.length) * static_cast<double>(y.length);
  }
  double count(const Sequence& x, const Sequence& y) const override { return count_of(kLeftover, x, y); }
};

}  // namespace

std::unique_ptr<Method> make_levenshtein(const EditOptions& options) {
  const auto weight = [](double value, const char* name) {
    PLAIT_REQUIRE(value >= 0 && std::isfinite(value), "Levenshtein: ", name, " is ", value, "; a weight is finite and not negative");
  };
  weight(options.insert, "insert");
  weight(options.remove, "delete");
  weight(options.substitute, "substitute");
  PLAIT_REQUIRE(options.transposition != Transposition::unrestricted || 2 * options.substitute >= options.insert + options.remove,
                "Levenshtein: unrestricted transpositions need 2 * substitute >= insert + delete, got ", options.substitute, ", ", options.insert,
                " and ", options.remove);
  return std::make_unique<Levenshtein>(options);
}

std::unique_ptr<Method> make_lcs() { return std::make_unique<Lcs>(); }

}  // namespace plait::align
