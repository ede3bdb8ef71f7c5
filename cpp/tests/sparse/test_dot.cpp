// The loops over positions on every instruction set against a product by a map.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>

#include "plait/sparse/vector.hpp"
#include "sparse/loops.hpp"

using namespace plait;
using namespace plait::sparse;

namespace {

const DotTable& table_of(Isa level) {
#if defined(__x86_64__)
  if (level == Isa::v4) return v4::sparse_dots();
  if (level == Isa::v3) return v3::sparse_dots();
#endif
  (void)level;
  return v2::sparse_dots();
}

template <class I, class T>
struct Made {
  std::vector<I> positions;
  std::vector<T> values;
};

template <class I, class T>
Made<I, T> make(std::mt19937& random, Index count, Index span) {
  std::vector<I> all(static_cast<std::size_t>(span));
  for (Index i = 0; i < span; ++i) all[static_cast<std::size_t>(i)] = static_cast<I>(i);
  std::shuffle(all.begin(), all.end(), random);
  all.resize(static_cast<std::size_t>(count));
  std::sort(all.begin(), all.end());
  std::uniform_int_distribution<int> value(-8, 8);
  Made<I, T> made{std::move(all), {}};
  for (Index i = 0; i < count; ++i) made.values.push_back(static_cast<T>(value(random)));
  return made;
}

template <class I, class T>
void check(std::mt19937& random, const DotLoops<I, T>& loops, Index n, Index m, Index span) {
  const auto a = make<I, T>(random, n, span), b = make<I, T>(random, m, span);
  std::map<I, double> of_b;
  for (std::size_t j = 0; j < b.positions.size(); ++j) of_b[b.positions[j]] = static_cast<double>(b.values[j]);
  double expected = 0;
  std::vector<T> dense(static_cast<std::size_t>(span));
  for (std::size_t j = 0; j < b.positions.size(); ++j) dense[static_cast<std::size_t>(b.positions[j])] = b.values[j];
  for (std::size_t i = 0; i < a.positions.size(); ++i)
    if (const auto found = of_b.find(a.positions[i]); found != of_b.end()) expected += static_cast<double>(a.values[i]) * found->second;
  // Whole numbers: sums are exact in whatever order.
  CHECK(loops.merge(a.positions.data(), a.values.data(), n, b.positions.data(), b.values.data(), m) == expected);
  CHECK(loops.dense(a.positions.data(), a.values.data(), n, dense.data()) == expected);
}

}  // namespace

TEST_CASE("a merge finds every common position, on every instruction set") {
  std::mt19937 random(1);
  for (const Isa level : {Isa::v2, Isa::v3, Isa::v4}) {
    if (!isa_supported(level)) continue;
    CAPTURE(isa_name(level));
    const DotTable& table = table_of(level);
    for (Index n = 0; n < 40; n += 3)
      for (const Index m : {Index{0}, Index{1}, Index{8}, Index{17}, Index{40}})
        for (const Index span : {Index{40}, Index{64}, Index{400}}) {
          check(random, table.narrow_float, n, m, span);
          check(random, table.narrow_double, n, m, span);
          check(random, table.wide_float, n, m, span);
          check(random, table.wide_double, n, m, span);
        }
  }
}

TEST_CASE("a merge of long vectors whose stretches share many positions, few, or all") {
  std::mt19937 random(3);
  for (const Isa level : {Isa::v2, Isa::v3, Isa::v4}) {
    if (!isa_supported(level)) continue;
    CAPTURE(isa_name(level));
    std::vector<std::int32_t> a, b;
    std::vector<double> x, y;
    double expected = 0;
    std::int32_t at = 0;
    for (int stretch = 0; stretch < 40; ++stretch) {
      const int shared = std::uniform_int_distribution<int>(0, 3)(random);  // of 3: none, some, many, all
      for (int k = 0; k < 900; ++k, ++at) {
        const bool both = std::uniform_int_distribution<int>(0, 9)(random) < (shared == 3 ? 10 : 2 * shared * shared);
        const bool left = both || k % 2 == 0, right = both || k % 2 == 1;
        const double of_a = std::uniform_int_distribution<int>(-8, 8)(random), of_b = std::uniform_int_distribution<int>(-8, 8)(random);
        if (left) a.push_back(at), x.push_back(of_a);
        if (right) b.push_back(at), y.push_back(of_b);
        if (both) expected += of_a * of_b;
      }
    }
    const auto n = static_cast<Index>(a.size()), m = static_cast<Index>(b.size());
    CHECK(table_of(level).narrow_double.merge(a.data(), x.data(), n, b.data(), y.data(), m) == expected);
    CHECK(table_of(level).narrow_double.merge(b.data(), y.data(), m, a.data(), x.data(), n) == expected);
  }
}

TEST_CASE("a product by search is that by merge") {
  std::mt19937 random(2);
  for (const Index n : {1, 7, 8, 9, 30}) {
    const auto a = make<std::int32_t, double>(random, n, 4000), b = make<std::int32_t, double>(random, 2000, 4000);
    const double merged = dot_loops<std::int32_t, double>().merge(a.positions.data(), a.values.data(), n, b.positions.data(), b.values.data(), 2000);
    CHECK(dot_of(a.positions.data(), a.values.data(), n, b.positions.data(), b.values.data(), 2000) == merged);
    CHECK(dot_of(b.positions.data(), b.values.data(), 2000, a.positions.data(), a.values.data(), n) == merged);
  }
}
