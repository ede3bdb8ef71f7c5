#include "plait/align/search.hpp"

#include <algorithm>
#include <cmath>

#include "align/elastic/lower_bounds.hpp"
#include "align/elastic/measure.hpp"
#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"
#include "plait/base/thread_pool.hpp"

namespace plait::align {

using namespace detail;

namespace {

/// LB_Keogh in both directions (Keogh and Ratanamahatana 2005; Rakthanmanon and others 2012): of a window against the query's envelope, and of the
/// query against the stream's envelope, which contains that of each window.
class WindowBounds {
 public:
  WindowBounds(const Measure& measure, const Sequence& query, const Sequence& stream, bool normalize)
      : measure_(measure), table_(elastic_loops()), n_(query.length), m_(stream.length), width_(query.width), normalize_(normalize) {
    const Band band = measure.band(n_, n_);
    Index reach = 0;
    for (Index i = 1; i <= n_; ++i) reach = std::max({reach, band.hi(i) - i, i - band.lo(i)});
    const Envelope around_query = envelope(query, band), around_stream = envelope(stream, {m_, m_, reach});
    query_ = by_value(query.values(), n_);
    stream_ = by_value(stream.values(), m_);
    query_lower_ = by_value(around_query.lower.data(), n_), query_upper_ = by_value(around_query.upper.data(), n_);
    stream_lower_ = by_value(around_stream.lower.data(), m_), stream_upper_ = by_value(around_stream.upper.data(), m_);
  }

  /// The bound of the window that begins at element `at`.
  [[nodiscard]] double of(Index at) const {
    const bool squares = measure_.traits().envelope == EnvelopeBound::squares;
    double window_beyond = 0, query_beyond = 0;
    for (Index c = 0; c < width_; ++c) {
      const Index q = c * n_, s = c * m_ + at;
      double mean = 0, inverse = 1, slack = 0;
      if (normalize_) {
        double variance = 0, largest = 0;
        table_.moments(stream_.data() + s, n_, &mean, &variance, &largest);
        const double spread = std::sqrt(variance);
        if (!(spread > kDoubtful * largest) || spread < kTiny || largest > kHuge) continue;
        inverse = 1 / spread;
        slack = kSlack;
      }
      window_beyond += table_.scaled_beyond[squares](stream_.data() + s, mean, inverse, query_lower_.data() + q, query_upper_.data() + q, n_, slack);
      query_beyond += table_.beyond_scaled[squares](query_.data() + q, mean, inverse, stream_lower_.data() + s, stream_upper_.data() + s, n_, slack);
    }
    double bound = std::max(window_beyond, query_beyond);
    // The Euclidean norm is at least the sum of the d magnitudes divided by sqrt(d).
    if (measure_.traits().envelope == EnvelopeBound::lengths) bound /= std::sqrt(static_cast<double>(width_));
    bound = measure_.of_weight(bound, n_, n_) * (1 - 1e-9);  // slack for rounding
    return measure_.root ? std::sqrt(bound) : bound;
  }

 private:
  // No bound where rounding may decide whether a window is constant, or where squares overflow or underflow.
  static constexpr double kDoubtful = 1e-5, kTiny = 1e-140, kHuge = 1e140;
  static constexpr double kSlack = 1e-9;  // bound on the rounding error of a normalised value

  [[nodiscard]] std::vector<double> by_value(const double* values, Index length) const {
    std::vector<double> out(static_cast<std::size_t>(length * width_));
    for (Index c = 0; c < width_; ++c)
      for (Index i = 0; i < length; ++i) out[static_cast<std::size_t>(c * length + i)] = values[i * width_ + c];
    return out;
  }

