// One series against several: each lane of a register is a pair.
#include <algorithm>

#include "align/elastic/measure.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align::detail {
namespace {

constexpr Index kPad = kTileRegisters;  // padding columns before the first and after the last, which a tile may access

}  // namespace

ElasticReferences::ElasticReferences(const Measure& measure, std::vector<Sequence> sequences) : References(std::move(sequences)) {
  const auto all = this->sequences();
  if (measure.propagate_nan) {
    for (const Sequence& s : all) missing_.push_back(has_nan(s) ? 1 : 0);
  }
  if (measure.traits().values_alone) return;
  std::size_t size = 0;
  for (const Sequence& s : all) {
    at_.push_back(size);
    size += static_cast<std::size_t>(feature_count(measure, s.width) * s.length);
  }
  values_.resize(size);
  for (std::size_t k = 0; k < all.size(); ++k) lay_out(measure, all[k], values_.data() + at_[k], all[k].length, 1);
}

void many_scores(const Measure& measure, const ElasticTable& table, const Sequence& x, const Sequence* const* ys, const double* const* prepared,
                 int count, double cutoff, double* out, Workspace& workspace) {
  const Index n = x.length, lanes = table.lanes, features = feature_count(measure, x.width);
  Index m = 0;
  for (int k = 0; k < count; ++k) m = std::max(m, ys[k]->length);
  // One band for all lanes: that of the longest, in which shorter ones end earlier.
  const Band band = measure.band(n, m);

  const Index x_stride = n, y_stride = m + 1 + 2 * kPad;
  double* y_features = workspace.take_as<double>(static_cast<std::size_t>(features * (x_stride + y_stride * lanes) + n + 1), 0);  // aligned
  double* x_features = y_features + features * y_stride * lanes;
  double* left = x_features + features * x_stride;
  double* row = workspace.take_as<double>(static_cast<std::size_t>(y_stride * lanes), 1) + kPad * lanes;
  lay_out(measure, x, x_features, x_stride, 1);
  lay_out_border(measure, x, left, 1);
  std::fill_n(row - kPad * lanes, y_stride * lanes, kUnreachable);
  for (Index lane = 0; lane < lanes; ++lane) {
    const Sequence& y = *ys[std::min<Index>(lane, count - 1)];
    for (Index k = 0; k < features; ++k) {
      double* at = y_features + k * y_stride * lanes + lane;
      for (Index c = 0; c <= kPad; ++c) at[c * lanes] = measure.infinite_border() ? kUnreachable : 0;
      for (Index c = kPad + 1 + y.length; c < y_stride; ++c) at[c * lanes] = 0;
    }
    double* const to = y_features + (kPad + 1) * lanes + lane;
    const double* const from = prepared != nullptr ? prepared[std::min<Index>(lane, count - 1)] : nullptr;
    if (from == nullptr) {
      lay_out(measure, y, to, y_stride * lanes, lanes);
    } else {
      for (Index k = 0; k < features; ++k) {
        for (Index i = 0; i < y.length; ++i) to[(k * y_stride + i) * lanes] = from[k * y.length + i];
      }
    }
    if (measure.bordered()) {
      lay_out_border(measure, y, row + lane, lanes);
    } else {
      row[lane] = corner(measure, x, y);
    }
    if (measure.open_begin) {
      for (Index j = 0; j <= m; ++j) row[j * lanes + lane] = 0;
    }
  }
  if (!measure.open_begin && band.top() < m) std::fill(row + (band.top() + 1) * lanes, row + (m + 1) * lanes, kUnreachable);

  double left_column[kTileRegisters], start[kTileRegisters], end[kTileRegisters], least[kMostLanes];
  const auto& loops = table.many[static_cast<int>(measure.cost)][x.width == 1 ? 1 : 0];
  Tile tile;
  tile.x_stride = x_stride;
  tile.y_stride = y_stride;
  tile.width = x.width;
  tile.left_column = left_column;
  tile.start = start;
  tile.end = end;
  tile.parameter = measure.first_parameter();
  if (measure.traits().weighted) {
    const TileWeights weights(measure, n, m, workspace.take_as<double>(TileWeights::room(n, m), 4));
    tile.weights[0] = weights.at[0], tile.weights[1] = weights.at[1];
  }
  tile.least = least;
  const double limit = measure.limit_of_sum(cutoff, n, m);
  Index cells = 0;
  for (Index first = 1; first <= n && m > 0;) {
    const Index rows = loops[1] != nullptr && n - first + 1 >= kTileRegisters ? kTileRegisters : 1, bottom = first + rows - 1, c0 = band.lo(first);
    for (Index p = 0; p < rows; ++p) {
      const Index i = first + p, lo = band.lo(i), hi = band.hi(i);
      left_column[p] = lo == 1 && i <= band.left() ? left[i] : kUnreachable;
      start[p] = static_cast<double>(lo - c0 + p);
      end[p] = static_cast<double>(std::max(hi + 1, lo) - c0 + p);
    }
    tile.x = x_features + first - 1;
    tile.y = y_features + (kPad + c0) * lanes;
    tile.row = row + c0 * lanes;
    tile.offset = first - c0;
    tile.steps = static_cast<Index>(end[rows - 1]);
    tile.full_begin = measure.infinite_border() && band.lo(bottom) == 1 ? 0 : static_cast<Index>(start[rows - 1]);  // as in pair.cpp
    tile.full_end = band.hi(first) == band.hi(bottom) ? tile.steps : static_cast<Index>(end[0]);
    loops[rows == 1 ? 0 : 1](tile);
    std::fill_n(row + (band.lo(bottom) - 1) * lanes, lanes, left_column[rows - 1]);
    if (bottom < n && band.hi(bottom + 1) > band.hi(bottom)) {
      std::fill(row + (band.hi(bottom) + 1) * lanes, row + (band.hi(bottom + 1) + 1) * lanes, kUnreachable);
    }
    if (*std::min_element(least, least + count) > limit) {
      std::fill_n(out, count, kUnreachable);
      return;
    }
    first += rows;
    cells += rows * tile.steps * lanes;
    if (cells > (Index{1} << 16)) {
      poll_interrupt();
      cells = 0;
    }
  }
  for (int k = 0; k < count; ++k) {
    const Index length = ys[k]->length;
    if (length == 0 || n == 0) {
      out[k] = length == 0 ? n <= band.left() ? left[n] : kUnreachable : row[length * lanes + k];
      continue;
    }
    const auto score = [&](Index j) { return measure.of_weight(row[j * lanes + k], n, j); };
    double found = measure.open_end ? kUnreachable : score(length);
    if (measure.open_end) {
      for (Index j = band.lo(n); j <= std::min(length, band.hi(n)); ++j) found = std::min(found, score(j));
    }
    out[k] = found;
  }
}

}  // namespace plait::align::detail
