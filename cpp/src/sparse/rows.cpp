#include "plait/sparse/rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "plait/base/error.hpp"

namespace plait::sparse {
namespace {

bool is_wide(Index columns) { return columns - 1 > std::numeric_limits<std::int32_t>::max(); }

Positions stored(std::vector<Index> positions, Index columns) {
  if (is_wide(columns)) return positions;
  return std::vector<std::int32_t>(positions.begin(), positions.end());
}

void check(std::span<const Index> offsets, std::span<const Index> positions, std::size_t values, Index columns) {
  PLAIT_REQUIRE(columns >= 0, "columns: expected a number of at least 0, got ", columns);
  PLAIT_REQUIRE(!offsets.empty() && offsets.front() == 0, "offsets: expected numbers that begin with 0");
  for (std::size_t i = 1; i < offsets.size(); ++i)
    PLAIT_REQUIRE(offsets[i - 1] <= offsets[i], "offsets: expected numbers that ascend, got ", offsets[i - 1], " and then ", offsets[i]);
  PLAIT_REQUIRE_AS(ShapeError, positions.size() == values && offsets.back() == static_cast<Index>(values), "rows: ", positions.size(),
                   " positions and ", values, " values where the offsets end at ", offsets.back());
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i)
    for (Index k = offsets[i]; k < offsets[i + 1]; ++k)
      PLAIT_REQUIRE(positions[k] >= 0 && positions[k] < columns, "positions: row ", i, " has ", positions[k], ", which does not lie in [0, ", columns,
                    ")");
}

bool sorted(std::span<const Index> offsets, std::span<const Index> positions) {
  bool yes = true;
  for (std::size_t i = 0; i + 1 < offsets.size() && yes; ++i)
    for (Index k = offsets[i] + 1; k < offsets[i + 1]; ++k) yes = yes && positions[k - 1] < positions[k];
  return yes;
}

/// Each row sorted, values of the same position summed.
template <class T>
void sort_rows(std::vector<Index>& offsets, std::vector<Index>& positions, std::vector<T>& values, Repeated repeated) {
  std::vector<Index> order;
  std::vector<Index> p;
  std::vector<T> x;
  p.reserve(positions.size());
  x.reserve(values.size());
  Index begin = 0;
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
    const Index end = offsets[i + 1];
    order.resize(static_cast<std::size_t>(end - begin));
    std::iota(order.begin(), order.end(), begin);
    std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return positions[a] < positions[b]; });
    const auto first = static_cast<Index>(p.size());
    for (const Index k : order) {
      if (static_cast<Index>(p.size()) == first || p.back() != positions[k]) {
        p.push_back(positions[k]);
        x.push_back(values[k]);
        continue;
      }
      PLAIT_REQUIRE(repeated == Repeated::summed, "positions: row ", i, " has ", positions[k], " more than once");
      x.back() += values[k];
    }
    begin = end;
    offsets[i + 1] = static_cast<Index>(p.size());
  }
  positions = std::move(p);
  values = std::move(x);
}

template <class F>
Rows each_value(const Rows& r, F&& f) {
  return std::visit(
      [&]<class T>(const std::vector<T>& x) {
        std::vector<T> y(x.size());
        for (Index i = 0; i < r.rows(); ++i)
          for (Index k = r.offsets()[i]; k < r.offsets()[i + 1]; ++k) y[k] = static_cast<T>(f(i, x[k]));
        return Rows::trusted(r.offsets(), r.positions(), std::move(y), r.columns());
      },
      r.values());
}

}  // namespace

Rows::Rows(std::vector<Index> offsets, std::vector<Index> positions, Values values, Index columns, Repeated repeated)
    : offsets_(std::move(offsets)), values_(std::move(values)), columns_(columns) {
  check(offsets_, positions, std::visit([](const auto& x) { return x.size(); }, values_), columns);
  if (!sorted(offsets_, positions)) std::visit([&](auto& x) { sort_rows(offsets_, positions, x, repeated); }, values_);
  positions_ = stored(std::move(positions), columns);
}

Rows Rows::trusted(std::vector<Index> offsets, Positions positions, Values values, Index columns) {
  Rows r;
  r.offsets_ = std::move(offsets);
  r.positions_ = std::move(positions);
  r.values_ = std::move(values);
  r.columns_ = columns;
  return r;
}

RowsView Rows::view() const {
  return with_types(*this, [&](const auto& p, const auto& x) {
    return RowsView{rows(), columns_, offsets_.data(), offsets_.data() + 1, p.data(), x.data(), wide(), is_double()};
  });
}

Rows Rows::converted(bool is_double) const {
  Rows r = *this;
  std::visit(
      [&](const auto& x) {
        if (is_double) r.values_ = std::vector<double>(x.begin(), x.end());
        else {
          std::vector<float> y(x.size());
          for (std::size_t i = 0; i < x.size(); ++i) y[i] = static_cast<float>(x[i]);
          r.values_ = std::move(y);
        }
      },
      values_);
  return r;
}

Vector row(const Rows& r, Index i) {
  return with_types(r, [&]<class I, class T>(const std::vector<I>& p, const std::vector<T>& x) {
    const Index begin = r.offsets()[i], end = r.offsets()[i + 1];
    std::vector<T> values(x.begin() + begin, x.begin() + end);
    // 32-bit positions wherever they fit, whatever the vector's size.
    if (begin == end || static_cast<Index>(p[end - 1]) <= std::numeric_limits<std::int32_t>::max())
      return Vector::trusted(std::vector<std::int32_t>(p.begin() + begin, p.begin() + end), std::move(values), r.columns());
    return Vector::trusted(std::vector<std::int64_t>(p.begin() + begin, p.begin() + end), std::move(values), r.columns());
  });
}

