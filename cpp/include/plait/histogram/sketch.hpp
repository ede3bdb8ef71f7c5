// A streaming sketch of quantiles that merges: KLL (Karnin, Lang and Liberty 2016, "Optimal quantile approximation in streams").
//
// Values are stored in levels; one at level h has weight 2^h. When the sketch is full, the lowest full level is sorted and every other value of
// it, the odd or the even ones at random, moves up one level: the rank of any x changes by 2^h or 0, with mean 0. Capacities decrease by 2/3
// from the highest level down, so that the few values at high levels determine the error.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plait/histogram/locate.hpp"

namespace plait::histogram {

/// All of a sketch's state, for files.
struct SketchState {
  std::int64_t k = 0;
  std::uint64_t seed = 0, coins = 0;  // coins: tossed so far
  std::uint64_t count = 0, invalid = 0;
  double least = 0, greatest = 0;
  std::vector<std::vector<double>> levels;  // those above the first are sorted
};

class Sketch {
 public:
  static constexpr std::int64_t kLeastK = 8, kMostK = 65535;

  Sketch(std::int64_t k, std::uint64_t seed);
  /// Throws FormatError for an invalid state.
  explicit Sketch(SketchState state);

  /// NaN is counted separately.
  void insert(double x);
  /// The same as inserting one after the other.
  void update(const double* x, Index n);
  void update(const float* x, Index n);
  /// As precise as the less precise of the two.
  void merge(const Sketch& other);

  /// The retained values in increasing order, with the number of values that each stands for.
  void sorted(std::vector<double>& values, std::vector<std::uint64_t>& weights) const;
  [[nodiscard]] const SketchState& state() const { return state_; }
  /// The error of a rank as a fraction of all values, with 99 % confidence for any one x.
  [[nodiscard]] static double error(std::int64_t k);

 private:
  template <class T>
  void update_with(const T* x, Index n);
  void compress();
  void compact(std::size_t level);
  [[nodiscard]] std::size_t capacity(std::size_t level) const;
  void set_room();

  SketchState state_;
  std::size_t held_ = 0, room_ = 0;  // values in all levels; capacity
};

}  // namespace plait::histogram
