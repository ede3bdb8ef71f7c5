// The template against every path written out: best score, its path in ties, the number of best paths, the soft minimum.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "plait/align/algebra.hpp"

namespace plait::align {
namespace {

using Steps = std::vector<Step>;

/// All paths from (0, 0) to (n, m), each with its moves.
std::vector<Steps> all_paths(Index n, Index m) {
  std::vector<Steps> done, open{{{0, 0, Move::none}}};
  while (!open.empty()) {
    const Steps path = open.back();
    open.pop_back();
    const Step at = path.back();
    if (at.i == n && at.j == m) done.push_back(path);
    const auto go = [&](Index i, Index j, Move move) {
      if (i > n || j > m) return;
      Steps longer = path;
      longer.push_back({i, j, move});
      open.push_back(longer);
    };
    go(at.i + 1, at.j + 1, Move::match);
    go(at.i, at.j + 1, Move::deletion);
    go(at.i + 1, at.j, Move::insertion);
  }
  return done;
}

struct EditRank {
  double gap;
  template <class V>
  V operator()(const V& insertion, const V& match, const V& deletion, int a, int b) const {
    return choose(choose(match + (a == b ? 0.0 : 1.0), deletion + gap), insertion + gap);
  }
};

double cost(const Steps& path, const std::vector<int>& x, const std::vector<int>& y, double gap) {
  double sum = 0;
  for (const Step& s : path) {
    if (s.move == Move::match) sum += x[static_cast<std::size_t>(s.i - 1)] == y[static_cast<std::size_t>(s.j - 1)] ? 0 : 1;
    if (s.move == Move::deletion || s.move == Move::insertion) sum += gap;
  }
  return sum;
}

/// Seen from the end: match before deletion before insertion. Move's values are in this order.
bool earlier(const Steps& a, const Steps& b) {
  return std::lexicographical_compare(a.rbegin(), a.rend(), b.rbegin(), b.rend(), [](const Step& p, const Step& q) { return p.move < q.move; });
}

TEST_CASE("the template is the best of all paths, in every algebra") {
  std::mt19937 random(3);
  std::uniform_int_distribution<int> length(0, 4), symbol(0, 2);
  for (int round = 0; round < 60; ++round) {
    std::vector<int> x(static_cast<std::size_t>(length(random))), y(static_cast<std::size_t>(length(random)));
    for (int& v : x) v = symbol(random);
    for (int& v : y) v = symbol(random);
    const double gap = round % 3 == 0 ? 0.5 : 1.0, gamma = 0.7;  // with 0.5 every mismatch ties with two gaps
    const auto init = [gap](Index i, Index j) { return gap * static_cast<double>(i + j); };
    const Alignment<int, decltype(init), EditRank> edit(init, EditRank{gap});

    const std::vector<Steps> paths = all_paths(static_cast<Index>(x.size()), static_cast<Index>(y.size()));
    double least = kWorst<Order::minimum>, sum = 0;
    for (const Steps& p : paths) least = std::min(least, cost(p, x, y, gap)), sum += std::exp(-cost(p, x, y, gap) / gamma);
    std::vector<Steps> best;
    std::copy_if(paths.begin(), paths.end(), std::back_inserter(best), [&](const Steps& p) { return cost(p, x, y, gap) == least; });

    Best<Order::minimum> score;
    CHECK(edit.run(score, x, y).score == least);
    Counted<Order::minimum> counted;
    CHECK(edit.run(counted, x, y).paths == static_cast<double>(best.size()));
    Traced<Order::minimum> traced;
    const auto end = edit.run(traced, x, y);
    CHECK(end.score == least);
    const Steps expected = *std::min_element(best.begin(), best.end(), earlier), found = traced.path(end);
    REQUIRE(found.size() == expected.size());
    for (std::size_t k = 0; k < found.size(); ++k) {
      CHECK(found[k].i == expected[k].i);
      CHECK(found[k].j == expected[k].j);
    }
  }
}

TEST_CASE("the soft minimum counts every path") {
  // With init and rank of soft DTW: the border cannot be entered, so that only paths from (1, 1) count.
  const std::vector<double> x{0.0, 1.0, 3.0}, y{0.5, 2.0};
  const auto init = [](Index i, Index j) { return i == 0 && j == 0 ? 0.0 : kWorst<Order::minimum>; };
  const auto rank = [](const auto& insertion, const auto& match, const auto& deletion, double a, double b) {
    return choose(choose(match, deletion), insertion) + (a - b) * (a - b);
  };
  const Alignment<double, decltype(init), decltype(rank)> dtw(init, rank);
  for (const double gamma : {0.01, 0.5, 3.0}) {
    double sum = 0;
    for (const Steps& p : all_paths(2, 1)) {  // the same paths, counted from (1, 1)
      double total = 0;
      for (const Step& s : p) total += std::pow(x[static_cast<std::size_t>(s.i)] - y[static_cast<std::size_t>(s.j)], 2);
      sum += std::exp(-total / gamma);
    }
    Soft soft{gamma};
    CHECK(dtw.run(soft, x, y).score == doctest::Approx(-gamma * std::log(sum)));
  }
}

TEST_CASE("free ends may be left out, and no other") {
  const std::vector<int> x{1, 2}, y{0, 0, 1, 2, 0};
  const auto init = [](Index i, Index j) { return j > 0 && i == 0 ? 0.0 : static_cast<double>(i); };
  const Alignment<int, decltype(init), EditRank> within(init, EditRank{1.0}, Ends{.y_begin = true, .y_end = true});
  Traced<Order::minimum> traced;
  const auto end = within.run(traced, x, y);
  CHECK(end.score == 0);
  const Steps path = traced.path(end);
  CHECK(path.front().j == 2);
  CHECK(path.back().j == 4);
  CHECK(path.size() == 3);
}

}  // namespace
}  // namespace plait::align
