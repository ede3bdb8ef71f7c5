#include "align/elastic/measure.hpp"

#include <algorithm>

#include "align/core/traceback.hpp"
#include "plait/base/error.hpp"

#ifndef PLAIT_INLINE
#define PLAIT_INLINE inline
#endif

namespace plait::align::detail {
namespace {

// The descriptors of costs.hpp, instantiated for one cell.
using V = double;
using M = bool;
PLAIT_INLINE V all(double value) { return value; }
PLAIT_INLINE V least(V a, V b) { return b < a ? b : a; }
PLAIT_INLINE V magnitude(V a) { return std::fabs(a); }
PLAIT_INLINE V root(V a) { return std::sqrt(a); }
#define PLAIT_ELASTIC_DESCRIPTORS
#include "align/elastic/costs.hpp"
#undef PLAIT_ELASTIC_DESCRIPTORS

double euclidean(const double* a, const double* b, Index width) {
  if (width == 1) return std::fabs(a[0] - b[0]);
  double sum = 0;
  for (Index k = 0; k < width; ++k) {
    const double d = a[k] - b[k];
    sum += d * d;
  }
  return std::sqrt(sum);
}

template <class D, int W>
void lay_out_as(const std::vector<double>& parameters, const Sequence& s, double* out, Index by_feature, Index by_element) {
  if constexpr (D::kValuesAlone && W == 1 && !D::kPrecomputed) {
    for (Index i = 0; i < s.length; ++i) out[i * by_element] = s.values()[i];
  } else if constexpr (!D::kPrecomputed) {
    const Index width = W > 0 ? W : s.width;
    const std::vector<double> zeros(static_cast<std::size_t>(W > 0 ? 0 : width));
    const double zero = 0, *before = W > 0 ? &zero : zeros.data();
    for (Index i = 0; i < s.length; ++i) {
      const double* values = s.values() + i * width;
      D::lay_out(Element{values, before, i == 0, width, parameters}, out + i * by_element, by_feature);
      before = values;
    }
  }
}
template <class D>
void weights_as(const std::vector<double>& parameters, double longest, Index half, double* even, double* odd) {
  for (Index k = 0; k <= half; ++k) even[k] = even[-k] = D::weight(parameters, static_cast<double>(2 * k), longest);
  for (Index k = 0; k < half; ++k) odd[k] = odd[-1 - k] = D::weight(parameters, static_cast<double>(2 * k + 1), longest);
}
template <class D>
StepCosts costs_as(const double* x, const double* y, Index width, double parameter, double weight) {
  const auto x_feature = [x](Index k) { return x[k]; };
  const auto y_feature = [y](Index k) { return y[k]; };
  const CellContext cell{parameter, weight};
  if constexpr (D::kShared) {
    const double cost = D::cost(x_feature, y_feature, width, cell);
    return {cost, cost, cost};
  } else {
    return D::costs(x_feature, y_feature, width, cell);
  }
}
template <class Any, class One>
constexpr CostTraits traits_as(const char* key) {
  return {key,
          Any::kName,
          Any::kShared,
          Any::kPrecomputed,
          Any::kBordered,
          Any::kGaps,
          Any::kInfiniteBorder,
          Any::kFirstOnce,
          Any::kWeighting != Weighting::none,
          Any::kWeighting == Weighting::by_distance_and_lengths,
          Any::kPerValue,
          static_cast<EnvelopeBound>(Any::kEnvelope),
          Any::kValuesAlone,
          {Any::kParameters.name[0], Any::kParameters.name[1]},
          Any::features,
          Any::template border<Element>,
          weights_as<Any>,
          {lay_out_as<Any, 0>, lay_out_as<One, 1>},
          {costs_as<Any>, costs_as<One>}};
}

}  // namespace

double Element::distance_to(const double* other) const { return euclidean(values, other, width); }
double Element::distance_to_parameters() const {
  if (parameters.size() != 1) return distance_to(parameters.data());
  return distance_to(std::vector<double>(static_cast<std::size_t>(width), parameters[0]).data());
}
/// Scaled first, so that no square overflows or underflows.
void Element::normalise(double* to, Index by) const {
  double most = 0, sum = 0;
  for (Index k = 0; k < width; ++k) most = std::max(most, std::fabs(values[k]));
  const double scale = most > 0 ? most : 1;
  for (Index k = 0; k < width; ++k) sum += values[k] / scale * (values[k] / scale);
  const double length = sum > 0 ? std::sqrt(sum) : 1;
  for (Index k = 0; k < width; ++k) to[k * by] = values[k] / scale / length;
}

#define PLAIT_ELASTIC_TRAITS(name, any, one) traits_as<any, one>(#name),
const CostTraits kCostTraits[kCosts] = {PLAIT_ELASTIC_MEASURES(PLAIT_ELASTIC_TRAITS)};
#undef PLAIT_ELASTIC_TRAITS

double Measure::score_of(double sum, double cutoff) const {
  PLAIT_REQUIRE(sum < kUnreachable || cutoff < kUnreachable, name, ": the sum of distances is beyond the largest float64; scale the series");
  return root ? std::sqrt(sum) : sum;
}

bool has_nan(const Sequence& s) {
  return std::any_of(s.values(), s.values() + s.length * s.width, [](double value) { return std::isnan(value); });
}

void lay_out_border(const Measure& measure, const Sequence& s, double* out, Index by_element) {
  const CostTraits& traits = measure.traits();
  out[0] = 0;
  if (!traits.bordered) {
    for (Index i = 1; i <= s.length; ++i) out[i * by_element] = kUnreachable;
    return;
  }
  double sum = 0;
  for (Index i = 0; i < s.length; ++i) {
    const double* values = s.values() + i * s.width;
    sum += traits.border({values, values, i == 0, s.width, measure.parameters});
    out[(i + 1) * by_element] = sum;
  }
}

double corner(const Measure& measure, const Sequence& x, const Sequence& y) {
  const CostTraits& traits = measure.traits();
  if (!traits.first_once || x.length == 0 || y.length == 0) return 0;
  if (traits.precomputed) return -x.values()[0];
  const auto features = static_cast<std::size_t>(feature_count(measure, x.width));
  std::vector<double> both(2 * features);
  lay_out(measure, {x.data, 1, x.width, x.kind}, both.data(), 1, 1);
  lay_out(measure, {y.data, 1, y.width, y.kind}, both.data() + features, 1, 1);
  return -traits.costs[x.width == 1 ? 1 : 0](both.data(), both.data() + features, x.width, 0, 0).deletion;
}

CellCosts::CellCosts(const Measure& measure, const Sequence& x, const Sequence& y)
    : n_(x.length),
      m_(y.length),
      width_(x.width),
      features_(feature_count(measure, x.width)),
      parameter_(measure.first_parameter()),
      costs_(measure.traits().costs[x.width == 1 ? 1 : 0]),
      x_features_(static_cast<std::size_t>(features_ * n_)),
      y_features_(static_cast<std::size_t>(features_ * m_)) {
  if (measure.traits().precomputed) matrix_ = x.values();
  lay_out(measure, x, x_features_.data(), 1, features_);
  lay_out(measure, y, y_features_.data(), 1, features_);
  if (!measure.traits().weighted) return;
  const Index half = std::max(n_, m_) / 2 + 1;
  std::vector<double> room(static_cast<std::size_t>(4 * half + 2));
  double *even = room.data() + half, *odd = room.data() + 3 * half + 1;
  measure.traits().weights(measure.parameters, static_cast<double>(std::max(n_, m_)), half, even, odd);
  weights_.resize(static_cast<std::size_t>(std::max(n_, m_) + 1));
  for (std::size_t apart = 0; apart < weights_.size(); ++apart) weights_[apart] = (apart % 2 == 0 ? even : odd)[apart / 2];
}

std::vector<const double*> CellCosts::elements(const std::vector<double>& features, Index length) const {
  std::vector<const double*> out(static_cast<std::size_t>(length));
  for (Index i = 0; i < length; ++i) out[static_cast<std::size_t>(i)] = features.data() + i * features_;
  return out;
}

Path path_by_definition(const Measure& measure, const Sequence& x, const Sequence& y) {
  Traced<Order::minimum> traced;
  const auto end = run_definition(measure, x, y, traced);
  return {end.score, pairs_of(traced.path(end), measure.gaps() ? Traceback::Columns::gaps : Traceback::Columns::cells)};
}

}  // namespace plait::align::detail
