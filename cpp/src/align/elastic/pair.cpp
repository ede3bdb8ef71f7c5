#include "align/elastic/pair.hpp"

#include "plait/base/interrupt.hpp"

namespace plait::align::detail {
namespace {

enum Slot : int { kFeaturesSlot = 0, kRowSlot = 1, kPrecomputedSlot = 2, kWeightsSlot = 4 };

}  // namespace

PairRun::PairRun(const Measure& measure, const ElasticTable& table, const Sequence& x, const Sequence& y, Workspace& workspace)
    : measure_(measure),
      table_(table),
      x_(x),
      y_(y),
      workspace_(workspace),
      band_(measure.band(x.length, y.length)),
      features_(feature_count(measure, x.width)),
      x_stride_(x.length + kTilePad),
      y_stride_(y.length + 2 * kTilePad),
      full_(!band_.slanted && band_.slope == 0 && band_.window >= std::max(x.length, y.length)) {
  const Index n = x.length, m = y.length;
  double* memory = workspace.take_as<double>(static_cast<std::size_t>(features_ * (x_stride_ + y_stride_) + n + 1), kFeaturesSlot);
  x_features_ = memory;
  double* reversed = x_features_ + features_ * x_stride_;
  left_ = reversed + features_ * y_stride_;
  const double border = measure.infinite_border() ? kUnreachable : 0;
  for (Index k = 0; k < features_; ++k) {  // padding is read, but does not affect results
    std::fill_n(x_features_ + k * x_stride_ + n, kTilePad, 0.0);
    std::fill_n(reversed + k * y_stride_, kTilePad, 0.0);
    std::fill_n(reversed + k * y_stride_ + kTilePad + m, kTilePad, border);
  }
  if (features_ > 0) {
    lay_out(measure, x, x_features_, x_stride_, 1);
    y_features_ = reversed + kTilePad + m;  // that of column c is at index -c
    lay_out(measure, y, y_features_ - 1, y_stride_, -1);
  }
  lay_out_border(measure, x, left_, 1);
  if (measure.traits().weighted) {
    const TileWeights weights(measure, n, m, workspace.take_as<double>(TileWeights::room(n, m), kWeightsSlot));
    weights_[0] = weights.at[0], weights_[1] = weights.at[1];
  }
  row_ = workspace.take_as<double>(static_cast<std::size_t>(m + 1 + 2 * kTilePad), kRowSlot) + kTilePad;
}

TilePlace PairRun::place(Index first) const {
  const Index left = band_.n - first + 1;
  const bool tall = table_.pair[static_cast<int>(measure_.cost)][x_.width == 1 ? 1 : 0][1] != nullptr && left >= kTileRegisters * table_.lanes;
  const int registers = tall ? kTileRegisters : 1;
  TilePlace place{first, std::min<Index>(left, registers * table_.lanes), registers, band_.lo(first), 0, 0};
  const Index last = place.first + place.rows - 1;
  place.steps = band_.hi(last) - place.column + place.rows;
  place.moves = move_words(place, table_.lanes);
  return place;
}

void PairRun::begin() {
  const Index m = y_.length;
  std::fill_n(row_ - kTilePad, kTilePad, kUnreachable);
  lay_out_border(measure_, y_, row_, 1);
  if (measure_.open_begin) {
    std::fill_n(row_, m + 1, 0.0);
  } else {
    row_[0] = corner(measure_, x_, y_);
    if (band_.top() < m) std::fill(row_ + band_.top() + 1, row_ + m + 1, kUnreachable);
  }
  std::fill_n(row_ + m + 1, kTilePad, kUnreachable);
}

double PairRun::run(const TilePlace& place, Index last, std::uint64_t* moves) {
  double left_column[kTilePad], start[kTilePad], end[kTilePad];
  const Index height = place.registers * table_.lanes, bottom = place.first + place.rows - 1, c0 = place.column;
  if (full_) {  // the general case below would take as long as the cells of a short pair
    const auto begin = static_cast<double>(1 - c0), behind = static_cast<double>(last + 1 - c0);
    for (Index p = 0; p < height; ++p) {
      left_column[p] = left_[std::min(place.first + p, bottom)];
      start[p] = begin + static_cast<double>(p);
      end[p] = behind + static_cast<double>(p);
    }
  }
  for (Index p = full_ ? height : 0; p < height; ++p) {
    const Index i = std::min(place.first + p, bottom), lo = band_.lo(i), hi = std::min(band_.hi(i), last);
    left_column[p] = lo == 1 ? left(i) : kUnreachable;
    start[p] = static_cast<double>(lo - c0 + p);
    end[p] = static_cast<double>(std::max(hi + 1, lo) - c0 + p);
  }
  Tile tile;
  tile.x = x_features_ + place.first - 1;
  tile.x_stride = x_stride_;
  tile.y_stride = y_stride_;
  tile.width = x_.width;
  tile.row = row_ + c0;
  tile.left_column = left_column;
  tile.start = start;
  tile.end = end;
  tile.steps = static_cast<Index>(end[place.rows - 1]);
  // If all rows begin at the left border, infinite features there replace the masks of the first steps. If all end in one column, the cells
  // computed after it are not read.
  const bool infinite = measure_.infinite_border() && band_.lo(bottom) == 1;
  tile.full_begin = infinite ? 0 : static_cast<Index>(start[height - 1]);
  tile.full_end = band_.hi(place.first) >= std::min(band_.hi(bottom), last) ? tile.steps : std::min(tile.steps, static_cast<Index>(end[0]));
  tile.bottom = place.rows - 1;
  tile.parameter = measure_.first_parameter();
  tile.offset = place.first - c0;
  tile.weights[0] = weights_[0], tile.weights[1] = weights_[1];
  tile.moves = moves;
  double least[kMostLanes];
  tile.least = least;
  if (measure_.traits().precomputed) {
    lay_out_precomputed(place);
    tile.y = precomputed_;
  } else {
    tile.y = y_features_ - c0;
  }
  const auto& loops = moves != nullptr ? table_.traced : table_.pair;
  loops[static_cast<int>(measure_.cost)][x_.width == 1 ? 1 : 0][place.registers == 1 ? 0 : 1](tile);
  // Cells that the next tile reads besides the computed ones: the cell before the last row's first, and those after its last.
  row_[band_.lo(bottom) - 1] = left_column[place.rows - 1];
  if (bottom < band_.n) {
    const Index done = std::min(band_.hi(bottom), last), next = std::min(band_.hi(bottom + 1), last);
    if (next > done) std::fill(row_ + done + 1, row_ + next + 1, kUnreachable);
  }
  return least[place.registers == 1 ? place.rows - 1 : table_.lanes - 1];
}

/// Lays out the tile's part of the matrix in the order of its steps.
void PairRun::lay_out_precomputed(const TilePlace& place) {
  const Index height = place.registers * table_.lanes, m = y_.length;
  precomputed_ = workspace_.take_as<double>(static_cast<std::size_t>(place.steps * height), kPrecomputedSlot);
  std::fill_n(precomputed_, place.steps * height, kUnreachable);
  for (Index p = 0; p < place.rows; ++p) {
    const double* costs = x_.values() + (place.first + p - 1) * m - 1;
    const Index begin = std::max<Index>(0, p - place.column + 1), end = std::min(place.steps, m + 1 - place.column + p);
    for (Index s = begin; s < end; ++s) precomputed_[s * height + p] = costs[place.column + s - p];
  }
}

Index PairRun::end_column() const {
  if (!measure_.open_end) return band_.m;
  Index best = band_.lo(band_.n);
  for (Index j = best + 1; j <= band_.hi(band_.n); ++j) {
    if (measure_.of_weight(row_[j], band_.n, j) < measure_.of_weight(row_[best], band_.n, best)) best = j;
  }
  return best;
}

double pair_score(const Measure& measure, const ElasticTable& table, const Sequence& x, const Sequence& y, double cutoff, Workspace& workspace) {
  // A slanted band is symmetric; with fewer columns in a row a tile visits fewer cells outside the band.
  if (measure.slanted && x.length < y.length && !measure.traits().precomputed) return pair_score(measure, table, y, x, cutoff, workspace);
  PairRun run(measure, table, x, y, workspace);
  run.begin();
  Index cells = 0;
  const double limit = measure.limit_of_sum(cutoff, x.length, y.length);
  for (Index first = 1; first <= x.length;) {
    const TilePlace place = run.place(first);
    if (run.run(place, y.length, nullptr) > limit && !measure.traits().precomputed) return kUnreachable;  // costs are >= 0
    first += place.rows;
    cells += place.rows * place.steps;
    if (cells > (Index{1} << 16)) {
      poll_interrupt();
      cells = 0;
    }
  }
  if (y.length == 0) return run.left(x.length);
  const Index end = x.length == 0 ? y.length : run.end_column();
  return measure.of_weight(run.row()[end], x.length, end);
}

}  // namespace plait::align::detail
