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
  CHECK(CastTo::of(CastTo{DType::int32}).dtype == DType::int32);
  const Attributes reduced = ReducedAxes{.keep = true, .axes = axes, .of_nothing = true};
  CHECK(ReducedAxes::of(reduced).keep);
  CHECK(ReducedAxes::of(reduced).of_nothing);
  CHECK(std::vector<Index>(ReducedAxes::of(reduced).axes.begin(), ReducedAxes::of(reduced).axes.end()) == axes);
  CHECK(reduced == Attributes{{1, 0, 2}, {1}});  // the form of files
  const Attributes drawn = RandomDraw{.dtype = DType::float64, .has_seed = true, .seed = ~std::uint64_t{0}, .ordinal = 3, .shape = axes};
  CHECK(drawn == Attributes{{4, 1, -1, 3, 0, 2}, {}});
  CHECK(RandomDraw::of(drawn).seed == ~std::uint64_t{0});
  const SliceRange ranges[] = {{}, {.start = 1, .stop = 5, .step = 2}};
  const Attributes sliced = SliceRanges::made(ranges);
  CHECK(sliced == Attributes{{kOpen, kOpen, 1, 1, 5, 2}, {}});
  CHECK(SliceRanges::of(sliced)[1].of_size(4).count == 2);
  CHECK(SliceRanges::of(sliced)[0].of_size(4).count == 4);
  CHECK(AlongAxis::of(AlongAxis{1, true}).classes);
  CHECK(AlongAxis{1, true}.operator Attributes() == Attributes{{1, 1}, {}});
  CHECK(AlongAxis{1}.operator Attributes() == Attributes{{1}, {}});
}

TEST_CASE("attributes that do not fit are refused") {
  const NodeRef inputs[] = {make_input("x", {{2, 3}, DType::float32})};
  const auto fits = [&](const Op& op, Attributes a) { check_attributes(op, inputs, a); };
  CHECK_NOTHROW(fits(ops::sum, {{0, 1}, {}}));
  CHECK_THROWS_AS(fits(ops::sum, {{2, 1}, {}}), GraphError);
  CHECK_THROWS_AS(fits(ops::sum, {{0, 2}, {}}), GraphError);
  CHECK_THROWS_AS(fits(ops::sum, {{0, 1, 1}, {}}), GraphError);
  CHECK_THROWS_AS(fits(ops::cast, {{9}, {}}), GraphError);
  CHECK_THROWS_AS(fits(ops::exp, {{0}, {}}), GraphError);
  CHECK_THROWS_AS(fits(ops::slice, {{0, 1, 1}, {}}), GraphError);
  CHECK_THROWS_AS(fits(ops::input, {}), GraphError);
}
