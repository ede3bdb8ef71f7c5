// Integer numbers of shares closest to the wanted amounts of money:
//   min Σ |wanted_i - n_i price_i|   over integers n   subject to   Σ n_i price_i <= money,
// n_i of the sign of wanted_i.
// Branch and bound, the most expensive share first. The bound relaxes the remaining assets to fractional shares:
// the cost of an asset is then convex and piecewise linear in its money, and the greedy solution by slope is
// optimal.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace plait::optimize {

struct WholeShares {
  std::vector<std::int64_t> shares;
  double error = 0;    ///< Σ |wanted - shares · price|
  double cash = 0;     ///< money left over
  bool proven = true;  ///< the error is minimal; false if the search was cut short
  std::int64_t nodes = 0;
};

/// wanted and money in any currency, finite; prices above 0. A search over more than max_nodes nodes is cut short.
WholeShares whole_shares(std::span<const double> wanted, std::span<const double> prices, double money, std::int64_t max_nodes);

}  // namespace plait::optimize
