// An elastic measure by its definition: which cells there are, what the border holds, what the ways into a cell cost.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <vector>

#include "align/elastic/tile.hpp"
#include "plait/align/dtw.hpp"

namespace plait::align::detail {

constexpr double kUnreachable = kWorst<Order::minimum>;

/// The cells that a path may visit: row i has those of columns lo(i) … hi(i), counted from 1. Neither bound ever falls.
struct Band {
  Index n, m;
  Index window;      ///< |i - j| <= window
  double slope = 0;  ///< Itakura's parallelogram, if not 0

  [[nodiscard]] Index lo(Index i) const {
    if (slope == 0) return std::max<Index>(1, i - window);
    const double flat = static_cast<double>(i - 1) / slope, steep = static_cast<double>(m - 1) - slope * static_cast<double>(n - i);
    return std::max<Index>(1, 1 + static_cast<Index>(std::ceil(std::max(flat, steep) - kRounding)));
  }
  [[nodiscard]] Index hi(Index i) const {
    if (slope == 0) return std::min(m, i + window);
    const double steep = static_cast<double>(i - 1) * slope, flat = static_cast<double>(m - 1) - static_cast<double>(n - i) / slope;
    return std::min(m, 1 + static_cast<Index>(std::floor(std::min(flat, steep) + kRounding)));
  }
  [[nodiscard]] bool has(Index i, Index j) const { return lo(i) <= j && j <= hi(i); }

 private:
  static constexpr double kRounding = 1e-9;
};

struct Measure {
  const char* name = "";
  Cost cost = Cost::squared;
  std::optional<Window> window;
  double slope = 0;
  bool root = false, open_begin = false, open_end = false;
  bool propagate_nan = false;
  std::vector<double> gap;  ///< ERP
  double parameter = 0;     ///< EDR: epsilon. MSM: cost. TWE: stiffness
  double penalty = 0;       ///< TWE

  [[nodiscard]] bool shared() const { return cost <= Cost::precomputed; }                 ///< DTW: one cost for all ways
  [[nodiscard]] bool bordered() const { return cost == Cost::erp || cost == Cost::edr; }  ///< gaps before the first element
  [[nodiscard]] bool gaps() const { return bordered() || cost == Cost::twe; }             ///< deletion and insertion are gaps
  [[nodiscard]] Band band(Index n, Index m) const { return {n, m, window ? std::min(window->of(n, m), n + m) : n + m, slope}; }
  /// A column of infinities before the first makes no way into the cells there, by the arithmetic alone: no row need wait for its first cell.
  [[nodiscard]] bool infinite_border() const { return shared() && cost != Cost::cosine; }
  /// The number that the loops know.
  [[nodiscard]] double loop_parameter() const { return cost == Cost::twe ? 2 * parameter : parameter; }
};

/// Throws for pairs that cannot be aligned.
void check_pair(const Measure& measure, const Sequence& x, const Sequence& y);
bool has_nan(const Sequence& s);

// --- features: what the loops want to know of an element ------------------------------------------------------------------------------

Index feature_count(const Measure& measure, Index width);
/// Feature k of element i (from 0) goes to out[k * by_feature + i * by_element].
void lay_out(const Measure& measure, const Sequence& s, double* out, Index by_feature, Index by_element);
/// D(0, 0) … D(0, length), or D(·, 0): what it costs to skip the first elements; only (0, 0) where no path begins with a gap.
/// The sum without regard to the window.
void lay_out_border(const Measure& measure, const Sequence& s, double* out, Index by_element);

// --- the definition -------------------------------------------------------------------------------------------------------------------

struct StepCosts {
  double match, deletion, insertion;
};
/// Of cell (i, j), counted from 1. Cost::precomputed reads the matrix; shared costs stand in all three.
StepCosts step_costs(const Measure& measure, const Sequence& x, const Sequence& y, Index i, Index j);

/// Runs the recursion of template.hpp over places of elements.
template <class Algebra>
auto run_definition(const Measure& measure, const Sequence& x, const Sequence& y, Algebra& algebra) {
  const Band band = measure.band(x.length, y.length);
  std::vector<double> left(static_cast<std::size_t>(x.length) + 1), top(static_cast<std::size_t>(y.length) + 1);
  lay_out_border(measure, x, left.data(), 1);
  lay_out_border(measure, y, top.data(), 1);
  const auto init = [&](Index i, Index j) {
    if (measure.open_begin && i == 0) return 0.0;
    return std::max(i, j) <= band.window ? j == 0 ? left[static_cast<std::size_t>(i)] : top[static_cast<std::size_t>(j)] : kUnreachable;
  };
  const auto rank = [&](const auto& insertion, const auto& match, const auto& deletion, Index i, Index j) {
    const StepCosts ways = step_costs(measure, x, y, i, j);
    const double none = band.has(i, j) ? 0 : kUnreachable;
    if (measure.shared()) return choose(choose(match, deletion), insertion) + (ways.match + none);
    return choose(choose(match + (ways.match + none), deletion + (ways.deletion + none)), insertion + (ways.insertion + none));
  };
  std::vector<Index> rows(static_cast<std::size_t>(x.length)), columns(static_cast<std::size_t>(y.length));
  std::iota(rows.begin(), rows.end(), Index{1});
  std::iota(columns.begin(), columns.end(), Index{1});
  const Ends ends{.y_begin = measure.open_begin, .y_end = measure.open_end};
  return Alignment<Index, decltype(init), decltype(rank)>(init, rank, ends).run(algebra, rows, columns);
}
/// Score (without the root) and path.
Path path_by_definition(const Measure& measure, const Sequence& x, const Sequence& y);

// --- the fast forms -------------------------------------------------------------------------------------------------------------------

const ElasticTable& elastic_loops();  ///< of the level in use

/// The score without the root; kUnreachable, or the true one, if it is beyond `cutoff`.
double pair_score(const Measure& measure, const ElasticTable& table, const Sequence& x, const Sequence& y, double cutoff, Workspace& workspace);
Path pair_path(const Measure& measure, const ElasticTable& table, const Sequence& x, const Sequence& y, std::size_t memory_limit,
               Workspace& workspace);
/// The scores of x with up to table.lanes sequences, which must have one band with it but for their lengths.
void many_scores(const Measure& measure, const ElasticTable& table, const Sequence& x, const Sequence* const* ys, int count, double cutoff,
                 double* out, Workspace& workspace);

/// A measure as a method.
std::unique_ptr<Method> make_elastic(Measure measure);

}  // namespace plait::align::detail
