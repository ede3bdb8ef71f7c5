// The elastic measures as methods, and the choice of the optimised form.
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>
#include <numeric>

#include "align/elastic/coarse.hpp"
#include "align/elastic/lower_bounds.hpp"
#include "align/elastic/measure.hpp"
#include "align/tuning.hpp"
#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align::detail {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
using tuning::kCountMemory, tuning::kManyBytes;

/// References with quantised series for nearest-neighbour search, made on first use.
class SearchedReferences final : public ElasticReferences {
 public:
  using ElasticReferences::ElasticReferences;
  [[nodiscard]] const CoarseReferences& coarse() const {
    std::call_once(once_, [this] { coarse_ = std::make_unique<CoarseReferences>(*this); });
    return *coarse_;
  }

 private:
  mutable std::once_flag once_;
  mutable std::unique_ptr<CoarseReferences> coarse_;
};

class ElasticMethod final : public Method {
 public:
  explicit ElasticMethod(Measure measure) : measure_(std::move(measure)), table_(elastic_loops()) {}

  void check(const Sequence& x, const Sequence& y) const override { check_pair(measure_, x, y); }
  bool symmetric() const override { return !measure_.open_begin && !measure_.open_end; }

  double score(const Sequence& x, const Sequence& y, double cutoff, Workspace& workspace) const override {
    if (missing(x) || missing(y)) return kNan;
    return measure_.score_of(pair_score(measure_, table_, x, y, measure_.sum_of(cutoff), workspace), cutoff);
  }
  Path path(const Sequence& x, const Sequence& y, std::size_t memory_limit, Workspace& workspace) const override {
    if (missing(x) || missing(y)) return {kNan, {}};
    Path found = pair_path(measure_, table_, x, y, memory_limit, workspace);
    found.score = measure_.score_of(found.score, kUnreachable);
    return found;
  }
  double count(const Sequence& x, const Sequence& y) const override {
    if (missing(x) || missing(y)) return kNan;
    Counted<Order::minimum> counted;
    if (measure_.normalized && measure_.open_end) {  // the definition would choose the end with the least sum
      Measure closed = measure_;
      closed.open_end = false;
      const Path best = pair_path(measure_, table_, x, y, kCountMemory, thread_workspace());
      return run_definition(closed, x, {y.data, best.pairs.empty() ? y.length : best.pairs.back() + 1, y.width, y.kind}, counted).paths;
    }
    const auto found = run_definition(measure_, x, y, counted);
    (void)measure_.score_of(found.score, kUnreachable);
    return found.paths;
  }

  std::unique_ptr<References> prepare(std::vector<Sequence> sequences) const override {
    return std::make_unique<SearchedReferences>(measure_, std::move(sequences));
  }
  void scores(const Sequence& x, const References& references, Index begin, Index end, double cutoff, double* out,
              Workspace& workspace) const override {
    std::vector<Index> which(static_cast<std::size_t>(end - begin));
    std::iota(which.begin(), which.end(), begin);
    score_all(x, references, which, cutoff, out, workspace);
  }
  std::vector<Neighbour> nearest(const Sequence& x, const References& references, Index k, double cutoff, Workspace& workspace) const override;

  double cost(const Sequence& x, const Sequence& y) const override {
    const Band band = measure_.band(x.length, y.length);
    const Index middle = (x.length + 1) / 2, across = band.hi(middle) - band.lo(middle) + 1;
    return tuning::kElasticNs * static_cast<double>(x.length) * static_cast<double>(std::clamp<Index>(across, 1, std::max<Index>(y.length, 1)));
  }

 private:
  [[nodiscard]] bool missing(const Sequence& s) const { return measure_.propagate_nan && has_nan(s); }
  /// Whether two sequences may share a vector: their bands are equal except for the end of the shorter one.
  [[nodiscard]] bool same_band(Index n, Index a, Index b) const {
    return a == b || (measure_.slope == 0 && !measure_.slanted && (!measure_.traits().weighted_by_lengths || std::max(n, a) == std::max(n, b)) &&
                      (!measure_.window || measure_.window->of(n, a) == measure_.window->of(n, b)));
  }
  [[nodiscard]] bool missing(const References& references, Index k) const {
    const auto* prepared = dynamic_cast<const ElasticReferences*>(&references);
    return prepared != nullptr ? prepared->missing(k) : missing(references[k]);
  }
  /// out[k]: the score of references[which[k]].
  void score_all(const Sequence& x, const References& references, const std::vector<Index>& which, double cutoff, double* out,
                 Workspace& workspace) const;
  [[nodiscard]] std::vector<double> bounds(const Sequence& x, const References& references) const;

  Measure measure_;
  const ElasticTable& table_;
};

