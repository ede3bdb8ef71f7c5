// The counts of a histogram of any number of axes.
//
// Cells are numbered row by row over slots of all axes: 0 for values below the first border, 1 … n for bins, n + 1 above. A value that is NaN
// on any axis is an invalid entry and in no cell. `threads`: at most so many; 0: get_num_threads(). Sums do not depend on their number: whole
// numbers are exact, weighted ones are added up in blocks whose bounds follow from the number of values and cells alone.
#pragma once

#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "plait/histogram/locate.hpp"

namespace plait::histogram {

/// The values of one axis, doubles or floats.
struct Column {
  const void* data = nullptr;
  bool single = false;
};

struct Contents {
  std::vector<double> sums;                    // of weights, a cell each
  std::optional<std::vector<double>> squares;  // sums of squared weights; none where all weights were 1, when they equal the sums
  std::uint64_t invalid = 0;                   // entries
};

class Accumulator {
 public:
  /// Borders of each axis, two or more; ends are closed. At most 2^31 cells in all.
  Accumulator(const std::vector<std::vector<double>>& borders, Closed closed);
  Accumulator(const Accumulator&) = delete;
  Accumulator& operator=(const Accumulator&) = delete;

  [[nodiscard]] std::size_t axes() const { return locators_.size(); }
  [[nodiscard]] const Locator& locator(std::size_t axis) const { return locators_[axis]; }
  [[nodiscard]] Closed closed() const { return locators_.front().closed(); }
  [[nodiscard]] Slot cells() const { return cells_; }

  /// One entry, a coordinate for each axis: O(log n) at most.
  void insert(const double* x, double weight);
  /// n entries, each with its weight, or all with `weight` where weights is null. All or nothing: weights that are not finite throw before
  /// anything is counted.
  void fill(std::span<const Column> columns, Index n, const double* weights, double weight, int threads);
  /// The contents of another one with the same cells.
  void add(const Contents& other);

  [[nodiscard]] Contents contents() const;
  void set_contents(Contents contents);

 private:
  void locate(std::span<const Column> columns, Index begin, Index n, Slot* cells, Slot* scratch) const;
  void fill_directly(std::span<const Column> columns, Index n, const double* weights, double weight);
  [[nodiscard]] Contents counted(std::span<const Column> columns, Index n, double weight, int threads) const;
  [[nodiscard]] Contents weighed(std::span<const Column> columns, Index n, const double* weights, int threads) const;

  std::vector<Locator> locators_;
  Slot cells_ = 1;
  mutable std::mutex mutex_;  // over what follows
  Contents contents_;
};

}  // namespace plait::histogram