Rows take(const Rows& r, std::span<const Index> numbers) {
  return with_types(r, [&]<class I, class T>(const std::vector<I>& p, const std::vector<T>& x) {
    std::vector<Index> offsets{0};
    offsets.reserve(numbers.size() + 1);
    for (const Index i : numbers) offsets.push_back(offsets.back() + r.offsets()[i + 1] - r.offsets()[i]);
    std::vector<I> positions(static_cast<std::size_t>(offsets.back()));
    std::vector<T> values(positions.size());
    for (std::size_t k = 0; k < numbers.size(); ++k) {
      const Index from = r.offsets()[numbers[k]], to = r.offsets()[numbers[k] + 1];
      std::copy(p.begin() + from, p.begin() + to, positions.begin() + offsets[k]);
      std::copy(x.begin() + from, x.begin() + to, values.begin() + offsets[k]);
    }
    return Rows::trusted(std::move(offsets), std::move(positions), std::move(values), r.columns());
  });
}

Rows transposed(const Rows& r) {
  return with_types(r, [&]<class I, class T>(const std::vector<I>& p, const std::vector<T>& x) {
    std::vector<Index> offsets(static_cast<std::size_t>(r.columns()) + 1);
    for (const I c : p) ++offsets[static_cast<std::size_t>(c) + 1];
    std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
    const auto fill = [&](auto zero) {
      using J = decltype(zero);
      std::vector<J> positions(p.size());
      std::vector<T> values(x.size());
      std::vector<Index> next(offsets.begin(), offsets.end() - 1);
      for (Index i = 0; i < r.rows(); ++i)
        for (Index k = r.offsets()[i]; k < r.offsets()[i + 1]; ++k) {
          const Index to = next[static_cast<std::size_t>(p[k])]++;
          positions[to] = static_cast<J>(i);
          values[to] = x[k];
        }
      return Rows::trusted(std::move(offsets), std::move(positions), std::move(values), r.rows());
    };
    return is_wide(r.rows()) ? fill(std::int64_t{}) : fill(std::int32_t{});
  });
}

Rows add(const Rows& a, const Rows& b, double sign) {
  PLAIT_REQUIRE_AS(ShapeError, a.rows() == b.rows() && a.columns() == b.columns(), sign < 0 ? "subtract" : "add", ": rows of the shapes (", a.rows(),
                   ", ", a.columns(), ") and (", b.rows(), ", ", b.columns(), ")");
  if (a.is_double() != b.is_double()) return add(a.converted(true), b.converted(true), sign);
  return with_types(a, [&]<class I, class T>(const std::vector<I>& p, const std::vector<T>& x) {
    const auto& q = std::get<std::vector<I>>(b.positions());
    const auto& y = std::get<std::vector<T>>(b.values());
    std::vector<Index> offsets{0};
    std::vector<I> positions;
    std::vector<T> values;
    const T s = static_cast<T>(sign);
    for (Index r = 0; r < a.rows(); ++r) {
      Index i = a.offsets()[r], j = b.offsets()[r];
      const Index n = a.offsets()[r + 1], m = b.offsets()[r + 1];
      while (i < n || j < m) {
        const bool left = j == m || (i < n && p[i] <= q[j]), right = i == n || (j < m && q[j] <= p[i]);
        const T value = left && right ? x[i] + s * y[j] : left ? x[i] : s * y[j];
        if (value != T{0}) {
          positions.push_back(left ? p[i] : q[j]);
          values.push_back(value);
        }
        i += left ? 1 : 0;
        j += right ? 1 : 0;
      }
      offsets.push_back(static_cast<Index>(positions.size()));
    }
    return Rows::trusted(std::move(offsets), std::move(positions), std::move(values), a.columns());
  });
}

Rows scaled(const Rows& r, double factor) {
  return each_value(r, [&]<class T>(Index, T x) { return x * static_cast<T>(factor); });
}
Rows divided(const Rows& r, double divisor) {
  return each_value(r, [&]<class T>(Index, T x) { return x / static_cast<T>(divisor); });
}
Rows rows_scaled(const Rows& r, std::span<const double> factors) {
  return each_value(r, [&]<class T>(Index i, T x) { return static_cast<double>(x) * factors[i]; });
}

std::vector<double> norms(const Rows& r, double order) {
  PLAIT_REQUIRE(order == 1 || order == 2 || order == std::numeric_limits<double>::infinity(), "norms: expected the order 1, 2 or infinity, got ",
                order);
  std::vector<double> found(static_cast<std::size_t>(r.rows()));
  with_types(r, [&](const auto&, const auto& x) {
    for (Index i = 0; i < r.rows(); ++i) {
      double squares = 0;
      if (order == 2)
        for (Index k = r.offsets()[i]; k < r.offsets()[i + 1]; ++k) squares += static_cast<double>(x[k]) * static_cast<double>(x[k]);
      // The scaled computation, for sums of squares that overflow or underflow, is slower and seldom needed.
      found[i] = order == 2 && squares > 0x1p-960 && squares < 0x1p1000 ? std::sqrt(squares) : norm(row(r, i), order);
    }
  });
  return found;
}

bool all_finite(const Rows& r) {
  return std::visit(
      [](const auto& x) {
        bool yes = true;
        for (const auto value : x) yes = yes && std::isfinite(value);
        return yes;
      },
      r.values());
}

void scatter(const Rows& r, void* out) {
  with_types(r, [&]<class I, class T>(const std::vector<I>& p, const std::vector<T>& x) {
    for (Index i = 0; i < r.rows(); ++i)
      for (Index k = r.offsets()[i]; k < r.offsets()[i + 1]; ++k) static_cast<T*>(out)[i * r.columns() + static_cast<Index>(p[k])] = x[k];
  });
}

}  // namespace plait::sparse
