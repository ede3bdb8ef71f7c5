#include <doctest/doctest.h>

#include <cmath>

#include "plait/optimize/qp.hpp"

using namespace plait;
using namespace plait::tensor;
using namespace plait::optimize;

TEST_CASE("qp: a contradiction is proved, and the same object goes on") {
  const std::vector<double> h{1, 0, 0, 1}, rows{1, 1}, g{0, 0}, lower{0, 0};
  Qp qp(2, 1, h, rows);
  const std::vector<double> high{-1}, fine{3};
  const QpResult bad = qp.solve(g, {.lower = lower, .row_upper = high});
  CHECK(bad.status == QpStatus::infeasible);
  CHECK(bad.row_certificate[0] < 0);
  CHECK(bad.row_certificate[0] + bad.bound_certificate[0] == doctest::Approx(0));
  const QpResult good = qp.solve(g, {.lower = lower, .row_lower = fine});
  CHECK(good.status == QpStatus::solved);
  CHECK(good.x[0] == doctest::Approx(1.5));
  CHECK(good.row_multipliers[0] == doctest::Approx(1.5));
  CHECK(good.active.rows[0] == -1);
}

TEST_CASE("qp: linear programs are a singular case") {
  const std::vector<double> h(9, 0.0), rows{1, 1, 1}, g{-3, -2, -1}, lower(3, 0.0), upper(3, 0.6), one{1};
  Qp qp(3, 1, h, rows);
  const QpResult r = qp.solve(g, {lower, upper, one, one});
  REQUIRE(r.status == QpStatus::solved);
  CHECK(r.x[0] == doctest::Approx(0.6));
  CHECK(r.x[1] == doctest::Approx(0.4));
  CHECK(std::abs(r.x[2]) < 1e-12);
  CHECK(qp.solve(g, {.lower = lower}).status == QpStatus::unbounded);
}
