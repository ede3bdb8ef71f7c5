// The loop's kernel: where states and rows stand, what is computed for whom, and what is refused.
#include <doctest/doctest.h>

#include <atomic>
#include <cstring>
#include <vector>

#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/gradient.hpp"
#include "plait/graph/program.hpp"
#include "plait/graph/scan.hpp"
#include "plait/graph/table.hpp"

using namespace plait;
using namespace plait::graph;
using namespace plait::graph::build;

namespace {

constexpr DType kType = DType::float64;

TensorRef tensor(Shape shape, const std::vector<double>& values) {
  auto t = std::make_shared<Tensor>(Spec{std::move(shape), kType});
  for (Index i = 0; i < t->count(); ++i) set_element(t->data.get(), kType, i, values[static_cast<std::size_t>(i) % values.size()]);
  return t;
}

using Values = std::vector<std::vector<double>>;

Values run(Program& program, const std::vector<TensorRef>& feeds) {
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
  program.run(*plan, in.data(), out.data(), 1);
  Values result;
  for (const TensorRef& t : outputs) {
    result.emplace_back();
    for (Index i = 0; i < t->count(); ++i) result.back().push_back(element_as_double(t->data.get(), t->spec.dtype, i));
  }
  return result;
}

// s' = decay * s + x; results: the state before the step, after it, and the row itself.
struct Decay {
  NodeRef decay = make_input("decay", {{}, kType}), first = make_input("first", {{2}, kType}), rows = make_input("rows", {{kAny, 2}, kType});
  std::vector<NodeRef> outputs;

  explicit Decay(bool reverse = false, std::optional<Index> checkpoint = {}) {
    const NodeRef s = make_input("s", {{2}, kType}), x = make_input("x", {{2}, kType});
    const NodeRef next = add(multiply(decay, s), x);
    outputs = scan({.states = {first},
                    .sequences = {rows},
                    .step_states = {s},
                    .step_xs = {x},
                    .next = {next},
                    .ys = {s, next, x},
                    .reverse = reverse,
                    .checkpoint = checkpoint});
  }
  [[nodiscard]] static std::vector<TensorRef> feeds(Index steps) {
    std::vector<double> x;
    for (Index i = 0; i < std::max<Index>(2 * steps, 1); ++i) x.push_back(static_cast<double>(i + 1));
    return {tensor({}, {0.5}), tensor({2}, {8, -8}), tensor({steps, 2}, x)};
  }
};

}  // namespace

TEST_CASE("scan: states, rows before and after steps, in both directions") {
  for (const std::optional<Index> checkpoint : {std::optional<Index>(), std::optional<Index>(0), std::optional<Index>(2)}) {
    Decay loop(false, checkpoint);
    Program program(loop.outputs);
    const Values v = run(program, Decay::feeds(3));
    CHECK(v[0] == std::vector<double>{7.75, 7.5});
    CHECK(v[1] == std::vector<double>{8, -8, 5, -2, 5.5, 3});
    CHECK(v[2] == std::vector<double>{5, -2, 5.5, 3, 7.75, 7.5});
    CHECK(v[3] == std::vector<double>{1, 2, 3, 4, 5, 6});
    Decay back(true, checkpoint);
    Program backward(back.outputs);
    const Values w = run(backward, Decay::feeds(2));
    CHECK(w[0] == std::vector<double>{4.5, 2});
    CHECK(w[1] == std::vector<double>{7, 0, 8, -8});
    CHECK(w[2] == std::vector<double>{4.5, 2, 7, 0});
  }
}

TEST_CASE("scan: no steps, one step, and a table's way") {
  Decay loop;
  Program program(loop.outputs);
  Values v = run(program, Decay::feeds(0));
  CHECK(v[0] == std::vector<double>{8, -8});
  CHECK(v[1].empty());
  v = run(program, Decay::feeds(1));
  CHECK(v[0] == std::vector<double>{5, -2});
  CHECK(v[2] == v[0]);
  const auto feeds = Decay::feeds(4);
  v = run(program, feeds);
  const Table table(loop.outputs, {{loop.decay.get(), feeds[0]}, {loop.first.get(), feeds[1]}, {loop.rows.get(), feeds[2]}});
  for (std::size_t k = 0; k < v.size(); ++k)
    for (std::size_t i = 0; i < v[k].size(); ++i)
      CHECK(element_as_double(table.value(loop.outputs[k])->data.get(), kType, static_cast<Index>(i)) == v[k][i]);
}

