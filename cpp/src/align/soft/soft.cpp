// Soft-DTW by weights instead of soft minima: W(i, j) = exp(-D(i, j) / gamma) = exp(-d(x_i, y_j) / gamma) · (W(i-1, j) + W(i-1, j-1) + W(i, j-1)).
// The backward pass needs no weights. A(i, j), the probability that a path goes through the cell, is the derivative of the score with respect to its
// distance; a cell distributes it to its three predecessors in proportion to their weights. These proportions, in [0, 1],
// are stored in the forward pass.
// The proportions of the last diagonals are stored, or all of them if they are few. For earlier diagonals the first pass saves
// every K-th pair, and blocks of K diagonals are recomputed with their proportions, which is cheaper than writing
// and reading the whole matrix.
#include "plait/align/soft.hpp"

#include <cmath>
#include <numbers>

#include "align/core/checkpoints.hpp"
#include "align/core/diagonals.hpp"
#include "align/elastic/measure.hpp"
#include "align/soft/loops.hpp"
#include "align/tuning.hpp"
#include "plait/align/dtw.hpp"
#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"
#include "plait/base/subnormals.hpp"

namespace plait::align {

using namespace detail;

namespace {

using tuning::kPollSoftCells, tuning::kSoftBlockValues, tuning::kSoftValues;
constexpr double kNone = -std::numeric_limits<double>::infinity();

/// The rows of the band's cells on each diagonal, first(k) … last(k), empty if first > last. From one diagonal to the next both grow
/// by 0 or 1, so that the neighbours of a cell on the adjacent diagonals are in the band, or one place outside.
class BandDiagonals {
 public:
  BandDiagonals(const SoftOptions& options, Index n, Index m) : n_(n), m_(m) {
    if (!options.window) return;
    const Band band{n, m, std::min(options.window->of(n, m), n + m), 0, options.slanted};
    rows_.resize(static_cast<std::size_t>(n + m + 2), {1, 0});
    for (Index k = 2, first = 1, last = 0; k <= n + m + 1; ++k) {
      while (first <= n && first + band.hi(first) < k) ++first;
      while (last < n && last + 1 + band.lo(last + 1) <= k) ++last;
      rows_[static_cast<std::size_t>(k)] = {first, last};
    }
  }
  [[nodiscard]] Index first(Index k) const { return rows_.empty() ? std::max<Index>(1, k - m_) : rows_[static_cast<std::size_t>(k)].first; }
  [[nodiscard]] Index last(Index k) const { return rows_.empty() ? std::min(n_, k - 1) : rows_[static_cast<std::size_t>(k)].last; }
  [[nodiscard]] Index size(Index k) const { return std::max<Index>(0, last(k) - first(k) + 1); }

 private:
  Index n_, m_;
  std::vector<DiagonalRange> rows_;
};

/// A ring of three diagonals of weights, n + 2 places each; uninitialised.
class WeightRing {
 public:
  WeightRing(Index n, Workspace& workspace, int slot)
      : size_(ring_stride(n + 2)), m_(workspace.take_as<double>(static_cast<std::size_t>(6 * size_), slot)), e_(m_ + 3 * size_) {}
  Weights at(Index k, Index i) {
    const Index offset = k % 3 * size_ + i;
    return {m_ + offset, e_ + offset};
  }
  ConstWeights from(Index k, Index i) {
    const Weights w = at(k, i);
    return {w.m, w.e};
  }
  void clear(Index k, Index i) {
    const Weights w = at(k, i);
    *w.m = 1;
    *w.e = kNone;
  }

 private:
  Index size_;
  double *m_, *e_;
};

/// The proportions of the inner cells of a block's diagonals after `begin` and of one more, contiguous, each diagonal padded by one place per side.
class StoredParts {
 public:
  StoredParts(const BandDiagonals& band, Index n, Index m, const Checkpoints& checkpoints, Workspace& workspace, int slot)
      : band_(band), starts_(static_cast<std::size_t>(n + m + 3)) {
    const Index last = n + m + 1;
    for (Index k = 2; k <= last; ++k) starts_[place(k + 1)] = starts_[place(k)] + size(k);
    Index most = 0;
    for (Index b = 0; b < checkpoints.blocks(); ++b)
      most = std::max(most, starts_[place(std::min(checkpoints.end(b) + 1, last) + 1)] - starts_[place(checkpoints.begin(b) + 1)]);
    values_ = workspace.take_as<double>(static_cast<std::size_t>(2 * most), slot);
  }
  void begin(Index begin) { begin_ = starts_[place(begin + 1)]; }
  Parts at(Index k, Index i) {
    double* const a = values_ + 2 * (starts_[place(k)] - begin_) + (i - band_.first(k) + 1);
    return {a, a + size(k)};
  }
  ConstParts from(Index k, Index i) {
    const Parts parts = at(k, i);
    return {parts.a, parts.c};
  }
  /// Padding is read, but does not affect results.
  void pad(Index k) {
    const Index count = size(k);
    double* const a = at(k, band_.first(k) - 1).a;
    a[0] = a[count - 1] = a[count] = a[2 * count - 1] = 0;
  }

