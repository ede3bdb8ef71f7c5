// Soft-DTW: its loops on every instruction set against the template's soft minimum, and its gradient against differences.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "align/soft_internal.hpp"
#include "plait/align/soft.hpp"
#include "plait/align/template.hpp"

using namespace plait;
using namespace plait::align;

namespace {

std::vector<double> numbers(std::mt19937& random, Index count, double spread = 1) {
  std::normal_distribution<double> normal(0, spread);
  std::vector<double> values(static_cast<std::size_t>(count));
  for (double& v : values) v = normal(random);
  return values;
}

double definition(const std::vector<double>& x, const std::vector<double>& y, double gamma) {
  const auto init = [](Index i, Index j) { return i == 0 && j == 0 ? 0.0 : kWorst<Order::minimum>; };
  const auto rank = [](const auto& insertion, const auto& match, const auto& deletion, double a, double b) {
    return choose(choose(match, deletion), insertion) + (a - b) * (a - b);
  };
  Soft soft{gamma};
  return Alignment<double, decltype(init), decltype(rank)>(init, rank).run(soft, x, y).score;
}

const SoftLoops& loops_of(Isa level) {
#if defined(__x86_64__)
  if (level == Isa::v4) return v4::soft_loops();
  if (level == Isa::v3) return v3::soft_loops();
#endif
  (void)level;
  return v2::soft_loops();
}

}  // namespace

TEST_CASE("weights add and multiply as numbers do, on every instruction set") {
  std::mt19937 random(1);
  constexpr Index kCount = 37;
  for (const Isa level : {Isa::v2, Isa::v3, Isa::v4}) {
    if (!isa_supported(level)) continue;
    CAPTURE(isa_name(level));
    const SoftLoops& loops = loops_of(level);
    std::vector<double> m[3], e[3], d(kCount), om(kCount), oe(kCount), bm(kCount), be(kCount), share(kCount);
    std::uniform_real_distribution<double> mantissa(1, 2), distance(0, 40);
    std::uniform_int_distribution<int> exponent(-1200, 0);
    for (int k = 0; k < 3; ++k)
      for (Index t = 0; t < kCount; ++t) {
        m[k].push_back(mantissa(random));
        e[k].push_back(k > 0 && t % 5 == 0 ? -std::numeric_limits<double>::infinity() : exponent(random) / (t % 3 == 0 ? 400 : 1));
      }
    for (double& v : d) v = distance(random);
    const auto weights = [&](int k) { return ConstWeights{m[k].data(), e[k].data()}; };
    loops.forward(weights(0), weights(1), weights(2), d.data(), 1.5, {om.data(), oe.data()}, kCount);
    loops.backward(weights(0), weights(1), weights(2), d.data(), 1.5, weights(0), 1.25, 3, {bm.data(), be.data()}, share.data(), kCount);
    CHECK(om == bm);
    CHECK(oe == be);
    loops.normalise({bm.data(), be.data()}, kCount);
    for (Index t = 0; t < kCount; ++t) {
      const double top = std::max({e[0][t], e[1][t], e[2][t]});
      const double sum = m[0][t] * std::exp2(e[0][t] - top) + m[1][t] * std::exp2(e[1][t] - top) + m[2][t] * std::exp2(e[2][t] - top);
      CHECK(std::log2(om[t]) + oe[t] == doctest::Approx(std::log2(sum) + top - 1.5 * d[t]).epsilon(1e-14));
      CHECK(bm[t] >= 1);
      CHECK(bm[t] < 2);
      CHECK(std::ldexp(bm[t], static_cast<int>(be[t] - oe[t])) == om[t]);
      const double product = m[0][t] * sum / 1.25 * std::exp2(std::max(-1000.0, e[0][t] + top - 3));
      CHECK(share[t] == doctest::Approx(product).epsilon(1e-14));
    }
  }
}

TEST_CASE("the score is the template's soft minimum") {
  std::mt19937 random(2);
  Workspace workspace;
  for (const auto& [n, m] : {std::pair<Index, Index>{1, 1}, {1, 80}, {90, 1}, {33, 47}, {120, 100}})
    for (const double gamma : {0.01, 1.0, 50.0}) {
      const std::vector<double> a = numbers(random, n), b = numbers(random, m);
      const Sequence x{a.data(), n, 1}, y{b.data(), m, 1};
      const double score = soft_dtw(x, y, gamma, {}, workspace), expected = definition(a, b, gamma);
      CHECK(std::fabs(score - expected) <= 1e-11 * std::max(std::fabs(expected), gamma));
      CHECK(soft_dtw(y, x, gamma, {}, workspace) == score);
      std::vector<double> gx(a.size()), gy(b.size());
      CHECK(soft_dtw(x, y, gamma, {gx.data(), gy.data()}, workspace) == score);
    }
}

TEST_CASE("gradients are slopes, in blocks as well") {
  std::mt19937 random(3);
  Workspace workspace;
  for (const auto& [n, m] : {std::pair<Index, Index>{5, 4}, {300, 260}}) {
    std::vector<double> a = numbers(random, n), b = numbers(random, m);
    const Sequence x{a.data(), n, 1}, y{b.data(), m, 1};
    std::vector<double> gx(a.size()), gy(b.size());
    soft_dtw(x, y, 0.7, {gx.data(), gy.data()}, workspace);
    const auto slope = [&](double& at) {
      const double kept = at, h = 1e-5;
      at = kept + h;
      const double above = soft_dtw(x, y, 0.7, {}, workspace);
      at = kept - h;
      const double below = soft_dtw(x, y, 0.7, {}, workspace);
      at = kept;
      return (above - below) / (2 * h);
    };
    for (std::size_t k = 0; k < a.size(); k += 1 + a.size() / 40) CHECK(slope(a[k]) == doctest::Approx(gx[k]).epsilon(1e-5));
    for (std::size_t k = 0; k < b.size(); k += 1 + b.size() / 40) CHECK(slope(b[k]) == doctest::Approx(gy[k]).epsilon(1e-5));
  }
}
