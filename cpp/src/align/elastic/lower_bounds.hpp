// Lower bounds of DTW, cheaper to compute than the recursion.
#pragma once

#include "align/elastic/measure.hpp"

namespace plait::align::detail {

/// True if the bounds below are valid for a measure: DTW of whole series with a distance that increases with each difference.
bool has_bounds(const Measure& measure);

/// The query's envelope over the columns of a series of `band.m` elements: a value outside of [lower, upper] at column j costs at least
/// its distance to the interval, as each column is matched with a row of its band (Keogh and Ratanamahatana 2005; for any lengths, any width).
struct Envelope {
  Band band{0, 0, 0};
  std::vector<double> lower, upper;
};
Envelope envelope(const Sequence& query, const Band& band);

/// The maximum of LB_Keogh and the costs of the two corners (Kim, Park and Chu 2001), rounded down.
double lower_bound(const Measure& measure, const ElasticTable& table, const Sequence& query, const Envelope& seen, const Sequence& y);

}  // namespace plait::align::detail