 private:
  static std::size_t place(Index k) { return static_cast<std::size_t>(k); }
  /// Cells of diagonal k >= 2, and its padding.
  [[nodiscard]] Index size(Index k) const { return band_.size(k) + 2; }

  const BandDiagonals& band_;
  Index begin_ = 0;
  std::vector<Index> starts_;
  double* values_;
};

class SoftDtw {
 public:
  SoftDtw(const Sequence& x, const Sequence& y, const SoftOptions& options, Workspace& workspace)
      : loops_(PLAIT_PICK(soft_loops)),
        elements_(x, y),
        n_(x.length),
        m_(y.length),
        width_(x.width),
        band_(options, n_, m_),
        gamma_(options.gamma),
        scale_(std::numbers::log2e / gamma_),
        workspace_(workspace),
        distances_(static_cast<std::size_t>(width_ != 1 || !(most_bits(x, y) <= kMostBits) ? kStretch : 0)) {}

  double score() {
    WeightRing ring(n_, workspace_, 0);
    for (Index k = 0; k <= n_ + m_; ++k) forward(ring, k);
    return score_of(ring);
  }

  double score(const SoftGradient& gradient);

 private:
  /// Calls f(stretch) for the inner cells of a diagonal.
  template <class F>
  void stretches(Index k, F&& f) {
    const Index end = band_.last(k) + 1;
    Stretch s;
    for (Index i = band_.first(k); i < end; i += kStretch) {
      elements_.set(s, k, i, std::min(kStretch, end - i));
      f(s);
      unpolled_ += s.count;
      if (unpolled_ < kPollSoftCells) continue;
      unpolled_ = 0;
      poll_interrupt();
    }
  }

  void forward(WeightRing& ring, Index k, StoredParts* stored = nullptr) {
    if (k == 0) {
      *ring.at(0, 0).m = 1;
      *ring.at(0, 0).e = 0;
      return;
    }
    if (k < 2) {
      ring.clear(k, 0);
      ring.clear(k, 1);
      return;
    }
    ring.clear(k, band_.first(k) - 1);
    ring.clear(k, band_.last(k) + 1);
    if (stored != nullptr) stored->pad(k);
    stretches(k, [&](const Stretch& s) {
      Costs costs{nullptr, s.x, s.y};
      if (!distances_.empty()) {
        loops_.distances(s.x, s.x_stride, s.y, s.y_stride, width_, distances_.data(), s.count);
        costs.d = distances_.data();
      }
      const ConstWeights a = ring.from(k - 1, s.i - 1), b = ring.from(k - 2, s.i - 1), c = ring.from(k - 1, s.i);
      if (stored == nullptr) loops_.forward(a, b, c, costs, scale_, ring.at(k, s.i), s.count);
      else loops_.forward_parts(a, b, c, costs, scale_, ring.at(k, s.i), stored->at(k, s.i), s.count);
      if (k % kNormaliseEvery == 0) loops_.normalise(ring.at(k, s.i), s.count);
    });
  }

  /// For univariate series: an upper bound on the distances, in bits.
  [[nodiscard]] double most_bits(const Sequence& x, const Sequence& y) const {
    double least = x.values()[0], most = least;
    for (const Sequence& s : {x, y})
      for (Index k = 0; k < s.length; ++k) {
        least = std::min(least, s.values()[k]);
        most = std::max(most, s.values()[k]);
      }
    return (most - least) * (most - least) * scale_;
  }

  double score_of(WeightRing& ring) const {
    const ConstWeights end = ring.from(n_ + m_, n_);
    return *end.e < -0x1p999 ? std::numeric_limits<double>::infinity() : -gamma_ * (std::log(*end.m) + *end.e * std::numbers::ln2);
  }

