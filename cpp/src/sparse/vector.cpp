#include "plait/sparse/vector.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "plait/base/error.hpp"

namespace plait::sparse {
namespace {

constexpr Index kNarrowest = std::numeric_limits<std::int32_t>::max();

Positions narrow_where_possible(std::vector<Index> positions) {
  if (!positions.empty() && positions.back() > kNarrowest) return positions;
  return std::vector<std::int32_t>(positions.begin(), positions.end());
}

void require_range(std::span<const Index> positions, Index size) {
  for (std::size_t i = 0; i < positions.size(); ++i) {
    PLAIT_REQUIRE(positions[i] >= 0, "positions: expected numbers of at least 0, got ", positions[i], " at index ", i);
    PLAIT_REQUIRE(size == kOpen || positions[i] < size, "positions: ", positions[i], " at index ", i, " does not lie below the size ", size);
  }
}

// Already sorted and distinct, the usual case.
bool ascending(std::span<const Index> positions) {
  bool yes = true;
  for (std::size_t i = 1; i < positions.size(); ++i) yes = yes && positions[i - 1] < positions[i];
  return yes;
}

template <class T>
void sort_together(std::vector<Index>& positions, std::vector<T>& values, Repeated repeated) {
  std::vector<std::size_t> order(positions.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return positions[a] < positions[b]; });
  std::vector<Index> p;
  std::vector<T> x;
  p.reserve(order.size());
  x.reserve(order.size());
  for (const std::size_t k : order) {
    if (p.empty() || p.back() != positions[k]) {
      p.push_back(positions[k]);
      x.push_back(values[k]);
      continue;
    }
    PLAIT_REQUIRE(repeated == Repeated::summed, "positions: ", positions[k], " comes more than once; from_scipy sums such values");
    x.back() += values[k];
  }
  positions = std::move(p);
  values = std::move(x);
}

template <class T>
Vector compressed(std::span<const T> dense) {
  std::vector<Index> positions;
  std::vector<T> values;
  for (std::size_t i = 0; i < dense.size(); ++i) {
    if (dense[i] == T{0}) continue;
    positions.push_back(static_cast<Index>(i));
    values.push_back(dense[i]);
  }
  return Vector::trusted(narrow_where_possible(std::move(positions)), std::move(values), static_cast<Index>(dense.size()));
}

template <class T>
void scatter_into(const Vector& v, T* out) {
  std::visit(
      [&](const auto& p, const auto& x) {
        for (std::size_t i = 0; i < p.size(); ++i) out[p[i]] = static_cast<T>(x[i]);
      },
      v.positions(), v.values());
}

// Calls f(positions of a, values of a, positions of b, values of b), with both converted to common types.
template <class F>
Vector together(const Vector& a, const Vector& b, F&& f) {
  const bool wide = a.wide() || b.wide(), is_double = a.is_double() || b.is_double();
  if (a.wide() != wide || b.wide() != wide || a.is_double() != is_double || b.is_double() != is_double)
    return together(a.widened(wide, is_double), b.widened(wide, is_double), std::forward<F>(f));
  return std::visit(
      [&](const auto& p, const auto& x) {
        return f(p, x, std::get<std::remove_cvref_t<decltype(p)>>(b.positions()), std::get<std::remove_cvref_t<decltype(x)>>(b.values()));
      },
      a.positions(), a.values());
}

template <class F>
Vector each_value(const Vector& v, F&& f) {
  return std::visit(
      [&]<class T>(const std::vector<T>& x) {
        std::vector<T> y(x.size());
        for (std::size_t i = 0; i < x.size(); ++i) y[i] = static_cast<T>(f(x[i]));
        return Vector::trusted(v.positions(), std::move(y), v.size());
      },
      v.values());
}

double largest(const Vector& v) {
  return std::visit(
      [](const auto& x) {
        double most = 0;
        for (const auto value : x) {
          const double magnitude = std::abs(static_cast<double>(value));
          if (std::isnan(magnitude)) return magnitude;
          most = std::max(most, magnitude);
        }
        return most;
      },
      v.values());
}

/// Σ f(x), in four independent sums, to hide the latency of additions.
template <class F>
double total_of(const Vector& v, F&& f) {
  return std::visit(
      [&](const auto& x) {
        double total[4] = {};
        std::size_t i = 0;
        for (; i + 4 <= x.size(); i += 4)
          for (std::size_t k = 0; k < 4; ++k) total[k] += f(static_cast<double>(x[i + k]));
        for (; i < x.size(); ++i) total[0] += f(static_cast<double>(x[i]));
        return (total[0] + total[1]) + (total[2] + total[3]);
      },
      v.values());
}

// Sums of squares in this range have lost nothing to overflow or underflow.
constexpr double kSmallSquare = 0x1p-960, kLargeSquare = 0x1p1000;

}  // namespace

