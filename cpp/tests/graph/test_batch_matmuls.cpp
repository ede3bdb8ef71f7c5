// Joining: what is found, what is left alone, and that the numbers stay those of the table.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "graph/passes/pipeline.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/gradient.hpp"
#include "plait/graph/table.hpp"

using namespace plait;
using namespace plait::graph;
using namespace plait::graph::build;

namespace {

constexpr Index kAll = std::numeric_limits<Index>::min();

NodeRef input(const char* name, Shape shape) { return make_input(name, {std::move(shape), DType::float64}); }
NodeRef columns(const NodeRef& a, Index begin, Index end) { return apply("slice", {a}, SliceRanges{{{kAll, kAll, 1}, {begin, end, 1}}}); }
NodeRef step_of(const NodeRef& a, Index t) { return apply("index", {a}, IndexAt{1, t}); }
NodeRef total(const NodeRef& a) { return reduce("sum", a, all_axes(a), false); }

std::vector<NodeRef> leaves_of(const std::vector<NodeRef>& outputs) {
  std::vector<NodeRef> leaves;
  for (Node* node : ancestors(outputs))
    if (node->op->kind == OpKind::leaf && !node->value()) leaves.emplace_back(node);
  return leaves;
}

Module joined(const std::vector<NodeRef>& outputs) {
  std::unordered_map<const Node*, Spec> feeds;
  for (const NodeRef& leaf : leaves_of(outputs)) feeds.emplace(leaf.get(), leaf->spec);
  return batch_matmuls(simplify(lower(outputs, {}, feeds)));
}

std::size_t count(const Module& graph, const char* op) {
  return static_cast<std::size_t>(
      std::count_if(graph.values.begin(), graph.values.end(), [&](const Value& v) { return std::strcmp(v.op->name, op) == 0; }));
}

// Values and gradients of all leaves, by program and by table.
void check_against_table(const NodeRef& loss) {
  const std::vector<NodeRef> leaves = leaves_of({loss});
  Feeds feeds;
  std::vector<Spec> specs;
  std::vector<const void*> in;
  for (std::size_t k = 0; k < leaves.size(); ++k) {
    auto t = std::make_shared<Tensor>(leaves[k]->spec);
    for (Index i = 0; i < t->count(); ++i)
      set_element(t->data.get(), DType::float64, i, std::sin(0.7 * static_cast<double>(i) + static_cast<double>(k)) * 0.5);
    feeds.emplace(leaves[k].get(), t);
    specs.push_back(t->spec);
    in.push_back(t->data.get());
  }
  std::vector<NodeRef> outputs = {loss};
  for (const NodeRef& g : gradient(std::vector{loss}, leaves)) outputs.push_back(g);
  Program program(outputs);
  const auto plan = program.plan(specs);
  std::vector<TensorRef> results;
  std::vector<void*> out;
  for (const Spec& s : plan->output_specs()) {
    results.push_back(std::make_shared<Tensor>(s));
    out.push_back(results.back()->data.get());
  }
  for (const int threads : {1, 2}) {
    program.run(*plan, in.data(), out.data(), threads);
    Table table(std::vector{loss}, feeds);
    table.backward(std::vector{loss});
    for (std::size_t k = 0; k < results.size(); ++k) {
      const TensorRef expected = k == 0 ? table.value(loss) : table.gradient(leaves[k - 1]);
      for (Index i = 0; i < expected->count(); ++i) {
        const double e = element_as_double(expected->data.get(), DType::float64, i);
        REQUIRE(element_as_double(results[k]->data.get(), DType::float64, i) == doctest::Approx(e).epsilon(1e-11));
      }
    }
  }
}

// An LSTM written out: gates from one weight or from four, from [x, h] or from x and h apart.
NodeRef lstm(Index steps, Index batch, Index hidden, bool four, bool together) {
  const Index features = 3;
  const NodeRef x = input("x", {batch, steps, features}), target = input("target", {batch, steps, 2}), head = input("head", {hidden, 2});
  const NodeRef w = input("w", {features + hidden, 4 * hidden}), wx = input("wx", {features, 4 * hidden}), wh = input("wh", {hidden, 4 * hidden}),
                b = input("b", {4 * hidden});
  std::vector<NodeRef> gates;
  for (int k = 0; k < 4; ++k) gates.push_back(input("gate", {features + hidden, hidden}));
  NodeRef h = input("h0", {batch, hidden}), c = input("c0", {batch, hidden}), loss;
  for (Index t = 0; t < steps; ++t) {
    const NodeRef xt = step_of(x, t), xh = apply("concatenate", {xt, h}, OneAxis{1});
    std::vector<NodeRef> z;
    if (four) {
      for (int k = 0; k < 4; ++k) z.push_back(matmul(xh, gates[static_cast<std::size_t>(k)]));
    } else {
      const NodeRef all = add(together ? matmul(xh, w) : add(matmul(xt, wx), matmul(h, wh)), b);
      for (int k = 0; k < 4; ++k) z.push_back(columns(all, k * hidden, (k + 1) * hidden));
    }
    c = add(multiply(unary("sigmoid", z[1]), c), multiply(unary("sigmoid", z[0]), unary("tanh", z[2])));
    h = multiply(unary("sigmoid", z[3]), unary("tanh", c));
    const NodeRef error = total(unary("square", subtract(unary("tanh", matmul(h, head)), step_of(target, t))));
    loss = loss ? add(loss, error) : error;
  }
  return loss;
}

}  // namespace

