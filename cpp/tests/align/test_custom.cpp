// Custom recursions against the template: by lanes on every instruction set, and by a function of one cell.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "plait/align/custom.hpp"
#include "plait/align/template.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/unroll.hpp"
#include "tensor/lanes/table.hpp"

using namespace plait;
using namespace plait::graph;
using namespace plait::align;

namespace {

/// (x - y)² + min(match, deletion, insertion), as nodes: of two vectors of that width.
LaneProgram warping(Index width) {
  using namespace plait::graph::build;
  std::vector<NodeRef> inputs;
  for (const char* name : {"insertion", "match", "deletion"}) inputs.push_back(make_input(name, {{}, DType::float64}));
  for (const char* name : {"x", "y"}) inputs.push_back(make_input(name, {{width}, DType::float64}));
  const NodeRef difference = subtract(inputs[3], inputs[4]);
  const NodeRef distance = reduce("sum", multiply(difference, difference), {0}, false);
  const NodeRef least = apply("minimum", {apply("minimum", {inputs[1], inputs[2]}), inputs[0]});
  return unroll(add(distance, least), inputs);
}

std::vector<double> numbers(std::mt19937& random, Index count) {
  std::uniform_int_distribution<int> whole(-3, 3);  // ties, and no rounding
  std::vector<double> values(static_cast<std::size_t>(count));
  for (double& v : values) v = whole(random);
  return values;
}

void zero_at_the_corner(bool, Index begin, Index end, double* out) {
  for (Index k = begin; k < end; ++k) out[k - begin] = k == 0 ? 0 : kWorst<Order::minimum>;
}

struct Point {
  const double* values;
  Index width;
};

auto definition() {
  const auto init = [](Index i, Index j) { return i == 0 && j == 0 ? 0.0 : kWorst<Order::minimum>; };
  const auto rank = [](const auto& insertion, const auto& match, const auto& deletion, Point a, Point b) {
    double sum = 0;
    for (Index c = 0; c < a.width; ++c) sum += (a.values[c] - b.values[c]) * (a.values[c] - b.values[c]);
    return choose(choose(match, deletion), insertion) + sum;
  };
  return Alignment<Point, decltype(init), decltype(rank)>(init, rank);
}

std::vector<Point> points(const std::vector<double>& values, Index width) {
  std::vector<Point> out;
  for (std::size_t k = 0; k < values.size(); k += static_cast<std::size_t>(width)) out.push_back({values.data() + k, width});
  return out;
}

void compare(const Method& method, Index n, Index m, Index width, std::size_t memory_limit, std::mt19937& random) {
  const std::vector<double> a = numbers(random, n * width), b = numbers(random, m * width);
  const Sequence x{a.data(), n, width}, y{b.data(), m, width};
  method.check(x, y);
  Workspace workspace;
  Traced<Order::minimum> traced;
  const auto end = definition().run(traced, points(a, width), points(b, width));
  std::vector<Index> pairs;
  for (const Step& s : traced.path(end))
    if (s.i > 0 && s.j > 0) pairs.insert(pairs.end(), {s.i - 1, s.j - 1});
  CHECK(method.score(x, y, method.worst(), workspace) == end.score);
  const Path path = method.path(x, y, memory_limit, workspace);
  CHECK(path.score == end.score);
  CHECK(path.pairs == pairs);
  Counted<Order::minimum> counted;
  CHECK(method.count(x, y) == definition().run(counted, points(a, width), points(b, width)).paths);
}

}  // namespace

TEST_CASE("a rule of lanes gives what the template gives, on every instruction set") {
  const Isa before = lane_isa();
  for (const Isa level : {Isa::v2, Isa::v3, Isa::v4}) {
    if (!isa_supported(level)) continue;
    lane_isa() = level;
    CAPTURE(isa_name(level));
    const auto method = make_custom(zero_at_the_corner, [](Index width) { return make_lane_rule(warping(width), Order::minimum); }, {});
    std::mt19937 random(1);
    for (const auto& [n, m] : {std::pair<Index, Index>{1, 1}, {1, 9}, {9, 1}, {7, 12}, {70, 65}, {150, 200}})
      for (const Index width : {1, 3})
        for (const std::size_t limit : {std::size_t{1}, std::size_t{1} << 30}) compare(*method, n, m, width, limit, random);
  }
  lane_isa() = before;
}

TEST_CASE("a diagonal longer than a stretch is put together") {
  const auto method = make_custom(zero_at_the_corner, [](Index width) { return make_lane_rule(warping(width), Order::minimum); }, {});
  std::mt19937 random(2);
  compare(*method, kStretch + 90, kStretch + 77, 1, 1 << 20, random);
}

TEST_CASE("a function of one cell gives the same") {
  const auto rank = [](double insertion, double match, double deletion, const double* x, Index, const double* y, Index, Index, Index) {
    return std::min(std::min(match, deletion), insertion) + (*x - *y) * (*x - *y);
  };
  const auto method = make_custom(zero_at_the_corner, [&](Index) { return make_function_rule(rank, Order::minimum); }, {});
  std::mt19937 random(3);
  compare(*method, 60, 140, 1, 1, random);
  const RankPointer pointer = [](double insertion, double match, double deletion, double a, double b) {
    return std::min(std::min(match, deletion), insertion) + (a - b) * (a - b);
  };
  compare(*make_custom(zero_at_the_corner, [&](Index) { return make_pointer_rule(pointer, Order::minimum); }, {}), 60, 140, 1, 1, random);
}

TEST_CASE("a rank that chooses nothing has no path") {
  const auto rank = [](double insertion, double match, double deletion, const double*, Index, const double*, Index, Index, Index) {
    return insertion + match + deletion;
  };
  const auto ones = [](bool, Index begin, Index end, double* out) { std::fill_n(out, end - begin, 1.0); };
  const auto method = make_custom(ones, [&](Index) { return make_function_rule(rank, Order::minimum); }, {});
  const std::vector<double> a{1, 2};
  const Sequence x{a.data(), 2, 1};
  Workspace workspace;
  CHECK(method->score(x, x, method->worst(), workspace) == 13);  // Delannoy
  CHECK_THROWS_WITH_AS(static_cast<void>(method->path(x, x, 1 << 20, workspace)), doctest::Contains("no path"), std::invalid_argument);
}