void ElasticMethod::score_all(const Sequence& x, const References& references, const std::vector<Index>& which, double cutoff, double* out,
                              Workspace& workspace) const {
  const auto* prepared = dynamic_cast<const ElasticReferences*>(&references);
  std::vector<std::size_t> order;  // by length, so that sequences of one vector have similar lengths
  const bool nothing = missing(x);
  for (std::size_t k = 0; k < which.size(); ++k) {
    out[k] = kNan;
    if (!nothing && !missing(references, which[k])) order.push_back(k);
  }
  const auto reference = [&](std::size_t at) -> const Sequence& { return references[which[order[at]]]; };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return references[which[a]].length < references[which[b]].length; });
  const double limit = measure_.sum_of(cutoff),
               lane_bytes = static_cast<double>((feature_count(measure_, x.width) + 1) * table_.lanes) * sizeof(double);
  for (std::size_t at = 0; at < order.size();) {
    const Index length = reference(at).length;
    std::size_t end = at + 1;
    while (end < order.size() && end < at + static_cast<std::size_t>(table_.lanes) && same_band(x.length, length, reference(end).length)) ++end;
    const std::size_t count = end - at;
    const bool fits = lane_bytes * static_cast<double>(reference(end - 1).length) <= kManyBytes;
    if (!measure_.traits().precomputed && fits && 2 * count > static_cast<std::size_t>(table_.lanes)) {
      const Sequence* lanes[kMostLanes];
      const double* features[kMostLanes];
      double found[kMostLanes];
      for (std::size_t k = 0; k < count; ++k) {
        lanes[k] = &reference(at + k);
        features[k] = prepared != nullptr ? prepared->features(which[order[at + k]]) : nullptr;
      }
      many_scores(measure_, table_, x, lanes, features, static_cast<int>(count), limit, found, workspace);
      for (std::size_t k = 0; k < count; ++k) out[order[at + k]] = measure_.score_of(found[k], cutoff);
    } else {
      for (std::size_t k = at; k < end; ++k)
        out[order[k]] = measure_.score_of(pair_score(measure_, table_, x, reference(k), limit, workspace), cutoff);
    }
    poll_interrupt();
    at = end;
  }
}

std::vector<double> ElasticMethod::bounds(const Sequence& x, const References& references) const {
  std::vector<double> found(static_cast<std::size_t>(references.size()), 0.0);
  if (!has_bounds(measure_)) return found;
  Envelope seen;
  for (Index r = 0; r < references.size(); ++r) {
    const Sequence& y = references[r];
    if (missing(references, r)) continue;
    const Band band = measure_.band(x.length, y.length);
    if (seen.band.m != band.m) seen = envelope(x, band);
    found[static_cast<std::size_t>(r)] = measure_.of_weight(lower_bound(measure_, table_, x, seen, y), x.length, y.length);
    if (r % 64 == 0) poll_interrupt();
  }
  return found;
}

/// In the order of their lower bounds, as many at a time as there are lanes, until a bound exceeds the cutoff. The first is scored alone: if near,
/// it may exclude all others; if many remain, costlier bounds are computed for them, and again the first is scored alone.
std::vector<Neighbour> ElasticMethod::nearest(const Sequence& x, const References& references, Index k, double most, Workspace& workspace) const {
  Ranking ranking(order(), k, most);
  if (missing(x)) {
    for (Index r = 0; r < references.size(); ++r) ranking.offer(r, kNan);
    return ranking.take();
  }
  std::vector<double> bound = bounds(x, references);
  std::vector<Neighbour> order;
  for (Index r = 0; r < references.size(); ++r) order.push_back({r, bound[static_cast<std::size_t>(r)]});
  const auto sort_from = [&](std::size_t at) {
    for (std::size_t c = at; c < order.size(); ++c) order[c].score = bound[static_cast<std::size_t>(order[c].index)];
    std::sort(order.begin() + static_cast<std::ptrdiff_t>(at), order.end(),
              [&](const Neighbour& a, const Neighbour& b) { return ranking.comes_first(a, b); });
  };
  sort_from(0);
  const auto* const searched = has_coarse_bounds(measure_, x.width) ? dynamic_cast<const SearchedReferences*>(&references) : nullptr;
  bool raised = searched == nullptr, alone = !raised;

  std::vector<Index> which;
  double found[kMostLanes];
  for (std::size_t at = 0; at < order.size(); at += which.size()) {
    const double limit = measure_.sum_of(ranking.cutoff());
    if (order[at].score > limit) break;
    if (!raised && limit < kUnreachable && order.size() - at > tuning::kCoarseLeast &&
        order[at + static_cast<std::size_t>(tuning::kCoarseLeast)].score <= limit) {
      raised = alone = true;
      searched->coarse().raise(measure_, x, limit, bound, workspace);
      sort_from(at);
      if (order[at].score > limit) break;
    }
    which.clear();
    const std::size_t lanes = alone && k == 1 ? 1 : static_cast<std::size_t>(table_.lanes);
    alone = false;
    for (std::size_t c = at; c < order.size() && c < at + lanes && order[c].score <= limit; ++c) which.push_back(order[c].index);
    score_all(x, references, which, ranking.cutoff(), found, workspace);
    for (std::size_t c = 0; c < which.size(); ++c) ranking.offer(which[c], found[c]);
  }
  return ranking.take();
}

}  // namespace

const ElasticTable& elastic_loops() { return PLAIT_PICK(elastic_table); }

std::unique_ptr<Method> make_method(Measure measure) { return std::make_unique<ElasticMethod>(std::move(measure)); }

}  // namespace plait::align::detail
