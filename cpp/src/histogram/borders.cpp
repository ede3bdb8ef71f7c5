#include "plait/histogram/borders.hpp"

#include <algorithm>
#include <cmath>

#include "plait/base/error.hpp"

namespace plait::histogram {
namespace {

/// A border in [low, high), such that exactly the values <= low are <= the border. Halved first, as the sum of the two may be infinite.
double middle(double low, double high) {
  const double m = low / 2 + high / 2;
  return m >= low && m < high ? m : low;  // also for infinite and subnormal neighbours
}

}  // namespace

std::vector<double> quantile_borders(std::vector<double> values, Index bins) {
  PLAIT_REQUIRE(bins >= 1, "bins: expected at least 1, got ", bins);
  values.erase(std::remove_if(values.begin(), values.end(), [](double x) { return std::isnan(x); }), values.end());
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  std::vector<std::size_t> changes;  // i: values[i - 1] < values[i]
  for (std::size_t i = 1; i < n; ++i)
    if (values[i - 1] < values[i]) changes.push_back(i);
  std::vector<double> borders;
  const auto cut = [&](std::size_t i) { borders.push_back(middle(values[i - 1], values[i])); };
  if (changes.size() < static_cast<std::size_t>(bins)) {
    for (const std::size_t i : changes) cut(i);
    return borders;
  }
  // The remaining values are distributed among the remaining bins, so that one heavy value does not empty the others.
  std::size_t begin = 0, at = 0;
  for (Index left = bins; left > 1 && at < changes.size(); --left) {
    const double wanted = static_cast<double>(begin) + static_cast<double>(n - begin) / static_cast<double>(left);
    const auto found = std::lower_bound(changes.begin() + static_cast<std::ptrdiff_t>(at), changes.end(), wanted,
                                        [](std::size_t i, double w) { return static_cast<double>(i) < w; });
    std::size_t next = static_cast<std::size_t>(found - changes.begin());
    const bool none = next == changes.size();
    if (next > at && (none || wanted - static_cast<double>(changes[next - 1]) < static_cast<double>(changes[next]) - wanted)) --next;
    next = std::min(next, changes.size() - static_cast<std::size_t>(left - 1));  // at least one change is left for each later border
    cut(changes[next]);
    begin = changes[next];
    at = next + 1;
  }
  return borders;
}

}  // namespace plait::histogram
