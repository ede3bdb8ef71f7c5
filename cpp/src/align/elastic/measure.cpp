#include "align/elastic/measure.hpp"

#include <algorithm>

#include "align/core/traceback.hpp"
#include "plait/base/error.hpp"

namespace plait::align::detail {
namespace {

double euclidean(const double* a, const double* b, Index width) {
  if (width == 1) return std::fabs(a[0] - b[0]);
  double sum = 0;
  for (Index k = 0; k < width; ++k) {
    const double d = a[k] - b[k];
    sum += d * d;
  }
  return std::sqrt(sum);
}
double absolute(const double* a, const double* b, Index width) {
  double sum = 0;
  for (Index k = 0; k < width; ++k) sum += std::fabs(a[k] - b[k]);
  return sum;
}
double squared(const double* a, const double* b, Index width) {
  double sum = 0;
  for (Index k = 0; k < width; ++k) {
    const double d = a[k] - b[k];
    sum += d * d;
  }
  return sum;
}

/// Divided by its length; zero stays zero. Scaled first, so that no square overflows or vanishes.
void normalise(const double* from, Index width, double* to, Index by) {
  double most = 0, sum = 0;
  for (Index k = 0; k < width; ++k) most = std::max(most, std::fabs(from[k]));
  const double scale = most > 0 ? most : 1;
  for (Index k = 0; k < width; ++k) sum += from[k] / scale * (from[k] / scale);
  const double length = sum > 0 ? std::sqrt(sum) : 1;
  for (Index k = 0; k < width; ++k) to[k * by] = from[k] / scale / length;
}
double cosine(const double* a, const double* b, Index width) {
  std::vector<double> unit(static_cast<std::size_t>(2 * width));
  normalise(a, width, unit.data(), 1);
  normalise(b, width, unit.data() + width, 1);
  double sum = 0;
  for (Index k = 0; k < width; ++k) sum += unit[static_cast<std::size_t>(k)] * unit[static_cast<std::size_t>(width + k)];
  return std::max(0.0, 1 - sum);
}

/// Distance to the gap element.
double to_gap(const Measure& measure, const double* a, Index width) {
  if (measure.gap.size() == 1) {
    const std::vector<double> gap(static_cast<std::size_t>(width), measure.gap[0]);
    return euclidean(a, gap.data(), width);
  }
  return euclidean(a, measure.gap.data(), width);
}
/// MSM: the cost of `fresh` after `before`, set against `other`; in more than one dimension between is inside of the ball over both
/// (Shifaz, Pelletier, Petitjean and Webb 2023).
double split(const double* fresh, const double* before, const double* other, Index width, double cost) {
  bool between = false;
  if (width == 1) {
    between = (*before <= *fresh && *fresh <= *other) || (*before >= *fresh && *fresh >= *other);
  } else {
    double reach = 0, off = 0;
    for (Index k = 0; k < width; ++k) {
      const double across = before[k] - other[k], d = fresh[k] - (before[k] + other[k]) * 0.5;
      reach += across * across;
      off += d * d;
    }
    between = off <= reach * 0.25;
  }
  return between ? cost : cost + std::min(euclidean(fresh, before, width), euclidean(fresh, other, width));
}

/// The element before element i (from 0): MSM never asks for that of the first, TWE takes it as zero.
const double* before(const Measure& measure, const Sequence& s, Index i, const std::vector<double>& zero) {
  if (i > 0) return s.values() + (i - 1) * s.width;
  return measure.cost == Cost::twe ? zero.data() : s.values();
}
double twe_deletion(const Measure& measure, const double* at, const double* last, Index width) {
  return euclidean(at, last, width) + (measure.parameter + measure.penalty);
}

}  // namespace

bool has_nan(const Sequence& s) {
  return std::any_of(s.values(), s.values() + s.length * s.width, [](double value) { return std::isnan(value); });
}

Index feature_count(const Measure& measure, Index width) {
  switch (measure.cost) {
    case Cost::precomputed: return 0;
    case Cost::erp: return width + 1;
    case Cost::msm: return 2 * width;
    case Cost::twe: return 2 * width + 2;
    default: return width;
  }
}

void lay_out(const Measure& measure, const Sequence& s, double* out, Index by_feature, Index by_element) {
  const Index width = s.width;
  if (feature_count(measure, width) == 1 && measure.cost != Cost::cosine) {
    for (Index i = 0; i < s.length; ++i) out[i * by_element] = s.values()[i];
    return;
  }
  const std::vector<double> zero(static_cast<std::size_t>(width));
  for (Index i = 0; i < s.length; ++i) {
    const double* at = s.values() + i * width;
    double* to = out + i * by_element;
    if (measure.cost == Cost::cosine) {
      normalise(at, width, to, by_feature);
      continue;
    }
    for (Index k = 0; k < width; ++k) to[k * by_feature] = at[k];
    if (measure.cost == Cost::erp) to[width * by_feature] = to_gap(measure, at, width);
    if (measure.cost != Cost::msm && measure.cost != Cost::twe) continue;
    const double* last = before(measure, s, i, zero);
    for (Index k = 0; k < width; ++k) to[(width + k) * by_feature] = last[k];
    if (measure.cost != Cost::twe) continue;
    to[2 * width * by_feature] = twe_deletion(measure, at, last, width);
    to[(2 * width + 1) * by_feature] = static_cast<double>(i);
  }
}

void lay_out_border(const Measure& measure, const Sequence& s, double* out, Index by_element) {
  out[0] = 0;
  if (!measure.bordered()) {
    for (Index i = 1; i <= s.length; ++i) out[i * by_element] = kUnreachable;
    return;
  }
  double sum = 0;
  for (Index i = 0; i < s.length; ++i) {
    if (measure.cost == Cost::erp) sum += to_gap(measure, s.values() + i * s.width, s.width);
    if (measure.cost == Cost::edr) sum += 1;
    out[(i + 1) * by_element] = sum;
  }
}

StepCosts step_costs(const Measure& measure, const Sequence& x, const Sequence& y, Index i, Index j) {
  const Index width = x.width;
  if (measure.cost == Cost::precomputed) {
    const double d = x.values()[(i - 1) * width + j - 1];
    return {d, d, d};
  }
  const double *a = x.values() + (i - 1) * width, *b = y.values() + (j - 1) * width;
  const auto all = [](double d) { return StepCosts{d, d, d}; };
  switch (measure.cost) {
    case Cost::squared: return all(squared(a, b, width));
    case Cost::absolute: return all(absolute(a, b, width));
    case Cost::euclidean: return all(euclidean(a, b, width));
    case Cost::cosine: return all(cosine(a, b, width));
    case Cost::erp: return {euclidean(a, b, width), to_gap(measure, b, width), to_gap(measure, a, width)};
    case Cost::edr: {
      bool apart = false;
      for (Index k = 0; k < width; ++k) apart = apart || std::fabs(a[k] - b[k]) > measure.parameter;
      return {apart ? 1.0 : 0.0, 1.0, 1.0};
    }
    default: break;
  }
  const std::vector<double> zero(static_cast<std::size_t>(width));
  const double *a_last = before(measure, x, i - 1, zero), *b_last = before(measure, y, j - 1, zero);
  if (measure.cost == Cost::msm) {
    return {euclidean(a, b, width), split(b, b_last, a, width, measure.parameter), split(a, a_last, b, width, measure.parameter)};
  }
  const double apart = std::fabs(static_cast<double>(i - 1) - static_cast<double>(j - 1));
  return {euclidean(a, b, width) + euclidean(a_last, b_last, width) + measure.loop_parameter() * apart, twe_deletion(measure, b, b_last, width),
          twe_deletion(measure, a, a_last, width)};
}

Path path_by_definition(const Measure& measure, const Sequence& x, const Sequence& y) {
  Traced<Order::minimum> traced;
  const auto end = run_definition(measure, x, y, traced);
  return {end.score, pairs_of(traced.path(end), measure.gaps() ? Traceback::Columns::gaps : Traceback::Columns::cells)};
}

}  // namespace plait::align::detail
