#include "plait/histogram/locate.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "histogram/cells.hpp"
#include "plait/base/error.hpp"

namespace plait::histogram {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNever = std::numeric_limits<double>::quiet_NaN();  // a threshold that is <= no value

constexpr int kMostSteps = 4;
constexpr Index kMostCells = Index{1} << 20;

/// Slot(x) is the number of thresholds <= x, whichever side is closed: x > b just as x >= the next double after b.
std::vector<double> thresholds_of(const std::vector<double>& borders, Closed closed, Ends ends) {
  std::vector<double> out = borders;
  if (closed == Closed::right) {
    for (double& b : out) b = b == kInfinity ? kNever : std::nextafter(b, kInfinity);
    if (ends == Ends::closed) out.front() = borders.front();
  } else if (ends == Ends::closed) {
    out.back() = borders.back() == kInfinity ? kNever : std::nextafter(borders.back(), kInfinity);
  }
  return out;
}

void check(const std::vector<double>& borders) {
  PLAIT_REQUIRE(!borders.empty() && borders.size() <= (std::size_t{1} << 31) - 8, "borders: expected 1 to 2^31 - 8 of them, got ", borders.size());
  for (std::size_t i = 0; i < borders.size(); ++i) {
    PLAIT_REQUIRE(!std::isnan(borders[i]), "borders: element ", i, " is NaN");
    if (i > 0) {
      PLAIT_REQUIRE(borders[i - 1] < borders[i], "borders: expected strictly increasing ones, element ", i, " is ", borders[i], " after ",
                    borders[i - 1]);
    }
  }
}

/// Steps of a binary search among that many thresholds.
int steps_for(Slot most) { return std::bit_width(most); }

template <class Cell>
Slot most_in_a_cell(const std::vector<double>& thresholds, Cell cell) {
  Slot most = 0, run = 0;
  std::int32_t before = -1;
  for (const double t : thresholds) {
    const std::int32_t now = cell(t);
    run = now == before ? run + 1 : 1;
    before = now;
    most = std::max(most, run);
  }
  return most;
}

}  // namespace

Slot locate(std::span<const double> borders, double x, Closed closed) {
  const Slot count = static_cast<Slot>(borders.size());
  if (std::isnan(x)) return count + 1;
  const double* const first = borders.data();
  const double* const found = closed == Closed::left ? std::upper_bound(first, first + count, x) : std::lower_bound(first, first + count, x);
  return static_cast<Slot>(found - first);
}

Locator::Locator(std::span<const double> borders, Closed closed, Ends ends) : borders_(borders.begin(), borders.end()), closed_(closed), ends_(ends) {
  check(borders_);
  thresholds_ = thresholds_of(borders_, closed, ends);
  lookup_.count = count();
  if (!make_uniform()) make_cells();
  if (lookup_.kind == Lookup::Kind::tree) make_tree();
  thresholds_.resize(thresholds_.size() + (std::size_t{1} << kMostSteps), kNever);  // a search may read past the last
  lookup_.thresholds = thresholds_.data();
}

/// Cells of one bin's width, shifted by half of it. Accepted only if every threshold, and hence by monotony every value next to it, is where
/// the kernel expects it, with a margin for the rounding of both computations.
bool Locator::make_uniform() {
  const Slot n = count();
  const double first = borders_.front(), last = borders_.back();
  if (n < 3 || n > (Slot{1} << 24) || !std::isfinite(first) || !std::isfinite(last)) return false;
  const double width = last / (n - 1) - first / (n - 1), scale = 1 / width, low = first - width / 2, edge_low = first - width;
  if (!std::isfinite(width) || !std::isfinite(scale) || !std::isfinite(edge_low)) return false;
  for (Slot i = 0; i < n; ++i) {
    const double position = linear_position(thresholds_[i], low, scale, static_cast<double>(n) - 0.25);
    const double edge_position = linear_position(thresholds_[i], edge_low, scale, static_cast<double>(n) + 0.5);
    if (std::isnan(thresholds_[i]) || !(std::abs(position - (i + 0.5)) < kNear / 4) || !(std::abs(edge_position - (i + 1.0)) < kNear / 4))
      return false;
  }
  lookup_.kind = Lookup::Kind::uniform;
  lookup_.cells = n;
  lookup_.low = low;
  lookup_.edge_low = edge_low;
  lookup_.scale = scale;
  lookup_.steps = 1;
  const int fraction = 31 - std::bit_width(n + 1);
  const bool tells = std::ldexp(kNear, fraction) >= 1 && std::isfinite(std::ldexp(scale, fraction));
  lookup_.fraction = tells ? fraction : 0;
  return true;
}

