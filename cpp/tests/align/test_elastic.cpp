// Every fast form of every elastic measure, at every instruction set level, against the definition: the same bits, the same path.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "align/elastic/lower_bounds.hpp"
#include "align/elastic/measure.hpp"
#include "plait/base/random.hpp"

using namespace plait;
using namespace plait::tensor;
using namespace plait::align;
using namespace plait::align::detail;

namespace {

struct Level {
  const char* name;
  const ElasticTable* table;
};
std::vector<Level> levels() {
  std::vector<Level> found{{"v2", &v2::elastic_table()}};
#if defined(__x86_64__)
  if (isa_supported(Isa::v3)) found.push_back({"v3", &v3::elastic_table()});
  if (isa_supported(Isa::v4)) found.push_back({"v4", &v4::elastic_table()});
#endif
  return found;
}

/// Numbers from a seed.
struct Draw {
  std::uint64_t seed, at = 0;
  Index below(Index most) { return static_cast<Index>(Philox{seed, 0}.block(at++)[0] % static_cast<std::uint32_t>(most)); }
  /// Small whole numbers make ties; others make every path different.
  std::vector<double> series(Index length, Index width, bool whole) {
    std::vector<double> out(static_cast<std::size_t>(length * width));
    for (double& value : out) value = whole ? static_cast<double>(below(4)) - 1 : static_cast<double>(below(1 << 20)) * 0x1p-18 - 2;
    return out;
  }
};

Measure measure_of(Cost cost, Draw& draw, Index width) {
  Measure measure;
  measure.name = "test";
  measure.cost = cost;
  const CostTraits& traits = traits_of(cost);
  if (traits.per_value) {
    measure.parameters.assign(draw.below(2) == 0 ? 1 : static_cast<std::size_t>(width), 0.25);
  } else {
    for (const char* name : traits.parameters) {
      if (name != nullptr) measure.parameters.push_back(0.125 * static_cast<double>(draw.below(8)));
    }
  }
  return measure;
}

/// A metric of DTW.
bool warps(const Measure& measure) { return measure.shared() || measure.traits().first_once; }
/// A random limit that lets a path through, or none.
void bound(Measure& measure, Draw& draw, const Sequence& x, const Sequence& y) {
  switch (draw.below(7)) {
    case 0: measure.window = Window{draw.below(6), -1}; break;
    case 1: measure.window = Window{std::abs(x.length - y.length) + draw.below(8), -1}; break;
    case 2: measure.window = Window{0, 0.125 * static_cast<double>(draw.below(8))}; break;
    case 3:
      measure.window = Window{draw.below(9), -1};
      measure.slanted = true;
      break;
    case 4:
      if (warps(measure)) measure.slope = 1.25 + 0.25 * static_cast<double>(draw.below(8));
      break;
    default: break;
  }
  if (warps(measure) && measure.slope == 0 && !measure.slanted) measure.open_begin = draw.below(3) == 0, measure.open_end = draw.below(3) == 0;
}
bool possible(const Measure& measure, const Sequence& x, const Sequence& y) {
  try {
    check_pair(measure, x, y);
    return true;
  } catch (const std::invalid_argument&) {
    return false;
  }
}
Sequence sequence(const std::vector<double>& values, Index width) { return {values.data(), static_cast<Index>(values.size()) / width, width}; }

}  // namespace

TEST_CASE("one pair: score and path are those of the definition, whatever memory the path may take") {
  Workspace workspace;
  int tried = 0;
  for (std::uint64_t seed = 0; seed < 2500; ++seed) {
    Draw draw{seed};
    const auto cost = static_cast<Cost>(draw.below(kCosts));
    const Index n = draw.below(seed % 5 == 0 ? 150 : 20), m = draw.below(seed % 5 == 0 ? 150 : 20);
    const Index width = traits_of(cost).precomputed ? std::max<Index>(m, 1) : draw.below(3) == 0 ? 1 + draw.below(4) : 1;
    const bool whole = draw.below(2) == 0;
    const std::vector<double> a = draw.series(n, width, whole), b = draw.series(m, traits_of(cost).precomputed ? 1 : width, whole);
    const Sequence x = sequence(a, width), y = sequence(b, traits_of(cost).precomputed ? 1 : width);
    Measure measure = measure_of(cost, draw, width);
    bound(measure, draw, x, y);
    if (!possible(measure, x, y)) continue;
    ++tried;
    const Path right = path_by_definition(measure, x, y);
    REQUIRE(right.score < kUnreachable);
    for (const Level& level : levels()) {
      CAPTURE(seed);
      CAPTURE(std::string(level.name));
      CAPTURE(static_cast<int>(cost));
      CAPTURE(n);
      CAPTURE(m);
      CHECK(pair_score(measure, *level.table, x, y, kUnreachable, workspace) == right.score);
      CHECK(pair_score(measure, *level.table, x, y, right.score, workspace) == right.score);
      const double early = pair_score(measure, *level.table, x, y, right.score - 0.25, workspace);
      CHECK((early == right.score || early == kUnreachable));
      for (const std::size_t limit : {std::size_t{1} << 20, std::size_t{3000}, std::size_t{0}}) {
        const Path found = pair_path(measure, *level.table, x, y, limit, workspace);
        CHECK(found.score == right.score);
        CHECK(found.pairs == right.pairs);
      }
    }
  }
  CHECK(tried > 1200);
}