  const SoftLoops& loops_;
  Elements elements_;
  Index n_, m_, width_;
  BandDiagonals band_;
  double gamma_, scale_;  // scale: bits per distance
  // Negligible weights pass through the subnormal range on their way to zero, which is slow unless flushed.
  FloatModeScope flush_{flushing(float_mode(), true)};
  Workspace& workspace_;
  std::vector<double> distances_;  // empty if the loops compute them
  Index unpolled_ = 0;
};

/// The saved diagonals: k - 1 and k for every multiple k of `every`, with their padding.
class SavedDiagonals {
 public:
  SavedDiagonals(const BandDiagonals& band, Index n, Index m, Index every, Workspace& workspace, int slot)
      : band_(band),
        every_(every),
        size_(std::min(n, m) + 2),
        values_(workspace.take_as<double>(static_cast<std::size_t>(4 * size_ * ((n + m) / every)), slot)) {}
  void keep(Index k, WeightRing& ring) const {
    move(k, ring, [](double* kept, double* now, Index count) { std::copy_n(now, count, kept); });
  }
  void restore(Index k, WeightRing& ring) const {
    move(k, ring, [](double* kept, double* now, Index count) { std::copy_n(kept, count, now); });
  }

 private:
  template <class F>
  void move(Index k, WeightRing& ring, F&& f) const {
    if (k == 0 || k % every_ != 0) return;
    double* kept = values_ + 4 * size_ * (k / every_ - 1);
    for (const Index d : {k - 1, k}) {
      const Weights now = ring.at(d, band_.first(d) - 1);
      for (double* const values : {now.m, now.e}) {
        f(kept, values, band_.size(d) + 2);
        kept += size_;
      }
    }
  }

  const BandDiagonals& band_;
  Index every_, size_;
  double* values_;
};

/// The last block's proportions are stored in the first pass: as many as the shared cache holds, or all. Those of other blocks fit the second-level
/// cache, unless that needs more memory than the square root of all.
Checkpoints blocks_of(const BandDiagonals& band, Index n, Index m) {
  const Index all = n + m + 1, least = std::min(n, m) + 2;
  Index kept = 0;
  for (Index values = kSoftValues; kept < all; ++kept) {
    values -= band.size(all - kept) + 2;
    if (values < 0) break;
  }
  return {all, std::max({kSoftBlockValues / least, static_cast<Index>(std::sqrt(static_cast<double>(all))), Index{4}}), kept};
}

double SoftDtw::score(const SoftGradient& gradient) {
  const Index last = n_ + m_;
  const Checkpoints checkpoints = blocks_of(band_, n_, m_);  // a step is a diagonal
  WeightRing ring(n_, workspace_, 0);
  const SavedDiagonals saved(band_, n_, m_, checkpoints.every(), workspace_, 1);
  StoredParts stored(band_, n_, m_, checkpoints, workspace_, 2);
  // From the state at the block's first diagonal to that at the next block's; proportions for one more diagonal, since a cell has successors on two.
  const auto run = [&](Index b, bool parts) {
    const Index begin = checkpoints.begin(b), next = std::min(checkpoints.end(b), last);
    if (parts) stored.begin(begin);
    for (Index k = b == 0 ? 0 : begin + 1; k <= next; ++k) forward(ring, k, parts ? &stored : nullptr);
    if (parts) forward(ring, next + 1, &stored);
  };
  checkpoints.forward([&](Index b) { saved.keep(checkpoints.begin(b), ring); }, run);
  const double result = score_of(ring);
  std::vector<double> gx(static_cast<std::size_t>(n_ * width_)), gy(static_cast<std::size_t>(m_ * width_));  // by value, y reversed
  if (gradient.expected != nullptr) std::fill_n(gradient.expected, n_ * m_, 0.0);
  if (std::isfinite(result)) {
    const Index size = ring_stride(n_ + 2);
    double* const adjoints = workspace_.take_as<double>(static_cast<std::size_t>(3 * size), 3);
    const auto adjoint = [&](Index k, Index i) { return adjoints + k % 3 * size + i; };
    std::fill_n(adjoints, 3 * size, 0.0);
    const auto back = [&](Index b) {
      const Index begin = checkpoints.begin(b), end = checkpoints.end(b) - 1;
      for (Index k = end; k >= std::max<Index>(begin, 2); --k) {
        *adjoint(k, band_.first(k) - 1) = *adjoint(k, band_.last(k) + 1) = 0;  // cells outside the band contribute nothing
        stretches(k, [&](const Stretch& s) {
          double *const now = adjoint(k, s.i), *const gx_at = gx.data() + s.i - 1, *const gy_at = gy.data() + m_ - k + s.i;
          const bool by_itself = k == last || width_ != 1;
          if (k == last) *now = 1;
          else
            loops_.backward(adjoint(k + 1, s.i + 1), stored.from(k + 1, s.i + 1), adjoint(k + 2, s.i + 1), stored.from(k + 2, s.i + 1),
                            adjoint(k + 1, s.i), stored.from(k + 1, s.i), now, s.x, s.y, by_itself ? Gradients{} : Gradients{gx_at, gy_at}, s.count);
          if (by_itself) loops_.add_gradients(now, s.x, gx_at, n_, s.y, gy_at, m_, width_, s.count);
          if (gradient.expected != nullptr)
            for (Index t = 0; t < s.count; ++t) gradient.expected[(s.i + t - 1) * m_ + s.j - t - 1] = now[t];
        });
      }
      return true;
    };
    checkpoints.backward(checkpoints.last(), true, [&](Index b) { saved.restore(checkpoints.begin(b), ring); }, run, back);
  }
  const auto gather = [&](const std::vector<double>& from, double* to, Index length, bool reverse) {
    if (to == nullptr) return;
    for (Index k = 0; k < length; ++k)
      for (Index c = 0; c < width_; ++c) to[k * width_ + c] = from[static_cast<std::size_t>(c * length + (reverse ? length - 1 - k : k))];
  };
  gather(gx, gradient.x, n_, false);
  gather(gy, gradient.y, m_, true);
  return result;
}

class SoftMethod final : public Method {
 public:
  explicit SoftMethod(const SoftOptions& options) : options_(options), hard_(make_dtw({.window = options.window, .slanted = options.slanted})) {}