TEST_CASE("scan: a loop computes what is asked of it") {
  Decay loop;
  const Scan& scan = *loop_of(loop.outputs[0]->attributes);
  const auto demand = [&](std::vector<int> outputs) { return scan.body->demand(outputs); };
  CHECK(demand({0}).live == std::vector<char>{1});
  CHECK(demand({0}).inputs == std::vector<int>{0, 1, 2});
  CHECK(demand({3}).live == std::vector<char>{0});  // the rows themselves need no state
  CHECK(demand({3}).inputs == std::vector<int>{1});
  const auto bytes = [&](std::vector<NodeRef> outputs) {
    Program program(std::move(outputs));
    std::vector<Spec> specs;
    for (const NodeRef& input : program.inputs()) specs.push_back({input->spec.shape.size() == 2 ? Shape{1000, 2} : input->spec.shape, kType});
    return program.plan(specs)->memory_bytes();
  };
  CHECK(bytes({loop.outputs[0]}) < 8000);
  CHECK(bytes({loop.outputs[0], loop.outputs[2]}) > 16000);
}

TEST_CASE("scan: the backward loop is a loop like any other") {
  Decay loop;
  const NodeRef loss = reduce("sum", loop.outputs[0], {0}, false);
  const std::vector<NodeRef> wrt = {loop.decay, loop.first, loop.rows};
  const std::vector<NodeRef> first = gradient(std::vector{loss}, wrt);
  const std::vector<NodeRef> second = gradient(std::vector{first[0]}, std::vector{loop.decay});
  Program program({first[0], first[1], first[2], second[0]});
  const Values v = run(program, Decay::feeds(3));  // last = d³ s + d² x0 + d x1 + x2
  CHECK(v[0] == std::vector<double>{3 * 0.25 * 0 + 2 * 0.5 * 3 + 7});
  CHECK(v[1] == std::vector<double>{0.125, 0.125});
  CHECK(v[2] == std::vector<double>{0.25, 0.25, 0.5, 0.5, 1, 1});
  CHECK(v[3] == std::vector<double>{6 * 0.5 * 0 + 2 * 3});
}

TEST_CASE("scan: what does not fit is refused by name") {
  const NodeRef s = make_input("s", {{2}, kType}), x = make_input("x", {{2}, kType}), rows = make_input("rows", {{5, 2}, kType}),
                more = make_input("more", {{6, 2}, kType});
  const auto traced = [&](std::vector<NodeRef> sequences, NodeRef next) {
    std::vector<NodeRef> step_xs(sequences.size(), x);
    return TracedScan{.states = {zeros_like(s)},
                      .sequences = std::move(sequences),
                      .step_states = {s},
                      .step_xs = std::move(step_xs),
                      .next = {std::move(next)},
                      .ys = {},
                      .reverse = false,
                      .checkpoint = {}};
  };
  CHECK_THROWS_AS(scan(traced({}, s)), GraphError);
  CHECK_THROWS_WITH_AS(scan(traced({rows, more}, s)), "scan: sequences of different length: rows has 5 steps, more has 6", ShapeError);
  CHECK_THROWS_AS(scan(traced({rows}, expand_dims(s, 0))), ShapeError);
  CHECK_THROWS_AS(scan(traced({rows}, cast(s, DType::float32))), DTypeError);
  CHECK_THROWS_AS(plait::graph::apply("scan", {rows}), GraphError);
}

TEST_CASE("scan: Ctrl-C is heard between steps") {
  static std::atomic<bool> stop{false};
  Decay loop;
  Program program({loop.outputs[0]});
  set_interrupt_hook([] { return stop.load(); });
  stop = true;
  CHECK_THROWS_AS(run(program, Decay::feeds(3'000'000)), Interrupted);
  stop = false;
  set_interrupt_hook(nullptr);
  CHECK(run(program, Decay::feeds(1))[0] == std::vector<double>{5, -2});
}
