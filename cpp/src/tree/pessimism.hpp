// C4.5's pessimistic error: as many errors as the training cases of a leaf still allow with the given confidence.
#pragma once

namespace plait::tree {

class Pessimism {
 public:
  explicit Pessimism(double confidence);
  /// Errors to be added to those that were seen: the upper limit of a binomial proportion less the proportion, times the weight.
  [[nodiscard]] double added(double weight, double errors) const;
  /// Seen and added errors of a leaf with these counts; 0 without cases.
  [[nodiscard]] double estimate(const double* counts, int classes) const;

 private:
  double confidence_, z_;
};

}  // namespace plait::tree
