// Table and Program on the book's example and on graphs that once went wrong.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/gradient.hpp"
#include "plait/graph/program.hpp"
#include "plait/graph/table.hpp"

using namespace plait;
using namespace plait::graph;
using namespace plait::graph::build;

namespace {

TensorRef filled(Shape shape, const std::vector<double>& values, DType dtype = DType::float64) {
  auto t = std::make_shared<Tensor>(Spec{std::move(shape), dtype});
  for (Index i = 0; i < t->count(); ++i) set_element(t->data.get(), dtype, i, values[static_cast<std::size_t>(i) % values.size()]);
  return t;
}

std::vector<std::vector<double>> run(Program& program, const std::vector<TensorRef>& feeds, int threads = 1) {
  std::vector<Spec> specs;
  std::vector<const void*> in;
  for (const TensorRef& t : feeds) {
    specs.push_back(t->spec);
    in.push_back(t->data.get());
  }
  const auto plan = program.plan(specs);
  std::vector<TensorRef> outputs;
  std::vector<void*> out;
  for (const Spec& s : plan->output_specs()) {
    outputs.push_back(std::make_shared<Tensor>(s));
    out.push_back(outputs.back()->data.get());
  }
  program.run(*plan, in.data(), out.data(), threads);
  std::vector<std::vector<double>> result;
  for (const TensorRef& t : outputs) {
    result.emplace_back();
    for (Index i = 0; i < t->count(); ++i) result.back().push_back(element_as_double(t->data.get(), t->spec.dtype, i));
  }
  return result;
}

double first(const TensorRef& t) { return element_as_double(t->data.get(), t->spec.dtype, 0); }

}  // namespace

TEST_CASE("the book's example: (a + b) c and (a + b) d, gradients of both outputs summed") {
  const auto leaf = [](const char* name) { return make_input(name, {{1, 2}, DType::float64}); };
  const NodeRef a = leaf("a"), b = leaf("b"), c = leaf("c"), d = leaf("d");
  const NodeRef s = add(a, b), y = multiply(s, c), z = multiply(s, d);
  const std::vector<TensorRef> values = {filled({1, 2}, {-2}), filled({1, 2}, {5}), filled({1, 2}, {-4}), filled({1, 2}, {2})};
  CHECK(s->wait_count() == 2);

  Table table(std::vector{y, z}, {{a.get(), values[0]}, {b.get(), values[1]}, {c.get(), values[2]}, {d.get(), values[3]}});
  CHECK(first(table.value(y)) == -12);
  CHECK(first(table.value(z)) == 6);
  for (int again = 0; again < 2; ++again) {
    table.backward(std::vector{y, z});
    CHECK(first(table.gradient(a)) == -2);
    CHECK(first(table.gradient(b)) == -2);
    CHECK(first(table.gradient(c)) == 3);
    CHECK(first(table.gradient(d)) == 3);
  }

  std::vector<NodeRef> outputs = {y, z};
  const auto gradients = gradient(std::vector{y, z}, std::vector{a, b, c, d});
  outputs.insert(outputs.end(), gradients.begin(), gradients.end());
  Program program(outputs);
  const auto result = run(program, values);
  const std::vector<double> expected = {-12, 6, -2, -2, 3, 3};
  for (std::size_t k = 0; k < expected.size(); ++k) CHECK(result[k] == std::vector<double>(2, expected[k]));
}

TEST_CASE("a training step: all new values come from the old ones") {
  const NodeRef x = make_input("x", {{2}, DType::float64});
  const NodeRef w = make_parameter("w", filled({2}, {1, 2})), v = make_parameter("v", filled({2}, {10, 20}));
  Program program({add(w, v)}, {{w, multiply(v, x)}, {v, add(w, x)}});
  CHECK(run(program, {filled({2}, {3, 3})})[0] == std::vector<double>{11, 22});
  CHECK(element_as_double(w->value()->data.get(), DType::float64, 1) == 60);
  CHECK(element_as_double(v->value()->data.get(), DType::float64, 1) == 5);
}

TEST_CASE("softmax cross entropy by hand, its gradient, and one and two threads bit by bit") {
  const Index rows = 300, columns = 70;
  const NodeRef x = make_input("x", {{kAny, columns}, DType::float32});
  const NodeRef shifted = subtract(x, reduce("max", x, {1}, true));
  const NodeRef loss =
      reduce("sum", subtract(unary("log", reduce("sum", unary("exp", shifted), {1}, false)), reduce("sum", shifted, {1}, false)), {0}, false);
  std::vector<double> data;
  for (int i = 0; i < rows * columns; ++i) data.push_back(std::sin(i * 0.37) * 3);
  const TensorRef feed = filled({rows, columns}, data, DType::float32);
  const auto g = gradient(std::vector{loss}, std::vector{x});
  Program program({loss, g[0]});
  const auto one = run(program, {feed}, 1), two = run(program, {feed}, 2);
  CHECK(one == two);
  Table table(std::vector{loss}, {{x.get(), feed}});
  table.backward(std::vector{loss});
  CHECK(one[0][0] == doctest::Approx(first(table.value(loss))).epsilon(1e-6));
  const TensorRef by_table = table.gradient(x);
  for (Index i = 0; i < rows * columns; i += 101)
    CHECK(one[1][i] == doctest::Approx(element_as_double(by_table->data.get(), DType::float32, i)).epsilon(1e-5));
}

TEST_CASE("batched and broadcast products agree with the table") {
  const NodeRef a = make_input("a", {{2, 1, 4, 5}, DType::float64}), b = make_input("b", {{3, 5, 6}, DType::float64}),
                w = make_input("w", {{6, 2}, DType::float64});
  const NodeRef y = matmul(matmul(a, b), w);
  std::vector<double> data;
  for (int i = 0; i < 97; ++i) data.push_back(std::cos(i * 1.7));
  const std::vector<TensorRef> feeds = {filled({2, 1, 4, 5}, data), filled({3, 5, 6}, data), filled({6, 2}, data)};
  const NodeRef loss = reduce("sum", unary("square", y), all_axes(y), false);
  const auto g = gradient(std::vector{loss}, std::vector{a, b, w});
  Program program({y, g[0], g[1], g[2]});
  const auto result = run(program, feeds, 2);
  Table table(std::vector{loss}, {{a.get(), feeds[0]}, {b.get(), feeds[1]}, {w.get(), feeds[2]}});
  table.backward(std::vector{loss});
  const std::vector<TensorRef> expected = {table.value(y), table.gradient(a), table.gradient(b), table.gradient(w)};
  for (std::size_t k = 0; k < expected.size(); ++k)
    for (Index i = 0; i < expected[k]->count(); ++i)
      CHECK(result[k][i] == doctest::Approx(element_as_double(expected[k]->data.get(), DType::float64, i)).epsilon(1e-12));
}

TEST_CASE("a chain of a million nodes builds, differentiates, runs and is freed") {
  const NodeRef x = make_input("x", {{2}, DType::float64});
  NodeRef y = x;
  for (int i = 0; i < 1000000; ++i) y = shift(y, 1e-6);
  const auto g = gradient(std::vector{y}, std::vector{x});
  Program program({y, g[0]});
  const auto result = run(program, {filled({2}, {1})});
  CHECK(result[0][0] == doctest::Approx(2));
  CHECK(result[1][0] == 1);
}