TEST_CASE("many pairs in lanes: the scores are those of the definition") {
  Workspace workspace;
  for (std::uint64_t seed = 0; seed < 1200; ++seed) {
    Draw draw{seed + 100'000};
    const auto cost = static_cast<Cost>(draw.below(kCosts));
    if (traits_of(cost).precomputed) continue;
    const Index width = draw.below(3) == 0 ? 1 + draw.below(4) : 1;
    const bool whole = draw.below(2) == 0;
    const std::vector<double> a = draw.series(draw.below(24), width, whole);
    const Sequence x = sequence(a, width);
    std::vector<std::vector<double>> bs;
    std::vector<Sequence> ys;
    const Index m = draw.below(24);
    Measure measure = measure_of(cost, draw, width);
    for (Index k = 0; k < 8; ++k) bs.push_back(draw.series(m, width, whole));
    for (const auto& b : bs) ys.push_back(sequence(b, width));
    bound(measure, draw, x, ys[0]);
    // Where neither the band nor the weights depend on it, lengths differ.
    if (!measure.traits().weighted_by_lengths && measure.slope == 0 && !measure.slanted && (!measure.window || measure.window->fraction < 0)) {
      for (Index k = 1; k < 8; ++k) ys[static_cast<std::size_t>(k)].length = draw.below(m + 1);
    }
    ys.erase(std::remove_if(ys.begin(), ys.end(), [&](const Sequence& y) { return !possible(measure, x, y); }), ys.end());
    if (ys.empty()) continue;
    std::vector<double> right;
    for (const Sequence& y : ys) right.push_back(path_by_definition(measure, x, y).score);
    for (const Level& level : levels()) {
      const int count = std::min<int>(level.table->lanes, static_cast<int>(ys.size()));
      const Sequence* lanes[kMostLanes];
      double found[kMostLanes];
      const ElasticReferences prepared(measure, ys);
      std::vector<const double*> features(static_cast<std::size_t>(count), nullptr);
      for (int k = 0; k < count; ++k) lanes[k] = &ys[static_cast<std::size_t>(k)];
      for (Index k = 0; k < count && seed % 2 == 0; ++k) features[static_cast<std::size_t>(k)] = prepared.features(k);
      many_scores(measure, *level.table, x, lanes, features.data(), count, kUnreachable, found, workspace);
      CAPTURE(seed);
      CAPTURE(std::string(level.name));
      CAPTURE(static_cast<int>(cost));
      for (int k = 0; k < count; ++k) CHECK(found[k] == right[static_cast<std::size_t>(k)]);
      const double cutoff = right[0];
      many_scores(measure, *level.table, x, lanes, features.data(), count, cutoff, found, workspace);
      for (int k = 0; k < count; ++k) CHECK((found[k] == right[static_cast<std::size_t>(k)] || right[static_cast<std::size_t>(k)] > cutoff));
    }
  }
}

TEST_CASE("lower bounds are below the score, on every level") {
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    Draw draw{seed + 200'000};
    const Cost costs[] = {
        Cost::squared, Cost::absolute, Cost::euclidean, Cost::squared_symmetric2, Cost::absolute_symmetric2, Cost::euclidean_symmetric2};
    const Index width = 1 + draw.below(3);
    Measure measure = measure_of(costs[draw.below(6)], draw, width);
    const std::vector<double> a = draw.series(1 + draw.below(40), width, false), b = draw.series(1 + draw.below(40), width, false);
    const Sequence x = sequence(a, width), y = sequence(b, width);
    bound(measure, draw, x, y);
    measure.open_begin = measure.open_end = false;
    if (!possible(measure, x, y)) continue;
    REQUIRE(has_bounds(measure));
    const double right = path_by_definition(measure, x, y).score;
    const Envelope seen = envelope(x, measure.band(x.length, y.length));
    for (const Level& level : levels()) CHECK(lower_bound(measure, *level.table, x, seen, y) <= right);
    if (measure.shared() && x.length == y.length && measure.window && measure.window->of(x.length, y.length) == 0) {  // then it is the score itself
      CHECK(lower_bound(measure, elastic_loops(), x, seen, y) == doctest::Approx(right));
    }
  }
}

TEST_CASE("rows: distances, asymmetric steps and what lies beyond an envelope are those of plain loops, on every level") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Draw draw{seed + 300'000};
    const Index width = 1 + draw.below(3), n = 1 + draw.below(40), stride = n + kMostLanes, pad = kMostLanes + 2;
    const bool whole = draw.below(2) == 0;
    const std::vector<double> a = draw.series(1, width, whole), b = draw.series(n, width, whole);
    const Sequence x = sequence(a, width), y = sequence(b, width);
    for (const Level& level : levels()) {
      CAPTURE(std::string(level.name));
      for (int c = 0; c < kCosts; ++c) {
        const auto loop = level.table->row_costs[c][width == 1 ? 1 : 0];
        if (loop == nullptr) continue;
        Measure measure;
        measure.cost = static_cast<Cost>(c);
        const CellCosts right(measure, x, y);
        const Index features = feature_count(measure, width);
        std::vector<double> xs(static_cast<std::size_t>(features)), ys(static_cast<std::size_t>(features * stride)),
            found(static_cast<std::size_t>(stride));
        lay_out(measure, x, xs.data(), 1, 1);
        lay_out(measure, y, ys.data(), stride, 1);
        loop(xs.data(), ys.data(), stride, width, n, found.data());
        const auto columns = right.columns();
        for (Index j = 0; j < n; ++j)
          CHECK(found[static_cast<std::size_t>(j)] == right(right.rows()[0], columns[static_cast<std::size_t>(j)], 1, j + 1).match);
      }
      const std::vector<double> above = draw.series(n + 2 * pad, 1, whole), costs = draw.series(n + pad, 1, whole);
      std::vector<double> out(static_cast<std::size_t>(n + pad)), again(out.size());
      std::vector<std::uint8_t> moves(out.size());
      const double low = level.table->asymmetric_row(above.data() + pad, costs.data(), n, out.data(), moves.data());
      CHECK(low == level.table->asymmetric_row(above.data() + pad, costs.data(), n, again.data(), nullptr));
      CHECK(low == *std::min_element(out.begin(), out.begin() + n));
      for (std::size_t j = 0; j < static_cast<std::size_t>(n); ++j) {
        const double* const at = above.data() + pad + j;
        const double least = std::min({at[0], at[-1], at[-2]});
        CHECK(out[j] == least + costs[j]);
        CHECK(again[j] == out[j]);
        CHECK(static_cast<Move>(moves[j]) == (at[-1] == least ? Move::match : at[-2] == least ? Move::deletion : Move::insertion));
      }
      const std::vector<double> lower = draw.series(n, 1, whole), q = draw.series(n, 1, whole);
      std::vector<double> upper = draw.series(n, 1, whole);
      for (std::size_t k = 0; k < upper.size(); ++k) upper[k] = std::max(upper[k], lower[k]);
      double sums[2][2] = {}, mean = 0, variance = 0, largest = 0, about = 0;
      level.table->moments(q.data(), n, &mean, &variance, &largest);
      for (const double value : q) about += (value - mean) * (value - mean) / static_cast<double>(n);
      CHECK(variance == doctest::Approx(about));
      CHECK(largest == std::fabs(*std::max_element(q.begin(), q.end(), [](double s, double t) { return std::fabs(s) < std::fabs(t); })));
      for (std::size_t k = 0; k < q.size(); ++k) {
        const auto scaled = [](double value) { return (value - 0.5) * 1.5; };
        const double values = std::max({0.0, scaled(q[k]) - upper[k] - 0.25, lower[k] - 0.25 - scaled(q[k])});
        const double bounds = std::max({0.0, q[k] - scaled(upper[k]) - 0.25, scaled(lower[k]) - 0.25 - q[k]});
        sums[0][0] += values, sums[0][1] += values * values, sums[1][0] += bounds, sums[1][1] += bounds * bounds;
      }
      for (int squares = 0; squares < 2; ++squares) {
        CHECK(level.table->scaled_beyond[squares](q.data(), 0.5, 1.5, lower.data(), upper.data(), n, 0.25) == doctest::Approx(sums[0][squares]));
        CHECK(level.table->beyond_scaled[squares](q.data(), 0.5, 1.5, lower.data(), upper.data(), n, 0.25) == doctest::Approx(sums[1][squares]));
      }
    }
  }
}
