// An elastic measure by its definition: band, border, and step costs.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <type_traits>
#include <vector>

#include "align/elastic/tile.hpp"
#include "plait/align/dtw.hpp"

namespace plait::align::detail {

constexpr double kUnreachable = kWorst<Order::minimum>;

/// The cells that a path may visit: columns lo(i) … hi(i) of row i, counted from 1. Both bounds are non-decreasing.
struct Band {
  Index n, m;
  Index window;          ///< |i - j| <= window
  double slope = 0;      ///< of Itakura's parallelogram; 0: none
  bool slanted = false;  ///< the window is centred on the line from corner to corner

  [[nodiscard]] Index lo(Index i) const {
    if (slanted) return n < 2 || m < 2 ? 1 : 1 + std::max<Index>(0, -floor_div(across() - 2 * (i - 1) * (m - 1), 2 * (n - 1)));
    if (slope == 0) return std::max<Index>(1, i - window);
    const double flat = static_cast<double>(i - 1) / slope, steep = static_cast<double>(m - 1) - slope * static_cast<double>(n - i);
    return std::max<Index>(1, 1 + static_cast<Index>(std::ceil(std::max(flat, steep) - kRounding)));
  }
  [[nodiscard]] Index hi(Index i) const {
    if (slanted) return n < 2 || m < 2 ? m : std::min(m, 1 + (across() + 2 * (i - 1) * (m - 1)) / (2 * (n - 1)));
    if (slope == 0) return std::min(m, i + window);
    const double steep = static_cast<double>(i - 1) * slope, flat = static_cast<double>(m - 1) - static_cast<double>(n - i) / slope;
    return std::min(m, 1 + static_cast<Index>(std::floor(std::min(flat, steep) + kRounding)));
  }
  [[nodiscard]] bool has(Index i, Index j) const { return lo(i) <= j && j <= hi(i); }
  /// The border has the cells (0, 0) … (0, top()) and (0, 0) … (left(), 0).
  [[nodiscard]] Index top() const { return !slanted ? window : n < 2 || m == 0 ? n + m : across() / (2 * (n - 1)); }
  [[nodiscard]] Index left() const { return !slanted ? window : m < 2 || n == 0 ? n + m : across() / (2 * (m - 1)); }

 private:
  static constexpr double kRounding = 1e-9;
  static Index floor_div(Index a, Index b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }
  /// With s = (n - 1) / (m - 1) >= 1 the band has the cells |(i - 1) - (j - 1) s| <= window + s / 2, and for n < m the same with rows and columns
  /// exchanged: |2 (i - 1) (m - 1) - 2 (j - 1) (n - 1)| <= across(), in integers. The s / 2 covers the cells on the line itself,
  /// so that the band always contains a path.
  [[nodiscard]] Index across() const { return 2 * std::min(window, std::max(n, m)) * (std::min(n, m) - 1) + std::max(n, m) - 1; }
};

/// The valid lower bound (Bound in costs.hpp).
enum class EnvelopeBound : std::uint8_t { none, values, squares, lengths };

struct StepCosts {
  double match, deletion, insertion;
};
/// An element of a series as passed to descriptors.
struct Element {
  const double *values, *before;  ///< before: the previous element, zeros for the first
  bool first;
  Index width;
  const std::vector<double>& parameters;

  [[nodiscard]] double distance_to(const double* other) const;  ///< Euclidean
  [[nodiscard]] double distance_to_parameters() const;          ///< parameters as an element: one number for all values, or one for each
  void normalise(double* to, Index by) const;                   ///< divided by its length; zero stays zero
};

/// A descriptor of costs.hpp as functions called once per pair or element. Forms: for elements of any number of values, and of one.
struct CostTraits {
  const char *key, *name;
  bool shared, precomputed, bordered, gaps, infinite_border, first_once, weighted, weighted_by_lengths, per_value;
  EnvelopeBound envelope;
  bool values_alone;  ///< features are the values, or none
  const char* parameters[2];
  Index (*features)(Index width);
  double (*border)(const Element& element);
  /// even[k]: weight of |i - j| = 2 |k|, k in [-half, half]; odd[k]: of |2 k + 1|, k in [-half, half).
  void (*weights)(const std::vector<double>& parameters, double longest, Index half, double* even, double* odd);
  /// Feature k of element i (from 0) goes to out[k * by_feature + i * by_element].
  void (*lay_out[2])(const std::vector<double>& parameters, const Sequence& s, double* out, Index by_feature, Index by_element);
  /// Of one cell, from the features of its elements; shared costs are repeated in all three.
  StepCosts (*costs[2])(const double* x, const double* y, Index width, double parameter, double weight);
};
extern const CostTraits kCostTraits[kCosts];
inline const CostTraits& traits_of(Cost cost) { return kCostTraits[static_cast<int>(cost)]; }

struct Measure {
  const char* name = "";
  Cost cost = Cost::squared;
  std::optional<Window> window;
  bool slanted = false;
  double slope = 0;
  StepPattern step = StepPattern::symmetric1;
  bool normalized = false, root = false, open_begin = false, open_end = false;
  bool propagate_nan = false;
  std::vector<double> parameters{};

