#include "plait/histogram/accumulator.hpp"

#include <cmath>

#include "plait/base/error.hpp"

namespace plait::histogram {

Accumulator::Accumulator(const std::vector<std::vector<double>>& borders, Closed closed) {
  PLAIT_REQUIRE(!borders.empty(), "Histogram: expected the borders of one axis or more, got none");
  double cells = 1;
  for (const std::vector<double>& of_axis : borders) {
    PLAIT_REQUIRE(of_axis.size() >= 2, "Histogram: expected two borders or more on each axis, got ", of_axis.size());
    cells *= static_cast<double>(of_axis.size()) + 1;
  }
  PLAIT_REQUIRE(cells <= 0x1p31, "Histogram: expected at most 2^31 cells, flow included, got ", cells);
  locators_.reserve(borders.size());
  for (const std::vector<double>& of_axis : borders) {
    locators_.emplace_back(of_axis, closed, Ends::closed);
    cells_ *= static_cast<Slot>(of_axis.size() + 1);
  }
  contents_.sums.assign(cells_, 0.0);
}

void Accumulator::insert(const double* x, double weight) {
  PLAIT_REQUIRE(std::isfinite(weight), "insert: weight is ", weight, ", expected a finite number");
  Slot cell = 0;
  bool invalid = false;
  for (std::size_t axis = 0; axis < locators_.size(); ++axis) {
    const Slot slot = locators_[axis](x[axis]);
    invalid |= slot == locators_[axis].nan_slot();
    cell = cell * (locators_[axis].count() + 1) + slot;
  }
  const std::lock_guard lock(mutex_);
  if (invalid) {
    ++contents_.invalid;
    return;
  }
  if (weight != 1 && !contents_.squares) contents_.squares = contents_.sums;
  const double sum = contents_.sums[cell] + weight;
  if (contents_.squares) {
    const double square = (*contents_.squares)[cell] + weight * weight;
    PLAIT_REQUIRE(std::isfinite(sum) && std::isfinite(square), "insert: with weight ", weight, " the sums of a bin are no longer finite");
    (*contents_.squares)[cell] = square;
  }
  contents_.sums[cell] = sum;
}

void Accumulator::add(const Contents& other) {
  PLAIT_REQUIRE(other.sums.size() == cells_, "add: expected ", cells_, " cells, got ", other.sums.size());
  const std::lock_guard lock(mutex_);
  const bool weighted = contents_.squares.has_value() || other.squares.has_value();
  const std::vector<double>& more_squares = other.squares ? *other.squares : other.sums;
  if (weighted) {
    const std::vector<double>& squares = contents_.squares ? *contents_.squares : contents_.sums;
    for (Slot k = 0; k < cells_; ++k) {
      PLAIT_REQUIRE(std::isfinite(contents_.sums[k] + other.sums[k]) && std::isfinite(squares[k] + more_squares[k]),
                    "weights: the sums of a bin, or of their squares, are no longer finite");
    }
    if (!contents_.squares) contents_.squares = contents_.sums;
    for (Slot k = 0; k < cells_; ++k) (*contents_.squares)[k] += more_squares[k];
  }
  for (Slot k = 0; k < cells_; ++k) contents_.sums[k] += other.sums[k];
  contents_.invalid += other.invalid;
}

Contents Accumulator::contents() const {
  const std::lock_guard lock(mutex_);
  return contents_;
}

void Accumulator::set_contents(Contents contents) {
  PLAIT_REQUIRE(contents.sums.size() == cells_ && (!contents.squares || contents.squares->size() == cells_), "contents: expected ", cells_, " cells");
  const std::lock_guard lock(mutex_);
  contents_ = std::move(contents);
}

}  // namespace plait::histogram
