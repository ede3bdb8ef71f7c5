// DTW with a user-defined distance: the matrix of all distances of a pair, passed to the elastic methods as precomputed.
#include <algorithm>
#include <cmath>
#include <limits>

#include "align/custom/rules_by_width.hpp"
#include "align/elastic/measure.hpp"
#include "align/tuning.hpp"
#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align {

using namespace detail;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// Workspace slots that the elastic methods do not use.
enum Slot : int { kMatrixSlot = 7, kElementsSlot = 6 };

using tuning::kKeptBytes;

/// The distances of the band's cells, row by row.
class DistanceMatrix {
 public:
  DistanceMatrix(const Rule& rule, const Band& band, const Sequence& x, const Sequence& y, Workspace& workspace)
      : rule_(rule), band_(band), x_(x), y_(y), tile_(kStretch + y.length), scratch_(allocate_bytes(rule.scratch_bytes())) {
    const Index width = x.width, m = y.length;
    const auto bytes = static_cast<std::size_t>(x.length * m) * sizeof(double);
    if (bytes > kKeptBytes) large_ = allocate_bytes(bytes);
    matrix_ = reinterpret_cast<double*>(bytes > kKeptBytes ? large_.get() : workspace.take(bytes, kMatrixSlot));
    xs_ = workspace.take_as<double>(static_cast<std::size_t>(width * (kStretch + tile_) + kStretch), kElementsSlot);
    ys_ = xs_ + width * kStretch;
    none_ = ys_ + width * tile_;
    std::fill_n(none_, kStretch, 0.0);
    for (Index c = 0; c < width; ++c)  // y repeated, so that a stretch may begin at any column
      for (Index t = 0; t < tile_; ++t) ys_[c * tile_ + t] = y.values()[t % m * width + c];
  }

  const double* compute() {
    const Index n = x_.length, m = y_.length;
    bool whole = true;
    for (Index i = 1; i <= n && whole; ++i) whole = band_.lo(i) == 1 && band_.hi(i) == m;
    if (whole) {
      stretches(0, n * m);
    } else {
      std::fill_n(matrix_, n * m, 0.0);  // never read
      for (Index i = 1; i <= n; ++i) stretches((i - 1) * m + band_.lo(i) - 1, (i - 1) * m + band_.hi(i));
    }
    return matrix_;
  }

 private:
  /// Cells [begin, end) in the order of rows.
  void stretches(Index begin, Index end) {
    const Index m = y_.length, width = x_.width;
    Stretch s;
    s.insertion = s.match = s.deletion = none_;
    s.x = xs_;
    s.x_stride = kStretch;
    s.y_stride = tile_;
    for (Index at = begin; at < end; at += s.count) {
      s.count = std::min(kStretch, end - at);
      s.i = at / m + 1, s.j = at % m + 1;
      s.y = ys_ + at % m;
      for (Index t = 0, i = at / m; t < s.count; ++i) {
        const Index next = std::min(s.count, (i + 1) * m - at);
        for (Index c = 0; c < width; ++c) std::fill(xs_ + c * kStretch + t, xs_ + c * kStretch + next, x_.values()[i * width + c]);
        t = next;
      }
      rule_.cells(s, matrix_ + at, scratch_.get());
      for (Index k = at; k < at + s.count; ++k) {
        PLAIT_REQUIRE(std::isfinite(matrix_[k]), "metric: gave ", std::isnan(matrix_[k]) ? kNan : matrix_[k], " for x[", k / m, "] and y[", k % m,
                      "]; expected finite distances");
      }
      poll_interrupt();
    }
  }

  const Rule& rule_;
  const Band& band_;
  const Sequence &x_, &y_;
  Index tile_;
  Bytes scratch_;
  Bytes large_;
  double *matrix_, *xs_, *ys_, *none_;
};

class DtwOf final : public Method {
  template <class F>
  auto with_matrix(const Sequence& x, const Sequence& y, Workspace& workspace, F&& f) const {
    const std::shared_ptr<const Rule> rule = rules_.get(x.width);
    const Band band = shape_.band(x.length, y.length);
    DistanceMatrix distances(*rule, band, x, y, workspace);
    return f(Sequence{distances.compute(), x.length, y.length}, Sequence{nullptr, y.length, 1});
  }

 public:
  DtwOf(RuleOf distance, DtwOptions options) : rules_(std::move(distance)), propagate_nan_(options.propagate_nan) {
    options.metric = Metric::precomputed;
    shape_.window = options.window;
    shape_.slanted = options.slanted;
    shape_.slope = options.slope;
    inner_ = make_dtw(options);
  }

  void check(const Sequence& x, const Sequence& y) const override {
    PLAIT_REQUIRE_AS(ShapeError, x.width == y.width, "DTW: x has ", x.width, " values an element, y has ", y.width);
    inner_->check({nullptr, x.length, y.length}, {nullptr, y.length, 1});
    (void)rules_.get(x.width);
  }
  [[nodiscard]] bool symmetric() const override { return false; }  // the user's distance may be asymmetric
  double score(const Sequence& x, const Sequence& y, double cutoff, Workspace& workspace) const override {
    if (missing(x) || missing(y)) return kNan;
    return with_matrix(x, y, workspace,
                       [&](const Sequence& matrix, const Sequence& columns) { return inner_->score(matrix, columns, cutoff, workspace); });
  }
  Path path(const Sequence& x, const Sequence& y, std::size_t memory_limit, Workspace& workspace) const override {
    if (missing(x) || missing(y)) return {kNan, {}};
    return with_matrix(x, y, workspace,
                       [&](const Sequence& matrix, const Sequence& columns) { return inner_->path(matrix, columns, memory_limit, workspace); });
  }
  double count(const Sequence& x, const Sequence& y) const override {
    if (missing(x) || missing(y)) return kNan;
    return with_matrix(x, y, thread_workspace(), [&](const Sequence& matrix, const Sequence& columns) { return inner_->count(matrix, columns); });
  }
  [[nodiscard]] double cost(const Sequence& x, const Sequence& y) const override {
    return tuning::kMetricNs * static_cast<double>(x.length) * static_cast<double>(y.length);
  }

 private:
  [[nodiscard]] bool missing(const Sequence& s) const { return propagate_nan_ && has_nan(s); }
  RulesByWidth rules_;
  Measure shape_;
  bool propagate_nan_;
  std::unique_ptr<Method> inner_;
};

}  // namespace

std::unique_ptr<Method> make_dtw_of(RuleOf distance, const DtwOptions& options) { return std::make_unique<DtwOf>(std::move(distance), options); }

}  // namespace plait::align
