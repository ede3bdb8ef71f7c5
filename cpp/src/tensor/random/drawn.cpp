// Rejection sampling. Each element has its own stream, so its result does not depend on the number of trials of other elements.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "plait/base/random.hpp"
#include "plait/tensor/random.hpp"

namespace plait::tensor {
namespace {

// An unlimited source of uniform and normal numbers for one element.
class Source {
 public:
  Source(Index i, std::uint64_t key, std::uint64_t stream) : philox_{mix_seed(key, static_cast<std::uint64_t>(i)), stream} {}
  // In (0, 1).
  double uniform() {
    const auto w = next();
    return uniform_double(w[0], w[1]) + 0x1p-54;
  }
  double normal() {
    const auto w = next();
    const double u = uniform_double(w[0], w[1]) + 0x1p-54, v = uniform_double(w[2], w[3]);
    return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
  }

 private:
  std::array<std::uint32_t, 4> next() { return philox_.block(at_++); }
  Philox philox_;
  std::uint64_t at_ = 0;
};

}  // namespace

// Marsaglia and Tsang (2000), A simple method for generating gamma variables. Below 1 by x(a) = x(a + 1) u^(1/a).
double random_gamma(double a, Index i, std::uint64_t key, std::uint64_t stream) {
  if (!(a > 0) || !std::isfinite(a)) return std::numeric_limits<double>::quiet_NaN();
  Source source(i, key, stream);
  const double boost = a < 1 ? std::log(source.uniform()) / a : 0;
  const double d = (a < 1 ? a + 1 : a) - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = source.normal(), v = 1 + c * x;
    if (v <= 0) continue;
    const double cube = v * v * v;
    if (std::log(source.uniform()) < 0.5 * x * x + d - d * cube + d * std::log(cube))
      return std::max(d * cube * std::exp(boost), std::numeric_limits<double>::min());  // small shapes underflow; the log density at 0 is infinite
  }
}

// Below 30 by inversion; else PTRS of Hoermann (1993), The transformed rejection method for generating Poisson random variables.
double random_poisson(double rate, Index i, std::uint64_t key, std::uint64_t stream) {
  if (!(rate >= 0) || !std::isfinite(rate)) return std::numeric_limits<double>::quiet_NaN();
  Source source(i, key, stream);
  if (rate < 30) {
    double u = source.uniform(), p = std::exp(-rate);
    double k = 0;
    while (u > p && k < 500) {
      u -= p;
      k += 1;
      p *= rate / k;
    }
    return k;
  }
  const double root = std::sqrt(rate), b = 0.931 + 2.53 * root, a = -0.059 + 0.02483 * b, inverse = 1.1239 + 1.1328 / (b - 3.4);
  const double squeeze = 0.9277 - 3.6224 / (b - 2), log_rate = std::log(rate);
  for (;;) {
    const double u = source.uniform() - 0.5, v = source.uniform(), us = 0.5 - std::abs(u);
    const double k = std::floor((2 * a / us + b) * u + rate + 0.43);
    if (us >= 0.07 && v <= squeeze) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (std::log(v) + std::log(inverse) - std::log(a / (us * us) + b) <= -rate + k * log_rate - std::lgamma(k + 1)) return k;
  }
}

}  // namespace plait::tensor
