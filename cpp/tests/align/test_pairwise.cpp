// The kernels of similarity at every level against the definition: values, paths, blocks, tiles, lanes, ranges and memory limits.
#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "align/core/traceback.hpp"
#include "align/pairwise/diagonals.hpp"
#include "align/pairwise/integer.hpp"
#include "align/pairwise/recursion.hpp"
#include "align/pairwise/tiles.hpp"

using namespace plait;
using namespace plait::tensor;
using namespace plait::align;
using namespace plait::align::detail;

namespace {

struct Level {
  const char* name;
  const StripedTable* striped;
  const PairwiseLanesTable* lanes;
  const PairwiseDiagonalTable* diagonals;
  const PairwiseTileTable* rows;
};
std::vector<Level> levels() {
  std::vector<Level> found{{"v2", &v2::striped_table(), &v2::pairwise_lanes_table(), &v2::pairwise_diagonal_table(), &v2::pairwise_tile_table()}};
#if defined(__x86_64__)
  if (isa_supported(Isa::v3))
    found.push_back({"v3", &v3::striped_table(), &v3::pairwise_lanes_table(), &v3::pairwise_diagonal_table(), &v3::pairwise_tile_table()});
  if (isa_supported(Isa::v4))
    found.push_back({"v4", &v4::striped_table(), &v4::pairwise_lanes_table(), &v4::pairwise_diagonal_table(), &v4::pairwise_tile_table()});
#endif
  return found;
}

using Random = std::mt19937;
Index below(Random& random, Index n) { return static_cast<Index>(random() % static_cast<unsigned>(n)); }

std::vector<std::uint8_t> text(Random& random, Index length, Index letters) {
  std::vector<std::uint8_t> out(static_cast<std::size_t>(length));
  for (auto& c : out) c = static_cast<std::uint8_t>(below(random, letters));
  return out;
}
/// Like x, but for some places: alignments with a long way along the diagonal.
std::vector<std::uint8_t> relative(Random& random, const std::vector<std::uint8_t>& x, Index letters) {
  std::vector<std::uint8_t> out;
  for (const std::uint8_t c : x) {
    const Index dice = below(random, 12);
    if (dice == 0) continue;
    if (dice == 1) out.push_back(static_cast<std::uint8_t>(below(random, letters)));
    out.push_back(dice == 2 ? static_cast<std::uint8_t>(below(random, letters)) : c);
  }
  if (below(random, 3) == 0) {  // and for a long gap
    const auto from = out.begin() + below(random, static_cast<Index>(out.size()) + 1);
    out.erase(from, from + below(random, out.end() - from + 1));
  }
  if (out.empty()) out.push_back(0);
  return out;
}
Sequence sequence(const std::vector<std::uint8_t>& t) { return {t.data(), static_cast<Index>(t.size()), 1, Sequence::Kind::u8}; }

/// Scores in units of `unit`; ends of every kind.
PairwiseOptions options(Random& random, Index letters, double unit) {
  PairwiseOptions out;
  if (below(random, 3) == 0) {
    out.similarity.match = static_cast<double>(1 + below(random, 5)) * unit;
    out.similarity.mismatch = -static_cast<double>(below(random, 5)) * unit;
  } else {
    out.similarity.size = letters;
    for (Index k = 0; k < letters * letters; ++k) out.similarity.matrix.push_back(static_cast<double>(below(random, 14) - 7) * unit);
  }
  out.extend = -static_cast<double>(below(random, 4)) * unit;
  out.open = out.extend - static_cast<double>(below(random, 3) * below(random, 5)) * unit;
  const Index ends = below(random, 20);
  out.ends = {(ends & 1) != 0, (ends & 2) != 0, (ends & 4) != 0, (ends & 8) != 0, ends >= 16};
  if (out.ends.local) out.ends = {.local = true};
  return out;
}

Path defined(const PairwiseOptions& o, const Sequence& x, const Sequence& y) {
  Traced<Order::maximum> traced;
  const auto end = run_recursion(o, traced, x, y);
  return {end.score, pairs_of(traced.path(end))};
}

}  // namespace

TEST_CASE("striped blocks give the definition's score and path, also within little memory") {
  Random random(1);
  Workspace workspace;
  for (int round = 0; round < 400; ++round) {
    const Index letters = 2 + below(random, 12);
    const PairwiseOptions o = options(random, letters, round % 4 == 0 ? 0.25 : 1);
    const Index size = round % 20 == 0 ? 900 : round % 3 == 0 ? 150 : 20;
    const auto x = text(random, 1 + below(random, size), letters);
    const auto y = round % 2 == 0 ? relative(random, x, letters) : text(random, 1 + below(random, size), letters);
    const Path expected = defined(o, sequence(x), sequence(y));
    const auto whole = IntegerScores::of(o);
    REQUIRE(whole.has_value());
    for (const Level& level : levels()) {
      INFO("round ", round, " at ", std::string(level.name));
      IntegerProfiles profiles;
      CHECK(integer_score(*whole, *level.striped, sequence(x), sequence(y), profiles, workspace) == expected.score);
      for (const std::size_t limit : {std::size_t{1} << 28, std::size_t{0}, x.size() * y.size() / 8}) {
        IntegerProfiles fresh;
        const auto found = integer_path(*whole, *level.striped, sequence(x), sequence(y), limit, fresh, workspace);
        REQUIRE(found.has_value());
        CHECK(found->score == expected.score);
        CHECK(found->pairs == expected.pairs);
      }
    }
  }
}

