#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "plait/base/random.hpp"
#include "plait/tensor/random.hpp"
#include "tensor/random/internal.hpp"

using namespace plait;
using namespace plait::tensor;

namespace {

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

// The largest distance between the empirical distribution and F, times sqrt(n): above 1.95 for one sample in a thousand.
template <class T, class F>
double kolmogorov_smirnov(std::vector<T> x, F distribution) {
  std::sort(x.begin(), x.end());
  const auto n = static_cast<double>(x.size());
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double at = distribution(static_cast<double>(x[i])), rank = static_cast<double>(i);
    worst = std::max({worst, at - rank / n, (rank + 1) / n - at});
  }
  return worst * std::sqrt(n);
}

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

std::vector<const RandomTable*> levels() {
  std::vector<const RandomTable*> found{&v2::random_table()};
#if defined(__x86_64__)
  if (isa_supported(Isa::v3)) found.push_back(&v3::random_table());
  if (isa_supported(Isa::v4)) found.push_back(&v4::random_table());
#endif
  return found;
}

}  // namespace

TEST_CASE_TEMPLATE("any cut of a range gives the same bits", T, float, double) {
  const Index begin = 1003, n = 700;
  for (const bool normal : {true, false}) {
    const auto draw = [&](T* out, Index b, Index m) { normal ? random_normal(out, b, m, 42, 7) : random_uniform(out, b, m, 42, 7); };
    std::vector<T> whole(static_cast<std::size_t>(n)), parts(whole.size());
    draw(whole.data(), begin, n);
    for (const Index step : {1, 3, 16, 31, 64, 65, 128, 333}) {
      for (Index i = 0; i < n; i += step) draw(parts.data() + i, begin + i, std::min(step, n - i));
      CHECK(same_bits(whole, parts));
    }
    T untouched = 5;
    draw(&untouched, 9, 0);
    CHECK(untouched == 5);
  }
}

TEST_CASE("uniform numbers are the words of the Philox blocks in their stated places") {
  const std::uint64_t key = 0x123456789abcdef0, stream = 0xfedcba9876543210;
  const Philox philox{key, stream};
  const Index far = (Index{1} << 36) + 5;  // beyond 32 bits of block number
  for (const Index begin : {Index{0}, far}) {
    std::vector<float> f(200);
    std::vector<double> d(200);
    random_uniform(f.data(), begin, 200, key, stream);
    random_uniform(d.data(), begin, 200, key, stream);
    bool right = true;
    for (Index i = 0; i < 200; ++i) {
      const Index e = begin + i, k = static_cast<Index>(i);
      const auto one = philox.block(static_cast<std::uint64_t>(e / 64 * 16 + e % 16));
      right = right && f[static_cast<std::size_t>(k)] == uniform_float(one[static_cast<std::size_t>(e % 64 / 16)]);
      const auto two = philox.block(static_cast<std::uint64_t>(e / 32 * 16 + e % 16));
      const auto word = static_cast<std::size_t>(e % 32 / 16 * 2);
      right = right && d[static_cast<std::size_t>(k)] == uniform_double(two[word], two[word + 1]);
    }
    CHECK(right);
  }
}

TEST_CASE("instruction sets: the same uniform numbers, normal numbers equal to rounding") {
  std::vector<float> u0(6400), u(6400), z0(6400), z(6400);
  std::vector<double> du0(3200), du(3200), dz0(3200), dz(3200);
  const auto& first = *levels()[0];
  first.uniform_f32(u0.data(), 11, 100, 5, 6);
  first.uniform_f64(du0.data(), 11, 100, 5, 6);
  first.normal_f32(z0.data(), 11, 100, 5, 6);
  first.normal_f64(dz0.data(), 11, 100, 5, 6);
  for (const RandomTable* table : levels()) {
    table->uniform_f32(u.data(), 11, 100, 5, 6);
    table->uniform_f64(du.data(), 11, 100, 5, 6);
    table->normal_f32(z.data(), 11, 100, 5, 6);
    table->normal_f64(dz.data(), 11, 100, 5, 6);
    CHECK(same_bits(u, u0));
    CHECK(same_bits(du, du0));
    float worst = 0;
    double worst_double = 0;
    for (std::size_t i = 0; i < z.size(); ++i) worst = std::max(worst, std::abs(z[i] - z0[i]));
    for (std::size_t i = 0; i < dz.size(); ++i) worst_double = std::max(worst_double, std::abs(dz[i] - dz0[i]));
    CHECK(worst < 2e-6F);
    CHECK(worst_double < 4e-15);
  }
}

