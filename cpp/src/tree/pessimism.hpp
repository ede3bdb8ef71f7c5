// C4.5's pessimistic error: the upper confidence limit of a leaf's errors, given its training cases.
#pragma once

namespace plait::tree {

class Pessimism {
 public:
  explicit Pessimism(double confidence);
  /// Errors added to the observed ones: the upper confidence limit of a binomial proportion minus the proportion, times the weight.
  [[nodiscard]] double added(double weight, double errors) const;
  /// Observed plus added errors of a leaf with these counts; 0 without cases.
  [[nodiscard]] double estimate(const double* counts, int classes) const;

 private:
  double confidence_, z_;
};

}  // namespace plait::tree
