// Each pass on small graphs: what it must keep, merge, fuse, order and share.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

#include "graph/passes/pipeline.hpp"
#include "graph/passes/tuning.hpp"
#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/gradient.hpp"

using namespace plait;
using namespace plait::graph;
using namespace plait::graph::build;

namespace {

NodeRef input(const char* name, Shape shape, DType dtype = DType::float32) { return make_input(name, {std::move(shape), dtype}); }

NodeRef parameter(const char* name, Shape shape) {
  auto t = std::make_shared<Tensor>(Spec{std::move(shape), DType::float32});
  std::memset(t->data.get(), 0, t->bytes());
  return make_parameter(name, t);
}

Module lowered(std::vector<NodeRef> outputs, const Updates& updates = {}) {
  std::unordered_map<const Node*, Spec> feeds;
  std::vector<NodeRef> all = outputs;
  for (const auto& [p, v] : updates) all.push_back(v);
  for (Node* node : ancestors(all))
    if (node->op->kind == OpKind::leaf && !node->value()) feeds.emplace(node, node->spec);
  return lower(outputs, updates, feeds);
}

std::size_t count(const Module& graph, const char* op) {
  return static_cast<std::size_t>(
      std::count_if(graph.values.begin(), graph.values.end(), [&](const Value& v) { return std::strcmp(v.op->name, op) == 0; }));
}

}  // namespace

TEST_CASE("lower resolves sums whose axes depend on sizes") {
  const NodeRef x = input("x", {kAny, 3}), b = input("b", {3});
  const NodeRef g = sum_to_like(x, b);
  const Module graph = lower(std::vector{g}, {}, {{x.get(), {{5, 3}, DType::float32}}, {b.get(), {{3}, DType::float32}}});
  CHECK(count(graph, "sum") == 1);
  CHECK(count(graph, "sum_to_like") == 0);
  CHECK(graph.values[graph.outputs[0]].spec.shape == Shape{3});
}

TEST_CASE("lower splits a reduction over separate runs of axes") {
  const Module graph = lowered({reduce("sum", input("x", {2, 3, 4}), {0, 2}, false)});
  CHECK(count(graph, "sum") == 2);
  CHECK(graph.values[graph.outputs[0]].spec.shape == Shape{3});
}

TEST_CASE("lower looks at sizes again where one value stands for nodes of several declared shapes") {
  const NodeRef x = input("x", {kAny, 3}), five = input("five", {5, 3}), two = input("two", {2, 3});
  const NodeRef same = sum_to_like(x, five), sum = add(x, two);  // declared (5, 3), of x itself once x has five rows, and (2, 3)
  const auto bound = [&](Index rows) {
    return lower(std::vector{same, sum}, {}, {{x.get(), {{rows, 3}, DType::float32}}, {five.get(), five->spec}, {two.get(), two->spec}});
  };
  CHECK_THROWS_AS(bound(5), ShapeError);
}

TEST_CASE("simplify: identities, constants, common subexpressions") {
  const NodeRef x = input("x", {4});
  const NodeRef zero = constant_like(x, 0), one = constant_like(x, 1);
  const Module graph = simplify(lowered({multiply(add(unary("exp", x), zero), one), add(unary("exp", x), add(one, one))}));
  CHECK(count(graph, "exp") == 1);
  CHECK(count(graph, "multiply") == 0);
  CHECK(count(graph, "add") == 1);
  CHECK(count(graph, "constant") == 1);  // 1 + 1 was computed
}

TEST_CASE("simplify keeps what NaN and infinities need: x * 0 and x - x stay") {
  const NodeRef x = input("x", {4});
  const Module graph = simplify(lowered({multiply(x, constant_like(x, 0)), subtract(x, x)}));
  CHECK(count(graph, "multiply") == 1);
  CHECK(count(graph, "subtract") == 1);
}

TEST_CASE("simplify lifts work above broadcasts") {
  const NodeRef x = input("x", {1, 4}), big = input("big", {8, 4});
  const NodeRef wide = broadcast_like(x, big);
  const Module graph = simplify(lowered({add(unary("exp", wide), big)}));
  for (const Value& v : graph.values)
    if (std::strcmp(v.op->name, "exp") == 0) CHECK(v.spec.shape == Shape{1, 4});
}