Vector::Vector(std::span<const Index> positions, Values values, Index size, Repeated repeated) : values_(std::move(values)), size_(size) {
  PLAIT_REQUIRE(size >= 0 || size == kOpen, "size: expected a number of at least 0, got ", size);
  PLAIT_REQUIRE_AS(ShapeError, count() == static_cast<Index>(positions.size()), "positions and values: ", positions.size(), " positions and ",
                   count(), " values");
  require_range(positions, size);
  std::vector<Index> p(positions.begin(), positions.end());
  if (!ascending(positions)) std::visit([&](auto& x) { sort_together(p, x, repeated); }, values_);
  positions_ = narrow_where_possible(std::move(p));
}

Vector Vector::trusted(Positions positions, Values values, Index size) {
  Vector v;
  v.positions_ = std::move(positions);
  v.values_ = std::move(values);
  v.size_ = size;
  return v;
}

Vector Vector::from_dense(std::span<const float> dense) { return compressed(dense); }
Vector Vector::from_dense(std::span<const double> dense) { return compressed(dense); }

Index Vector::count() const {
  return std::visit([](const auto& x) { return static_cast<Index>(x.size()); }, values_);
}

Index Vector::extent() const {
  if (size_ != kOpen) return size_;
  return std::visit([](const auto& p) { return p.empty() ? Index{0} : static_cast<Index>(p.back()) + 1; }, positions_);
}

Vector Vector::widened(bool wide, bool is_double) const {
  Vector v = *this;
  if (wide && !this->wide()) {
    const auto& p = std::get<0>(positions_);
    v.positions_ = std::vector<std::int64_t>(p.begin(), p.end());
  }
  if (is_double && !this->is_double()) {
    const auto& x = std::get<0>(values_);
    v.values_ = std::vector<double>(x.begin(), x.end());
  }
  return v;
}

double element(const Vector& v, Index position) {
  return std::visit(
      [&](const auto& p, const auto& x) {
        const auto found = std::lower_bound(p.begin(), p.end(), position, [](Index a, Index b) { return a < b; });
        return found != p.end() && *found == position ? static_cast<double>(x[static_cast<std::size_t>(found - p.begin())]) : 0.0;
      },
      v.positions(), v.values());
}

Vector slice(const Vector& v, Index start, Index step, Index length) {
  return std::visit(
      [&]<class I, class T>(const std::vector<I>& p, const std::vector<T>& x) {
        std::vector<Index> positions;
        std::vector<T> values;
        for (std::size_t i = 0; i < p.size(); ++i) {
          const Index from = static_cast<Index>(p[i]) - start;
          if (from % step != 0) continue;
          const Index at = from / step;
          if (at < 0 || (length != kOpen && at >= length)) continue;
          positions.push_back(at);
          values.push_back(x[i]);
        }
        if (step < 0) {
          std::reverse(positions.begin(), positions.end());
          std::reverse(values.begin(), values.end());
        }
        return Vector::trusted(narrow_where_possible(std::move(positions)), std::move(values), length);
      },
      v.positions(), v.values());
}

void scatter(const Vector& v, float* out) { scatter_into(v, out); }
void scatter(const Vector& v, double* out) { scatter_into(v, out); }

Index common_size(const Vector& a, const Vector& b, const char* what) {
  PLAIT_REQUIRE_AS(ShapeError, a.size() == b.size() || a.size() == kOpen || b.size() == kOpen, what, ": vectors of the sizes ", a.size(), " and ",
                   b.size());
  const Index size = a.size() == kOpen ? b.size() : a.size();
  PLAIT_REQUIRE_AS(ShapeError, size == kOpen || (a.extent() <= size && b.extent() <= size), what, ": a vector of size ", size,
                   " and one whose size is open, with a value at position ", (a.size() == kOpen ? a : b).extent() - 1);
  return size;
}

