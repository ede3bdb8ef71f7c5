#include "plait/align/dtw.hpp"

#include <cmath>

#include "plait/base/error.hpp"

namespace plait::align {
namespace {

/// An element of a series: its place and its values.
struct Point {
  Index at;
  const double* values;
};

double distance(const double* a, const double* b, Index width, Metric metric) {
  double sum = 0, aa = 0, bb = 0;
  for (Index k = 0; k < width; ++k) {
    const double d = a[k] - b[k];
    switch (metric) {
      case Metric::absolute: sum += std::fabs(d); break;
      case Metric::cosine: sum += a[k] * b[k], aa += a[k] * a[k], bb += b[k] * b[k]; break;
      default: sum += d * d;
    }
  }
  if (metric == Metric::euclidean) return std::sqrt(sum);
  return metric == Metric::cosine ? 1 - sum / std::sqrt(aa * bb) : sum;
}

std::vector<Point> points(const Sequence& s) {
  std::vector<Point> out;
  out.reserve(static_cast<std::size_t>(s.length));
  for (Index i = 0; i < s.length; ++i) out.push_back({i, s.values() + i * s.width});
  return out;
}

class Dtw final : public Method {
  auto recursion(const Sequence& x, const Sequence& y) const {
    const Index window = options_.window ? options_.window->of(x.length, y.length) : std::max(x.length, y.length);
    const bool open = options_.open_begin;
    const auto init = [open](Index i, Index j) { return i == 0 && (j == 0 || open) ? 0.0 : kWorst<Order::minimum>; };
    const auto rank = [window, metric = options_.metric, width = x.width](const auto& insertion, const auto& match, const auto& deletion, Point a,
                                                                          Point b) {
      const auto best = choose(choose(match, deletion), insertion);
      return best + (std::abs(a.at - b.at) > window ? kWorst<Order::minimum> : distance(a.values, b.values, width, metric));
    };
    return Alignment<Point, decltype(init), decltype(rank)>(init, rank, Ends{.y_begin = open, .y_end = options_.open_end});
  }

 public:
  explicit Dtw(const DtwOptions& options) : options_(options) {}

  void check(const Sequence& x, const Sequence& y) const override {
    PLAIT_REQUIRE_AS(ShapeError, x.width == y.width, "DTW: x has ", x.width, " values an element, y has ", y.width);
    PLAIT_REQUIRE(x.length > 0 && y.length > 0, "DTW: ", x.length == 0 ? "x" : "y", " is empty; a warping path needs an element of each");
    if (!options_.window || options_.open_begin || options_.open_end) return;
    const Index window = options_.window->of(x.length, y.length), apart = std::abs(x.length - y.length);
    PLAIT_REQUIRE(window >= apart, "DTW: a window of ", window, " cells is narrower than the difference ", apart, " of the lengths ", x.length,
                  " and ", y.length, "; no path fits into it");
  }
  double score(const Sequence& x, const Sequence& y, double, Workspace&) const override {
    Best<Order::minimum> best;
    return finish(recursion(x, y).run(best, points(x), points(y)).score);
  }
  Path path(const Sequence& x, const Sequence& y, std::size_t, Workspace&) const override {
    Traced<Order::minimum> traced;
    const auto end = recursion(x, y).run(traced, points(x), points(y));
    Path out{finish(end.score), {}};
    for (const Step& s : traced.path(end)) {
      if (s.i > 0 && s.j > 0) out.pairs.insert(out.pairs.end(), {s.i - 1, s.j - 1});
    }
    return out;
  }
  double count(const Sequence& x, const Sequence& y) const override {
    Counted<Order::minimum> counted;
    return recursion(x, y).run(counted, points(x), points(y)).paths;
  }
  bool symmetric() const override { return !options_.open_begin && !options_.open_end; }

 private:
  [[nodiscard]] double finish(double score) const { return options_.root ? std::sqrt(score) : score; }

  DtwOptions options_;
};

}  // namespace

Index Window::of(Index n, Index m) const {
  // 0.07 * 100 is a little more than 7: what is within rounding of a whole number is that number.
  return fraction < 0 ? cells : static_cast<Index>(std::ceil(fraction * static_cast<double>(std::max(n, m)) * (1 - 1e-12)));
}

std::unique_ptr<Method> make_dtw(const DtwOptions& options) { return std::make_unique<Dtw>(options); }

}  // namespace plait::align