TEST_CASE_TEMPLATE("moments and distribution", T, float, double) {
  const std::size_t n = 200000;
  for (const std::uint64_t stream : {0U, 1U, 2U}) {
    std::vector<T> x(n);
    random_uniform(x.data(), 0, static_cast<Index>(n), 99, stream);
    CHECK(*std::min_element(x.begin(), x.end()) >= 0);
    CHECK(*std::max_element(x.begin(), x.end()) < 1);
    CHECK(kolmogorov_smirnov(x, [](double v) { return v; }) < 1.95);

    random_normal(x.data(), 0, static_cast<Index>(n), 99, stream);
    double m1 = 0, m2 = 0, m3 = 0, m4 = 0, neighbours = 0, pairs = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const auto v = static_cast<double>(x[i]);
      CHECK_UNARY(std::isfinite(v));
      m1 += v, m2 += v * v, m3 += v * v * v, m4 += v * v * v * v;
      if (i + 1 < n) neighbours += v * static_cast<double>(x[i + 1]);
      if (i + 16 < n) pairs += v * static_cast<double>(x[i + 16]);  // the two numbers of a Box-Muller pair
    }
    const auto count = static_cast<double>(n), sigma = 1 / std::sqrt(count);
    CHECK(std::abs(m1 / count) < 4 * sigma);
    CHECK(std::abs(m2 / count - 1) < 4 * std::sqrt(2.0) * sigma);
    CHECK(std::abs(m3 / count) < 4 * std::sqrt(15.0) * sigma);
    CHECK(std::abs(m4 / count - 3) < 4 * std::sqrt(96.0) * sigma);
    CHECK(std::abs(neighbours / count) < 4 * sigma);
    CHECK(std::abs(pairs / count) < 4 * sigma);
    CHECK(kolmogorov_smirnov(x, normal_cdf) < 1.95);
  }
}

TEST_CASE("normal numbers are Box and Muller's formula, in every level") {
  const Philox philox{3, 4};
  for (const RandomTable* table : levels()) {
    std::vector<double> z(320);
    std::vector<float> f(640);
    table->normal_f64(z.data(), 0, 10, 3, 4);
    table->normal_f32(f.data(), 0, 10, 3, 4);
    double worst = 0, worst_float = 0;
    for (std::size_t e = 0; e < 160; ++e) {
      const auto w = philox.block(e);
      // Lane e % 16 of group e / 16. The quadrants: around +x, swapped, and both mirrored by the top bit.
      const auto check = [](double u, double t, std::uint32_t top, double x, double y) {
        const double r = std::sqrt(-2 * std::log(u)), angle = t * std::acos(-1.0) / 4, sign = (top & 2U) != 0 ? -1 : 1;
        const double first = (top & 1U) != 0 ? std::sin(angle) : std::cos(angle), second = (top & 1U) != 0 ? std::cos(angle) : std::sin(angle);
        return std::max(std::abs(sign * r * first - x), std::abs(sign * r * second - y));
      };
      const std::size_t at = e / 16 * 32 + e % 16, at_float = e / 16 * 64 + e % 16;
      const auto low_bits = [](std::uint32_t b) { return static_cast<double>(static_cast<std::int32_t>(b << 2)); };
      worst = std::max(worst, check(uniform_double(w[0], w[1]) + 0x1p-54, low_bits(w[2]) * 0x1p-31 + static_cast<double>(w[3] >> 9) * 0x1p-52,
                                    w[2] >> 30, z[at], z[at + 16]));
      for (const std::size_t half : {0U, 2U})
        worst_float =
            std::max(worst_float, check((static_cast<double>(w[half] >> 1) + 0.5) * 0x1p-31, low_bits(w[half + 1]) * 0x1p-31, w[half + 1] >> 30,
                                        static_cast<double>(f[at_float + half * 16]), static_cast<double>(f[at_float + half * 16 + 16])));
    }
    CHECK(worst < 4e-15);
    CHECK(worst_float < 4e-6);  // a radius near zero has u near one, where u is rounded
  }
}
