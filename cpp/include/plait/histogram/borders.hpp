// Borders from data, for binned trees.
#pragma once

#include <cstdint>
#include <vector>

#include "plait/histogram/locate.hpp"

namespace plait::histogram {

/// `bins` - 1 borders between the values, NaN left out, or fewer where fewer values differ; each the middle of two neighbours that differ. All such
/// middles if there are no more; else those nearest to equal counts. A frequent value gets a bin of its own. For Locator(borders, Closed::right): a
/// value x <= border lies below it. O(n log n).
std::vector<double> quantile_borders(std::vector<double> values, Index bins);

}  // namespace plait::histogram
