// B, the approximate Hessian of the Lagrangian: damped BFGS (Powell 1978), so that it stays positive definite.
#pragma once

#include <vector>

#include "dense.hpp"

namespace plait::optimize {

class QuasiNewton {
 public:
  /// scale · identity.
  void reset(Index n, double scale);
  void set(Index n, const std::vector<double>& b, double scale);  ///< n × n times scale
  /// out = B s
  void multiply(const std::vector<double>& s, std::vector<double>& out) const {
    out.resize(s.size());
    table_->gemv(n_, n_, b_.data(), ld_, s.data(), out.data());
  }
  /// Updates B by a step s and the change y of the Lagrangian's gradient. False: the update was skipped.
  bool update(const std::vector<double>& s, const std::vector<double>& y);
  /// The same with an exact Hessian-vector product y of positive curvature: no damping.
  void learn_exactly(const std::vector<double>& s, const std::vector<double>& y);
  /// Change of variables to x / ratio.
  void resize(const std::vector<double>& ratio) {
    for (std::size_t i = 0; i < ratio.size(); ++i)
      for (std::size_t k = 0; k < ratio.size(); ++k) b_[i * static_cast<std::size_t>(ld_) + k] *= ratio[i] * ratio[k];
  }
  [[nodiscard]] const std::vector<double>& matrix() const { return b_; }
  [[nodiscard]] Index stride() const { return ld_; }
  [[nodiscard]] bool fresh() const { return fresh_; }

 private:
  void replace(double sy, double sbs);
  const DenseTable* table_ = &dense();
  Index n_ = 0, ld_ = 0;
  bool fresh_ = true;
  std::vector<double> b_, bs_, r_, scaled_;
};

}  // namespace plait::optimize
