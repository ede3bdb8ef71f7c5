#include <doctest/doctest.h>

#include <cmath>

#include "plait/optimize/slsqp.hpp"

using namespace plait;
using namespace plait::tensor;
using namespace plait::optimize;

namespace {

// Hock and Schittkowski 71: min x0 x3 (x0 + x1 + x2) + x2, x0 x1 x2 x3 >= 25, |x|² = 40, 1 <= x <= 5.
struct Seventyone : Problem {
  Seventyone() {
    n = 4;
    m = 2;
    lower.assign(4, 1);
    upper.assign(4, 5);
    row_lower = {25, 40};
    row_upper = {std::numeric_limits<double>::infinity(), 40};
  }
  void values(const double* x, double& f, double* c) override {
    f = x[0] * x[3] * (x[0] + x[1] + x[2]) + x[2];
    c[0] = x[0] * x[1] * x[2] * x[3];
    c[1] = x[0] * x[0] + x[1] * x[1] + x[2] * x[2] + x[3] * x[3];
    inside = inside && x[0] >= 1 && x[3] <= 5;
  }
  void derivatives(const double* x, double* g, double* j) override {
    g[0] = x[3] * (2 * x[0] + x[1] + x[2]);
    g[1] = x[0] * x[3];
    g[2] = x[0] * x[3] + 1;
    g[3] = x[0] * (x[0] + x[1] + x[2]);
    for (int i = 0; i < 4; ++i) {
      j[i] = x[0] * x[1] * x[2] * x[3] / x[i];
      j[4 + i] = 2 * x[i];
    }
  }
  bool inside = true;
};

// Half the sum of (k + 1) (x_k - 1)², with its Hessian, between bounds and with x_0 + … = total.
struct Quadratic : Problem {
  explicit Quadratic(Index size, double total) {
    n = size;
    lower.assign(static_cast<std::size_t>(n), -10);
    upper.assign(static_cast<std::size_t>(n), 10);
    linear.assign(static_cast<std::size_t>(n), 1);
    linear_lower = linear_upper = {total};
  }
  void values(const double* x, double& f, double* /*c*/) override {
    f = 0;
    for (Index i = 0; i < n; ++i) f += 0.5 * static_cast<double>(i + 1) * (x[i] - 1) * (x[i] - 1);
  }
  void derivatives(const double* x, double* g, double* /*j*/) override {
    for (Index i = 0; i < n; ++i) g[i] = static_cast<double>(i + 1) * (x[i] - 1);
  }
  bool curvature(const double* /*x*/, const double* /*multipliers*/, const double* v, double* out) override {
    for (Index i = 0; i < n; ++i) out[i] = static_cast<double>(i + 1) * v[i];
    return exact;
  }
  bool exact = true;
};

}  // namespace

TEST_CASE("slsqp: Hock and Schittkowski's 71st, from gradients alone") {
  Seventyone problem;
  const SlsqpResult r = Slsqp().solve(problem, {1, 5, 5, 1});
  REQUIRE(r.status == Status::solved);
  CHECK(r.f == doctest::Approx(17.0140173).epsilon(1e-7));
  CHECK(r.x[0] == 1.0);
  CHECK(r.bound_multipliers[0] > 0);
  CHECK(r.multipliers[0] > 0);
  CHECK(r.violation < 1e-6);
  CHECK(r.products == 0);
  CHECK(problem.inside);
}

TEST_CASE("slsqp: with the exact Hessian a quadratic takes one step, and the same solution as without") {
  Quadratic sharp(6, 3), blunt(6, 3);
  blunt.exact = false;
  const std::vector<double> start(6, 4.0);
  const SlsqpResult a = Slsqp().solve(sharp, start), b = Slsqp().solve(blunt, start);
  REQUIRE(a.status == Status::solved);
  REQUIRE(b.status == Status::solved);
  CHECK(a.iterations == 1);
  CHECK(a.products > 0);
  CHECK(b.iterations > 1);
  for (std::size_t i = 0; i < start.size(); ++i) CHECK(a.x[i] == doctest::Approx(b.x[i]).epsilon(1e-5));
  // (k + 1) (x_k - 1) = λ for each k, so λ times the sum of 1 / (k + 1) is 3 - 6.
  CHECK(a.multipliers[0] == doctest::Approx(-3 / 2.45));
}

TEST_CASE("slsqp: contradictions, a callback that stops, and starts that make no sense") {
  Slsqp solver;
  Quadratic far(3, 100);
  CHECK(solver.solve(far, {0, 0, 0}).status == Status::infeasible);
  Seventyone problem;
  int calls = 0;
  const SlsqpResult stopped = solver.solve(problem, {1, 5, 5, 1}, {}, [&](const double*, double, int) { return ++calls == 2; });
  CHECK(stopped.status == Status::stopped);
  CHECK(stopped.iterations == 2);
  CHECK_THROWS_WITH(solver.solve(problem, {1, 5, 5}), doctest::Contains("x0: expected 4 numbers, got 3"));
  CHECK_THROWS_WITH(solver.solve(problem, {1, 5, 5, NAN}), doctest::Contains("x0: element 3 is"));
  CHECK(solver.solve(problem, {1, 5, 5, 1}).status == Status::solved);
}