TEST_CASE("a product joins those of the same weights unless more products are terms of its sum") {
  const NodeRef x = input("x", {3, 5}), y = input("y", {3, 5}), w = input("w", {5, 4}), a = input("a", {3, 4}), b = input("b", {3, 4});
  const NodeRef other = unary("square", matmul(y, w));
  CHECK(count(joined({unary("tanh", add(add(matmul(x, w), a), b)), other}), "matmul") == 1);  // a and b are terms, but no products
  const NodeRef shared = matmul(x, w);
  const NodeRef loss = add(total(unary("tanh", add(add(shared, a), b))), add(total(unary("exp", shared)), total(other)));
  CHECK(count(joined({loss}), "matmul") == 1);
  check_against_table(loss);
}

TEST_CASE("products that do not wait for each other and share a weight become one; those in a chain stay") {
  const NodeRef a = input("a", {2, 5}), b = input("b", {3, 5}), w = input("w", {5, 5});
  CHECK(count(joined({unary("tanh", matmul(a, w)), unary("exp", matmul(b, w))}), "matmul") == 1);
  CHECK(count(joined({matmul(unary("tanh", matmul(a, w)), w)}), "matmul") == 2);
}

TEST_CASE("the gradient of a shared weight is one product over the stacked steps") {
  NodeRef h = input("h", {1, 8});
  const NodeRef w = input("w", {8, 8});
  for (int t = 0; t < 6; ++t) h = unary("tanh", matmul(h, w));
  const NodeRef loss = total(h);
  const auto g = gradient(std::vector{loss}, std::vector{w});
  CHECK(g[0]->op->name == std::string("sum_n"));
  // six forward, five that bring the gradient back through the steps, one for the weight
  CHECK(count(joined({loss, g[0]}), "matmul") == 12);
}

TEST_CASE("the same work on every slice is done once on the whole") {
  const NodeRef x = input("x", {6, 4}), b = input("b", {4});
  NodeRef sum;
  for (Index t = 0; t < 3; ++t) {
    const NodeRef piece = apply("slice", {x}, SliceRanges{{{2 * t, 2 * t + 2, 1}, {kAll, kAll, 1}}});
    const NodeRef s = total(unary("square", add(piece, b)));
    sum = sum ? add(sum, s) : s;
  }
  const Module graph = joined({sum});
  CHECK(count(graph, "square") == 1);
  CHECK(count(graph, "sum") == 1);
}

TEST_CASE("a piece that is an output, or stands in a concatenation twice, is still itself") {
  const NodeRef x = input("x", {2, 3});
  const NodeRef y = unary("exp", x), z = unary("sin", x);
  const NodeRef twice = apply("concatenate", {y, z, z, x}, OneAxis{0}), beside = apply("concatenate", {z, y, z}, OneAxis{1});
  check_against_table(add(add(total(multiply(twice, twice)), total(unary("exp", beside))), total(y)));
}