Vector add(const Vector& a, const Vector& b, double sign) {
  const Index size = common_size(a, b, sign < 0 ? "subtract" : "add");
  return together(a, b, [&]<class I, class T>(const std::vector<I>& p, const std::vector<T>& x, const std::vector<I>& q, const std::vector<T>& y) {
    std::vector<I> positions(p.size() + q.size());
    std::vector<T> values(p.size() + q.size());
    const T s = static_cast<T>(sign);
    std::size_t i = 0, j = 0, k = 0;
    const auto put = [&](I position, T value) {
      positions[k] = position;
      values[k] = value;
      k += value != T{0} ? 1 : 0;
    };
    while (i < p.size() && j < q.size()) {  // branch-free except for the loop
      const I left = p[i], right = q[j];
      put(std::min(left, right), (left <= right ? x[i] : T{0}) + (right <= left ? s * y[j] : T{0}));
      i += left <= right ? 1 : 0;
      j += right <= left ? 1 : 0;
    }
    for (; i < p.size(); ++i) put(p[i], x[i]);
    for (; j < q.size(); ++j) put(q[j], s * y[j]);
    positions.resize(k);
    values.resize(k);
    return Vector::trusted(std::move(positions), std::move(values), size);
  });
}

Vector multiply(const Vector& a, const Vector& b) {
  const Index size = common_size(a, b, "multiply");
  return together(a, b, [&]<class I, class T>(const std::vector<I>& p, const std::vector<T>& x, const std::vector<I>& q, const std::vector<T>& y) {
    std::vector<I> positions(std::min(p.size(), q.size()));
    std::vector<T> values(positions.size());
    std::size_t i = 0, j = 0, k = 0;
    while (i < p.size() && j < q.size()) {
      const I left = p[i], right = q[j];
      positions[k] = left;
      values[k] = x[i] * y[j];
      k += left == right ? 1 : 0;
      i += left <= right ? 1 : 0;
      j += right <= left ? 1 : 0;
    }
    positions.resize(k);
    values.resize(k);
    if (k < positions.capacity() / 2) {
      positions.shrink_to_fit();
      values.shrink_to_fit();
    }
    return Vector::trusted(std::move(positions), std::move(values), size);
  });
}

Vector scaled(const Vector& v, double factor) {
  return each_value(v, [&]<class T>(T x) { return x * static_cast<T>(factor); });
}
Vector divided(const Vector& v, double divisor) {
  return each_value(v, [&]<class T>(T x) { return x / static_cast<T>(divisor); });
}

double sum(const Vector& v) {
  return total_of(v, [](double x) { return x; });
}

double norm(const Vector& v, double order) {
  if (order == 1) return total_of(v, [](double x) { return std::abs(x); });
  if (order == std::numeric_limits<double>::infinity()) return largest(v);
  PLAIT_REQUIRE(order == 2, "norm: expected the order 1, 2 or infinity, got ", order);
  const double squares = total_of(v, [](double x) { return x * x; });
  if (squares > kSmallSquare && squares < kLargeSquare) return std::sqrt(squares);
  const double most = largest(v);
  if (most == 0 || !std::isfinite(most)) return most;
  int exponent = 0;
  std::frexp(most, &exponent);
  // In two steps: 2^-exponent alone may overflow for the least values.
  const double half = std::ldexp(1.0, -exponent / 2), rest = std::ldexp(1.0, -exponent - -exponent / 2);
  const double root = std::sqrt(total_of(v, [&](double x) { return (x * half * rest) * (x * half * rest); }));
  return root / half / rest;
}

double cosine(const Vector& a, const Vector& b) {
  double product = dot(a, b), lengths = norm(a, 2) * norm(b, 2);
  if (!(lengths > kSmallSquare && lengths < kLargeSquare)) {
    const double x = largest(a), y = largest(b);
    if (x == 0 || y == 0) return 0;
    if (std::isfinite(x) && std::isfinite(y)) {
      const Vector u = divided(a.widened(a.wide(), true), x), v = divided(b.widened(b.wide(), true), y);
      product = dot(u, v);
      lengths = norm(u, 2) * norm(v, 2);
    }
  }
  const double ratio = product / lengths;
  return ratio > 1 ? 1 : ratio < -1 ? -1 : ratio;
}

}  // namespace plait::sparse
