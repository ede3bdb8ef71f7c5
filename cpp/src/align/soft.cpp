// Soft-DTW by weights instead of soft minima: W(i, j) = exp(-D(i, j) / gamma) = exp(-d(x_i, y_j) / gamma) · (W(i-1, j) + W(i-1, j-1) + W(i, j-1)).
//
// The same recursion from the other end gives V(i, j), the weight of all ways from (i, j) to the end, the cell's own factor left out; then
// W · V / W(n, m) is the share of paths that go through the cell, and the derivative of the score by its distance.
//
// W is needed backwards: the first pass keeps every K-th pair of diagonals, and blocks of K are computed again, which costs less than to
// write and read the matrix.
#include "plait/align/soft.hpp"

#include <cmath>
#include <numbers>

#include "align/diagonals.hpp"
#include "align/soft_internal.hpp"
#include "plait/align/dtw.hpp"
#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align {
namespace {

constexpr Index kPollCells = 1 << 16;
constexpr double kNone = -std::numeric_limits<double>::infinity();

/// Diagonals of weights, n + 2 places each, that take turns. What has not been set is not initialised.
class WeightRing {
 public:
  WeightRing(Index n, Index diagonals, Workspace& workspace, int slot)
      : size_(n + 2),
        diagonals_(diagonals),
        m_(workspace.take_as<double>(static_cast<std::size_t>(2 * size_ * diagonals), slot)),
        e_(m_ + size_ * diagonals) {}
  void clear() {
    std::fill_n(m_, size_ * diagonals_, 1.0);
    std::fill_n(e_, size_ * diagonals_, kNone);
  }
  Weights at(Index k, Index i) {
    const Index offset = k % diagonals_ * size_ + i;
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
  Index size_, diagonals_;
  double *m_, *e_;
};

class SoftDtw {
 public:
  SoftDtw(const Sequence& x, const Sequence& y, double gamma, Workspace& workspace)
      : loops_(PLAIT_PICK(soft_loops)),
        elements_(x, y),
        n_(x.length),
        m_(y.length),
        width_(x.width),
        gamma_(gamma),
        scale_(std::numbers::log2e / gamma),
        workspace_(workspace),
        distances_(static_cast<std::size_t>(kStretch)) {}

  double score() {
    WeightRing ring(n_, 3, workspace_, 0);
    for (Index k = 0; k <= n_ + m_; ++k) forward(ring, k);
    return score_of(ring);
  }

  double score(const SoftGradient& gradient);

 private:
  /// Inner cells of a diagonal in stretches: f(stretch).
  template <class F>
  void stretches(Index k, F&& f) {
    const Index end = std::min(n_, k - 1) + 1;
    Stretch s;
    for (Index i = std::max<Index>(1, k - m_); i < end; i += kStretch) {
      elements_.set(s, k, i, std::min(kStretch, end - i));
      loops_.distances(s.x, s.x_stride, s.y, s.y_stride, width_, distances_.data(), s.count);
      f(s);
      if ((unpolled_ += s.count) < kPollCells) continue;
      unpolled_ = 0;
      poll_interrupt();
    }
  }

  void normalise(WeightRing& ring, Index k, const Stretch& s) {
    if (k % kNormaliseEvery == 0) loops_.normalise(ring.at(k, s.i), s.count);
  }

  void forward(WeightRing& ring, Index k) {
    if (k == 0) {
      *ring.at(0, 0).m = 1;
      *ring.at(0, 0).e = 0;
      return;
    }
    if (k <= m_) ring.clear(k, 0);
    if (k <= n_) ring.clear(k, k);
    stretches(k, [&](const Stretch& s) {
      loops_.forward(ring.from(k - 1, s.i - 1), ring.from(k - 2, s.i - 1), ring.from(k - 1, s.i), distances_.data(), scale_, ring.at(k, s.i),
                     s.count);
      normalise(ring, k, s);
    });
  }

  double score_of(WeightRing& ring) const {
    const ConstWeights end = ring.from(n_ + m_, n_);
    return *end.e < -0x1p999 ? std::numeric_limits<double>::infinity() : -gamma_ * (std::log(*end.m) + *end.e * std::numbers::ln2);
  }

  const SoftLoops& loops_;
  Elements elements_;
  Index n_, m_, width_;
  double gamma_, scale_;  // scale: bits per distance
  Workspace& workspace_;
  std::vector<double> distances_;
  Index unpolled_ = 0;
};

/// The kept diagonals: k - 1 and k for every k that `every` divides.
class Checkpoints {
 public:
  Checkpoints(Index n, Index m, Index every, Workspace& workspace, int slot)
      : n_(n),
        m_(m),
        every_(every),
        size_(std::min(n, m) + 1),
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
      const DiagonalRange range = diagonal_range(d, n_, m_);
      const Weights now = ring.at(d, range.first);
      for (double* const values : {now.m, now.e}) {
        f(kept, values, range.last - range.first + 1);
        kept += size_;
      }
    }
  }

  Index n_, m_, every_, size_;
  double* values_;
};

