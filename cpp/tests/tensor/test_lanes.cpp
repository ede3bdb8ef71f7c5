// What a lane kernel promises beyond its numbers: accuracy of long sums, empty and scalar spaces, in place, integers, misuse.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>

#include "plait/base/error.hpp"
#include "plait/tensor/buffer.hpp"
#include "plait/tensor/lanes.hpp"
#include "tensor/lanes/table.hpp"

using namespace plait;
using namespace plait::tensor;
using Kind = LaneOutput::Kind;

namespace {

void run(const LaneKernel& kernel, const std::vector<const void*>& in, const std::vector<void*>& out, int threads = 1) {
  const Bytes scratch = allocate_bytes(kernel.scratch_bytes(threads));
  kernel.run(in.data(), out.data(), scratch.get(), threads);
}

template <class F>
void at_every_level(F f) {
  const Isa before = lane_isa();
  for (const Isa level : {Isa::v2, Isa::v3, Isa::v4}) {
    if (!isa_supported(level)) continue;
    lane_isa() = level;
    CAPTURE(isa_name(level));
    f();
  }
  lane_isa() = before;
}

const LaneProgram kPass{LaneType::f32, 1, {}, {}, {0}};
const LaneInput kLine{DType::float32, {1}};

std::vector<float> random_floats(Index n, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> x(static_cast<std::size_t>(n));
  for (float& v : x) v = static_cast<float>(random()) * 0x1p-32F;
  return x;
}

}  // namespace

TEST_CASE("long float32 sums stay accurate, whatever way they are cut") {
  const Index rows = 6000, columns = 250;
  const std::vector<float> x = random_floats(rows * columns, 1);
  at_every_level([&] {
    for (const Index inner : {Index{1}, Index{5}, Index{50}, Index{250}, Index{3000}, Index{30000}}) {
      const LaneKernel kernel(kPass, {rows * columns}, {kLine}, {{DType::float32, Kind::sum, 1, inner}});
      std::vector<float> sums(static_cast<std::size_t>(inner)), again(sums);
      run(kernel, {x.data()}, {sums.data()});
      run(kernel, {x.data()}, {again.data()}, 2);
      CHECK(sums == again);
      double worst = 0;
      for (Index j = 0; j < inner; ++j) {
        double exact = 0;
        for (Index i = j; i < rows * columns; i += inner) exact += static_cast<double>(x[static_cast<std::size_t>(i)]);
        worst = std::max(worst, std::fabs(static_cast<double>(sums[static_cast<std::size_t>(j)]) - exact) / exact);
      }
      CAPTURE(inner);
      CHECK(worst < 1.5e-7);
    }
  });
}

TEST_CASE("outputs of different splits in one program, some by stripes") {
  // (4, 900, 2500): sums of everything, of the last axis, of the middle axis, of the first axes, and a stored result over its own input.
  const Index a = 4, b = 90, c = 2500, n = a * b * c;
  std::vector<float> x = random_floats(n, 2), y = x;
  const LaneProgram program{LaneType::f32, 1, {2}, {{LaneOp::mul, 0, 1}}, {2, 2, 2, 2, 2}};
  const LaneKernel kernel(program, {a, b, c}, {{DType::float32, {b * c, c, 1}}},
                          {{DType::float32, Kind::store},
                           {DType::float64, Kind::sum, 1, 1},
                           {DType::float64, Kind::sum, a * b, 1},
                           {DType::float64, Kind::sum, a, c},
                           {DType::float64, Kind::maximum, 1, b * c}});
  std::vector<double> all(1), last(static_cast<std::size_t>(a * b)), middle(static_cast<std::size_t>(a * c)), most(static_cast<std::size_t>(b * c));
  run(kernel, {y.data()}, {y.data(), all.data(), last.data(), middle.data(), most.data()}, 2);
  std::vector<double> want_last(last.size()), want_middle(middle.size()), want_most(most.size());
  double want_all = 0;
  for (Index i = 0; i < n; ++i) {
    const double v = 2 * static_cast<double>(x[static_cast<std::size_t>(i)]);
    CHECK_MESSAGE(static_cast<double>(y[static_cast<std::size_t>(i)]) == v, i);
    want_all += v;
    want_last[static_cast<std::size_t>(i / c)] += v;
    want_middle[static_cast<std::size_t>(i / (b * c) * c + i % c)] += v;
    double& m = want_most[static_cast<std::size_t>(i % (b * c))];
    m = std::max(m, v);
  }
  CHECK(all[0] == doctest::Approx(want_all).epsilon(1e-7));
  for (std::size_t i = 0; i < last.size(); ++i) CHECK(last[i] == doctest::Approx(want_last[i]).epsilon(1e-6));
  for (std::size_t i = 0; i < middle.size(); ++i) CHECK(middle[i] == doctest::Approx(want_middle[i]).epsilon(1e-6));
  CHECK(most == want_most);
}

