// One pair, tile by tile: shared by score and path.
#pragma once

#include <algorithm>

#include "align/elastic/measure.hpp"

namespace plait::align::detail {

/// The rows of a tile and its steps (tile.hpp).
struct TilePlace {
  Index first = 0, rows = 0;  ///< rows first … first + rows - 1, counted from 1
  int registers = 0;
  Index column = 0;  ///< first column of the first row
  Index steps = 0;
  std::size_t moves = 0;  ///< words
};

class PairRun {
 public:
  PairRun(const Measure& measure, const ElasticTable& table, const Sequence& x, const Sequence& y, Workspace& workspace);

  [[nodiscard]] const Band& band() const { return band_; }
  /// Tiles in order; together they cover all rows.
  [[nodiscard]] TilePlace place(Index first) const;
  /// Writes D(0, ·) to row().
  void begin();
  /// D(0 … m) of the last computed row, indexed from 0.
  [[nodiscard]] double* row() { return row_; }
  /// D(i, 0).
  [[nodiscard]] double left(Index i) const { return i <= band_.left() ? left_[i] : kUnreachable; }
  /// Computes the tile's rows up to column `last`, with moves unless null. Returns the least cell of its last row.
  double run(const TilePlace& place, Index last, std::uint64_t* moves);
  /// After all tiles: the column of the last row in which the path ends.
  [[nodiscard]] Index end_column() const;

  [[nodiscard]] static std::size_t move_words(const TilePlace& place, int lanes) {
    return static_cast<std::size_t>((place.steps + kMovesSteps - 1) / kMovesSteps) * static_cast<std::size_t>(place.registers * lanes);
  }

 private:
  void lay_out_precomputed(const TilePlace& place);

  const Measure& measure_;
  const ElasticTable& table_;
  const Sequence &x_, &y_;
  Workspace& workspace_;
  Band band_;
  Index features_, x_stride_, y_stride_;
  bool full_;  ///< every row has all columns
  const double* weights_[2] = {nullptr, nullptr};
  double *left_, *x_features_, *y_features_ = nullptr, *row_, *precomputed_ = nullptr;
};

}  // namespace plait::align::detail
