// Convex quadratic programs, dense:
//   min ½ x'Hx + g'x   subject to   lower <= x <= upper,   row_lower <= A x <= row_upper,
// H positive semidefinite; equal limits make an equality, ±inf is no limit. Active-set methods, not barriers: solutions are exact to rounding.
// Method: block pivoting (Júdice and Pires 1994; Kunisch and Rendl 2003), one factorisation of the free part per
// round, accepted only if all optimality conditions hold; else the dual method of Goldfarb and Idnani (1983) with
// implicit bounds. A singular H is handled by the proximal point method (Rockafellar 1976), which keeps the
// factor.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "plait/tensor/shape.hpp"

namespace plait::optimize {

using namespace tensor;

enum class QpStatus : std::uint8_t { solved, infeasible, unbounded, step_limit, not_convex };

/// One problem of a prepared Qp. Empty spans: no limits. Lower limits may be -inf, upper ones inf.
struct QpLimits {
  std::span<const double> lower{}, upper{}, row_lower{}, row_upper{};
};

/// The active limits: -1 lower, 1 upper, 0 neither; an equality counts as -1.
struct QpActive {
  std::vector<std::int8_t> bounds, rows;
};

/// With the Lagrangian f - Σ λ c: a multiplier is positive at a lower limit, negative at an upper one.
struct QpResult {
  QpStatus status = QpStatus::step_limit;
  std::vector<double> x;
  std::vector<double> bound_multipliers, row_multipliers;
  /// When infeasible: multipliers y of rows and z of bounds, signed as above, with A'y + z = 0 and Σ (multiplier · limit) > 0.
  std::vector<double> bound_certificate, row_certificate;
  /// When unbounded: a direction along which the objective is unbounded below.
  std::vector<double> ray;
  QpActive active;
  double objective = 0;
  int steps = 0;  ///< changes of the active set, block changes counted once
};

struct QpOptions {
  int max_steps = 0;               ///< 0: 20 (n + m) + 100
  const QpActive* warm = nullptr;  ///< active set of a warm start
};

/// H and A prepared once for many g and limits. Not safe from several threads at once: it owns its workspace.
class Qp {
 public:
  /// hessian (n × n, symmetric; the lower triangle is read), rows (m × n), both copied. O(n³) at the first solve that needs the factor.
  Qp(Index n, Index m, std::span<const double> hessian, std::span<const double> rows);
  ~Qp();
  Qp(Qp&&) noexcept;
  Qp& operator=(Qp&&) noexcept;

  [[nodiscard]] Index variables() const;
  [[nodiscard]] Index rows() const;

  /// Misuse (sizes, lower above upper, NaN) throws; numerical failure is a status.
  QpResult solve(std::span<const double> gradient, const QpLimits& limits, const QpOptions& options = {});

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace plait::optimize
