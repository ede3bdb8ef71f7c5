// Every function at every level against the C library in long double: the largest error in units of the last place, the special values,
// and that a result does not depend on where in an array its argument stands.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "plait/base/random.hpp"
#include "plait/tensor/math.hpp"
#include "tensor/math/internal.hpp"

using namespace plait;
using namespace plait::tensor;

namespace {

using Wide = long double;
const Wide kPi = std::acos(Wide{-1});

struct Level {
  const char* name;
  const MathTable* table;
};
std::vector<Level> levels() {
  std::vector<Level> found{{"v2", &v2::math_table()}};
#if defined(__x86_64__)
  if (isa_supported(Isa::v3)) found.push_back({"v3", &v3::math_table()});
  if (isa_supported(Isa::v4)) found.push_back({"v4", &v4::math_table()});
#endif
  return found;
}
auto unary(const MathTable& t, MathFunction f, float) { return t.unary_f32[static_cast<int>(f)]; }
auto unary(const MathTable& t, MathFunction f, double) { return t.unary_f64[static_cast<int>(f)]; }
auto binary(const MathTable& t, MathBinary f, float) { return t.binary_f32[static_cast<int>(f)]; }
auto binary(const MathTable& t, MathBinary f, double) { return t.binary_f64[static_cast<int>(f)]; }
auto power(const MathTable& t, float) { return t.binary_f32[static_cast<int>(MathBinary::pow)]; }
auto power(const MathTable& t, double) { return t.binary_f64[static_cast<int>(MathBinary::pow)]; }

Wide sigmoid(Wide x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
Wide softplus(Wide x) { return (x > 0 ? x : 0) + std::log1p(std::exp(-std::fabs(x))); }
Wide expm1mx(Wide x) {
  if (std::isinf(x)) return std::fabs(x);
  if (std::fabs(x) > 1) return std::expm1(x) - x;
  Wide term = x * x / 2, sum = 0;
  for (int k = 3; k < 30; ++k) sum += term, term *= x / k;
  return sum;
}
// Recurrence up to 40, where the asymptotic series has 1e-22.
Wide digamma(Wide x) {
  if (x == 0) return std::copysign(std::numeric_limits<Wide>::infinity(), -x);
  if (std::isinf(x)) return x > 0 ? x : std::numeric_limits<Wide>::quiet_NaN();
  Wide result = 0;
  if (x < 0) {
    if (x == std::floor(x)) return std::numeric_limits<Wide>::quiet_NaN();
    result = -kPi / std::tan(kPi * (x - std::round(x)));
    x = 1 - x;
  }
  for (; x < 40; x += 1) result -= 1 / x;
  const Wide z = 1 / (x * x);
  const Wide series = Wide{1} / 12 - z * (Wide{1} / 120 - z * (Wide{1} / 252 - z * (Wide{1} / 240 - z * (Wide{1} / 132 - z * (Wide{691} / 32760)))));
  return result + std::log(x) - 1 / (2 * x) - z * series;
}
Wide trigamma(Wide x) {
  if (std::isinf(x)) return x > 0 ? 0 : std::numeric_limits<Wide>::quiet_NaN();
  if (x <= 0 && x == std::floor(x)) return std::numeric_limits<Wide>::infinity();
  Wide result = 0, sign = 1;
  if (x < 0) {
    const Wide s = std::sin(kPi * (x - std::round(x))) / kPi;
    result = 1 / (s * s);
    sign = -1;
    x = 1 - x;
  }
  Wide sum = 0;
  for (; x < 40; x += 1) sum += 1 / (x * x);
  const Wide z = 1 / (x * x);
  const Wide series = Wide{1} / 6 - z * (Wide{1} / 30 - z * (Wide{1} / 42 - z * (Wide{1} / 30 - z * (Wide{5} / 66 - z * (Wide{691} / 2730)))));
  return result + sign * (sum + 1 / x + z / 2 + z / x * series);
}

struct Function {
  MathFunction f;
  Wide (*plain)(Wide);
  double ulp32, ulp64;
  // Below this size errors are measured as if the result had it: what is absolute at a root is not relative.
  double floor_positive = 0, floor_negative = 0;
};
const Function kFunctions[] = {
    {MathFunction::exp, [](Wide x) { return std::exp(x); }, 1, 1},
    {MathFunction::expm1, [](Wide x) { return std::expm1(x); }, 1.5, 1.5},
    {MathFunction::log, [](Wide x) { return std::log(x); }, 1, 1},
    {MathFunction::log1p, [](Wide x) { return std::log1p(x); }, 1.7, 1.3},
    {MathFunction::sin, [](Wide x) { return std::sin(x); }, 1.6, 1},
    {MathFunction::cos, [](Wide x) { return std::cos(x); }, 1.6, 1},
    {MathFunction::tanh, [](Wide x) { return std::tanh(x); }, 1.7, 1.7},
    {MathFunction::sigmoid, sigmoid, 2.4, 2.4},
    {MathFunction::softplus, softplus, 2, 2},
    {MathFunction::erf, [](Wide x) { return std::erf(x); }, 1.6, 1.6},
    {MathFunction::erfc, [](Wide x) { return std::erfc(x); }, 4.5, 4.5},
    {MathFunction::exp2, [](Wide x) { return std::exp2(x); }, 1.5, 1.5},
    {MathFunction::log2, [](Wide x) { return std::log2(x); }, 1.5, 1},
    {MathFunction::log10, [](Wide x) { return std::log10(x); }, 1.5, 1},
    {MathFunction::tan, [](Wide x) { return std::tan(x); }, 3.5, 2.5},
    {MathFunction::sinh, [](Wide x) { return std::sinh(x); }, 2.5, 2.5},
    {MathFunction::cosh, [](Wide x) { return std::cosh(x); }, 2.5, 2.5},
    {MathFunction::expm1mx, expm1mx, 3, 3},
    {MathFunction::logistic_density, [](Wide x) { return std::exp(-std::fabs(x)) / std::pow(1 + std::exp(-std::fabs(x)), Wide{2}); }, 4.5, 4.5},
    {MathFunction::gaussian, [](Wide x) { return std::exp(-x * x); }, 1.5, 1.5},
    {MathFunction::normal_density, [](Wide x) { return std::exp(-x * x / 2) / std::sqrt(2 * kPi); }, 3, 3},
    {MathFunction::normal_cdf, [](Wide x) { return std::erfc(-x / std::sqrt(Wide{2})) / 2; }, 5, 5},
    {MathFunction::lgamma, [](Wide x) { return std::lgamma(x); }, 0.6, 5, 0, 2},
    {MathFunction::digamma, digamma, 0.6, 8, 1, 32},
    {MathFunction::trigamma, trigamma, 0.6, 6},
};

// |got - want| in units of the last place of want; 1e9 where one is NaN, or infinite or zero when it should not be.
template <class T>
double error_in_ulp(T got, Wide want, double floor) {
  using Limits = std::numeric_limits<T>;
  constexpr double kWrong = 1e9;
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) && std::isnan(got) ? 0 : kWrong;
  if (std::isinf(want)) return static_cast<Wide>(got) == want ? 0 : kWrong;
  if (want == 0) return got == 0 && std::signbit(got) == std::signbit(want) ? 0 : kWrong;
  const Wide beyond = std::ldexp(Wide{1}, Limits::max_exponent);  // where rounding overflows, an infinity counts as the next number
  if (std::isinf(got) && std::fabs(want) >= beyond) return std::signbit(got) == std::signbit(want) ? 0 : kWrong;
  const Wide number = std::isinf(got) ? std::copysign(beyond, static_cast<Wide>(got)) : static_cast<Wide>(got);
  int exponent;
  std::frexp(std::max({std::fabs(want), static_cast<Wide>(Limits::min()), static_cast<Wide>(floor)}), &exponent);
  return static_cast<double>(std::fabs(number - want) / std::ldexp(Wide{1}, exponent - Limits::digits));
}

float from_pattern(std::uint64_t random, float) {
  const auto word = static_cast<std::uint32_t>(random);
  float x;
  std::memcpy(&x, &word, sizeof x);
  return x;
}
double from_pattern(std::uint64_t random, double) {
  double x;
  std::memcpy(&x, &random, sizeof x);
  return x;
}

// Bit patterns all over the range, denser where functions bend, multiples of pi / 2, and the values with a case of their own.
template <class T>
std::vector<T> arguments(bool slow) {
  using Limits = std::numeric_limits<T>;
  const Philox random{7, 1};
  std::vector<T> x;
  std::uint64_t draw = 0;
  const auto word = [&] {
    const auto w = random.block(draw++);
    return std::uint64_t{w[0]} << 32 | w[1];
  };
  const int many = slow ? 3000 : 15000;
  if constexpr (sizeof(T) == 4)
    for (std::uint64_t p = 0; p < (std::uint64_t{1} << 32); p += slow ? 200003 : 49999) x.push_back(from_pattern(p, T{}));
  else
    for (int i = 0; i < 4 * many; ++i) x.push_back(from_pattern(word(), T{}));
  for (const double size : {1e-3, 0.3, 1.0, 2.0, 5.0, 10.0, 20.0, 100.0, 750.0, 1e4, 1e6, 1e9})
    for (int i = 0; i < many; ++i) x.push_back(static_cast<T>(size * (uniform_double(static_cast<std::uint32_t>(word()), 0) * 2 - 1)));
  for (int i = 0; i < many; ++i) x.push_back(static_cast<T>(0.7 + 0.8 * uniform_double(static_cast<std::uint32_t>(word()), 0)));
  for (int k = -many; k < many; ++k) x.push_back(static_cast<T>(std::acos(-1.0) / 2 * k));
  for (int k = -200; k < 200; ++k) x.push_back(static_cast<T>(k));
  for (const T v :
       {T{0}, Limits::denorm_min(), Limits::min(), Limits::epsilon(), T{1}, Limits::max(), Limits::infinity(), static_cast<T>(88.722839),
        static_cast<T>(88.7229), static_cast<T>(103.972), static_cast<T>(103.98), static_cast<T>(709.782712893384), static_cast<T>(709.7828),
        static_cast<T>(745.1332), static_cast<T>(745.14), static_cast<T>(0x1p20), static_cast<T>(0x1.000002p20)})
    for (const T sign : {T{1}, T{-1}})
      x.push_back(sign * v), x.push_back(std::nextafter(sign * v, T{0})), x.push_back(std::nextafter(sign * v, T{8}));
  x.push_back(Limits::quiet_NaN());
  return x;
}

template <class T>
void check_accuracy() {
  for (const Function& function : kFunctions) {
    const bool gamma = function.f >= MathFunction::lgamma;
    const std::vector<T> x = arguments<T>(gamma);
    std::vector<Wide> want(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) want[i] = function.plain(static_cast<Wide>(x[i]));
    const double bound = sizeof(T) == 4 ? function.ulp32 : function.ulp64;
    for (const Level& level : levels()) {
      std::vector<T> y(x.size());
      unary(*level.table, function.f, T{})(x.data(), y.data(), static_cast<Index>(x.size()));
      double worst = 0;
      std::size_t at = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double floor = x[i] < 0 ? function.floor_negative : function.floor_positive;
        const double error = error_in_ulp(y[i], want[i], floor);
        if (error > worst) worst = error, at = i;
      }
      const std::string what = std::string(name_of(function.f)) + " " + level.name;
      CAPTURE(what);
      CAPTURE(static_cast<double>(x[at]));
      CAPTURE(static_cast<double>(y[at]));
      CAPTURE(static_cast<double>(want[at]));
      CHECK(worst <= bound);
    }
  }
}

