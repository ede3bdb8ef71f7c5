#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"
#include "plait/base/random.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/gradient.hpp"
#include "plait/train/loop.hpp"

using namespace plait;
using namespace plait::train;
using namespace plait::graph::build;

namespace {

// One weight fitted to t = w x by plain gradient descent, with a twin in a few lines of arithmetic below.
struct Line {
  std::vector<float> xs, ts;
  NodeRef x = make_input("x", {{kAny}, DType::float32}), t = make_input("t", {{kAny}, DType::float32});
  NodeRef w = make_parameter("w", scalar_tensor(0.25, DType::float32));
  NodeRef squares = unary("square", subtract(multiply(w, x), t));
  NodeRef loss = divide(reduce("sum", squares, {0}, false), apply("axis_size", {x}, CountedAxes{DType::float32, {0}}));
  double rate = 0.01;

  explicit Line(int n) {
    for (int i = 0; i < n; ++i) {
      xs.push_back(static_cast<float>(i % 7) - 3.0F + 0.125F * static_cast<float>(i % 3));
      ts.push_back(2.0F * xs.back() + 0.01F * static_cast<float>(i % 5));
    }
  }
  [[nodiscard]] std::vector<Rows> data() const {
    const auto n = static_cast<Index>(xs.size());
    return {{xs.data(), SourceType::float32, n, {}}, {ts.data(), SourceType::float32, n, {}}};
  }
  [[nodiscard]] std::shared_ptr<Program> step() const {
    const NodeRef g = gradient(std::vector{loss}, std::vector{w})[0];
    return std::make_shared<Program>(std::vector{loss}, Updates{{w, subtract(w, scale(g, rate))}});
  }
  [[nodiscard]] double weight() const { return element_as_double(w->value()->data.get(), DType::float32, 0); }
};

}  // namespace

TEST_CASE("an epoch is the sequence of steps that its order says, its loss the mean over rows") {
  Line line(103);
  Loop loop(line.step(), line.data(), 25);
  double w = 0.25;
  for (Index epoch = 0; epoch < 3; ++epoch) {
    std::vector<std::int64_t> order(103);
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
    shuffle_indices(order.data(), 103, 7, static_cast<std::uint64_t>(epoch));
    double sum = 0;
    for (std::size_t begin = 0; begin < 103; begin += 25) {
      const std::size_t end = std::min<std::size_t>(103, begin + 25);
      double g = 0, loss = 0;
      for (std::size_t k = begin; k < end; ++k) {
        const double x = line.xs[static_cast<std::size_t>(order[k])], e = w * x - line.ts[static_cast<std::size_t>(order[k])];
        loss += e * e;
        g += 2 * e * x / static_cast<double>(end - begin);
      }
      sum += loss;
      w -= line.rate * g;
    }
    EpochOptions options;
    options.epoch = epoch;
    options.shuffle_seed = 7;
    const EpochResult result = loop.run(options);
    CHECK(result.status == EpochResult::Status::done);
    CHECK(result.steps == 5);
    CHECK(result.means[0] == doctest::Approx(sum / 103).epsilon(1e-5));
    CHECK(line.weight() == doctest::Approx(w).epsilon(1e-5));
  }
}

TEST_CASE("a loss that is not finite ends the epoch at its step") {
  Line line(100);
  line.ts[63] = std::numeric_limits<float>::quiet_NaN();
  EpochOptions options;
  options.shuffle = false;
  Loop loop(line.step(), line.data(), 10);
  EpochResult result = loop.run(options);
  CHECK(result.status == EpochResult::Status::loss);
  CHECK(result.steps == 7);
  CHECK(std::isnan(result.bad_loss));
  CHECK(line.weight() == 0.25);  // what it was before the epoch

  Line measured(100);
  measured.ts[63] = std::numeric_limits<float>::infinity();
  options.stop_at_not_finite = false;
  result = Loop(std::make_shared<Program>(std::vector{measured.loss}), measured.data(), 10).run(options);
  CHECK(result.status == EpochResult::Status::done);
  CHECK(std::isinf(result.means[0]));
}

