// The bounds in 16 bits: the recursion by whole numbers at every level, and that no score lies beneath its bound.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "align/elastic/coarse.hpp"
#include "plait/base/random.hpp"

using namespace plait;
using namespace plait::align;
using namespace plait::align::detail;

namespace {

std::vector<const CoarseTable*> levels() {
  std::vector<const CoarseTable*> found{&v2::coarse_table()};
#if defined(__x86_64__)
  if (isa_supported(Isa::v3)) found.push_back(&v3::coarse_table());
  if (isa_supported(Isa::v4)) found.push_back(&v4::coarse_table());
#endif
  return found;
}

struct Draw {
  std::uint64_t seed, at = 0;
  Index below(Index most) { return static_cast<Index>(Philox{seed, 0}.block(at++)[0] % static_cast<std::uint32_t>(most)); }
  double value() { return static_cast<double>(below(1 << 20)) * 0x1p-18 - 2; }
};

/// A lane by the recursion, in wide numbers that stop at the greatest of 16 bits.
Index plainly(const CoarsePass& pass, Index m, Index lane) {
  constexpr Index kMost = std::numeric_limits<std::uint16_t>::max();
  std::vector<Index> above(static_cast<std::size_t>(m) + 1, kMost), row(above);
  above[0] = 0;
  for (Index i = 1; i <= pass.n; ++i) {
    std::fill(row.begin(), row.end(), kMost);
    for (Index j = pass.lo[i]; j <= pass.hi[i]; ++j) {
      const auto at = static_cast<std::size_t>(j);
      const Index apart = std::max<Index>(0, std::abs(Index{pass.x[i - 1]} - Index{pass.y[(j - 1) * kCoarseLanes + lane]}) - 1);
      row[at] = std::min(kMost, std::min({above[at], above[at - 1], row[at - 1]}) + (apart * apart >> 16 >> pass.shift));
    }
    std::swap(above, row);
  }
  return above[static_cast<std::size_t>(m)];
}

}  // namespace

TEST_CASE("the recursion in 16 bits is that in wide numbers, at every level") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Draw draw{seed};
    const Index n = 1 + draw.below(20), m = 1 + draw.below(20), reach = std::abs(n - m) + draw.below(8), spread = Index{1} << (8 + draw.below(9));
    std::vector<std::uint16_t> x(static_cast<std::size_t>(n)), y(static_cast<std::size_t>(m * kCoarseLanes));
    for (auto* values : {&x, &y})
      for (std::uint16_t& value : *values) value = static_cast<std::uint16_t>(1 + draw.below(spread - 2));
    std::vector<Index> lo(static_cast<std::size_t>(n) + 1), hi(lo);
    for (Index i = 1; i <= n; ++i) {
      lo[static_cast<std::size_t>(i)] = std::max<Index>(1, i - reach), hi[static_cast<std::size_t>(i)] = std::min(m, i + reach);
    }
    for (const CoarseTable* table : levels()) {
      std::vector<std::uint16_t> row(static_cast<std::size_t>((m + 1) * kCoarseLanes), 7);
      const CoarsePass pass{x.data(), y.data(), lo.data(), hi.data(), n, static_cast<int>(seed % 3), row.data()};
      table->run(pass);
      for (Index lane = 0; lane < kCoarseLanes; ++lane) {
        CHECK_EQ(Index{row[static_cast<std::size_t>(m * kCoarseLanes + lane)]}, plainly(pass, m, lane));
      }
    }
  }
}

TEST_CASE("no score is below its bound, and most bounds are near") {
  Index near = 0, all = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Draw draw{seed};
    const bool ragged = seed % 4 == 3;
    const Index n = 20 + draw.below(20), count = 9 + draw.below(60);
    Measure measure;
    measure.name = "test";
    if (seed % 3 > 0) measure.window = Window{ragged ? 12 : 2 + draw.below(6), -1};
    measure.slanted = seed % 6 == 1;
    std::vector<std::vector<double>> values(static_cast<std::size_t>(count) + 1);
    for (auto& series : values) {
      series.resize(static_cast<std::size_t>(ragged ? n - 5 + draw.below(10) : n));
      for (double& value : series) value = draw.value();
    }
    if (seed % 7 == 6) values[1][0] = 1e6;  // takes all of the range
    if (seed % 7 == 5) values[0][0] = -50;  // lies outside of it
    std::vector<Sequence> sequences;
    for (const auto& series : values) sequences.push_back({series.data(), static_cast<Index>(series.size()), 1, Sequence::Kind::f64});
    const Sequence x = sequences.front();
    const References references({sequences.begin() + 1, sequences.end()});
    Workspace workspace;
    std::vector<double> scores, bounds(static_cast<std::size_t>(count), 0.0);
    for (Index k = 0; k < count; ++k) scores.push_back(pair_score(measure, elastic_loops(), x, references[k], kUnreachable, workspace));
    const double limit = *std::max_element(scores.begin(), scores.end());
    CoarseReferences(references).raise(measure, x, limit, bounds, workspace);
    for (std::size_t k = 0; k < scores.size(); ++k) {
      CHECK_LE(bounds[k], scores[k]);
      near += static_cast<Index>(bounds[k] > 0.98 * scores[k]);
      ++all;
    }
  }
  CHECK_GT(2 * near, all);
}