/// The smallest index with few comparisons, of cells linear in x or in its bits.
void Locator::make_cells() {
  const auto first = std::find_if(thresholds_.begin(), thresholds_.end(), [](double t) { return std::isfinite(t); });
  const auto last = std::find_if(thresholds_.rbegin(), thresholds_.rend(), [](double t) { return std::isfinite(t); });
  if (first == thresholds_.end()) return;
  const double low = *first, high = *last;
  double best = 1.5 * static_cast<double>(std::bit_width(thresholds_.size())) + 2;  // cost of searching the tree, in steps
  const auto try_index = [&](Lookup wanted, Slot most) {
    const int steps = steps_for(most);
    if (steps > kMostSteps) return;
    const double bytes = 4.0 * wanted.cells + 8.0 * static_cast<double>(thresholds_.size());
    const double cost = 2.0 + steps + (bytes > 24e3 ? 1 : 0) + (bytes > 400e3 ? 3 : 0) + (wanted.kind == Lookup::Kind::bits ? 0.25 : 0);
    if (cost >= best) return;
    best = cost;
    wanted.steps = steps;
    lookup_ = wanted;
  };
  const Index most_cells = std::min<Index>(kMostCells, std::max<Index>(8192, 64 * static_cast<Index>(thresholds_.size())));
  for (Index cells = std::bit_ceil(thresholds_.size()); cells <= most_cells; cells *= 2) {
    Lookup wanted = lookup_;
    wanted.kind = Lookup::Kind::linear;
    wanted.cells = static_cast<Slot>(cells);
    wanted.low = low;
    wanted.scale = static_cast<double>(cells) / (high - low);
    if (!std::isfinite(wanted.scale) || !(wanted.scale > 0)) break;
    try_index(wanted, most_in_a_cell(thresholds_, [&](double t) {
                return static_cast<std::int32_t>(linear_position(t, wanted.low, wanted.scale, static_cast<double>(cells - 1)));
              }));
  }
  for (int shift = 20; shift >= 1; --shift) {
    Lookup wanted = lookup_;
    wanted.kind = Lookup::Kind::bits;
    wanted.shift = shift;
    wanted.first_key = upper_key(low) >> shift;
    const Index cells = Index{upper_key(high) >> shift} - wanted.first_key + 1;
    if (cells > most_cells) break;
    wanted.cells = static_cast<Slot>(cells);
    try_index(wanted, most_in_a_cell(thresholds_, [&](double t) {
                return std::isnan(t) ? static_cast<std::int32_t>(cells - 1)
                                     : bits_cell(t, shift, wanted.first_key, static_cast<std::int32_t>(cells - 1));
              }));
  }
  if (lookup_.kind == Lookup::Kind::tree) return;
  start_.assign(lookup_.cells, 0);
  const std::int32_t last_cell = static_cast<std::int32_t>(lookup_.cells - 1);
  for (const double t : thresholds_) {
    // NaN is last; a threshold counts for the cells after its own.
    const std::int32_t cell = std::isnan(t) ? last_cell
                              : lookup_.kind == Lookup::Kind::linear
                                  ? static_cast<std::int32_t>(linear_position(t, lookup_.low, lookup_.scale, static_cast<double>(last_cell)))
                                  : bits_cell(t, lookup_.shift, lookup_.first_key, last_cell);
    if (cell < last_cell) ++start_[static_cast<std::size_t>(cell) + 1];
  }
  for (std::size_t k = 1; k < start_.size(); ++k) start_[k] += start_[k - 1];
  lookup_.start = start_.data();
}

/// A complete tree of 2^levels - 1 nodes, padded with thresholds that no value reaches.
void Locator::make_tree() {
  const std::size_t n = thresholds_.size();
  lookup_.levels = static_cast<int>(std::bit_width(n));
  const std::size_t nodes = std::size_t{1} << lookup_.levels;
  tree_.assign(nodes, kNever);
  // Node k at depth d is the ((2k + 1) << (levels - 1 - d)) - nodes - 1 'th in order.
  for (std::size_t k = 1; k < nodes; ++k) {
    const int depth = static_cast<int>(std::bit_width(k)) - 1;
    const std::size_t order = ((2 * k + 1) << (lookup_.levels - 1 - depth)) - nodes - 1;
    if (order < n) tree_[k] = thresholds_[order];
  }
  lookup_.tree = tree_.data();
}

Slot Locator::operator()(double x) const {
  if (std::isnan(x)) return nan_slot();
  const Lookup& l = lookup_;
  Slot at = 0;
  int steps = l.steps;
  switch (l.kind) {
    case Lookup::Kind::uniform: at = static_cast<Slot>(linear_position(x, l.low, l.scale, static_cast<double>(l.cells) - 0.25)); break;
    case Lookup::Kind::linear: at = l.start[static_cast<Slot>(linear_position(x, l.low, l.scale, static_cast<double>(l.cells - 1)))]; break;
    case Lookup::Kind::bits: at = l.start[static_cast<Slot>(bits_cell(x, l.shift, l.first_key, static_cast<std::int32_t>(l.cells - 1)))]; break;
    case Lookup::Kind::tree: {
      Slot node = 1;
      for (int level = 0; level < l.levels; ++level) node = 2 * node + static_cast<Slot>(l.tree[node] <= x);
      return node - (Slot{1} << l.levels);
    }
  }
  while (steps-- > 0) at += static_cast<Slot>(l.thresholds[at + (Slot{1} << steps) - 1] <= x) << steps;
  return at;
}

void Locator::locate(const double* x, Index n, Slot* out) const { PLAIT_PICK(locate_table).of_double(lookup_, x, n, out); }
void Locator::locate(const float* x, Index n, Slot* out) const { PLAIT_PICK(locate_table).of_float(lookup_, x, n, out); }

namespace {
template <class Code>
void locate_codes(const Locator& locator, const double* x, Index n, Code* out) {
  PLAIT_REQUIRE(locator.nan_slot() <= std::numeric_limits<Code>::max(), "locate: the slots of ", locator.count(), " borders do not fit into ",
                8 * sizeof(Code), " bits");
  Slot slots[kBlock];
  for (Index at = 0; at < n; at += kBlock) {
    const Index size = std::min(kBlock, n - at);
    locator.locate(x + at, size, slots);
    for (Index i = 0; i < size; ++i) out[at + i] = static_cast<Code>(slots[i]);
  }
}
}  // namespace

void Locator::locate(const double* x, Index n, std::uint8_t* out) const { locate_codes(*this, x, n, out); }
void Locator::locate(const double* x, Index n, std::uint16_t* out) const { locate_codes(*this, x, n, out); }

}  // namespace plait::histogram