TEST_CASE("simplify gives each output memory of its own") {
  const NodeRef x = input("x", {4}), y = unary("exp", x);
  const Module graph = simplify(lowered({x, y, y}));
  CHECK(graph.outputs[1] != graph.outputs[2]);
  CHECK(graph.values[graph.outputs[0]].op->kind != OpKind::leaf);
}

TEST_CASE("fuse: bias and activation go into the product, its column sum does not") {
  const NodeRef x = input("x", {6, 5}), w = input("w", {5, 4}), b = input("b", {4});
  const NodeRef y = unary("tanh", add(matmul(x, w), b));
  const Module fused = sink(fuse(materialize_views(simplify(lowered({y, reduce("sum", y, {0}, false)})))));
  REQUIRE(fused.groups.size() == 2);
  CHECK(fused.groups[0].kind == Group::Kind::product);
  CHECK(fused.groups[0].members.size() == 2);
  CHECK(fused.groups[1].reduced.size() == 1);
}

TEST_CASE("fuse: a chain and its sum are one group; what needs the sum is another") {
  const NodeRef x = input("x", {6, 5});
  const NodeRef e = unary("exp", x), s = reduce("sum", e, {1}, true);
  const Module fused = sink(fuse(materialize_views(simplify(lowered({divide(e, s)})))));
  REQUIRE(fused.groups.size() == 2);
  CHECK(fused.groups[0].members.size() == 1);
  CHECK(fused.groups[0].reduced.size() == 1);
  CHECK(fused.groups[1].members.size() == 1);
}

TEST_CASE("fuse: a group is as large as it may be, and no larger") {
  constexpr int kHalf = static_cast<int>(tuning::kMostMembers) / 2;
  const auto chain = [](NodeRef x, int length) {
    for (int i = 0; i < length; ++i) x = unary("tanh", x);
    return x;
  };
  const auto groups = [&](int first, int second) {
    const NodeRef y = add(chain(input("x", {6, 5}), first), chain(input("y", {6, 5}), second));
    return fuse(materialize_views(simplify(lowered({y})))).groups.size();
  };
  CHECK(groups(kHalf, kHalf - 1) == 1);  // and the sum of both
  CHECK(groups(kHalf, kHalf) == 2);
}

TEST_CASE("fuse: an optimiser's update goes into the product that gives the gradient, whatever was written down first") {
  const NodeRef x = input("x", {6, 5}), g = input("g", {6, 4}), w = parameter("w", {5, 4}), m = parameter("m", {5, 4}), t = parameter("t", {});
  const NodeRef gradient = matmul(swap_last(x), g);
  const NodeRef next_t = shift(t, 1);
  const NodeRef next_m = add(scale(m, 0.9), scale(gradient, 0.1));
  const NodeRef next_w = subtract(w, divide(next_m, next_t));
  const Module fused = sink(fuse(materialize_views(simplify(lowered({}, {{w, next_w}, {m, next_m}, {t, next_t}})))));
  CHECK(fused.groups.size() == 2);  // the counter, and the product with everything else
}

TEST_CASE("schedule: readers of the old value come first; two parameters that trade values do not share memory") {
  const NodeRef x = input("x", {4}), w = parameter("w", {4}), v = parameter("v", {4});
  const NodeRef next = add(w, x);
  {
    const Module s = schedule(sink(fuse(materialize_views(simplify(lowered({reduce("sum", w, {0}, false)}, {{w, next}}))))));
    CHECK(s.updates[0].in_place);
    CHECK(s.order.back() == s.values[s.updates[0].value].group);
  }
  {
    const NodeRef a = unary("exp", reduce("sum", w, {0}, true)), b = unary("exp", reduce("sum", v, {0}, true));
    const Module s = schedule(sink(fuse(materialize_views(simplify(lowered({}, {{w, multiply(w, b)}, {v, multiply(v, a)}}))))));
    CHECK(s.updates[0].in_place);
    CHECK(s.updates[1].in_place);
  }
}

TEST_CASE("allocate: a long chain lives in the memory of few values") {
  NodeRef x = input("x", {1000});
  NodeRef y = x;
  for (int i = 0; i < 20; ++i) y = apply("cumsum", {y}, CumulatedAxis{0, false});
  const Module a = allocate(schedule(sink(fuse(materialize_views(simplify(lowered({y})))))));
  CHECK(a.arena_bytes <= std::size_t{3} * 4032);
  CHECK(a.unshared_bytes >= std::size_t{20} * 4000);
}