TEST_CASE("a parameter that is not finite ends the epoch although every loss was finite") {
  Line line(10);
  line.rate = 1e38;
  for (float& x : line.xs) x *= 100;
  EpochOptions options;
  const EpochResult result = Loop(line.step(), line.data(), 10).run(options);
  CHECK(result.status == EpochResult::Status::parameter);
  CHECK(result.bad_parameter == line.w);
  CHECK(std::isfinite(result.means[0]));
  CHECK(line.weight() == 0.25);
}

TEST_CASE("random nodes draw from the step, so that a run that goes on draws the same numbers") {
  const NodeRef x = make_input("x", {{kAny}, DType::float32});
  const NodeRef e = apply("random_normal", {x}, RandomDraw{DType::float32, false, 0, 0, {kAny}});
  const std::vector<float> data(40);
  std::vector<float> all(40), tail(40);
  const std::vector<Rows> rows{{data.data(), SourceType::float32, 40, {}}};
  void* destination[] = {all.data()};
  Loop loop(std::make_shared<Program>(std::vector{add(e, x)}), rows, 10);
  loop.predict(destination, 3, 0);
  destination[0] = tail.data();
  loop.predict(destination, 3, 2);
  CHECK(std::vector<float>(all.begin() + 20, all.end()) == std::vector<float>(tail.begin(), tail.begin() + 20));
  CHECK(all != tail);
}

TEST_CASE("predictions stand in the order of the data, the smaller last batch among them") {
  const NodeRef x = make_input("x", {{kAny, 2}, DType::float64});
  std::vector<std::int32_t> data(2 * 23);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::int32_t>(i);
  Loop loop(std::make_shared<Program>(std::vector{scale(x, 2), reduce("sum", x, {1}, false)}), {{data.data(), SourceType::int32, 23, {2}}}, 5);
  CHECK(loop.predicted() == std::vector<Spec>{{{23, 2}, DType::float64}, {{23}, DType::float64}});
  std::vector<double> doubled(46), sums(23);
  void* destinations[] = {doubled.data(), sums.data()};
  loop.predict(destinations, 0, 0);
  CHECK(doubled[45] == 90);
  CHECK(sums[22] == 89);
  Loop scalar(std::make_shared<Program>(std::vector{reduce("sum", x, {0, 1}, false)}), {{data.data(), SourceType::int32, 23, {2}}}, 5);
  CHECK_THROWS_AS(scalar.predict(destinations, 0, 0), ShapeError);
}

TEST_CASE("Ctrl-C comes through and the loop can be run again") {
  static int asked = 0;
  Line line(100);
  Loop loop(line.step(), line.data(), 1);
  set_interrupt_hook([] { return ++asked > 2; });
  EpochOptions options;
  bool interrupted = false;
  for (Index epoch = 0; epoch < 100000 && !interrupted; ++epoch) {
    options.epoch = epoch;
    try {
      loop.run(options);
    } catch (const Interrupted&) {
      interrupted = true;
    }
  }
  set_interrupt_hook(nullptr);
  CHECK(interrupted);
  CHECK(loop.run(options).steps == 100);
  CHECK(std::isfinite(line.weight()));
}

TEST_CASE("progress is told what has been done, and what it throws ends the loop") {
  Line line(20000);
  Loop loop(line.step(), line.data(), 1);
  int calls = 0;
  EpochOptions options;
  const auto stop = [&](const Progress& p) {
    ++calls;
    CHECK(p.steps == 20000);
    CHECK(p.step > 0);
    throw std::runtime_error("enough");
  };
  bool thrown = false;
  for (Index epoch = 0; epoch < 10000 && !thrown; ++epoch) {
    try {
      loop.run(options, stop);
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    if (calls == 0) options.threads = 1;
    if (epoch > 50 && calls == 0) break;  // a machine on which 20000 steps never take 100 ms
  }
  CHECK(thrown == (calls == 1));
}
