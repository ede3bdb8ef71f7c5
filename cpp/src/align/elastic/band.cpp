// Validation of pairs: shapes, empty series, and whether the band contains a path.
#include <algorithm>
#include <cmath>

#include "align/elastic/measure.hpp"
#include "plait/base/error.hpp"

namespace plait::align::detail {
namespace {

/// Tracks the reachable columns row by row: in a row, all to the right of the first; with asymmetric steps, up to two more than in the previous row.
bool path_fits(const Measure& measure, const Band& band) {
  const bool asymmetric = measure.step == StepPattern::asymmetric;
  Index first = asymmetric ? 1 : 0, last = measure.open_begin ? band.m : asymmetric ? 1 : 0;  // of the previous row; asymmetric: of the first
  for (Index i = 1; i <= band.n; ++i) {
    const Index reach = asymmetric ? last + (i > 1 ? 2 : 0) : band.hi(i);
    const Index lo = std::max(band.lo(i), std::max<Index>(first, 1)), hi = std::min(band.hi(i), reach);
    if (lo > std::min(hi, last + (asymmetric ? 2 : 1))) return false;
    first = lo, last = hi;
  }
  return measure.open_end || last == band.m;
}

}  // namespace

void check_pair(const Measure& measure, const Sequence& x, const Sequence& y) {
  const char* name = measure.name;
  if (measure.traits().precomputed) {
    PLAIT_REQUIRE_AS(ShapeError, x.width == y.length, name, ": the matrix has ", x.width, " columns for ", y.length, " elements of y");
  } else {
    PLAIT_REQUIRE_AS(ShapeError, x.width == y.width, name, ": x has ", x.width, " values an element, y has ", y.width);
  }
  const std::size_t values = measure.traits().per_value ? measure.parameters.size() : 1;
  PLAIT_REQUIRE_AS(ShapeError, values == 1 || static_cast<Index>(values) == x.width, name, ": ", measure.traits().parameters[0], " has ", values,
                   " values, an element of the series ", x.width);
  PLAIT_REQUIRE(measure.bordered() || (x.length > 0 && y.length > 0), name, ": ", x.length == 0 ? "x" : "y",
                " is empty; a warping path needs an element of each");
  if (measure.step == StepPattern::asymmetric) {
    const Band band = measure.band(x.length, y.length);
    PLAIT_REQUIRE(measure.window || measure.slope > 0 || measure.open_begin || measure.open_end || y.length < 2 * x.length, name,
                  ": asymmetric steps reach at most element ", 2 * x.length - 1, " of y with the ", x.length, " elements of x; y has ", y.length);
    PLAIT_REQUIRE(path_fits(measure, band), name, ": no path of asymmetric steps between series of lengths ", x.length, " and ", y.length,
                  " fits into the ", measure.slope > 0 ? "parallelogram" : "window");
    return;
  }
  if ((!measure.window || measure.slanted) && measure.slope == 0) return;  // a path always fits
  const Band band = measure.band(x.length, y.length);
  if (measure.slope > 0) {
    PLAIT_REQUIRE(path_fits(measure, band), name, ": no path between series of lengths ", x.length, " and ", y.length,
                  " keeps to slopes from 1 / slope to slope with slope = ", measure.slope);
    return;
  }
  if (measure.open_begin || measure.open_end) {
    PLAIT_REQUIRE(path_fits(measure, band), name, ": a window of ", band.window, " cells is too narrow for series of lengths ", x.length, " and ",
                  y.length, "; no path fits into it");
    return;
  }
  const Index apart = std::abs(x.length - y.length);
  PLAIT_REQUIRE(band.window >= apart, name, ": a window of ", band.window, " cells is narrower than the difference ", apart, " of the lengths ",
                x.length, " and ", y.length, "; no path fits into it, but one does about the stretched diagonal (band='slanted')");
}

}  // namespace plait::align::detail

namespace plait::align {

Index Window::of(Index n, Index m) const {
  // 0.07 * 100 is a little more than 7: numbers within rounding of an integer are that integer.
  return fraction < 0 ? cells : static_cast<Index>(std::ceil(fraction * static_cast<double>(std::max(n, m)) * (1 - 1e-12)));
}

}  // namespace plait::align
