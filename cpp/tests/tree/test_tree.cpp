// Trees from C++: pessimistic errors of the book, one tree for any number of threads, and files that hold no tree.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>

#include "plait/base/error.hpp"
#include "plait/tree/fit.hpp"
#include "tree/columns.hpp"

using namespace plait;
using namespace plait::tree;

namespace {

struct Data {
  std::vector<double> values;
  std::vector<std::uint16_t> labels;
  std::int32_t features = 4;

  explicit Data(int rows, double missing = 0) {
    std::mt19937 draw(1);
    std::normal_distribution<double> normal;
    std::uniform_real_distribution<double> uniform;
    for (int i = 0; i < rows; ++i) {
      double x[4];
      for (double& v : x) v = normal(draw);
      x[3] = static_cast<double>(draw() % 3);
      labels.push_back(static_cast<std::uint16_t>((x[0] * x[1] + x[2] + 0.3 * normal(draw) > 0 ? 1 : 0) + (x[3] > 1 ? 1 : 0)));
      for (const double v : x) values.push_back(uniform(draw) < missing ? std::numeric_limits<double>::quiet_NaN() : v);
    }
  }
  [[nodiscard]] Samples samples() const {
    return {values.data(), static_cast<Index>(labels.size()), features, labels.data(), 3, nullptr, {0, 0, 0, 3}};
  }
};

void check_same(const Tree& a, const Tree& b) {
  CHECK(a.attribute == b.attribute);
  CHECK(a.threshold == b.threshold);
  CHECK(a.first == b.first);
  CHECK(a.counts == b.counts);
  CHECK(a.maps == b.maps);
}

}  // namespace

TEST_CASE("pessimistic errors are those of the book") {  // C4.5, chapter 4: U25%(6, 0), U25%(9, 0), U25%(1, 0)
  CHECK(added_errors(6, 0, 0.25) / 6 == doctest::Approx(0.206).epsilon(0.005));
  CHECK(added_errors(9, 0, 0.25) / 9 == doctest::Approx(0.143).epsilon(0.005));
  CHECK(added_errors(1, 0, 0.25) == doctest::Approx(0.750));
  CHECK(1 + added_errors(16, 1, 0.25) == doctest::Approx(16 * 0.157).epsilon(0.02));  // the normal approximation, from one error on
  CHECK(added_errors(2, 2, 0.25) == 0);
}

TEST_CASE("the tree does not depend on the threads") {
  for (const double missing : {0.0, 0.05})
    for (const int bins : {0, 32}) {
      const Data data(9000, missing);
      Options options;
      options.max_bins = bins;
      options.threads = 1;
      const Tree one = fit(data.samples(), options);
      CHECK(one.size() > 20);
      one.validate();
      for (const int threads : {2, 7}) {
        options.threads = threads;
        check_same(one, fit(data.samples(), options));
      }
    }
}

TEST_CASE("rows in blocks end where single rows do") {
  const Data data(5000, 0.02);
  const Tree tree = fit(data.samples(), {});
  std::vector<std::int32_t> many(5000), one(1), labels(5000);
  std::vector<double> shares(15000), share(3);
  tree.apply(data.values.data(), 5000, many.data());
  tree.predict(data.values.data(), 5000, labels.data());
  tree.probabilities(data.values.data(), 5000, shares.data());
  for (Index i = 0; i < 5000; i += 7) {
    tree.apply(data.values.data() + 4 * i, 1, one.data());
    CHECK(one[0] == many[static_cast<std::size_t>(i)]);
    tree.predict(data.values.data() + 4 * i, 1, one.data());
    CHECK(one[0] == labels[static_cast<std::size_t>(i)]);
    tree.probabilities(data.values.data() + 4 * i, 1, share.data());
    for (std::size_t k = 0; k < 3; ++k) CHECK(share[k] == shares[static_cast<std::size_t>(3 * i) + k]);
    CHECK(share[0] + share[1] + share[2] == doctest::Approx(1));
  }
}

TEST_CASE("bins and sorted orders") {
  const std::vector<double> borders{-1, 0, 2.5, 9};
  for (const double x : {-7.0, -1.0, -0.5, 0.0, 0.1, 2.5, 3.0, 9.0, 99.0}) {
    int expected = 0;
    for (std::size_t b = 0; b + 1 < borders.size(); ++b) expected += x > borders[b] ? 1 : 0;
    CHECK(locate(borders, x) == expected);
  }
  CHECK(locate({}, 3.0) == 0);
  CHECK(locate({1.0}, 3.0) == 0);
  Data data(5000, 0.1);
  data.values[0] = -0.0;
  data.values[4] = 0.0;
  data.values[8] = -std::numeric_limits<double>::denorm_min();
  Levels values;
  SortSpace space;
  const Samples samples = data.samples();
  const std::vector<Ranked> order = presort(samples, 0, values, space);
  CHECK(order.size() == 5000);
  for (std::size_t i = 1; i < values.size(); ++i) CHECK(values[i - 1] < values[i]);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const double x = data.values[4 * static_cast<std::size_t>(order[i].id)];
    if (i > 0) CHECK(order[i - 1].rank <= order[i].rank);
    if (order[i].rank == kMissingRank) CHECK(std::isnan(x));
    else CHECK(values[order[i].rank] == x);
  }
}

TEST_CASE("misuse is refused by name") {
  const Data data(50);
  Samples samples = data.samples();
  const auto message_of = [&](const Options& options) {
    try {
      fit(samples, options);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  Options options;
  options.confidence = 0.7;
  CHECK(message_of(options).find("confidence: 0.7") == 0);
  options = {};
  options.min_leaf = -1;
  CHECK(message_of(options).find("min_leaf: -1") == 0);
  samples.categories = {0, 0, 0, 2};
  CHECK(message_of({}).find("feature 3: category 2 in row") == 0);
  samples.categories = {0};
  CHECK(message_of({}).find("fit: 4 features") == 0);
}

TEST_CASE("arrays that are no tree") {
  const Data data(400);
  const Tree good = fit(data.samples(), {});
  good.validate();
  REQUIRE(good.attribute[0] >= 0);
  const auto refused = [&](auto&& change) {
    Tree tree = good;
    change(tree);
    CHECK_THROWS_AS(tree.validate(), FormatError);
  };
  refused([](Tree& t) { t.first[0] = 0; });
  refused([](Tree& t) { t.branches[0] = 100000; });
  refused([](Tree& t) { t.attribute[0] = 4; });
  refused([](Tree& t) { t.attribute[0] = -2; });
  refused([](Tree& t) { t.counts[0] = std::numeric_limits<double>::infinity(); });
  refused([](Tree& t) { t.weight.pop_back(); });
  refused([](Tree& t) { t.map[0] = 1 << 20; });
  refused([](Tree& t) { t.categories.push_back(0); });
}
