// Graphs over short vectors as lane programs, against the same graph evaluated.
#include <doctest/doctest.h>

#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/program.hpp"
#include "plait/graph/unroll.hpp"

using namespace plait;
using namespace plait::graph;

namespace {

NodeRef vector(const char* name, Index n, DType dtype = DType::float64) { return make_input(name, {{n}, dtype}); }

double by_lanes(const LaneProgram& program, const std::vector<double>& values) {
  std::vector<LaneInput> inputs(values.size(), LaneInput{DType::float64, {1}});
  const LaneKernel kernel(program, {1}, inputs, {{.dtype = DType::float64}});
  std::vector<const void*> pointers;
  for (const double& v : values) pointers.push_back(&v);
  double result = 0;
  void* outputs[] = {&result};
  const Bytes scratch = allocate_bytes(kernel.scratch_bytes(1));
  kernel.run(pointers.data(), outputs, scratch.get(), 1);
  return result;
}

double by_program(const NodeRef& output, const std::vector<double>& x, const std::vector<double>& y) {
  Program program({output});
  std::vector<Spec> specs;
  std::vector<const void*> feeds;
  for (const NodeRef& input : program.inputs()) {
    specs.push_back(input->spec);
    feeds.push_back(input->name() == "x" ? x.data() : y.data());
  }
  double result = 0;
  void* outputs[] = {&result};
  program.run(*program.plan(specs), feeds.data(), outputs, 1);
  return result;
}

}  // namespace

TEST_CASE("elementwise work, views, reductions and products are unrolled") {
  using namespace build;
  const NodeRef x = vector("x", 3), y = vector("y", 3);
  const NodeRef inputs[] = {x, y};
  const NodeRef row = expand_dims(x, 0), column = expand_dims(y, 1);
  const NodeRef outer = multiply(column, row);
  const std::vector<NodeRef> graphs{
      reduce("sum", multiply(x, y), {0}, false),
      reduce("max", reduce("min", subtract(outer, row), {1}, false), {0}, false),
      reduce("prod", shift(unary("abs", x), 1), {0}, false),
      reduce("sum", matmul(row, column), {0, 1}, false),
      reduce("sum", select(less(transpose(outer, {1, 0}), outer), outer, swap_last(outer)), {0, 1}, false),
      scale(reduce("sum", cast(equal(x, y), DType::float64), {0}, false), 0.5),
      constant(4, DType::float64),
  };
  const std::vector<double> a{1.5, -2, 3}, b{0.25, -2, 7};
  for (const NodeRef& graph : graphs) {
    CAPTURE(graph->label());
    std::vector<double> both(a);
    both.insert(both.end(), b.begin(), b.end());
    CHECK(by_lanes(unroll(graph, inputs), both) == doctest::Approx(by_program(graph, a, b)).epsilon(1e-15));
  }
}

TEST_CASE("what lanes do not have is refused") {
  using namespace build;
  const NodeRef x = vector("x", 3), other = vector("other", 3), single = vector("x32", 3, DType::float32);
  const NodeRef inputs[] = {x, single};
  const auto sum = [](const NodeRef& node) { return reduce("sum", node, {0}, false); };
  CHECK_THROWS_WITH_AS(unroll(x, inputs), doctest::Contains("expected a scalar"), GraphError);
  CHECK_THROWS_WITH_AS(unroll(sum(other), std::span(inputs, 1)), doctest::Contains("other"), GraphError);
  CHECK_THROWS_WITH_AS(unroll(cast(sum(single), DType::float64), inputs), doctest::Contains("float32"), GraphError);
  CHECK_THROWS_WITH_AS(unroll(sum(apply("cumsum", {x}, CumulatedAxis{0, false})), inputs), doctest::Contains("cumsum"), GraphError);
}
