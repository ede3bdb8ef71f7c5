#include "align/elastic/lower_bounds.hpp"

#include <algorithm>
#include <limits>

namespace plait::align::detail {
namespace {

/// Extremes of value k over the band rows of each column, by a monotone queue of candidates (Lemire 2009). Both ends of a column's rows are
/// non-decreasing.
template <class Better>
void extremes(const Sequence& query, const Band& band, Index k, double* out, std::vector<Index>& queue, Better better) {
  const Index n = query.length, width = query.width;
  const auto value = [&](Index i) { return query.values()[(i - 1) * width + k]; };
  queue.resize(static_cast<std::size_t>(n));
  std::size_t head = 0, tail = 0;
  Index in = 0, out_of = 0;  // rows before `in` were added, rows before `out_of` removed
  for (Index j = 1; j <= band.m; ++j) {
    while (in < n && band.lo(in + 1) <= j) {
      ++in;
      while (tail > head && !better(value(queue[tail - 1]), value(in))) --tail;
      queue[tail++] = in;
    }
    while (out_of < in && band.hi(out_of + 1) < j) ++out_of;
    while (head < tail && queue[head] <= out_of) ++head;
    out[(j - 1) * width + k] = value(queue[head]);
  }
}

/// The same for a band of constant width about the diagonal: extremes of 1, 2, 4, … adjacent values, each from two of the previous, without branches,
/// which would be mispredicted on noise.
template <class Better>
void extremes_about(const Sequence& query, const Band& band, Index k, double* out, std::vector<double>& room, double worst, Better better) {
  const Index n = query.length, width = query.width, reach = std::min(band.window, std::max(n, band.m)), span = 2 * reach + 1;
  room.assign(static_cast<std::size_t>(std::max(n, band.m) + 2 * reach), worst);  // row i at i - 1 + reach
  for (Index i = 0; i < n; ++i) room[static_cast<std::size_t>(i + reach)] = query.values()[i * width + k];
  double* const at = room.data();
  const Index size = static_cast<Index>(room.size());
  Index side = 1;
  for (; 2 * side <= span; side *= 2) {
    for (Index i = 0; i + side < size; ++i) at[i] = better(at[i], at[i + side]) ? at[i] : at[i + side];
  }
  const double* const rest = at + span - side;
  for (Index j = 0; j < band.m; ++j) out[j * width + k] = better(at[j], rest[j]) ? at[j] : rest[j];
}

double euclidean_beyond(const double* y, const double* lower, const double* upper, Index length, Index width) {
  double sum = 0;
  for (Index i = 0; i < length; ++i) {
    double square = 0;
    for (Index k = i * width; k < (i + 1) * width; ++k) {
      const double off = std::max(0.0, std::max(y[k] - upper[k], lower[k] - y[k]));
      square += off * off;
    }
    sum += std::sqrt(square);
  }
  return sum;
}

}  // namespace

bool has_bounds(const Measure& measure) {
  return measure.traits().envelope != EnvelopeBound::none && measure.step != StepPattern::asymmetric && !measure.open_begin && !measure.open_end;
}

Envelope envelope(const Sequence& query, const Band& band) {
  Envelope seen{band, {}, {}};
  const auto size = static_cast<std::size_t>(band.m * query.width);
  seen.lower.resize(size);
  seen.upper.resize(size);
  const auto less = [](double a, double b) { return a < b; };
  const auto greater = [](double a, double b) { return a > b; };
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  std::vector<Index> queue;
  std::vector<double> room;
  for (Index k = 0; k < query.width; ++k) {
    if (band.slope == 0 && !band.slanted) {
      extremes_about(query, band, k, seen.lower.data(), room, kInfinity, less);
      extremes_about(query, band, k, seen.upper.data(), room, -kInfinity, greater);
    } else {
      extremes(query, band, k, seen.lower.data(), queue, less);
      extremes(query, band, k, seen.upper.data(), queue, greater);
    }
  }
  return seen;
}

double lower_bound(const Measure& measure, const ElasticTable& table, const Sequence& query, const Envelope& seen, const Sequence& y) {
  const Index n = query.length, m = y.length, width = y.width;
  const auto cost = [&](Index i, Index j) {  // features are the values
    return measure.traits().costs[width == 1 ? 1 : 0](query.values() + (i - 1) * width, y.values() + (j - 1) * width, width, 0, 0).deletion;
  };
  double corners = cost(1, 1);
  if (n > 1 || m > 1) corners += cost(n, m);
  double keogh = 0;
  if (measure.traits().envelope == EnvelopeBound::lengths && width > 1) {
    keogh = euclidean_beyond(y.values(), seen.lower.data(), seen.upper.data(), m, width);
  } else {
    const auto beyond = measure.traits().envelope == EnvelopeBound::squares ? table.squares_beyond : table.beyond;
    keogh = beyond(y.values(), seen.lower.data(), seen.upper.data(), m * width);
  }
  return std::max(corners, keogh) * (1 - 1e-9);  // slack for another order of summation
}

}  // namespace plait::align::detail
