// Random graphs: the verifier after every pass, Program against Table, and modules that are spoiled on purpose.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <random>
#include <stdexcept>

#include "graph/passes/verify.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/gradient.hpp"
#include "plait/graph/table.hpp"

using namespace plait;
using namespace plait::graph;
using namespace plait::graph::build;

namespace {

constexpr DType kType = DType::float64;

TensorRef waves(const Shape& shape, double phase) {
  auto t = std::make_shared<Tensor>(Spec{shape, kType});
  for (Index i = 0; i < t->count(); ++i) set_element(t->data.get(), kType, i, std::sin(0.7 * static_cast<double>(i) + phase));
  return t;
}

struct RandomGraph {
  std::vector<NodeRef> inputs, parameters, outputs;
  Updates updates;

  explicit RandomGraph(unsigned seed) : random_(seed) {
    for (const char* name : {"a", "b"}) inputs.push_back(make_input(name, {{kRows, kColumns}, kType}));
    inputs.push_back(make_input("row", {{kColumns}, kType}));
    for (int k = 0; k < 2; ++k) parameters.push_back(make_parameter("w", waves({kColumns, kColumns}, 2.0 + k)));
    std::vector<NodeRef> nodes = {inputs[0], inputs[1]};
    const int n = 2 + pick(16);
    for (int i = 0; i < n; ++i) nodes.push_back(step(nodes));
    const NodeRef loss = reduce("sum", unary("tanh", nodes.back()), {0, 1}, false);
    outputs = {loss, nodes.back(), nodes[static_cast<std::size_t>(pick(static_cast<int>(nodes.size())))]};
    std::vector<NodeRef> wrt = inputs;
    wrt.insert(wrt.end(), parameters.begin(), parameters.end());
    const std::vector<NodeRef> gradients = gradient(std::vector{loss}, wrt);
    outputs.insert(outputs.end(), gradients.begin(), gradients.end());
    for (std::size_t k = 0; k < parameters.size(); ++k)
      if (pick(3) != 0) updates.emplace_back(parameters[k], subtract(parameters[pick(4) == 0 ? 1 - k : k], scale(gradients[3 + k], 0.1)));
  }

 private:
  static constexpr Index kRows = 6, kColumns = 4;