TEST_CASE("NaN spreads in maximum and minimum wherever it stands") {
  at_every_level([&] {
    for (const Index n : {1, 2, 5, 17, 100, 3000})
      for (Index at = 0; at < n; at += 1 + n / 23)
        for (const Kind kind : {Kind::maximum, Kind::minimum}) {
          std::vector<float> x(static_cast<std::size_t>(n), 1.0F);
          x[static_cast<std::size_t>(at)] = NAN;
          float y = 0;
          run(LaneKernel(kPass, {n}, {kLine}, {{DType::float32, kind, 1, 1}}), {x.data()}, {&y});
          REQUIRE(std::isnan(y));
          std::vector<float> x2(x), y2(2);
          x2.insert(x2.end(), x.begin(), x.end());
          run(LaneKernel(kPass, {n * 2}, {kLine}, {{DType::float32, kind, 1, 2}}), {x2.data()}, {y2.data()});
          REQUIRE((std::isnan(y2[0]) || std::isnan(y2[1])));
        }
  });
}

TEST_CASE("the best of three ways and its cost, in every order of operands, to the last bit and with NaN") {
  const Index n = 517;
  std::mt19937 random(5);
  std::vector<double> v[4], out(static_cast<std::size_t>(n)), sum(out), best(out);
  for (auto& values : v)
    for (Index i = 0; i < n; ++i) values.push_back(random() % 17 == 0 ? NAN : random() % 5 == 0 ? INFINITY : static_cast<double>(random()) * 0x1p-32);
  const LaneInput line{DType::float64, {1}};
  at_every_level([&] {
    for (const LaneOp op : {LaneOp::minimum, LaneOp::maximum})
      for (const bool first : {true, false})
        for (const bool sum_first : {true, false}) {
          const LaneInstruction inner{op, 0, 1}, outer = first ? LaneInstruction{op, 4, 2} : LaneInstruction{op, 2, 4};
          const LaneInstruction add = sum_first ? LaneInstruction{LaneOp::add, 5, 3} : LaneInstruction{LaneOp::add, 3, 5};
          const std::vector<LaneInput> lines(4, line);
          const std::vector<const void*> in{v[0].data(), v[1].data(), v[2].data(), v[3].data()};
          run(LaneKernel({LaneType::f64, 4, {}, {inner, outer, add}, {6}}, {n}, lines, {{DType::float64}}), in, {out.data()});
          // An output in between keeps the instructions apart.
          run(LaneKernel({LaneType::f64, 4, {}, {inner, outer, add}, {6, 5}}, {n}, lines, {{DType::float64}, {DType::float64}}), in,
              {sum.data(), best.data()});
          for (std::size_t i = 0; i < out.size(); ++i) {
            REQUIRE((out[i] == sum[i] || (std::isnan(out[i]) && std::isnan(sum[i]))));
            const bool nan = std::isnan(v[0][i]) || std::isnan(v[1][i]) || std::isnan(v[2][i]);
            REQUIRE(std::isnan(best[i]) == nan);
            if (!nan) REQUIRE(best[i] == (op == LaneOp::minimum ? std::min({v[0][i], v[1][i], v[2][i]}) : std::max({v[0][i], v[1][i], v[2][i]})));
          }
        }
  });
}