TEST_CASE("striped blocks at the ends of every range of integers") {
  Random random(2);
  Workspace workspace;
  for (const double scale : {1.0, 9.0, 60.0, 120.0, 900.0, 15'000.0, 400'000.0, 1'000'000.0}) {
    for (int round = 0; round < 12; ++round) {
      PairwiseOptions o = options(random, 4, 1);
      for (double& v : o.similarity.matrix) v = std::nearbyint(v / 7 * scale);
      o.similarity.match = scale;
      o.similarity.mismatch = -std::nearbyint(scale / 2);
      if (round % 2 == 0) o.open = o.extend = -scale;
      const auto x = text(random, 1 + below(random, 300), 4);
      const auto y = relative(random, x, 4);
      const Path expected = defined(o, sequence(x), sequence(y));
      const auto whole = IntegerScores::of(o);
      REQUIRE(whole.has_value());
      for (const Level& level : levels()) {
        INFO("scale ", scale, " round ", round, " at ", std::string(level.name));
        IntegerProfiles profiles;
        const auto score = integer_score(*whole, *level.striped, sequence(x), sequence(y), profiles, workspace);
        if (score) CHECK(*score == expected.score);
        if (scale < 1'000'000) CHECK(score.has_value());
        const auto path = integer_path(*whole, *level.striped, sequence(x), sequence(y), 1 << 20, profiles, workspace);
        if (path) CHECK(path->pairs == expected.pairs);
      }
    }
  }
}

TEST_CASE("lanes give what pairs give") {
  Random random(3);
  Workspace workspace;
  for (int round = 0; round < 60; ++round) {
    const Index letters = 2 + below(random, 20);
    const PairwiseOptions o = options(random, letters, 1);
    const Index size = round % 3 == 0 ? 300 : 40;
    const auto x = text(random, 1 + below(random, size), letters);
    std::vector<std::vector<std::uint8_t>> texts;
    for (int k = 0; k < 150; ++k) texts.push_back(k % 7 == 0 ? relative(random, x, letters) : text(random, below(random, size), letters));
    std::vector<Sequence> sequences;
    for (const auto& t : texts) sequences.push_back(sequence(t));
    const References references(sequences);
    const auto whole = IntegerScores::of(o);
    REQUIRE(whole.has_value());
    for (const Level& level : levels()) {
      std::vector<double> scores(texts.size(), 1e9);
      const std::vector<Index> left = integer_scores(*whole, *level.lanes, sequence(x), references, 3, 150, scores.data() + 3, workspace);
      CHECK(left.size() < 120);
      for (const Index k : left) scores[static_cast<std::size_t>(k)] = 1e9;
      for (std::size_t k = 3; k < texts.size(); ++k) {
        if (scores[k] == 1e9) continue;
        INFO("round ", round, " at ", std::string(level.name), " reference ", k);
        Best<Order::maximum> best;
        CHECK(scores[k] == run_recursion(o, best, sequence(x), sequence(texts[k])).score);
      }
    }
  }
}

TEST_CASE("diagonals round and choose as the definition does, whatever the scores") {
  Random random(4);
  Workspace workspace;
  for (int round = 0; round < 300; ++round) {
    const Index letters = 2 + below(random, 6);
    PairwiseOptions o = options(random, letters, round % 2 == 0 ? 0.1 : 1);
    if (round % 5 == 0) std::swap(o.open, o.extend);  // opening is cheaper than going on
    const Index size = round % 10 == 0 ? 200 : 25;
    const auto x = text(random, 1 + below(random, size), letters);
    const auto y = round % 3 == 0 ? relative(random, x, letters) : text(random, 1 + below(random, size), letters);
    const Path expected = defined(o, sequence(x), sequence(y));
    for (const Level& level : levels()) {
      INFO("round ", round, " at ", std::string(level.name));
      CHECK(diagonal_score(o, *level.diagonals, sequence(x), sequence(y), workspace) == expected.score);
      for (const std::size_t limit : {std::size_t{1} << 28, std::size_t{0}}) {
        const Path found = diagonal_path(o, *level.diagonals, sequence(x), sequence(y), limit, workspace);
        CHECK(found.score == expected.score);
        CHECK(found.pairs == expected.pairs);
      }
    }
  }
}

TEST_CASE("tiles of rows round as the definition does, and count its alignments") {
  Random random(5);
  Workspace workspace;
  for (int round = 0; round < 400; ++round) {
    const Index letters = 2 + below(random, 6);
    const double unit = round % 3 == 0 ? 0.1 : round % 3 == 1 ? 0.25 : 1;
    const PairwiseOptions o = options(random, letters, unit);
    const Index size = round % 10 == 0 ? 200 : 40;
    const auto x = text(random, 1 + below(random, size), letters);
    const auto y = round % 2 == 0 ? relative(random, x, letters) : text(random, 1 + below(random, size), letters);
    Counted<Order::maximum> counted;
    const auto expected = run_recursion(o, counted, sequence(x), sequence(y));
    for (const Level& level : levels()) {
      INFO("round ", round, " at ", std::string(level.name));
      CHECK(pairwise_tile_score(o, *level.rows, sequence(x), sequence(y), workspace) == expected.score);
      if (unit == 0.1) continue;  // sums that are equal but for rounding are another matter
      const double paths = pairwise_tile_count(o, *level.rows, sequence(x), sequence(y), workspace);
      CHECK(paths == (o.ends.local && expected.score == 0 ? doctest::Approx(1) : doctest::Approx(expected.paths).epsilon(1e-12)));
    }
  }
}
