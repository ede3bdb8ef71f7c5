// Borders from data: what a binned tree cuts a column at.
#pragma once

#include <cstdint>
#include <vector>

#include "plait/histogram/locate.hpp"

namespace plait::histogram {

/// `bins` - 1 borders between the values, NaN left out, or fewer where fewer values differ; each the middle of two neighbours that differ. All such
/// middles if there are no more; else those nearest to equal counts. Values with many equals get a bin of their own rather than a share of the count
/// twice. For Locator(borders, Closed::right): a value x <= border lies below it. O(n log n).
std::vector<double> quantile_borders(std::vector<double> values, Index bins);

}  // namespace plait::histogram
