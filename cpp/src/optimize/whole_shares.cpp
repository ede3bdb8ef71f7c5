#include "plait/optimize/whole_shares.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::optimize {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Asset {
  double wanted, price;
  double floor;     ///< whole shares below the wanted amount
  double fraction;  ///< remaining fraction of a share
};

/// Lower bound: the least cost of assets from `from` on with this much money if shares were divisible.
class Bound {
 public:
  explicit Bound(const std::vector<Asset>& assets) : assets_(assets), money_(assets.size() + 1), cost_(assets.size() + 1) {
    for (std::size_t i = assets.size(); i-- > 0;) {
      money_[i] = money_[i + 1] + assets[i].floor * assets[i].price;
      cost_[i] = cost_[i + 1] + assets[i].fraction * assets[i].price;
      if (assets[i].fraction > 0.5) by_gain_.push_back(i);
    }
    std::sort(by_gain_.begin(), by_gain_.end(), [&](std::size_t a, std::size_t b) {
      return assets[a].fraction != assets[b].fraction ? assets[a].fraction > assets[b].fraction : a < b;
    });
  }

  double operator()(std::size_t from, double money) const {
    double left = money - money_[from], cost = cost_[from];
    if (left < 0) return cost - left;  // each missing unit of money costs a unit of error
    for (const std::size_t i : by_gain_) {
      if (i < from) continue;
      const double used = std::min(left, assets_[i].price);
      cost -= (2 * assets_[i].fraction - 1) * used;
      left -= used;
      if (left <= 0) break;
    }
    return cost;
  }

 private:
  const std::vector<Asset>& assets_;
  std::vector<double> money_, cost_;  ///< money and cost of the floors, from an asset to the last
  std::vector<std::size_t> by_gain_;  ///< assets whose cost falls by one more share, largest gain per unit of money first
};

/// The remaining candidates at one depth: the nearest number of shares, then one less, and so on.
struct Level {
  double money, cost;  ///< before this asset
  double next;         ///< the number of shares to try
};

}  // namespace

WholeShares whole_shares(std::span<const double> wanted, std::span<const double> prices, double money, std::int64_t max_nodes) {
  const std::size_t n = wanted.size();
  PLAIT_REQUIRE(prices.size() == n, "whole_shares: ", n, " amounts and ", prices.size(), " prices");
  PLAIT_REQUIRE(std::isfinite(money), "whole_shares: money is ", money);
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return prices[a] > prices[b]; });
  std::vector<Asset> assets;
  double scale = std::abs(money);
  for (const std::size_t i : order) {
    PLAIT_REQUIRE(prices[i] > 0 && std::isfinite(prices[i]) && std::isfinite(wanted[i]), "whole_shares: asset ", i, " has price ", prices[i],
                  " and amount ", wanted[i]);
    const double exact = wanted[i] / prices[i];
    // A number of shares that is an integer up to rounding is rounded.
    const double floor = std::floor(exact + std::min(1e-9 * std::max(1.0, std::abs(exact)), 1e-3));
    assets.push_back({wanted[i], prices[i], floor, std::max(0.0, exact - floor)});
    scale += std::abs(wanted[i]);
  }
  const double slack = 1e-12 * scale;  // rounding of sums of money
  const Bound bound(assets);
  const auto cost_of = [&](std::size_t d, double shares) { return std::abs(assets[d].wanted - shares * assets[d].price); };

  WholeShares best{std::vector<std::int64_t>(n), kInfinity, 0, true, 0};
  std::vector<double> chosen(n), best_chosen(n);
  std::vector<Level> stack;
  const auto enter = [&](double left, double cost) {
    const Asset& a = assets[stack.size()];
    // More shares than the nearest number only increase the cost.
    stack.push_back({left, cost, a.fraction > 0.5 ? a.floor + 1 : a.floor});
  };
  if (n > 0) enter(money, 0);
  while (!stack.empty()) {
    Level& level = stack.back();
    const std::size_t depth = stack.size() - 1;
    const double shares = level.next, floor = assets[depth].floor;
    level.next = shares - 1;
    if (shares < 0 && assets[depth].wanted >= 0) {  // no short positions for assets with wanted >= 0
      stack.pop_back();
      continue;
    }
    const double left = level.money - shares * assets[depth].price, cost = level.cost + cost_of(depth, shares);
    const double least = cost + bound(depth + 1, left);
    if (least >= best.error - slack) {
      if (shares <= floor) stack.pop_back();  // each share less costs more than the freed money can gain
      continue;
    }
    if (depth + 1 == n && left < -slack) {
      level.next = std::min(level.next, std::floor((level.money + slack) / assets[depth].price));
      continue;
    }
    if (++best.nodes > max_nodes && best.error < kInfinity) {
      best.proven = false;
      break;
    }
    if ((best.nodes & 1023) == 0) poll_interrupt();
    chosen[depth] = shares;
    if (depth + 1 == n) {
      best.error = cost;
      best.cash = left;
      best_chosen = chosen;
    } else {
      enter(left, cost);
    }
  }
  if (n == 0) return {{}, 0, money, true, 0};
  for (std::size_t d = 0; d < n; ++d) best.shares[order[d]] = static_cast<std::int64_t>(best_chosen[d]);
  if (std::abs(best.cash) <= slack) best.cash = 0;
  return best;
}

}  // namespace plait::optimize