double SoftDtw::score(const SoftGradient& gradient) {
  // A block of W fits the second-level cache, as far as that does not ask for more memory than the square root of all.
  constexpr Index kBlockPlaces = 1 << 15;
  const Index last = n_ + m_, root = static_cast<Index>(std::sqrt(static_cast<double>(last)));
  const Index every = std::min(last + 1, std::max({kBlockPlaces / (n_ + 2), root, Index{4}}));
  WeightRing ring(n_, every + 2, workspace_, 0);
  const Checkpoints kept(n_, m_, every, workspace_, 1);
  for (Index k = 0; k <= last; ++k) {
    forward(ring, k);
    kept.keep(k, ring);
  }
  const double result = score_of(ring);
  std::vector<double> gx(static_cast<std::size_t>(n_ * width_)), gy(static_cast<std::size_t>(m_ * width_));  // by value, y reversed
  if (gradient.expected != nullptr) std::fill_n(gradient.expected, n_ * m_, 0.0);
  if (std::isfinite(result)) {
    const double total_m = *ring.from(last, n_).m, total_e = *ring.from(last, n_).e;
    WeightRing back(n_, 3, workspace_, 2);
    back.clear();
    std::vector<double> share(kStretch);
    for (Index end = last; end >= 2;) {
      const Index begin = end / every * every;  // computed again: all after `begin`
      if (end != last && begin > 0) {
        kept.restore(begin, ring);
        for (Index k = begin + 1; k <= end; ++k) forward(ring, k);
      } else if (end != last) {
        for (Index k = 0; k <= end; ++k) forward(ring, k);
      }
      for (; end >= std::max<Index>(begin, 2); --end) {
        const Index k = end;
        // What lies beyond the matrix: column m + 1 on the diagonals before; row n + 1 is never written.
        if (k - m_ >= 1) {
          back.clear(k + 1, k - m_);
          back.clear(k + 2, k - m_ + 1);
        }
        stretches(k, [&](const Stretch& s) {
          if (k == last) *back.at(k + 2, n_ + 1).e = 0;  // the end itself: one way, of weight 1
          loops_.backward(back.from(k + 1, s.i + 1), back.from(k + 2, s.i + 1), back.from(k + 1, s.i), distances_.data(), scale_, ring.from(k, s.i),
                          total_m, total_e, back.at(k, s.i), share.data(), s.count);
          normalise(back, k, s);
          if (k == last) back.clear(k + 2, n_ + 1);
          const Index x_at = s.i - 1, y_at = m_ - k + s.i;
          loops_.pull(share.data(), s.x, gx.data() + x_at, n_, s.y, gy.data() + y_at, m_, width_, s.count);
          if (gradient.expected != nullptr)
            for (Index t = 0; t < s.count; ++t) gradient.expected[(s.i + t - 1) * m_ + s.j - t - 1] = share[static_cast<std::size_t>(t)];
        });
      }
    }
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
  explicit SoftMethod(double gamma) : gamma_(gamma), hard_(make_dtw({})) {}

  void check(const Sequence& x, const Sequence& y) const override {
    PLAIT_REQUIRE_AS(ShapeError, x.width == y.width, "SoftDTW: x has ", x.width, " values an element, y has ", y.width);
    PLAIT_REQUIRE(x.length > 0 && y.length > 0, "SoftDTW: ", x.length == 0 ? "x" : "y", " is empty; a warping path needs an element of each");
  }
  double score(const Sequence& x, const Sequence& y, double, Workspace& workspace) const override {
    return below_infinity(soft_dtw(x, y, gamma_, {}, workspace));
  }
  Path path(const Sequence& x, const Sequence& y, std::size_t memory_limit, Workspace& workspace) const override {
    Path path = hard_->path(x, y, memory_limit, workspace);
    path.score = score(x, y, worst(), workspace);
    return path;
  }
  double count(const Sequence& x, const Sequence& y) const override { return hard_->count(x, y); }
  [[nodiscard]] double cost(const Sequence& x, const Sequence& y) const override {
    return 2.0 * static_cast<double>(x.length) * static_cast<double>(y.length);
  }

 private:
  double gamma_;
  std::unique_ptr<Method> hard_;
};

}  // namespace

double soft_dtw(const Sequence& x, const Sequence& y, double gamma, const SoftGradient& gradient, Workspace& workspace) {
  // NaN has no exponent to carry it: it is looked for.
  for (const Sequence& s : {x, y})
    for (Index k = 0; k < s.length * s.width; ++k)
      if (!std::isfinite(s.values()[k])) {
        const double nan = std::numeric_limits<double>::quiet_NaN();
        if (gradient.x != nullptr) std::fill_n(gradient.x, x.length * x.width, nan);
        if (gradient.y != nullptr) std::fill_n(gradient.y, y.length * y.width, nan);
        if (gradient.expected != nullptr) std::fill_n(gradient.expected, x.length * y.length, nan);
        return nan;
      }
  SoftDtw pair(x, y, gamma, workspace);
  return gradient.x == nullptr && gradient.y == nullptr && gradient.expected == nullptr ? pair.score() : pair.score(gradient);
}

double below_infinity(double score) {
  PLAIT_REQUIRE(!(score == std::numeric_limits<double>::infinity()),
                "SoftDTW: the sum of distances, in units of gamma, is beyond the largest float64; scale the series");
  return score;
}

std::unique_ptr<Method> make_soft_dtw(double gamma) { return std::make_unique<SoftMethod>(gamma); }

}  // namespace plait::align
