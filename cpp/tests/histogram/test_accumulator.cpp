// Filling by several threads and in pieces, sketches and borders, for the sanitizers as well; the Python tests compare with plain twins.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <thread>

#include "plait/base/error.hpp"
#include "plait/histogram/accumulator.hpp"
#include "plait/histogram/borders.hpp"
#include "plait/histogram/sketch.hpp"

using namespace plait;
using namespace plait::histogram;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<double> normal(std::size_t n, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> draw(0, 1);
  std::vector<double> x(n);
  for (double& v : x) v = draw(random);
  return x;
}

}  // namespace

TEST_CASE("two axes filled at once are filled one by one, whatever the number of threads") {
  for (const std::size_t n : {std::size_t{40}, std::size_t{5000}, std::size_t{300'001}}) {
    std::vector<double> x = normal(n, 1);
    const std::vector<double> y = normal(n, 2), w = normal(n, 3);
    std::vector<float> single(x.begin(), x.end());
    for (std::size_t i = 0; i < n; i += 97) single[i] = std::numeric_limits<float>::quiet_NaN();
    const std::vector<std::vector<double>> borders = {{-2, -1, 0, 0.5, 2}, {-1, 0, 1}};
    const std::vector<Column> columns = {{single.data(), true}, {y.data(), false}};
    for (const bool weighted : {false, true}) {
      Accumulator plain(borders, Closed::left);
      for (std::size_t i = 0; i < n; ++i) {
        const double point[] = {static_cast<double>(single[i]), y[i]};
        plain.insert(point, weighted ? w[i] : 1.0);
      }
      const Contents expected = plain.contents();
      Contents first;
      for (const int threads : {1, 2, 4, 0}) {
        Accumulator made(borders, Closed::left);
        made.fill(columns, static_cast<Index>(n), weighted ? w.data() : nullptr, 1.0, threads);
        const Contents found = made.contents();
        CHECK(found.invalid == expected.invalid);
        CHECK(found.squares.has_value() == weighted);
        for (std::size_t k = 0; k < found.sums.size(); ++k) CHECK(found.sums[k] == doctest::Approx(expected.sums[k]).epsilon(1e-9));
        if (threads == 1) first = found;
        CHECK(found.sums == first.sums);
        CHECK(found.squares == first.squares);
      }
    }
  }
}

TEST_CASE("threads fill, insert and read one accumulator") {
  Accumulator made({{0, 0.5, 1}}, Closed::right);
  const std::vector<double> x(20'000, 0.25);
  const std::vector<Column> columns = {{x.data(), false}};
  std::vector<std::thread> threads;
  for (int k = 0; k < 3; ++k) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        made.fill(columns, static_cast<Index>(x.size()), nullptr, 1.0, 2);
        const double one = 0.75;
        made.insert(&one, 1.0);
        CHECK(made.contents().sums[1] >= static_cast<double>(x.size()));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(made.contents().sums == std::vector<double>{0, 300'000, 15, 0});
}

TEST_CASE("weights that are refused change nothing") {
  Accumulator made({{0, 1}}, Closed::left);
  for (const std::size_t n : {std::size_t{10}, std::size_t{100'000}}) {
    const std::vector<double> x(n, 0.5);
    const std::vector<Column> columns = {{x.data(), false}};
    for (const double wrong : {kNan, 1e200}) {
      std::vector<double> w(n, 1.0);
      w.back() = wrong;
      CHECK_THROWS_AS(made.fill(columns, static_cast<Index>(n), w.data(), 1.0, 2), std::invalid_argument);
    }
  }
  CHECK(made.contents().sums == std::vector<double>{0, 0, 0});
}

TEST_CASE("sketches: ranks, merging, and states that none can have") {
  const std::vector<double> x = normal(50'000, 5);
  Sketch whole(200, 1), part(200, 1), other(200, 2);
  whole.update(x.data(), 50'000);
  part.update(x.data(), 20'000);
  other.update(x.data() + 20'000, 30'000);
  part.merge(other);
  for (const Sketch* sketch : {&whole, &part}) {
    std::vector<double> values;
    std::vector<std::uint64_t> weights;
    sketch->sorted(values, weights);
    std::uint64_t below = 0, all = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      all += weights[i];
      if (values[i] <= 0) below += weights[i];
    }
    CHECK(all == 50'000);
    CHECK(std::abs(static_cast<double>(below) / 50'000 - 0.5) < 3 * Sketch::error(200));
  }
  part.merge(part);
  CHECK(part.state().count == 100'000);
  SketchState state = whole.state();
  CHECK(Sketch(state).state().levels == whole.state().levels);
  state.levels.back().push_back(kNan);
  CHECK_THROWS_AS(Sketch{state}, FormatError);
  CHECK_THROWS_AS(Sketch(7, 0), std::invalid_argument);
}

TEST_CASE("borders from data") {
  CHECK(quantile_borders({3, 1, kNan, 2, 2}, 9) == std::vector<double>{1.5, 2.5});
  CHECK(quantile_borders({}, 4).empty());
  CHECK(quantile_borders({1, 1, 1}, 4).empty());
  const std::vector<double> x = normal(10'000, 6), borders = quantile_borders(x, 50);
  REQUIRE(borders.size() == 49);
  const Locator locator(borders, Closed::right);
  std::vector<int> counts(50);
  for (const double v : x) ++counts[locator(v)];
  for (const int count : counts) CHECK(count == 200);
}