  void check(const Sequence& x, const Sequence& y) const override {
    PLAIT_REQUIRE_AS(ShapeError, x.width == y.width, "SoftDTW: x has ", x.width, " values an element, y has ", y.width);
    PLAIT_REQUIRE(x.length > 0 && y.length > 0, "SoftDTW: ", x.length == 0 ? "x" : "y", " is empty; a warping path needs an element of each");
    PLAIT_REQUIRE(soft_path_fits(options_, x.length, y.length), "SoftDTW: a window of ", options_.window->of(x.length, y.length),
                  " cells is narrower than the difference of the lengths ", x.length, " and ", y.length,
                  "; no path fits into it, but one does about the stretched diagonal (band='slanted')");
  }
  double score(const Sequence& x, const Sequence& y, double, Workspace& workspace) const override {
    return below_infinity(soft_dtw(x, y, options_, {}, workspace));
  }
  Path path(const Sequence& x, const Sequence& y, std::size_t memory_limit, Workspace& workspace) const override {
    Path path = hard_->path(x, y, memory_limit, workspace);
    path.score = score(x, y, worst(), workspace);
    return path;
  }
  double count(const Sequence& x, const Sequence& y) const override { return hard_->count(x, y); }
  [[nodiscard]] double cost(const Sequence& x, const Sequence& y) const override { return tuning::kSoftToHard * hard_->cost(x, y); }

 private:
  SoftOptions options_;
  std::unique_ptr<Method> hard_;
};

}  // namespace

bool soft_path_fits(const SoftOptions& options, Index n, Index m) {
  return !options.window || options.slanted || options.window->of(n, m) >= std::abs(n - m);
}

double soft_dtw(const Sequence& x, const Sequence& y, const SoftOptions& options, const SoftGradient& gradient, Workspace& workspace) {
  // NaN does not propagate through exponents: it is checked.
  for (const Sequence& s : {x, y})
    for (Index k = 0; k < s.length * s.width; ++k)
      if (!std::isfinite(s.values()[k])) {
        const double nan = std::numeric_limits<double>::quiet_NaN();
        if (gradient.x != nullptr) std::fill_n(gradient.x, x.length * x.width, nan);
        if (gradient.y != nullptr) std::fill_n(gradient.y, y.length * y.width, nan);
        if (gradient.expected != nullptr) std::fill_n(gradient.expected, x.length * y.length, nan);
        return nan;
      }
  SoftDtw pair(x, y, options, workspace);
  return gradient.x == nullptr && gradient.y == nullptr && gradient.expected == nullptr ? pair.score() : pair.score(gradient);
}

double below_infinity(double score) {
  PLAIT_REQUIRE(!(score == std::numeric_limits<double>::infinity()),
                "SoftDTW: the sum of distances, in units of gamma, is beyond the largest float64; scale the series");
  return score;
}

std::unique_ptr<Method> make_soft_dtw(const SoftOptions& options) { return std::make_unique<SoftMethod>(options); }

}  // namespace plait::align
