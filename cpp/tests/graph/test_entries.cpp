// The op table: names, handles and traits; and attributes, which come back as they were written.
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/ops.hpp"

using namespace plait;
using namespace plait::graph;

TEST_CASE("every op has a name of its own, under which it is found") {
  std::set<std::string> names;
  for (const Op* op : all_ops()) {
    CAPTURE(op->name);
    CHECK(names.insert(op->name).second);
    CHECK(&find_op(op->name) == op);
  }
  CHECK(&find_op("matmul") == &ops::matmul);
  CHECK_THROWS_AS(find_op("no such op"), GraphError);
}

TEST_CASE("a family that comes late is refused") {
  all_ops();
  CHECK_THROWS_AS(join_ops([](OpList&) {}), GraphError);
}

TEST_CASE("views with the trait preserve the order of elements") {
  for (const Op* op : all_ops()) {
    if (!op->preserves_order) continue;
    CAPTURE(op->name);
    CHECK(op->kind == OpKind::view);
    CHECK(!op->broadcasts);
  }
  CHECK(ops::scan_join.preserves_order);
  CHECK(!ops::transpose.preserves_order);
}

TEST_CASE("attributes come back as they were written") {
  const std::vector<Index> axes{0, 2};
  const auto written = [](const Attributes& a) {
    const AttributeLists lists = a.lists();
    return std::pair(lists.ints, lists.reals);
  };
  const auto file = [](std::vector<Index> ints, std::vector<double> reals = {}) { return std::pair(std::move(ints), std::move(reals)); };
  CHECK(Attributes(CastTo{DType::int32}).as<CastTo>().dtype == DType::int32);
  CHECK_THROWS_AS(static_cast<void>(Attributes(CastTo{DType::int32}).as<OneAxis>()), GraphError);
  CHECK_THROWS_AS(static_cast<void>(Attributes().as<OneAxis>()), GraphError);
  CHECK((Attributes(OneAxis{1}) == Attributes(OneAxis{1})));
  CHECK_FALSE((Attributes(OneAxis{1}) == Attributes(OneAxis{2})));
  CHECK_FALSE((Attributes(OneAxis{1}) == Attributes(Segments{1})));  // the same lists, another family
  CHECK_FALSE((Attributes(OneAxis{1}) == Attributes()));
  const Attributes reduced = ReducedAxes{.keep = true, .axes = axes, .of_nothing = true};
  CHECK(reduced.as<ReducedAxes>().keep);
  CHECK(reduced.as<ReducedAxes>().of_nothing);
  CHECK(std::vector<Index>(reduced.as<ReducedAxes>().axes.begin(), reduced.as<ReducedAxes>().axes.end()) == axes);
  CHECK(written(reduced) == file({1, 0, 2}, {1}));  // the form of files
  const Attributes drawn = RandomDraw{.dtype = DType::float64, .has_seed = true, .seed = ~std::uint64_t{0}, .ordinal = 3, .shape = axes};
  CHECK(written(drawn) == file({4, 1, -1, 3, 0, 2}));
  CHECK(drawn.as<RandomDraw>().seed == ~std::uint64_t{0});
  const Attributes sliced = SliceRanges{{{}, {.start = 1, .stop = 5, .step = 2}}};
  CHECK(written(sliced) == file({kOpen, kOpen, 1, 1, 5, 2}));
  CHECK(sliced.as<SliceRanges>().ranges[1].of_size(4).count == 2);
  CHECK(sliced.as<SliceRanges>().ranges[0].of_size(4).count == 4);
  CHECK(written(AlongAxis{1, true}) == file({1, 1}));
  CHECK(written(AlongAxis{1}) == file({1}));
}

TEST_CASE("attributes that do not fit are refused") {
  const NodeRef inputs[] = {make_input("x", {{2, 3}, DType::float32})};
  const auto fits = [&](const Op& op, const AttributeLists& lists) {
    const AttributeLists again = read_attributes(op, inputs, lists).lists();
    CHECK((again.ints == lists.ints && again.reals == lists.reals));
  };
  CHECK_NOTHROW(fits(ops::sum, {{0, 1}, {}}));
  CHECK_NOTHROW(fits(ops::sum, {{0, 1}, {1}}));
  CHECK_THROWS_AS(fits(ops::sum, {{0, 1}, {1, 1}}), GraphError);
  CHECK_THROWS_AS(fits(ops::sum, {{}, {}}), GraphError);
  CHECK_THROWS_AS(fits(ops::sum, {{2, 1}, {}}), GraphError);
  CHECK_THROWS_AS(fits(ops::sum, {{0, 2}, {}}), GraphError);
  CHECK_THROWS_AS(fits(ops::sum, {{0, 1, 1}, {}}), GraphError);
  CHECK_THROWS_AS(fits(ops::cast, {{9}, {}}), GraphError);
  CHECK_THROWS_AS(fits(ops::exp, {{0}, {}}), GraphError);
  CHECK_THROWS_AS(fits(ops::slice, {{0, 1, 1}, {}}), GraphError);
  CHECK_THROWS_AS(fits(ops::input, {}), GraphError);
  // Draws: dtype (2: int64, 4: float64), seeded, seed, ordinal, sizes. Those of an input's shape have no sizes, and an ordinal.
  CHECK_NOTHROW(fits(ops::random_normal, {{4, 1, 7, 0, 2, 3}, {}}));
  CHECK_THROWS_AS(fits(ops::random_normal, {{2, 1, 7, 0, 2, 3}, {}}), GraphError);
  for (const Op* op : {&ops::random_gamma, &ops::random_poisson}) {
    CAPTURE(op->name);
    CHECK_NOTHROW(fits(*op, {{4, 1, 7, 0}, {}}));
    CHECK_THROWS_AS(fits(*op, {{4, 1, 7, 0, 2}, {}}), GraphError);
    CHECK_THROWS_AS(fits(*op, {{4, 1, 7, -1}, {}}), GraphError);
    CHECK_THROWS_AS(fits(*op, {{4, 1, 7, -1, 2}, {}}), GraphError);
  }
  CHECK_NOTHROW(fits(ops::scan_key, {{2, 1, 7, 0}, {}}));
  CHECK_THROWS_AS(fits(ops::scan_key, {{4, 1, 7, 0}, {}}), GraphError);
  CHECK_THROWS_AS(fits(ops::scan_key, {{2, 1, 7, 0, 2}, {}}), GraphError);
}