  const Measure& measure_;
  const ElasticTable& table_;
  Index n_, m_, width_;
  bool normalize_;
  std::vector<double> query_, stream_, query_lower_, query_upper_, stream_lower_, stream_upper_;
};

}  // namespace

std::vector<double> window_bounds(const DtwOptions& options, const Sequence& query, const Sequence& stream, bool normalize, int threads) {
  const Measure measure = measure_of(options);
  PLAIT_REQUIRE(query.width == stream.width && 0 < query.length && query.length <= stream.length, "search: a query of ", query.length,
                " elements in a stream of ", stream.length);
  const Index windows = stream.length - query.length + 1;
  std::vector<double> out(static_cast<std::size_t>(windows), 0.0);
  if (!has_bounds(measure)) return out;
  const WindowBounds bounds(measure, query, stream, normalize);
  const Index piece = std::clamp<Index>((Index{1} << 18) / (query.length * query.width), 16, windows + 16);
  parallel_for((windows + piece - 1) / piece,
               [&](std::int64_t task, int) {
                 for (Index at = task * piece; at < std::min(windows, (task + 1) * piece); ++at) out[static_cast<std::size_t>(at)] = bounds.of(at);
                 poll_interrupt();
               },
               threads);
  return out;
}

std::vector<Ending> endings(const DtwOptions& options, const Sequence& query, const Sequence& stream) {
  const Measure measure = measure_of(options);
  PLAIT_REQUIRE(query.width == stream.width && query.length > 0, "search: the query is empty, or of another width than the stream");
  PLAIT_REQUIRE(measure.open_begin && measure.open_end && !measure.window && measure.slope == 0 && !measure.traits().precomputed,
                "search: expected open ends without window or slope");
  const Index n = query.length, m = stream.length, features = feature_count(measure, query.width), stride = n + kMostLanes;
  const bool asymmetric = measure.step == StepPattern::asymmetric, twice = measure.traits().first_once;
  DtwOptions plain = options;
  plain.step = StepPattern::symmetric1;  // its costs are the distances
  plain.normalized = false;
  const auto distances = elastic_loops().row_costs[static_cast<int>(measure_of(plain).cost)][query.width == 1 ? 1 : 0];
  std::vector<double> x(static_cast<std::size_t>(features * stride), 0.0), y(static_cast<std::size_t>(features * m)),
      costs(static_cast<std::size_t>(stride));
  lay_out(measure, query, x.data(), stride, 1);
  lay_out(measure, stream, y.data(), 1, features);

  // D(·, j) and the begins of its paths, for the column and the two before it.
  std::vector<Ending> columns[3];
  for (auto& column : columns) column.assign(static_cast<std::size_t>(n), {kUnreachable, 0});
  std::vector<Ending> out(static_cast<std::size_t>(m));
  const auto better = [](const Ending& best, const Ending& other) { return other.score < best.score ? other : best; };
  for (Index j = 0, unpolled = 0; j < m; ++j) {
    distances(y.data() + j * features, x.data(), stride, query.width, n, costs.data());
    std::vector<Ending>&now = columns[j % 3], &before = columns[(j + 2) % 3], &earlier = columns[(j + 1) % 3];
    Ending above{costs[0], j};
    if (!asymmetric) above = better(above, {before[0].score + costs[0], before[0].start});
    now[0] = above;
    for (std::size_t i = 1; i < static_cast<std::size_t>(n); ++i) {
      const double d = costs[i];
      if (asymmetric) {
        Ending best = better(better(before[i - 1], earlier[i - 1]), above);
        best.score += d;
        above = best;
      } else if (twice) {
        above = better(better({before[i - 1].score + (d + d), before[i - 1].start}, {before[i].score + d, before[i].start}),
                       {above.score + d, above.start});
      } else {
        above = better(better(before[i - 1], before[i]), above);
        above.score += d;
      }
      now[i] = above;
    }
    out[static_cast<std::size_t>(j)] = {
        measure.root ? std::sqrt(measure.of_weight(above.score, n, j - above.start + 1)) : measure.of_weight(above.score, n, j - above.start + 1),
        above.start};
    unpolled += n;
    if (unpolled > (Index{1} << 18)) {
      unpolled = 0;
      poll_interrupt();
    }
  }
  return out;
}

}  // namespace plait::align
