// Soft-DTW: its loops on every instruction set against the template's soft minimum, and its gradient against differences.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "align/soft/loops.hpp"
#include "plait/align/soft.hpp"
#include "plait/align/template.hpp"

using namespace plait;
using namespace plait::tensor;
using namespace plait::align;
using namespace plait::align::detail;

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
    std::vector<double> m[3], e[3], x(kCount), y(kCount), d(kCount), om(kCount), oe(kCount), bm(kCount), be(kCount), pa(kCount), pc(kCount);
    std::uniform_real_distribution<double> mantissa(1, 2), place(-4, 4);
    std::uniform_int_distribution<int> exponent(-1200, 0);
    for (int k = 0; k < 3; ++k)
      for (Index t = 0; t < kCount; ++t) {
        m[k].push_back(mantissa(random));
        const int whole = exponent(random) / (t % 3 == 0 ? 400 : 1);
        e[k].push_back(k > 0 && t % 5 == 0 ? -std::numeric_limits<double>::infinity() : whole);
      }
    for (Index t = 0; t < kCount; ++t) {
      x[t] = place(random);
      y[t] = place(random);
    }
    loops.distances(x.data(), kCount, y.data(), kCount, 1, d.data(), kCount);
    const auto weights = [&](int k) { return ConstWeights{m[k].data(), e[k].data()}; };
    for (const Index count : {Index{5}, kCount})
      for (const bool given : {true, false}) {
        const Costs costs{given ? d.data() : nullptr, x.data(), y.data()};
        loops.forward(weights(0), weights(1), weights(2), costs, 1.5, {om.data(), oe.data()}, count);
        loops.forward_parts(weights(0), weights(1), weights(2), costs, 1.5, {bm.data(), be.data()}, {pa.data(), pc.data()}, count);
        for (Index t = 0; t < count; ++t) {
          CHECK(om[t] == bm[t]);
          CHECK(oe[t] == be[t]);
        }
        loops.normalise({bm.data(), be.data()}, count);
        for (Index t = 0; t < count; ++t) {
          const double top = std::max({e[0][t], e[1][t], e[2][t]});
          const double a = m[0][t] * std::exp2(e[0][t] - top), b = m[1][t] * std::exp2(e[1][t] - top), c = m[2][t] * std::exp2(e[2][t] - top);
          CHECK(std::log2(om[t]) + oe[t] == doctest::Approx(std::log2(a + b + c) + top - 1.5 * d[t]).epsilon(1e-14));
          CHECK(bm[t] >= 1);
          CHECK(bm[t] < 2);
          CHECK(std::ldexp(bm[t], static_cast<int>(be[t] - oe[t])) == om[t]);
          CHECK(pa[t] == doctest::Approx(a / (a + b + c)).epsilon(1e-14));
          CHECK(pc[t] == doctest::Approx(c / (a + b + c)).epsilon(1e-14));
        }
      }
  }
}

TEST_CASE("the adjoint of a cell is the sum over its successors, on every instruction set") {
  std::mt19937 random(4);
  constexpr Index kCount = 37;
  std::uniform_real_distribution<double> half(0, 0.5);
  std::vector<double> v[9];
  for (auto& values : v)
    for (Index t = 0; t < kCount; ++t) values.push_back(half(random));
  const auto data = [&](int k) { return v[k].data(); };
  for (const Isa level : {Isa::v2, Isa::v3, Isa::v4}) {
    if (!isa_supported(level)) continue;
    CAPTURE(isa_name(level));
    const SoftLoops& loops = loops_of(level);
    std::vector<double> share(kCount), alone(kCount), gx(kCount, 1.0), gy(kCount, 2.0), px(kCount, 1.0), py(kCount, 2.0);
    const ConstParts from_a{data(3), data(4)}, from_b{data(5), data(6)}, from_c{data(4), data(3)};
    loops.backward(data(0), from_a, data(1), from_b, data(2), from_c, share.data(), data(7), data(8), {gx.data(), gy.data()}, kCount);
    loops.backward(data(0), from_a, data(1), from_b, data(2), from_c, alone.data(), data(7), data(8), {}, kCount);
    loops.add_gradients(alone.data(), data(7), px.data(), kCount, data(8), py.data(), kCount, 1, kCount);
    for (Index t = 0; t < kCount; ++t) {
      CHECK(share[t] == alone[t]);
      CHECK(share[t] == doctest::Approx(v[0][t] * v[3][t] + v[2][t] * v[3][t] + v[1][t] * (1 - v[5][t] - v[6][t])).epsilon(1e-14));
      CHECK(gx[t] == doctest::Approx(px[t]).epsilon(1e-14));
      CHECK(gy[t] == doctest::Approx(py[t]).epsilon(1e-14));
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
      const double score = soft_dtw(x, y, {.gamma = gamma}, {}, workspace), expected = definition(a, b, gamma);
      CHECK(std::fabs(score - expected) <= 1e-11 * std::max(std::fabs(expected), gamma));
      CHECK(soft_dtw(y, x, {.gamma = gamma}, {}, workspace) == score);
      std::vector<double> gx(a.size()), gy(b.size());
      CHECK(soft_dtw(x, y, {.gamma = gamma}, {gx.data(), gy.data()}, workspace) == score);
    }
}

TEST_CASE("gradients are differences, in blocks as well") {
  std::mt19937 random(3);
  Workspace workspace;
  for (const auto& [n, m] : {std::pair<Index, Index>{5, 4}, {200, 180}, {400, 380}, {1, 90}, {70000, 2}, {300, 300}, {7, 500}, {500, 33}}) {
    std::vector<double> a = numbers(random, n), b = numbers(random, m);
    SoftOptions options{.gamma = 0.7};
    if (n % 3 != 2) options.window = Window{n % 7, -1}, options.slanted = true;
    const Sequence x{a.data(), n, 1}, y{b.data(), m, 1};
    std::vector<double> gx(a.size()), gy(b.size());
    soft_dtw(x, y, options, {gx.data(), gy.data()}, workspace);
    const auto slope = [&](double& at) {
      const double kept = at, h = 1e-5;
      at = kept + h;
      const double above = soft_dtw(x, y, options, {}, workspace);
      at = kept - h;
      const double below = soft_dtw(x, y, options, {}, workspace);
      at = kept;
      return (above - below) / (2 * h);
    };
    for (std::size_t k = 0; k < a.size(); k += 1 + a.size() / 40) CHECK(slope(a[k]) == doctest::Approx(gx[k]).epsilon(1e-5));
    for (std::size_t k = 0; k < b.size(); k += 1 + b.size() / 40) CHECK(slope(b[k]) == doctest::Approx(gy[k]).epsilon(1e-5));
  }
}

TEST_CASE("numbers below the smallest normal one are there again afterwards") {
  Workspace workspace;
  const std::vector<double> a{1, 2, 3};
  soft_dtw({a.data(), 3, 1}, {a.data(), 3, 1}, {.gamma = 1}, {}, workspace);
  volatile double tiny = 0x1p-1060;
  tiny = tiny * 0.5;
  CHECK(tiny > 0);
}
