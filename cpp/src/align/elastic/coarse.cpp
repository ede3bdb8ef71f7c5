#include "align/elastic/coarse.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "align/elastic/lower_bounds.hpp"
#include "align/tuning.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align::detail {

namespace {

constexpr double kGreatest = std::numeric_limits<std::uint16_t>::max();

}  // namespace

bool has_coarse_bounds(const Measure& measure, Index width) {
  return measure.cost == Cost::squared && width == 1 && has_bounds(measure) && measure.slope == 0;
}

CoarseReferences::CoarseReferences(const References& references) {
  double most = -std::numeric_limits<double>::infinity(), least = -most;
  for (const Sequence& s : references.sequences()) {
    for (Index i = 0; i < s.length; ++i) {
      const double value = s.values()[i];
      if (!std::isfinite(value)) continue;
      least = std::min(least, value), most = std::max(most, value);
    }
  }
  const double scale = (kGreatest - 2) / (most - least);
  if (!std::isfinite(scale) || !(scale > 0)) return;
  least_ = least, scale_ = scale;
  std::vector<Index> order(static_cast<std::size_t>(references.size()));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return references[a].length < references[b].length; });
  for (std::size_t at = 0; at < order.size(); at += kCoarseLanes) {
    Group& group = groups_.emplace_back();
    group.members.assign(order.begin() + static_cast<std::ptrdiff_t>(at),
                         order.begin() + static_cast<std::ptrdiff_t>(std::min(order.size(), at + kCoarseLanes)));
    for (const Index k : group.members) group.lengths.push_back(references[k].length);
    group.values.assign(static_cast<std::size_t>(group.lengths.back() * kCoarseLanes), 0);
    for (std::size_t l = 0; l < group.members.size(); ++l) quantise(references[group.members[l]], group.values.data() + l, kCoarseLanes);
  }
}

void CoarseReferences::quantise(const Sequence& s, std::uint16_t* out, Index by) const {
  // Values out of range are clamped, which increases no distance; a clamped NaN is not used.
  for (Index i = 0; i < s.length; ++i) {
    const double q = (s.values()[i] - least_) * scale_ + 1;
    out[i * by] = static_cast<std::uint16_t>(q >= 1 ? std::min(q, kGreatest - 1) : 1);
  }
}

void CoarseReferences::raise(const Measure& measure, const Sequence& x, double limit, std::vector<double>& bounds, Workspace& workspace) const {
  if (!(scale_ > 0) || x.length == 0) return;
  const Index n = x.length;
  // The scaled limit should fit into 16 bits, and exceed the rounding loss of n or more cells by far.
  const double unit = scale_ * scale_ / 65536, wanted = measure.limit_of_sum(limit, n, n) * unit;
  int shift = 0;
  while (shift < 15 && wanted > std::ldexp(0.9 * kGreatest, shift)) ++shift;
  if (!(std::ldexp(wanted, -shift) > tuning::kCoarsePrecision * static_cast<double>(n))) return;
  std::vector<std::uint16_t> values(static_cast<std::size_t>(n));
  quantise(x, values.data(), 1);
  std::vector<Index> lo(static_cast<std::size_t>(n) + 1), hi(lo);
  Index m = -1;
  for (const Group& group : groups_) {
    const auto open = [&](Index k) { return bounds[static_cast<std::size_t>(k)] <= limit; };
    if (std::count_if(group.members.begin(), group.members.end(), open) < tuning::kCoarseLeast) continue;
    const Index longest = group.lengths.back(), shortest = group.lengths.front();
    // All members must share the band of the longest, except for its end.
    const auto window = [&](Index length) { return measure.window ? measure.window->of(n, length) : n + length; };
    if (shortest == 0 || (shortest != longest && (measure.slanted || (measure.window && window(shortest) != window(longest))))) continue;
    const Band band = measure.band(n, longest);
    if (longest != m) {
      for (Index i = 1; i <= n; ++i) lo[static_cast<std::size_t>(i)] = band.lo(i), hi[static_cast<std::size_t>(i)] = band.hi(i);
      m = longest;
    }
    auto* const row = workspace.take_as<std::uint16_t>(static_cast<std::size_t>((longest + 1) * kCoarseLanes), 1);
    PLAIT_PICK(coarse_table).run({values.data(), group.values.data(), lo.data(), hi.data(), n, shift, row});
    for (std::size_t l = 0; l < group.members.size(); ++l) {
      const Index length = group.lengths[l];
      if (length < lo.back() || length > hi.back()) continue;
      const double sum = std::ldexp(static_cast<double>(row[length * kCoarseLanes + static_cast<Index>(l)]), shift) / unit * (1 - 1e-9);
      double& bound = bounds[static_cast<std::size_t>(group.members[l])];
      bound = std::max(bound, measure.of_weight(sum, n, length));
    }
    poll_interrupt();
  }
}

}  // namespace plait::align::detail
