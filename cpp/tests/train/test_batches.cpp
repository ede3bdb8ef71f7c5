#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "plait/base/error.hpp"
#include "plait/train/batches.hpp"

using namespace plait;
using namespace plait::train;

namespace {

template <class T>
Rows rows_of(const std::vector<T>& data, SourceType type, Index count, Shape shape) {
  return {data.data(), type, count, std::move(shape)};
}

}  // namespace

TEST_CASE("gathering converts every source to every type, in any order, for any number of threads") {
  std::vector<std::uint8_t> bytes(70000 * 3);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 7);
  std::vector<std::int64_t> order(70000);
  std::iota(order.rbegin(), order.rend(), 0);
  const Rows rows = rows_of(bytes, SourceType::uint8, 70000, {3});
  std::vector<float> one(bytes.size()), two(bytes.size());
  gather_rows(one.data(), DType::float32, rows, order.data(), 0, 70000, 1);
  gather_rows(two.data(), DType::float32, rows, order.data(), 0, 70000, 2);
  CHECK(one == two);
  bool right = true;
  for (std::size_t k = 0; k < order.size(); ++k)
    for (std::size_t i = 0; i < 3; ++i) right = right && one[3 * k + i] == static_cast<float>(bytes[3 * static_cast<std::size_t>(order[k]) + i]);
  CHECK(right);

  const std::vector<double> doubles{1.5, -2.25, 1e300, std::numeric_limits<double>::quiet_NaN()};
  std::vector<float> floats(4);
  gather_rows(floats.data(), DType::float32, rows_of(doubles, SourceType::float64, 4, {}), nullptr, 0, 4);
  CHECK(floats[1] == -2.25F);
  CHECK(std::isinf(floats[2]));
  CHECK(std::isnan(floats[3]));
  std::vector<std::int32_t> ints(2);
  gather_rows(ints.data(), DType::int32, rows_of(std::vector<std::int64_t>{5, -6, 7}, SourceType::int64, 0, {}), nullptr, 0, 0);
  const std::vector<std::int64_t> longs{5, -6, 7};
  gather_rows(ints.data(), DType::int32, rows_of(longs, SourceType::int64, 3, {}), nullptr, 1, 2);
  CHECK(ints == std::vector<std::int32_t>{-6, 7});
}

TEST_CASE("batches cover every row once, the last one with what is left") {
  std::vector<float> x(103 * 2);
  std::iota(x.begin(), x.end(), 0.0F);
  std::vector<std::int32_t> t(103);
  std::iota(t.begin(), t.end(), 0);
  Batches batches({rows_of(x, SourceType::float32, 103, {2}), rows_of(t, SourceType::int32, 103, {})}, {DType::float32, DType::int64}, {"x", "t"},
                  25);
  CHECK(batches.count() == 5);
  CHECK(batches.size(3) == 25);
  CHECK(batches.size(4) == 3);
  CHECK(batches.specs(3) == std::vector<Spec>{{{3, 2}, DType::float32}, {{3}, DType::int64}});

  std::vector<Index> first_order;
  for (const std::uint64_t epoch : {0, 1, 0}) {
    batches.shuffle(9, epoch);
    std::vector<Index> order;
    for (Index b = 0; b < batches.count(); ++b) {
      const void* const* feeds = batches.feeds(b);
      for (Index k = 0; k < batches.size(b); ++k) {
        const auto row = static_cast<const std::int64_t*>(feeds[1])[k];
        CHECK(static_cast<const float*>(feeds[0])[2 * k + 1] == static_cast<float>(2 * row + 1));  // the arrays go together
        order.push_back(row);
      }
    }
    CHECK(std::set<Index>(order.begin(), order.end()).size() == 103);
    if (epoch == 1) CHECK(order != first_order);
    else if (first_order.empty()) first_order = order;
    else CHECK(order == first_order);  // a function of seed and epoch alone
  }

  batches.keep_order();
  CHECK(batches.feeds(2)[0] == x.data() + 2 * 50);  // no copy where none is needed
}

TEST_CASE("a value without rows stands in every batch") {
  const std::vector<float> x(10);
  const std::vector<double> beta{0.5};
  Batches batches({rows_of(x, SourceType::float32, 10, {}), rows_of(beta, SourceType::float64, kAny, {})}, {DType::float32, DType::float32},
                  {"x", "beta"}, 4);
  batches.shuffle(1, 1);
  for (Index b = 0; b < 3; ++b) CHECK(*static_cast<const float*>(batches.feeds(b)[1]) == 0.5F);
  CHECK(batches.specs(4)[1] == Spec{{}, DType::float32});
}

TEST_CASE("what does not go together is refused by name") {
  const std::vector<float> x(10);
  const auto make = [&](Index n, Index m, Index batch) {
    return Batches({rows_of(x, SourceType::float32, n, {}), rows_of(x, SourceType::float32, m, {})}, {DType::float32, DType::float32}, {"x", "t"},
                   batch);
  };
  CHECK_THROWS_WITH_AS(make(10, 9, 4), "data: 'x' has 10 rows and 't' has 9", ShapeError);
  CHECK_THROWS_AS(make(0, 0, 4), ShapeError);
  CHECK_THROWS_AS(make(10, 10, 0), std::invalid_argument);
  CHECK_THROWS_AS(make(kAny, kAny, 4), ShapeError);
  CHECK(make(10, 10, 1000).count() == 1);
}