TEST_CASE("empty and scalar spaces") {
  std::vector<float> out{7, 7, 7};
  const auto reduce = [&](Kind kind) {
    const LaneKernel kernel(kPass, {3, 0}, {{DType::float32, {0, 1}}}, {{DType::float32, kind, 3, 1}});
    run(kernel, {nullptr}, {out.data()}, 2);
    return out;
  };
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  CHECK(reduce(Kind::maximum) == std::vector<float>{-kInfinity, -kInfinity, -kInfinity});
  CHECK(reduce(Kind::minimum) == std::vector<float>{kInfinity, kInfinity, kInfinity});
  CHECK(reduce(Kind::sum) == std::vector<float>{0, 0, 0});
  CHECK(reduce(Kind::product) == std::vector<float>{1, 1, 1});
  run(LaneKernel(kPass, {0}, {kLine}, {{DType::float32}}), {nullptr}, {nullptr});
  run(LaneKernel(kPass, {0, 4}, {{DType::float32, {4, 1}}}, {{DType::float32, Kind::sum, 0, 1}}), {nullptr}, {nullptr});

  const float x = 3;
  float y = 0, z = 0;
  const LaneProgram square{LaneType::f32, 1, {}, {{LaneOp::square, 0}}, {1, 1}};
  run(LaneKernel(square, {}, {{DType::float32, {}}}, {{DType::float32}, {DType::float32, Kind::sum, 1, 1}}), {&x}, {&y, &z});
  CHECK(y == 9);
  CHECK(z == 9);
}

TEST_CASE("inputs and outputs may change places") {
  const Index n = 5000;
  std::vector<float> x = random_floats(n, 3), y = random_floats(n, 4);
  const std::vector<float> x0 = x, y0 = y;
  // swapped as they are
  run(LaneKernel({LaneType::f32, 2, {}, {}, {0, 1}}, {n}, {kLine, kLine}, {{DType::float32}, {DType::float32}}), {x.data(), y.data()},
      {y.data(), x.data()});
  CHECK(x == y0);
  CHECK(y == x0);
  // x' = x + y and y' = x - y, written over y and x
  const LaneProgram butterfly{LaneType::f32, 2, {}, {{LaneOp::add, 0, 1}, {LaneOp::sub, 0, 1}}, {2, 3}};
  run(LaneKernel(butterfly, {n}, {kLine, kLine}, {{DType::float32}, {DType::float32}}), {x.data(), y.data()}, {y.data(), x.data()});
  for (std::size_t i = 0; i < x.size(); ++i) {
    REQUIRE(y[i] == y0[i] + x0[i]);
    REQUIRE(x[i] == y0[i] - x0[i]);
  }
}

TEST_CASE("mathematical instructions: right, and the same wherever an element stands") {
  constexpr LaneOp kOps[] = {LaneOp::exp,     LaneOp::expm1,    LaneOp::log, LaneOp::log1p,  LaneOp::sin,     LaneOp::cos,      LaneOp::tanh,
                             LaneOp::sigmoid, LaneOp::softplus, LaneOp::erf, LaneOp::lgamma, LaneOp::digamma, LaneOp::trigamma, LaneOp::pow};
  const auto exact = [](LaneOp op, double x) {
    switch (op) {
      case LaneOp::exp: return std::exp(x);
      case LaneOp::expm1: return std::expm1(x);
      case LaneOp::log: return std::log(x);
      case LaneOp::log1p: return std::log1p(x);
      case LaneOp::sin: return std::sin(x);
      case LaneOp::cos: return std::cos(x);
      case LaneOp::tanh: return std::tanh(x);
      case LaneOp::sigmoid: return 1 / (1 + std::exp(-x));
      case LaneOp::softplus: return std::log1p(std::exp(x));
      case LaneOp::erf: return std::erf(x);
      case LaneOp::lgamma: return std::lgamma(x);
      case LaneOp::digamma: return (std::lgamma(x + 1e-5) - std::lgamma(x - 1e-5)) / 2e-5;
      case LaneOp::trigamma: return (std::lgamma(x + 1e-3) + std::lgamma(x - 1e-3) - 2 * std::lgamma(x)) / 1e-6;
      default: return std::pow(x, 1.5);
    }
  };
  const Index n = 1500;
  std::vector<float> x = random_floats(n, 5), y(x), z(x);
  for (float& v : x) v = 0.5F + 4 * v;
  at_every_level([&] {
    for (const LaneOp op : kOps) {
      CAPTURE(name_of(op));
      const LaneProgram program{LaneType::f32, 1, {1.5}, {{op, 0, 1}}, {2}};
      const LaneKernel kernel(program, {n}, {kLine}, {{DType::float32}});
      run(kernel, {x.data()}, {y.data()});
      double worst = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double want = exact(op, static_cast<double>(x[i]));
        worst = std::max(worst, std::fabs(static_cast<double>(y[i]) - want) / (0.1 + std::fabs(want)));
      }
      CHECK(worst < 1e-5);
      const Bytes scratch = allocate_bytes(kernel.scratch_bytes(1));
      const void* in = x.data();
      void* out = z.data();
      for (Index begin = 0, step = 1; begin < n; begin += step, step = step % 37 + 1)
        kernel.run_range(&in, &out, begin, std::min(n, begin + step), scratch.get());
      CHECK(std::memcmp(y.data(), z.data(), sizeof(float) * x.size()) == 0);
    }
    const double base = 2;
    std::vector<float> powers(40), exponents(40);
    for (std::size_t i = 0; i < 40; ++i) exponents[i] = static_cast<float>(i) - 20;
    run(LaneKernel({LaneType::f32, 1, {base}, {{LaneOp::pow, 1, 0}}, {2}}, {40}, {kLine}, {{DType::float32}}), {exponents.data()}, {powers.data()});
    for (std::size_t i = 0; i < 40; ++i) CHECK(powers[i] == doctest::Approx(std::ldexp(1.0, static_cast<int>(i) - 20)).epsilon(1e-6));
  });
}