template <class T>
bool same(T a, T b) {
  return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}

}  // namespace

TEST_CASE("float functions keep their accuracy over all bit patterns") { check_accuracy<float>(); }
TEST_CASE("double functions keep their accuracy over the range") { check_accuracy<double>(); }

TEST_CASE_TEMPLATE("a result does not depend on the place of its argument, and y may be x", T, float, double) {
  const std::vector<T> all = arguments<T>(true);
  std::vector<T> x(all.begin(), all.begin() + 3000);
  for (std::size_t i = 0; i < x.size(); ++i)
    if (i % 8 != 0) x[i] = static_cast<T>((i % 2 == 0 ? 0.005 : 0.05) * (static_cast<double>(i) - 500));
  for (const Level& level : levels())
    for (const Function& function : kFunctions) {
      const auto loop = unary(*level.table, function.f, T{});
      std::vector<T> whole(x.size()), part(x.size()), in_place = x;
      const auto n = static_cast<Index>(x.size());
      loop(x.data(), whole.data(), n);
      loop(in_place.data(), in_place.data(), n);
      const std::string what = std::string(name_of(function.f)) + " " + level.name;
      CAPTURE(what);
      for (const Index step : {1, 3, 7, 19, 50}) {
        for (Index i = 0; i < n; i += step) loop(x.data() + i, part.data() + i, std::min(step, n - i));
        std::size_t different = 0;
        for (std::size_t i = 0; i < x.size(); ++i) different += !same(whole[i], part[i]) || !same(whole[i], in_place[i]);
        CHECK(different == 0);
      }
    }
}