TEST_CASE("shapes that do not fit when bound name the node") {
  const NodeRef x = input("x", {kAny, 3}), y = input("y", {kAny, 3});
  const NodeRef z = add(x, y);
  CHECK_THROWS_AS(lower(std::vector{z}, {}, {{x.get(), {{5, 3}, DType::float32}}, {y.get(), {{4, 3}, DType::float32}}}), ShapeError);
}

TEST_CASE("simplify: rows that are all the same are multiplied once") {
  const auto products = [](const Module& graph) {
    std::vector<Shape> shapes;
    for (const Value& v : graph.values)
      if (std::strcmp(v.op->name, "matmul") == 0) shapes.push_back(v.spec.shape);
    std::sort(shapes.begin(), shapes.end());
    return shapes;
  };
  auto rows = std::make_shared<Tensor>(Spec{{9, 2}, DType::float32});
  for (Index i = 0; i < 18; ++i) set_element(rows->data.get(), DType::float32, i, i % 2 == 0 ? 3 : 0);
  const NodeRef same = make_constant(rows), x = input("x", {9, 3}), w = input("w", {2, 4}), wide = input("wide", {5, 4}), one = input("one", {1, 2});
  CHECK(products(simplify(lowered({matmul(same, w)}))) == std::vector<Shape>{{1, 4}});
  CHECK(products(simplify(lowered({matmul(broadcast_like(one, same), w)}))) == std::vector<Shape>{{1, 4}});
  CHECK(products(simplify(lowered({matmul(apply("concatenate", {x, same}, OneAxis{1}), wide)}))) == (std::vector<Shape>{{1, 4}, {9, 4}}));
  CHECK(products(simplify(lowered({matmul(apply("concatenate", {same, x}, OneAxis{1}), wide)}))) == (std::vector<Shape>{{1, 4}, {9, 4}}));
  auto others = std::make_shared<Tensor>(rows->spec);
  std::memcpy(others->data.get(), rows->data.get(), rows->bytes());
  set_element(others->data.get(), DType::float32, 17, 1);
  CHECK(products(simplify(lowered({matmul(make_constant(others), w)}))) == std::vector<Shape>{{9, 4}});
}

TEST_CASE("fuse: what only a later step reads is computed there, if that saves memory") {
  // y and 1 - y² stand beside each other; the second is needed behind the sum alone.
  const NodeRef x = input("x", {64, 64});
  const NodeRef y = unary("tanh", x), factor = subtract(constant_like(x, 1), unary("square", y));
  const NodeRef scale = reduce("sum", y, {0, 1}, true);
  const Module fused = sink(fuse(materialize_views(simplify(lowered({y, multiply(factor, scale)})))));
  REQUIRE(fused.groups.size() == 2);
  CHECK(fused.groups[0].members.size() == 1);
  CHECK(fused.groups[1].members.size() == 3);
  // 1 - exp(x)² is one array, as exp(x) would be, which nobody reads: it stays where it is.
  const NodeRef lone = subtract(constant_like(x, 1), unary("exp", x));
  const Module stays = sink(fuse(materialize_views(simplify(lowered({multiply(lone, reduce("sum", lone, {0, 1}, true))})))));
  CHECK(stays.groups[0].members.size() == 2);
}

TEST_CASE("materialize views: a small transposed operand of several products is copied once, others are read through their strides") {
  const auto copies = [](const NodeRef& w, std::initializer_list<NodeRef> lefts) {
    std::vector<NodeRef> outputs;
    for (const NodeRef& a : lefts) outputs.push_back(matmul(a, swap_last(w)));
    return count(materialize_views(simplify(lowered(outputs))), "cast");
  };
  const NodeRef a = input("a", {9, 6}), b = input("b", {10, 6}), c = input("c", {11, 6}), row = input("row", {1, 6}), w = input("w", {5, 6});
  CHECK(copies(w, {a, b, c}) == 1);
  CHECK(copies(w, {a, b}) == 0);
  CHECK(copies(w, {row, a, b}) == 1);
  CHECK(copies(input("large", {5000, 6}), {a, b, c}) == 0);
}