  [[nodiscard]] const CostTraits& traits() const { return traits_of(cost); }
  [[nodiscard]] bool shared() const { return traits().shared; }
  [[nodiscard]] bool bordered() const { return traits().bordered; }
  [[nodiscard]] bool gaps() const { return traits().gaps; }
  [[nodiscard]] bool infinite_border() const { return traits().infinite_border; }
  [[nodiscard]] Band band(Index n, Index m) const { return {n, m, window ? std::min(window->of(n, m), n + m) : n + m, slope, slanted && window}; }
  /// The sum of a path from (1, 1) to (n, m), divided by its weight if normalized.
  [[nodiscard]] double of_weight(double sum, Index n, Index m) const {
    return normalized ? sum / static_cast<double>(step == StepPattern::asymmetric ? n : n + m) : sum;
  }
  /// A limit on of_weight as a limit on sums, rounded up.
  [[nodiscard]] double limit_of_sum(double limit, Index n, Index m) const {
    return normalized ? limit * static_cast<double>(step == StepPattern::asymmetric ? n : n + m) * (1 + 1e-12) : limit;
  }
  /// The score of a sum (of_weight). For whole series it is finite unless the input is too large.
  [[nodiscard]] double score_of(double sum, double cutoff) const;
  /// A cutoff on scores as a cutoff on sums, rounded up.
  [[nodiscard]] double sum_of(double cutoff) const {
    if (!root) return cutoff;
    return cutoff < 0 ? -1 : cutoff * cutoff * (1 + 1e-12);
  }
  [[nodiscard]] double first_parameter() const { return parameters.empty() ? 0 : parameters[0]; }
};

/// Throws for pairs that cannot be aligned.
void check_pair(const Measure& measure, const Sequence& x, const Sequence& y);
bool has_nan(const Sequence& s);

// --- features of elements, read by the loops ------------------------------------------------------------------------------

inline Index feature_count(const Measure& measure, Index width) { return measure.traits().features(width); }
inline void lay_out(const Measure& measure, const Sequence& s, double* out, Index by_feature, Index by_element) {
  measure.traits().lay_out[s.width == 1 ? 1 : 0](measure.parameters, s, out, by_feature, by_element);
}
/// The weights of |i - j| for a pair of lengths n and m, in the layout of Tile::weights.
struct TileWeights {
  /// Bound on |i - j| / 2 of a tile's cells, those outside of the matrix included.
  static Index half(Index n, Index m) { return std::max(n, m) / 2 + kTilePad / 2 + 2; }
  static std::size_t room(Index n, Index m) { return static_cast<std::size_t>(4 * half(n, m) + 2); }
  TileWeights(const Measure& measure, Index n, Index m, double* room) : at{room + half(n, m), room + 3 * half(n, m) + 1} {
    measure.traits().weights(measure.parameters, static_cast<double>(std::max(n, m)), half(n, m), room + half(n, m), room + 3 * half(n, m) + 1);
  }
  const double* at[2];
};
/// D(0, 0) … D(0, length), or D(·, 0): the cost of leading gaps; only (0, 0) is finite if no path begins with a gap.
/// Without regard to the window.
void lay_out_border(const Measure& measure, const Sequence& s, double* out, Index by_element);

/// D(0, 0). Where a match has weight 2, the distance of the first cell is subtracted here: it counts once (symmetric2).
double corner(const Measure& measure, const Sequence& x, const Sequence& y);

// --- the definition -------------------------------------------------------------------------------------------------------------------

/// The step costs of a pair's cells.
class CellCosts {
 public:
  CellCosts(const Measure& measure, const Sequence& x, const Sequence& y);
  /// Pointers to the features of each element.
  [[nodiscard]] std::vector<const double*> rows() const { return elements(x_features_, n_); }
  [[nodiscard]] std::vector<const double*> columns() const { return elements(y_features_, m_); }
  /// Of cell (i, j), counted from 1.
  StepCosts operator()(const double* x, const double* y, Index i, Index j) const {
    if (matrix_ != nullptr) y = matrix_ + (i - 1) * m_ + j - 1;
    return costs_(x, y, width_, parameter_, weights_.empty() ? 0 : weights_[static_cast<std::size_t>(std::abs(i - j))]);
  }