TEST_CASE_TEMPLATE("a sine does not depend on large neighbours", T, float, double) {
  std::vector<T> x(4096), y(x.size()), alone(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(std::exp(static_cast<double>(i) * 0.008 - 20) * (i % 2 == 0 ? 1 : -1));
  for (const Level& level : levels())
    for (const MathFunction f : {MathFunction::sin, MathFunction::cos}) {
      const auto loop = unary(*level.table, f, T{});
      for (std::size_t i = 0; i < x.size(); i += 16) loop(x.data() + i, alone.data() + i, 16);
      std::vector<T> mixed = x;
      for (std::size_t i = 5; i < x.size(); i += 50) mixed[i] = T{3e30F};
      loop(mixed.data(), y.data(), static_cast<Index>(x.size()));
      std::size_t different = 0;
      for (std::size_t i = 0; i < x.size(); ++i) different += mixed[i] == x[i] && !same(y[i], alone[i]);
      CHECK(different == 0);
    }
}

TEST_CASE_TEMPLATE("pow: the special cases of C, and its accuracy", T, float, double) {
  using Limits = std::numeric_limits<T>;
  std::vector<T> x, y;
  const auto inf = static_cast<double>(Limits::infinity()), nan = static_cast<double>(Limits::quiet_NaN());
  const double cases[] = {0.0,    -0.0,   1,   -1,   2,   -2,       3,        -3,        0.5,       -0.5,  2.5,    -2.5,
                          1e30,   -1e30,  inf, -inf, nan, 16777215, 16777216, 0.9999999, 1.0000001, 1e-40, -1e-40, 9007199254740991.0,
                          1e-310, -1e-310};
  for (const double a : cases)
    for (const double b : cases) x.push_back(static_cast<T>(a)), y.push_back(static_cast<T>(b));
  const Philox random{11, 0};
  for (std::uint64_t i = 0; i < 60000; ++i) {
    const auto w = random.block(i);
    const std::uint64_t a = std::uint64_t{w[0]} << 32 | w[1], b = std::uint64_t{w[2]} << 32 | w[3];
    x.push_back(from_pattern(a, T{})), y.push_back(from_pattern(b, T{}));
    // Positive bases whose powers end within the range.
    const double log_base = (uniform_double(w[0], w[1]) - 0.5) * (i % 3 == 0 ? 100 : i % 3 == 1 ? 2 : 1e-3);
    const double log_power = (uniform_double(w[2], w[3]) - 0.5) * (sizeof(T) == 4 ? 200 : 1500);
    x.push_back(static_cast<T>(std::exp(log_base))), y.push_back(static_cast<T>(log_power / log_base));
  }
  for (const Level& level : levels()) {
    std::vector<T> z(x.size());
    power(*level.table, T{})(x.data(), y.data(), z.data(), static_cast<Index>(x.size()));
    double worst = 0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double error = error_in_ulp(z[i], std::pow(static_cast<Wide>(x[i]), static_cast<Wide>(y[i])), 0);
      if (error > worst) worst = error, at = i;
    }
    const std::string what = level.name;
    CAPTURE(what);
    CAPTURE(static_cast<double>(x[at]));
    CAPTURE(static_cast<double>(y[at]));
    CAPTURE(static_cast<double>(z[at]));
    CHECK(worst <= 1.5);
  }
}