TEST_CASE("unrolled LSTM: one product over all steps for the weights, and the numbers of the table") {
  for (const bool four : {false, true})
    for (const bool together : {true, false})
      for (const Index batch : {1, 3})
        for (const Index steps : {1, 2, 5, 7}) {
          CAPTURE(four);
          CAPTURE(together);
          CAPTURE(batch);
          CAPTURE(steps);
          check_against_table(lstm(steps, batch, 4, four, together));
        }
  const NodeRef loss = lstm(5, 2, 4, false, true);
  std::vector<NodeRef> outputs = {loss};
  for (Node* node : ancestors(outputs))
    if (node->name() == "w" || node->name() == "head") outputs.push_back(gradient(std::vector{loss}, std::vector{NodeRef(node)})[0]);
  // five steps forward, four back, the head forward, back and for its weight, and one for the gates' weight
  CHECK(count(joined(outputs), "matmul") == 13);
}

TEST_CASE("a sum over the rows of every step, as a bias takes it, is one sum") {
  for (const Index batch : {1, 3}) {
    const NodeRef b = input("b", {4}), w = input("w", {4, 4});
    NodeRef h = input("h", {batch, 4});
    for (int t = 0; t < 5; ++t) h = unary("tanh", add(matmul(h, w), b));
    const NodeRef loss = total(unary("square", h));
    const auto g = gradient(std::vector{loss}, std::vector{b, w});
    CHECK(count(joined({g[0], g[1]}), "sum") == 1);
    check_against_table(loss);
  }
}

TEST_CASE("a product joins the longer sum rather than its neighbour") {
  // Per step, x_t and h_t are multiplied by the same gradient, two products; over time there are six of each.
  const NodeRef loss = lstm(6, 1, 4, false, false);
  std::vector<NodeRef> outputs;
  for (Node* node : ancestors(std::vector{loss}))
    if (node->name() == "wx" || node->name() == "wh") outputs.push_back(gradient(std::vector{loss}, std::vector{NodeRef(node)})[0]);
  // forward: x of all steps and h of each; five back; the head forward and back; one for the two weights
  CHECK(count(joined(outputs), "matmul") == 1 + 6 + 5 + 2 + 1);
}

TEST_CASE("a product that is read in part is computed in part") {
  const NodeRef a = input("a", {3, 5}), w = input("w", {5, 7});
  const auto matmul_shape = [](const Module& graph) {
    for (const Value& v : graph.values)
      if (std::strcmp(v.op->name, "matmul") == 0) return v.spec.shape;
    return Shape{};
  };
  const NodeRef product = matmul(a, w), left = columns(product, 1, 3), right = columns(product, 2, 6);
  const NodeRef below = apply("slice", {product}, SliceRanges{{{1, 3, 1}, {kAll, kAll, 1}}});
  CHECK(matmul_shape(joined({unary("exp", left), unary("sin", right)})) == Shape{3, 5});
  CHECK(matmul_shape(joined({unary("exp", below)})) == Shape{2, 7});
  CHECK(matmul_shape(joined({unary("exp", left), unary("sin", below)})) == Shape{3, 7});
  CHECK(matmul_shape(joined({unary("exp", left), product})) == Shape{3, 7});
  check_against_table(add(total(unary("exp", left)), total(unary("square", right))));
  check_against_table(total(unary("exp", below)));
}

TEST_CASE("a stack that is a part of another is a slice of it, unless one waits for the other") {
  const NodeRef x = input("x", {2, 3});
  std::vector<NodeRef> pieces;
  for (const char* op : {"exp", "sin", "cos", "tanh"}) pieces.push_back(unary(op, x));
  const NodeRef all = apply("concatenate", {pieces[0], pieces[1], pieces[2], pieces[3]}, OneAxis{0});
  const NodeRef middle = apply("concatenate", {pieces[1], pieces[2]}, OneAxis{0}), turned = apply("concatenate", {pieces[2], pieces[1]}, OneAxis{0});
  CHECK(count(joined({unary("square", all), unary("abs", middle)}), "concatenate") == 1);
  CHECK(count(joined({unary("square", all), unary("abs", turned)}), "concatenate") == 2);
  check_against_table(add(total(unary("square", all)), total(unary("exp", middle))));
  const NodeRef last = unary("exp", reduce("sum", middle, {0}, true));
  const NodeRef later = apply("concatenate", {pieces[1], pieces[2], last}, OneAxis{0});
  CHECK(count(joined({unary("square", later)}), "concatenate") == 2);
  check_against_table(total(unary("square", later)));
}