TEST_CASE("misuse is refused with a message") {
  CHECK_THROWS_AS(LaneKernel({LaneType::i64, 1, {}, {{LaneOp::exp, 0}}, {1}}, {4}, {{DType::int64, {1}}}, {{DType::int64}}), DTypeError);
  CHECK_THROWS_AS(LaneKernel(kPass, {4}, {kLine}, {{DType::float32, Kind::sum, 3, 1}}), ShapeError);
  CHECK_THROWS_AS(LaneKernel(kPass, {4, 4}, {kLine}, {{DType::float32}}), ShapeError);
  CHECK_THROWS_AS(LaneKernel({LaneType::f32, 1, {}, {{LaneOp::add, 0, 1}}, {1}}, {4}, {kLine}, {{DType::float32}}), std::invalid_argument);
}

TEST_CASE("every operation has a name and an arity") {
  CHECK(std::string(name_of(LaneOp::copy)) == "copy");
  CHECK(std::string(name_of(LaneOp::truncate)) == "truncate");
  CHECK(std::string(name_of(LaneOp::add)) == "add");
  CHECK(std::string(name_of(LaneOp::logical_or)) == "logical_or");
  CHECK(std::string(name_of(LaneOp::multiply_add)) == "multiply_add");
  CHECK(arity(LaneOp::truncate) == 1);
  CHECK(arity(LaneOp::add) == 2);
  CHECK(arity(LaneOp::logical_or) == 2);
  CHECK(arity(LaneOp::select) == 3);
}

TEST_CASE("stores with strides: into columns of a wider array, the gaps untouched, whole or in ranges") {
  const Index rows = 37, columns = 53, pitch = 101;
  const std::vector<float> x = random_floats(rows * columns, 5);
  const LaneProgram twice{LaneType::f32, 1, {}, {{LaneOp::add, 0, 0}}, {1, 0}};
  at_every_level([&] {
    const LaneKernel kernel(twice, {rows, columns}, {{DType::float32, {columns, 1}}},
                            {{.dtype = DType::float32, .strides = {pitch, 1}}, {.dtype = DType::float64, .strides = {1, rows}}});
    for (const bool ranges : {false, true}) {
      std::vector<float> wide(static_cast<std::size_t>(rows * pitch), -1.0F);
      std::vector<double> turned(static_cast<std::size_t>(rows * columns), -1.0);
      if (ranges) {
        const Bytes scratch = allocate_bytes(kernel.scratch_bytes(1));
        const void* in[] = {x.data()};
        void* out[] = {wide.data(), turned.data()};
        for (Index at = 0; at < rows * columns; at += 97) kernel.run_range(in, out, at, std::min(at + 97, rows * columns), scratch.get());
      } else {
        run(kernel, {x.data()}, {wide.data(), turned.data()}, 2);
      }
      for (Index i = 0; i < rows; ++i)
        for (Index j = 0; j < pitch; ++j) {
          REQUIRE(wide[i * pitch + j] == (j < columns ? 2 * x[i * columns + j] : -1.0F));
          if (j < columns) REQUIRE(turned[j * rows + i] == static_cast<double>(x[i * columns + j]));
        }
    }
  });
}