TEST_CASE_TEMPLATE("hypot, logaddexp, and quotients with their remainders", T, float, double) {
  using Limits = std::numeric_limits<T>;
  const auto inf = static_cast<double>(Limits::infinity()), nan = static_cast<double>(Limits::quiet_NaN());
  const double cases[] = {0.0, -0.0, 0.1, -0.1, 1, -1, 2.5, -3, 7, 1e-40, 1e17, -1e17, 1e30, 1e-30, inf, -inf, nan};
  std::vector<T> x, y;
  for (const double a : cases)
    for (const double b : cases) x.push_back(static_cast<T>(a)), y.push_back(static_cast<T>(b));
  const Philox random{12, 0};
  for (std::uint64_t i = 0; i < 40000; ++i) {
    const auto w = random.block(i);
    x.push_back(from_pattern(std::uint64_t{w[0]} << 32 | w[1], T{})), y.push_back(from_pattern(std::uint64_t{w[2]} << 32 | w[3], T{}));
    const double size = std::exp(60 * uniform_double(w[0], w[1]) - 30);
    x.push_back(static_cast<T>(static_cast<double>(w[2]) * size)), y.push_back(static_cast<T>(static_cast<double>(w[3]) - 0x1p31));
    x.push_back(static_cast<T>(static_cast<int>(w[2] % 2000) - 1000) / 8), y.push_back(static_cast<T>(static_cast<int>(w[3] % 200) - 100) / 8);
  }
  const auto whole = [](Wide a, Wide b) { return std::fmod(a, b) != 0 && (std::fmod(a, b) < 0) != (b < 0); };
  const auto n = static_cast<Index>(x.size());
  for (const Level& level : levels()) {
    const auto& table = sizeof(T) == 4 ? std::string("float") : std::string("double");
    const std::string what = std::string(level.name) + " " + table;
    CAPTURE(what);
    std::vector<T> lengths(x.size()), sums(x.size()), quotients(x.size()), rests(x.size()), cut(x.size()), alone(x.size());
    binary(*level.table, MathBinary::hypot, T{})(x.data(), y.data(), lengths.data(), n);
    binary(*level.table, MathBinary::logaddexp, T{})(x.data(), y.data(), sums.data(), n);
    binary(*level.table, MathBinary::floor_divide, T{})(x.data(), y.data(), quotients.data(), n);
    binary(*level.table, MathBinary::remainder, T{})(x.data(), y.data(), rests.data(), n);
    binary(*level.table, MathBinary::fmod, T{})(x.data(), y.data(), cut.data(), n);
    double worst_length = 0, worst_sum = 0;
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const Wide a = static_cast<Wide>(x[i]), b = static_cast<Wide>(y[i]);
      worst_length = std::max(worst_length, error_in_ulp(lengths[i], std::hypot(a, b), 0));
      const Wide sum = a == b ? a + std::log(Wide{2}) : std::max(a, b) + std::log1p(std::exp(-std::fabs(a - b)));
      worst_sum = std::max(worst_sum, error_in_ulp(sums[i], std::isnan(a + b) && a != b && !(std::isinf(a) && std::isinf(b)) ? a + b : sum, 1));
      // Python's definition, by the C library's exact remainder.
      const Wide r = std::fmod(a, b);
      const T rest = std::isnan(r) || b == 0 ? Limits::quiet_NaN()
                     : r == 0                ? std::copysign(T{0}, y[i])
                     : whole(a, b)           ? static_cast<T>(static_cast<T>(r) + y[i])
                                             : static_cast<T>(r);
      wrong += !same(rests[i], rest);
      wrong += !same(cut[i], static_cast<T>(r));
      if (std::isfinite(a) && std::isfinite(b) && b != 0 && std::fabs(a / b) < 0x1p20L)
        wrong += static_cast<Wide>(quotients[i]) != std::rint((a - r) / b) - (whole(a, b) ? 1 : 0);
    }
    CHECK(worst_length <= 1.5);
    CHECK(worst_sum <= 3);
    CHECK(wrong == 0);
    // Neighbours that need another way do not matter; nor whether the result stands over an operand.
    const std::vector<T>* found[] = {&rests, &cut, &quotients, &lengths, &sums};
    const MathBinary of[] = {MathBinary::remainder, MathBinary::fmod, MathBinary::floor_divide, MathBinary::hypot, MathBinary::logaddexp};
    for (int k = 0; k < 5; ++k) {
      const auto loop = binary(*level.table, of[k], T{});
      for (Index i = 0; i < n; i += 16) loop(x.data() + i, y.data() + i, alone.data() + i, std::min<Index>(16, n - i));
      std::vector<T> over = x;
      loop(over.data(), y.data(), over.data(), n);
      std::size_t different = 0;
      for (std::size_t i = 0; i < x.size(); ++i) different += !same(alone[i], (*found[k])[i]) || !same(over[i], (*found[k])[i]);
      CAPTURE(k);
      CHECK(different == 0);
    }
  }
}

TEST_CASE("the public loops go to the level in use") {
  const std::vector<float> x{0, 1, -2};
  std::vector<float> y(3), z(3);
  map_unary(MathFunction::exp, x.data(), y.data(), 3);
  CHECK(y[0] == 1);
  CHECK(y[1] == doctest::Approx(std::exp(1.0)));
  map_pow(x.data(), x.data(), z.data(), 3);
  CHECK(z[2] == 0.25F);
  CHECK(std::string(name_of(MathFunction::trigamma)) == "trigamma");
  const std::vector<double> d{4};
  std::vector<double> e(1);
  map_unary(MathFunction::log, d.data(), e.data(), 1);
  CHECK(e[0] == doctest::Approx(std::log(4.0)));
  map_pow(d.data(), d.data(), e.data(), 1);
  CHECK(e[0] == 256);
}
