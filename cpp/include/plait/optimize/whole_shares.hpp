// How many whole shares of each asset come closest to the money that each should get?
//   min Σ |wanted_i - n_i price_i|   over integers n   subject to   Σ n_i price_i <= money,
// n_i of the sign of wanted_i.
//
// Branch and bound, the dearest share first. The bound lets the rest be cut into any fraction of a share: an asset's cost is then convex
// and piecewise linear in the money put into it, so that filling the best slopes first solves it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace plait::optimize {

struct WholeShares {
  std::vector<std::int64_t> shares;
  double error = 0;    ///< Σ |wanted - shares · price|
  double cash = 0;     ///< money that is left
  bool proven = true;  ///< no other numbers have a smaller error; false where the search was cut short
  std::int64_t nodes = 0;
};

/// wanted and money in any currency, finite; prices above 0. A search over more than max_nodes nodes is cut short.
WholeShares whole_shares(std::span<const double> wanted, std::span<const double> prices, double money, std::int64_t max_nodes);

}  // namespace plait::optimize