  int pick(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
  NodeRef step(const std::vector<NodeRef>& nodes) {
    const auto any = [&] { return nodes[static_cast<std::size_t>(pick(static_cast<int>(nodes.size())))]; };
    const NodeRef a = any(), b = any();
    const NodeRef& w = parameters[static_cast<std::size_t>(pick(2))];
    constexpr Index kAll = kOpen;
    const auto rows = [&](Index begin, Index end) { return graph::apply("slice", {a}, SliceRanges{{{begin, end, 1}, {kAll, kAll, 1}}}); };
    switch (pick(14)) {
      case 0: return unary("tanh", a);
      case 1: return unary("sin", a);
      case 2: return scale(unary("square", a), 0.3);
      case 3: return add(a, b);
      case 4: return multiply(a, b);
      case 5: return add(a, inputs[2]);
      case 6: return unary("tanh", matmul(a, w));
      case 7: return scale(matmul(matmul(a, swap_last(b)), a), 0.05);
      case 8: return graph::apply("concatenate", {rows(2, kRows), rows(0, 2)}, OneAxis{0});
      case 9: return graph::apply("concatenate", {unary("tanh", rows(0, 3)), unary("tanh", rows(3, kRows))}, OneAxis{0});
      case 10: return subtract(a, scale(reduce("sum", b, {0}, true), 0.2));
      case 11: return multiply(a, scale(reduce("max", b, {1}, true), 0.5));
      case 12: return add(matmul(a, w), matmul(b, w));
      default: return reshape_like(unary("sin", swap_last(a)), a);
    }
  }

  std::mt19937 random_;
};

Module lowered(const RandomGraph& graph) {
  std::unordered_map<const Node*, Spec> feeds;
  for (const NodeRef& input : graph.inputs) feeds.emplace(input.get(), input->spec);
  Module module = lower(graph.outputs, graph.updates, feeds);
  module.feeds = graph.inputs;
  return module;
}

Module compiled(unsigned seed, Stage stage) {
  const RandomGraph graph(seed);
  Module module = lowered(graph);
  for (const Pass& pass : kPipeline) {
    if (pass.leaves > stage) break;
    module = pass.run(std::move(module));
  }
  module.feeds = {};
  return module;
}

void check_against_table(RandomGraph& graph, int threads) {
  Feeds feeds;
  for (std::size_t k = 0; k < graph.inputs.size(); ++k)
    feeds.emplace(graph.inputs[k].get(), waves(graph.inputs[k]->spec.shape, static_cast<double>(k)));
  std::vector<NodeRef> all = graph.outputs;
  for (const auto& [parameter, next] : graph.updates) all.push_back(next);
  const Table table(all, feeds);
  Program program(graph.outputs, graph.updates);
  std::vector<Spec> specs;
  std::vector<const void*> in;
  for (const NodeRef& input : program.inputs()) {
    specs.push_back(input->spec);
    in.push_back(feeds.at(input.get())->data.get());
  }
  const auto plan = program.plan(specs);
  std::vector<TensorRef> results;
  std::vector<void*> out;
  for (const Spec& spec : plan->output_specs()) {
    results.push_back(std::make_shared<Tensor>(spec));
    out.push_back(results.back()->data.get());
  }
  program.run(*plan, in.data(), out.data(), threads);
  for (const auto& [parameter, next] : graph.updates) results.push_back(parameter->value());
  for (std::size_t k = 0; k < all.size(); ++k) {
    const TensorRef expected = table.value(all[k]);
    for (Index i = 0; i < expected->count(); ++i)
      REQUIRE(element_as_double(results[k]->data.get(), kType, i) ==
              doctest::Approx(element_as_double(expected->data.get(), kType, i)).epsilon(1e-10));
  }
}

}  // namespace

TEST_CASE("random graphs: every pass leaves what it says, and Program agrees with Table") {
  for (unsigned seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    RandomGraph graph(seed);
    Module module = lowered(graph);
    REQUIRE_NOTHROW(verify(module, Stage::lowered));
    for (const Pass& pass : kPipeline) {
      CAPTURE(pass.name);
      module = pass.run(std::move(module));
      REQUIRE_NOTHROW(verify(module, pass.leaves));
    }
    check_against_table(graph, seed % 2 == 0 ? 1 : 2);
  }
}

TEST_CASE("verify finds what is spoiled") {
  int spoiled = 0;
  const auto finds = [&](Stage stage, const std::function<bool(Module&)>& spoil) {
    bool any = false;
    for (unsigned seed = 0; seed < 20; ++seed) {
      Module module = compiled(seed, stage);
      REQUIRE_NOTHROW(verify(module, stage));
      if (!spoil(module)) continue;
      any = true;
      CAPTURE(seed);
      CAPTURE(spoiled);
      CHECK_THROWS_AS(verify(module, stage), std::logic_error);
    }
    CAPTURE(spoiled);
    CHECK(any);
    ++spoiled;
  };
  const auto first = [](Module& module, const auto& holds) -> Value* {
    const auto found = std::find_if(module.values.begin(), module.values.end(), holds);
    return found == module.values.end() ? nullptr : &*found;
  };
  finds(Stage::simplified, [&](Module& m) {  // an input that does not stand before its reader
    Value* const v = first(m, [](const Value& value) { return !value.inputs.empty(); });
    v->inputs[0] = static_cast<int>(m.values.size()) - 1;
    return true;
  });
  finds(Stage::simplified, [&](Module& m) {  // a shape that the op does not infer
    Value* const v = first(m, [](const Value& value) { return value.op->kind == OpKind::elementwise && value.spec.shape.size() == 2; });
    if (v != nullptr) v->spec.shape[0] += 1;
    return v != nullptr;
  });
  finds(Stage::simplified, [](Module& m) {  // two outputs in one value
    m.outputs[1] = m.outputs[0];
    return true;
  });
  finds(Stage::views, [&](Module& m) {  // a view beyond its root
    Value* const v = first(m, [](const Value& value) { return value.op->kind == OpKind::view; });
    if (v != nullptr) v->view.offset += 1000;
    return v != nullptr;
  });
  finds(Stage::views, [&](Module& m) {  // a piece that is not where its concatenation is
    Value* const v = first(m, [](const Value& value) { return value.alias.whole >= 0; });
    if (v != nullptr) v->alias.whole = -1;
    return v != nullptr;
  });
  finds(Stage::fused, [](Module& m) {  // a value that no group computes
    for (Group& group : m.groups)
      if (group.members.size() > 1) {
        group.members.pop_back();
        return true;
      }
    return false;
  });
  finds(Stage::fused, [](Module& m) {  // a group that reads a later one
    for (int g = 0; g < static_cast<int>(m.groups.size()); ++g)
      for (const int r : reads_of(m, g)) {
        const int from = m.values[r].group;
        if (from < 0) continue;
        std::swap(m.groups[g], m.groups[from]);
        for (Value& value : m.values) value.group = value.group == g ? from : value.group == from ? g : value.group;
        return true;
      }
    return false;
  });
  finds(Stage::fused, [&](Module& m) {  // a value read elsewhere that is not stored
    Value* const v = first(m, [](const Value& value) { return value.needs_storage; });
    v->needs_storage = false;
    return true;
  });
  finds(Stage::scheduled, [](Module& m) {  // a group before what it reads
    for (std::size_t t = 1; t < m.order.size(); ++t)
      for (const int r : reads_of(m, m.order[t]))
        if (m.values[r].group == m.order[t - 1]) {
          std::swap(m.order[t], m.order[t - 1]);
          return true;
        }
    return false;
  });
  finds(Stage::allocated, [](Module& m) {  // two values that are alive together in one place
    for (const int g : m.order) {
      const std::vector<int> reads = reads_of(m, g);
      const auto in_arena = [&](int r) { return m.values[r].buffer.kind == BufferAssignment::Kind::arena && m.values[r].alias.whole < 0; };
      for (const int a : reads)
        for (const int b : reads)
          if (a != b && in_arena(a) && in_arena(b)) {
            m.values[a].buffer.offset = m.values[b].buffer.offset;
            return true;
          }
    }
    return false;
  });
}
