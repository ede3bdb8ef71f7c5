// Dot products: the choice of the algorithm by the two sizes.
#include <algorithm>
#include <cmath>
#include <limits>

#include "plait/base/error.hpp"
#include "plait/sparse/vector.hpp"
#include "sparse/loops.hpp"

namespace plait::sparse {
namespace {

// From this ratio of sizes on, each position of the shorter vector is searched in the longer one.
constexpr Index kSkewed = 32;
constexpr Index kKeys = 8;

/// Eight interleaved binary searches: their loads are independent, and comparisons select addresses without branches.
template <class I>
void lower_bounds(const I* b, Index length, const I* keys, Index* found) {
  Index at[kKeys] = {};
  for (Index left = length; left > 1;) {
    const Index half = left / 2;
    for (Index k = 0; k < kKeys; ++k) at[k] += static_cast<Index>(b[at[k] + half - 1] < keys[k]) * half;
    left -= half;
  }
  for (Index k = 0; k < kKeys; ++k) found[k] = at[k] + static_cast<Index>(length > 0 && b[at[k]] < keys[k]);
}

/// For n much less than m. Eight keys at a time; the range of the last one is estimated from the density of the rest, then doubled (galloping).
template <class I, class T>
double search_dot(const I* a, const T* x, Index n, const I* b, const T* y, Index m) {
  double sum = 0;
  Index j = 0;
  for (Index i = 0; i < n && j < m; i += kKeys) {
    const Index count = std::min(kKeys, n - i);
    I keys[kKeys];
    for (Index k = 0; k < kKeys; ++k) keys[k] = a[i + std::min(k, count - 1)];
    Index reach = std::min(m - j, 2 * count * ((m - j) / (n - i) + 1));
    while (reach < m - j && b[j + reach - 1] < keys[kKeys - 1]) reach = std::min(m - j, 4 * reach);
    Index found[kKeys];
    lower_bounds(b + j, reach, keys, found);
    for (Index k = 0; k < count; ++k) {
      const Index at = j + found[k];
      if (at < m && b[at] == keys[k]) sum += static_cast<double>(x[i + k]) * static_cast<double>(y[at]);
    }
    j += found[kKeys - 1];
  }
  return sum;
}

}  // namespace

template <class I, class T>
double dot_of(const I* a, const T* x, std::int64_t n, const I* b, const T* y, std::int64_t m) {
  if (n > m) return dot_of(b, y, m, a, x, n);
  if (n * kSkewed < m) return search_dot(a, x, n, b, y, m);
  return dot_loops<I, T>().merge(a, x, n, b, y, m);
}
template double dot_of(const std::int32_t*, const float*, std::int64_t, const std::int32_t*, const float*, std::int64_t);
template double dot_of(const std::int32_t*, const double*, std::int64_t, const std::int32_t*, const double*, std::int64_t);
template double dot_of(const std::int64_t*, const float*, std::int64_t, const std::int64_t*, const float*, std::int64_t);
template double dot_of(const std::int64_t*, const double*, std::int64_t, const std::int64_t*, const double*, std::int64_t);

double dot(const Vector& a, const Vector& b) {
  if (a.size() != b.size()) common_size(a, b, "dot");
  if (a.wide() != b.wide() || a.is_double() != b.is_double()) {
    const bool wide = a.wide() || b.wide(), is_double = a.is_double() || b.is_double();
    return dot(a.widened(wide, is_double), b.widened(wide, is_double));
  }
  return std::visit(
      [&](const auto& p, const auto& x) {
        const auto& q = std::get<std::remove_cvref_t<decltype(p)>>(b.positions());
        const auto& y = std::get<std::remove_cvref_t<decltype(x)>>(b.values());
        return dot_of(p.data(), x.data(), static_cast<Index>(p.size()), q.data(), y.data(), static_cast<Index>(q.size()));
      },
      a.positions(), a.values());
}

namespace {

template <class T>
double dot_dense(const Vector& a, const T* dense) {
  return std::visit(
      [&]<class I, class X>(const std::vector<I>& p, const std::vector<X>& x) {
        if constexpr (std::is_same_v<X, T>) return dot_loops<I, T>().dense(p.data(), x.data(), static_cast<Index>(p.size()), dense);
        double sum = 0;
        for (std::size_t i = 0; i < p.size(); ++i) sum += static_cast<double>(x[i]) * static_cast<double>(dense[p[i]]);
        return sum;
      },
      a.positions(), a.values());
}

}  // namespace

double dot(const Vector& a, const float* dense) { return dot_dense(a, dense); }
double dot(const Vector& a, const double* dense) { return dot_dense(a, dense); }

}  // namespace plait::sparse