 private:
  [[nodiscard]] std::vector<const double*> elements(const std::vector<double>& features, Index length) const;

  Index n_, m_, width_, features_;
  double parameter_;
  StepCosts (*costs_)(const double* x, const double* y, Index width, double parameter, double weight);
  const double* matrix_ = nullptr;  ///< of precomputed costs, else null
  std::vector<double> x_features_, y_features_, weights_;
};

/// Runs the recursion of template.hpp.
template <class Algebra>
auto run_definition(const Measure& measure, const Sequence& x, const Sequence& y, Algebra& algebra) {
  const Band band = measure.band(x.length, y.length);
  const CellCosts costs(measure, x, y);
  std::vector<double> left(static_cast<std::size_t>(x.length) + 1), top(static_cast<std::size_t>(y.length) + 1);
  lay_out_border(measure, x, left.data(), 1);
  lay_out_border(measure, y, top.data(), 1);
  const auto init = [&](Index i, Index j) {
    if (measure.open_begin && i == 0) return 0.0;
    if (i == 0 && j == 0) return corner(measure, x, y);
    if (j == 0) return i <= band.left() ? left[static_cast<std::size_t>(i)] : kUnreachable;
    return j <= band.top() ? top[static_cast<std::size_t>(j)] : kUnreachable;
  };
  constexpr bool counted = std::is_same_v<Algebra, Counted<Order::minimum>>;
  const auto rank = [&, shared = measure.shared()](const auto& insertion, const auto& match, const auto& deletion, const double* a, const double* b,
                                                   Index i, Index j) {
    const StepCosts steps = costs(a, b, i, j);
    const double none = band.has(i, j) ? 0 : kUnreachable;
    // With an open begin a path that starts at (1, j) would be counted from (0, j - 1) and from (0, j): one of them is excluded.
    const double other = counted && measure.open_begin && i == 1 ? kUnreachable : 0;
    if (shared) return choose(choose(match, deletion), insertion + other) + (steps.match + none);
    return choose(choose(match + (steps.match + none + other), deletion + (steps.deletion + none)), insertion + (steps.insertion + none));
  };
  const Ends ends{.y_begin = measure.open_begin, .y_end = measure.open_end};
  return Alignment<const double*, decltype(init), decltype(rank)>(init, rank, ends).run(algebra, costs.rows(), costs.columns());
}
/// Score (without the root) and path.
Path path_by_definition(const Measure& measure, const Sequence& x, const Sequence& y);

// --- the optimised forms --------------------------------------------------------------------------------------------------------------

const ElasticTable& elastic_loops();  ///< of the selected instruction set level

// Scores and cutoffs are sums divided by the path's weight, without the root.

/// The score; if that exceeds `cutoff`, possibly kUnreachable instead.
double pair_score(const Measure& measure, const ElasticTable& table, const Sequence& x, const Sequence& y, double cutoff, Workspace& workspace);
Path pair_path(const Measure& measure, const ElasticTable& table, const Sequence& x, const Sequence& y, std::size_t memory_limit,
               Workspace& workspace);
/// Sequences with features laid out, and NaN looked for, once for all comparisons.
class ElasticReferences : public References {
 public:
  ElasticReferences(const Measure& measure, std::vector<Sequence> sequences);
  /// Feature j of element i at [j * length + i]; null where features are the values.
  [[nodiscard]] const double* features(Index k) const { return at_.empty() ? nullptr : values_.data() + at_[static_cast<std::size_t>(k)]; }
  [[nodiscard]] bool missing(Index k) const { return !missing_.empty() && missing_[static_cast<std::size_t>(k)] != 0; }

 private:
  std::vector<double> values_;
  std::vector<std::size_t> at_;
  std::vector<char> missing_;
};

/// The scores of x with up to table.lanes sequences, which must share one band except for its end. features: those of
/// ElasticReferences, or null, each and as a whole.
void many_scores(const Measure& measure, const ElasticTable& table, const Sequence& x, const Sequence* const* ys, const double* const* features,
                 int count, double cutoff, double* out, Workspace& workspace);

/// Validates the options.
Measure measure_of(const DtwOptions& options);
/// A measure as a method; with asymmetric steps.
std::unique_ptr<Method> make_method(Measure measure);
std::unique_ptr<Method> make_asymmetric(Measure measure);

}  // namespace plait::align::detail
