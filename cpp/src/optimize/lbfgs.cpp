#include "plait/optimize/lbfgs.hpp"

#include <algorithm>
#include <cmath>
#include <deque>

#include "dense.hpp"
#include "derivative_check.hpp"
#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"
#include "second_order.hpp"
#include "sized_problem.hpp"

namespace plait::optimize {
namespace {

constexpr double kArmijo = 1e-4, kWolfe = 0.9;
constexpr double kNoise = 16 * std::numeric_limits<double>::epsilon();  // times |f|: rounding error of a value
constexpr double kFar = 1e20;                                           // times the start's size: the problem counts as unbounded
constexpr int kMostTrials = 40;
constexpr int kMostSaddles = 20;               // largest number of saddle points to leave
constexpr int kMostResized = 8;                // largest number of rescalings of variables
constexpr double kStill = 1e-3;                // times a variable: a shorter step is negligible
constexpr double kNewtonDecrease = 1e-6;       // times the objective: predicted decrease by a Newton step that is accepted at a solution
constexpr double kLargeNewtonDecrease = 1e-4;  // the same, if no step achieves the decrease
constexpr int kMostEigenvectorSteps = 50;
constexpr double kEigenvectorDecrease = 1e-18;  // times the total decrease: predicted decrease that is accepted in a valley
constexpr double kTiny = 1e-12;
constexpr double kSlopeDecay = 0.1;
constexpr double kChanged = 1e-2;
constexpr double kRounding = 1e-11;  // a shorter movement does not determine a variable's scale

struct Pair {
  std::vector<double> s, y;
};

struct Iterate {
  std::vector<double> x, g;
  double f = 0;
};

class Lbfgs {
 public:
  Lbfgs(Problem& problem, const LbfgsOptions& options, const IterationCallback& callback)
      : options_(options), callback_(callback), n_(static_cast<std::size_t>(problem.n)) {
    problem_.wrap(problem, std::vector<double>(n_, 1.0));
    direction_.resize(n_);
    rows_.resize(static_cast<std::size_t>(problem.m));
    jacobian_.resize(static_cast<std::size_t>(problem.m) * n_);
  }

  LbfgsResult run(const std::vector<double>& x0) {
    at_.x = x0;
    for (std::size_t i = 0; i < n_; ++i) at_.x[i] = inside(i, at_.x[i]);
    evaluate(at_);
    result_.path.push_back(at_.f);
    if (!finite(at_)) return finish(Status::not_finite);
    if (!gradient_agrees(0)) return finish(Status::wrong_derivative);
    begin();
    const double first = at_.f;
    int quiet = 0;
    for (;; ++result_.iterations) {
      poll_interrupt();
      result_.projected_gradient = projected();
      steepest_ = std::max(steepest_, result_.projected_gradient);
      if (result_.projected_gradient <= options_.gtol * steepest_ || (options_.gtol_absolute > 0 && outer_projected() <= options_.gtol_absolute)) {
        if (rescale_variables()) continue;
        if (step_is_negligible(first)) {
          if (!negative_curvature(steepest_)) {
            if (use_improving_directions()) continue;
            return finish(can_decrease() ? Status::no_descent : Status::solved);
          }
          if (!leave_saddle()) return finish(curvature_is_rounding() ? Status::solved : Status::no_descent);
          continue;
        }
      }
      if (result_.iterations >= options_.max_iterations || result_.evaluations >= options_.max_evaluations) return finish(Status::step_limit);
      choose_direction();
      const double before = at_.f;
      if (!search()) {
        if (!pairs_.empty()) {  // retry from steepest descent
          pairs_.clear();
          continue;
        }
        const bool done = result_.projected_gradient <= std::sqrt(options_.gtol) * steepest_ && !negative_curvature(steepest_) && !can_decrease();
        return finish(done ? Status::solved : Status::no_descent);
      }
      if (at_.f == -std::numeric_limits<double>::infinity() || largest(at_.x) > kFar * std::max(1.0, largest(start_.x)))
        return finish(Status::unbounded);
      for (std::size_t i = 0; i < n_; ++i) seen_[i] = std::max(seen_[i], std::abs(at_.x[i] - start_.x[i]));
      result_.path.push_back(at_.f);
      if (callback_) {
        outer_ = at_.x;
        problem_.to_inner(outer_);
        if (callback_(outer_.data(), at_.f, result_.iterations + 1)) {
          ++result_.iterations;
          return finish(Status::stopped);
        }
      }
      spread_ = std::max(before - at_.f, kSlopeDecay * spread_);
      quiet = before - at_.f <= options_.ftol * std::min(first - at_.f, std::abs(at_.f)) ? quiet + 1 : 0;
      if (quiet >= 2 && projected() <= 10 * std::sqrt(options_.ftol) * steepest_) {
        ++result_.iterations;
        result_.projected_gradient = projected();
        quiet = 0;
        if (rescale_variables()) continue;
        if (!negative_curvature(steepest_)) {
          if (use_improving_directions()) continue;
          return finish(can_decrease() ? Status::no_descent : Status::solved);
        }
        if (!leave_saddle()) return finish(curvature_is_rounding() ? Status::solved : Status::no_descent);
      }
    }
  }

 private:
  [[nodiscard]] double inside(std::size_t i, double v) const { return std::min(std::max(v, problem_.lower[i]), problem_.upper[i]); }
  static double largest(const std::vector<double>& v) {
    double most = 0;
    for (const double e : v) most = std::max(most, std::abs(e));
    return most;
  }
  static bool finite(const Iterate& p) {
    if (!std::isfinite(p.f)) return false;
    return std::all_of(p.g.begin(), p.g.end(), [](double v) { return std::isfinite(v); });
  }
  void evaluate(Iterate& p) {
    p.g.resize(n_);
    problem_.values(p.x.data(), p.f, rows_.data());
    ++result_.evaluations;
    if (!std::isfinite(p.f)) return;
    problem_.derivatives(p.x.data(), p.g.data(), jacobian_.data());
    steepest_slopes_.resize(n_, 0.0);
    for (std::size_t i = 0; i < n_; ++i)
      if (std::isfinite(p.g[i])) steepest_slopes_[i] = std::max(steepest_slopes_[i], std::abs(p.g[i]));
  }
  // The projected gradient (max norm); near a bound limited to the distance times the largest initial slope.
  [[nodiscard]] double projected() const {
    double most = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      const double g = at_.g[i], distance = g > 0 ? at_.x[i] - problem_.lower[i] : problem_.upper[i] - at_.x[i];
      most = std::max(most, std::min(std::abs(g), distance * typical_slope_));
    }
    return most;
  }
  // max |P(x - g) - x| in the user's units, P the projection on the bounds.
  [[nodiscard]] double outer_projected() const {
    double most = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      const double g = at_.g[i], distance = g > 0 ? at_.x[i] - problem_.lower[i] : problem_.upper[i] - at_.x[i];
      most = std::max(most, std::min(std::abs(g) / problem_.units()[i], distance * problem_.units()[i]));
    }
    return most;
  }

  // Scales the variables to typical sizes estimated from start, bounds and gradient.
  void begin() {
    start_ = at_;
    seen_.resize(n_);
    for (std::size_t i = 0; i < n_; ++i) seen_[i] = std::abs(at_.x[i]);
    typical_slope_ = largest(at_.g);
    const std::vector<double> sizes = typical_sizes(problem_, at_.x);
    std::vector<double> ratio = sizes;
    for (double& size : ratio)
      if (size == 0) size = 1;
    take_units(ratio);
    ratio = balance(sizes, at_.f, {at_.g.data()});
    Iterate probe;
    if (doubtful(ratio, problem_, at_.x, probe.x)) {
      evaluate(probe);
      if (finite(probe)) correct_units(ratio, sizes, at_.f, {probe.g.data()});
    }
    take_units(ratio);
  }

  bool take_units(const std::vector<double>& ratio) {
    if (std::all_of(ratio.begin(), ratio.end(), [](double r) { return r == 1; })) return false;
    problem_.resize(ratio);
    pairs_.clear();
    for (std::size_t i = 0; i < n_; ++i) {
      at_.x[i] /= ratio[i];
      at_.g[i] *= ratio[i];
      start_.x[i] /= ratio[i];
      start_.g[i] *= ratio[i];
      seen_[i] /= ratio[i];
      steepest_slopes_[i] *= ratio[i];
    }
    typical_slope_ = largest(start_.g);
    steepest_ = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      const double g = start_.g[i], distance = g > 0 ? start_.x[i] - problem_.lower[i] : problem_.upper[i] - start_.x[i];
      steepest_ = std::max(steepest_, std::min(std::abs(g), distance * typical_slope_));
    }
    return true;
  }

  // Rescales variables whose observed size differs from the estimate.
  bool rescale_variables() {
    if (resized_ >= kMostResized) return false;
    std::vector<double> ratio(n_, 1.0);
    for (std::size_t i = 0; i < n_; ++i) {
      const double size = std::max(seen_[i], std::abs(at_.x[i]));
      // A slope equal to that at the start means that the movement was too short to determine the scale.
      const bool shown = std::abs(at_.g[i] - start_.g[i]) > kChanged * std::abs(start_.g[i]);
      if (size > kRounding && problem_.lower[i] != problem_.upper[i] && (shown || size > 1)) ratio[i] = rounded_size(size);
    }
    if (!take_units(ratio)) return false;
    ++resized_;
    return true;
  }

  // Negative curvature from finite differences that no function value confirms.
  [[nodiscard]] bool curvature_is_rounding() const {
    return !curvature_is_exact_ && !problem_.differences() && second_.uncurved.empty() && saddles_ <= kMostSaddles && !can_decrease();
  }

  // True if the predicted decrease is more than rounding explains. Relative to |f|, and for short steps also to the total decrease, because f may be
  // 0.
  [[nodiscard]] bool can_decrease() const {
    return second_.predicted_decrease > kLargeNewtonDecrease * (std::abs(at_.f) + spread_ +
                                                                (second_.along_eigenvectors ? kEigenvectorDecrease
                                                                 : second_.long_step        ? 0.0
                                                                                            : kNewtonDecrease) *
                                                                    (start_.f - at_.f));
  }

  // If a Newton step along some axis predicts a decrease: rescale the variables to equal curvature, or start from exact pairs. False: there is none.
  bool use_improving_directions() {
    if (try_long_newton_step()) return true;
    if (second_.improving.empty()) return false;
    if (second_.along_eigenvectors) {  // eigenvectors are conjugate: these pairs give the exact Hessian on their span
      if (++eigenvector_steps_ > kMostEigenvectorSteps) return false;
      pairs_.clear();
      for (const SecondOrder::ImprovingDirection& m : second_.improving)
        if (pairs_.size() < static_cast<std::size_t>(options_.memory)) pairs_.push_back({m.direction, m.image});
      return true;
    }
    if (resized_ >= kMostResized) return false;
    double most = 0;
    std::vector<double> curvatures(n_, 0.0);
    for (const SecondOrder::ImprovingDirection& m : second_.improving)
      for (std::size_t i = 0; i < n_; ++i)
        if (std::abs(m.direction[i]) == 1) curvatures[i] = m.direction[i] * m.image[i];
    for (const double b : curvatures) most = std::max(most, b);
    std::vector<double> ratio(n_, 1.0);
    for (std::size_t i = 0; i < n_; ++i)
      if (curvatures[i] > 0) ratio[i] = std::exp2(std::round(0.5 * std::log2(most / curvatures[i])));
    ++resized_;
    if (!take_units(ratio)) {
      pairs_.clear();
      for (const SecondOrder::ImprovingDirection& m : second_.improving)
        if (pairs_.size() < static_cast<std::size_t>(options_.memory)) pairs_.push_back({m.direction, m.image});
    }
    return true;
  }

  // After a very steep start the projected gradient may be relatively small far from a solution: the next step's predicted decrease decides, too.
  bool step_is_negligible(double first) {
    choose_direction();
    const double promise = -dot(direction_, at_.g);
    bool still = true;
    for (std::size_t i = 0; i < n_; ++i) still = still && std::abs(direction_[i]) <= kStill * std::max(1.0, std::abs(at_.x[i]));
    return promise <= std::max(kNewtonDecrease, options_.ftol) * std::max(std::abs(at_.f), still ? 1e-9 * (first - at_.f) : 0.0) || promise == 0;
  }
  [[nodiscard]] double dot(const std::vector<double>& a, const std::vector<double>& b) const {
    return table_.dot(static_cast<Index>(n_), a.data(), b.data());
  }
  void add(double scale, const std::vector<double>& a, std::vector<double>& to) const {
    table_.axpy(static_cast<Index>(n_), scale, a.data(), to.data());
  }

  // -H g on the free variables; variables held at a bound by the gradient do not move.
  void choose_direction() {
    held_.assign(n_, 0);
    bool any = false;
    for (std::size_t i = 0; i < n_; ++i) {
      held_[i] = (at_.x[i] <= problem_.lower[i] && at_.g[i] > 0) || (at_.x[i] >= problem_.upper[i] && at_.g[i] < 0) ? 1 : 0;
      any = any || held_[i] != 0;
    }
    const auto mask = [&](std::vector<double>& v) {
      if (!any) return;
      for (std::size_t i = 0; i < n_; ++i)
        if (held_[i] != 0) v[i] = 0;
    };
    direction_ = at_.g;
    mask(direction_);
    std::vector<double> alpha(pairs_.size(), 0.0), rho(pairs_.size(), 0.0);
    double gamma = 0;
    for (std::size_t k = pairs_.size(); k-- > 0;) {
      std::vector<double> s = pairs_[k].s;
      mask(s);  // masking one factor of a dot product is enough
      const double sy = dot(s, pairs_[k].y);
      double yy = 0;
      for (std::size_t i = 0; i < n_; ++i) yy += held_[i] != 0 ? 0.0 : pairs_[k].y[i] * pairs_[k].y[i];
      if (!(sy > 1e-12 * std::sqrt(dot(s, s) * yy))) continue;
      rho[k] = 1 / sy;
      if (gamma == 0) gamma = sy / yy;
      alpha[k] = rho[k] * dot(s, direction_);
      add(-alpha[k], pairs_[k].y, direction_);
      mask(direction_);
    }
    if (gamma == 0) {
      // The first step has at most length 1, because the scale is not known.
      const double size = std::sqrt(dot(direction_, direction_));
      gamma = size > 0 ? std::min(1.0, 1 / size) : 1.0;
    }
    for (double& d : direction_) d *= gamma;
    for (std::size_t k = 0; k < pairs_.size(); ++k) {
      if (rho[k] == 0) continue;
      std::vector<double> s = pairs_[k].s;
      mask(s);
      const double beta = rho[k] * dot(pairs_[k].y, direction_);
      add(alpha[k] - beta, s, direction_);
    }
    for (double& d : direction_) d = -d;
    mask(direction_);
    if (!(dot(direction_, at_.g) < 0)) {
      pairs_.clear();
      for (std::size_t i = 0; i < n_; ++i) direction_[i] = held_[i] != 0 ? 0.0 : -at_.g[i];
    }
  }

  // Line search along the projected path max(lower, min(x + t d, upper)): Wolfe's conditions, as far as the path is straight.
  bool search() {
    double low = 0, high = std::numeric_limits<double>::infinity(), t = 1;
    const double noise = kNoise * std::abs(at_.f);
    Iterate best;
    bool found = false;
    for (int trial = 0; trial < kMostTrials; ++trial) {
      Iterate next;
      next.x.resize(n_);
      double slope = 0;
      bool bent = false, moved = false;
      for (std::size_t i = 0; i < n_; ++i) {
        const double to = at_.x[i] + t * direction_[i];
        next.x[i] = inside(i, to);
        bent = bent || next.x[i] != to;
        moved = moved || next.x[i] != at_.x[i];
        slope += at_.g[i] * (next.x[i] - at_.x[i]);
      }
      if (!moved) break;
      evaluate(next);
      if (next.f == -std::numeric_limits<double>::infinity()) {
        at_ = std::move(next);
        return true;
      }
      if (!finite(next) || next.f > at_.f + kArmijo * slope + noise || (found && next.f > best.f + noise)) {
        high = t;
        double shorter = 0.1;
        if (finite(next)) {
          const double bend = next.f - at_.f - slope;
          shorter = bend > 0 ? std::min(0.5, std::max(0.1, -slope / (2 * bend))) : 0.5;
        }
        t = low > 0 ? 0.5 * (low + high) : t * shorter;
        if (found && trial > 12) break;
        continue;
      }
      const double before = dot(at_.g, direction_);
      double after = 0;
      for (std::size_t i = 0; i < n_; ++i) after += next.g[i] * direction_[i];
      best = std::move(next);
      found = true;
      if (bent || after >= kWolfe * before) break;
      low = t;
      // Extrapolates to a zero of the slope.
      const double guess = before < after ? t * before / (before - after) : 10 * t;
      t = std::isinf(high) ? std::min(std::max(guess, 2 * t), 10 * t) : 0.5 * (low + high);
    }
    if (!found) return false;
    Pair pair{best.x, best.g};
    add(-1, at_.x, pair.s);
    add(-1, at_.g, pair.y);
    const double sy = dot(pair.s, pair.y);
    if (sy > 1e-10 * std::sqrt(dot(pair.s, pair.s) * dot(pair.y, pair.y))) {
      if (pairs_.size() == static_cast<std::size_t>(options_.memory)) pairs_.pop_front();
      pairs_.push_back(std::move(pair));
    }
    at_ = std::move(best);
    return true;
  }

  bool gradient_agrees(double steepest) {
    if (!options_.check_derivatives || problem_.m > 0) return true;
    Evaluation e;
    e.begin(problem_);
    Point p;
    p.x = at_.x;
    p.g = at_.g;
    p.f = at_.f;
    WrongDerivative wrong;
    const bool agrees = derivatives_agree_at(e, p, steepest, wrong);
    result_.wrong_by = wrong.by;
    return agrees;
  }

  // Searches for a direction of negative curvature at a stationary point; direction_ then holds it.
  bool negative_curvature(double steepest) {
    second_.improving.clear();
    second_.long_newton_step.clear();
    if (!options_.second_order || problem_.m > 0 || (problem_.differences() && n_ > 10)) return false;
    Evaluation e;
    e.begin(problem_);
    e.rows = 0;
    Point p;
    p.x = at_.x;
    p.g = at_.g;
    p.f = at_.f;
    std::vector<double> reach = seen_;
    for (std::size_t i = 0; i < n_; ++i) {
      reach[i] = std::max(reach[i], std::abs(at_.x[i]));
      // A variable that is 0 up to rounding has no size: use the step at which its slope would bring the objective to 0.
      const double slope = std::abs(at_.g[i]), unit = problem_.units()[i];
      if (reach[i] * unit < kTiny && slope > kTiny * unit * std::abs(at_.f)) reach[i] = std::max(reach[i], std::abs(at_.f) / slope);
      if (reach[i] == 0) reach[i] = 1;
    }
    const double worth = std::max(kNewtonDecrease, options_.ftol) * std::abs(at_.f);
    second_.least_decrease = std::max(kEigenvectorDecrease, options_.ftol * options_.ftol) * (start_.f - at_.f);
    if (second_.find_descent(e, p, {}, at_.g, steepest, problem_.differences() ? 1e-3 : 1e-6, direction_, worth, reach)) {
      curvature_is_exact_ = e.exact();
      return true;
    }
    if (second_.uncurved.empty()) return false;
    direction_ = second_.uncurved;  // no positive curvature along it
    return true;
  }

  // A Newton step longer than a variable has moved, if function values confirm the decrease.
  bool try_long_newton_step() {
    if (second_.long_newton_step.empty() || saddles_ > kMostSaddles) return false;
    const double enough = std::max(kNewtonDecrease * std::abs(at_.f), 2 * kNoise * std::abs(at_.f));
    for (const double part : {1.0, 0.1, 0.01}) {
      Iterate next;
      next.x.resize(n_);
      for (std::size_t i = 0; i < n_; ++i) next.x[i] = inside(i, at_.x[i] + part * second_.long_newton_step[i]);
      evaluate(next);
      if (!finite(next) || !(next.f < at_.f - enough)) continue;
      ++saddles_;
      pairs_.clear();
      at_ = std::move(next);
      for (std::size_t i = 0; i < n_; ++i) seen_[i] = std::max(seen_[i], std::abs(at_.x[i] - start_.x[i]));
      return true;
    }
    return false;
  }

  bool leave_saddle() {
    if (++saddles_ > kMostSaddles) return false;
    pairs_.clear();
    double t = std::max(1.0, largest(at_.x));
    for (int trial = 0; trial < kMostTrials; ++trial, t *= 0.3) {
      Iterate next;
      next.x.resize(n_);
      for (std::size_t i = 0; i < n_; ++i) next.x[i] = inside(i, at_.x[i] + t * direction_[i]);
      evaluate(next);
      if (!finite(next) || next.f >= at_.f - 2 * kNoise * std::abs(at_.f)) continue;
      at_ = std::move(next);
      return true;
    }
    return false;
  }

  LbfgsResult finish(Status status) {
    if (status == Status::solved && !gradient_agrees(largest(steepest_slopes_))) status = Status::wrong_derivative;
    result_.status = status;
    result_.projected_gradient = at_.g.size() == n_ ? outer_projected() : 0.0;
    result_.x = at_.x;
    result_.gradient = at_.g;
    result_.f = result_.path.back() = at_.f;
    problem_.to_inner(result_.x);
    problem_.gradient_to_inner(result_.gradient);
    return result_;
  }

  SizedProblem problem_;
  const LbfgsOptions& options_;
  const IterationCallback& callback_;
  const std::size_t n_;
  const DenseTable& table_ = dense();
  Iterate at_;
  std::deque<Pair> pairs_;
  std::vector<char> held_;
  std::vector<double> direction_, rows_, jacobian_;
  LbfgsResult result_;
  bool curvature_is_exact_ = false;
  int saddles_ = 0, resized_ = 0, eigenvector_steps_ = 0;
  Iterate start_;
  SecondOrder second_;
  std::vector<double> seen_, outer_, steepest_slopes_;
  double typical_slope_ = 0, steepest_ = 0, spread_ = 0;  // spread_: recent decrease of the objective
};

}  // namespace

LbfgsResult lbfgs(Problem& problem, const std::vector<double>& x0, const LbfgsOptions& options, const IterationCallback& callback) {
  PLAIT_REQUIRE(x0.size() == static_cast<std::size_t>(problem.n), "lbfgs: x0: expected ", problem.n, " numbers, got ", x0.size());
  PLAIT_REQUIRE(options.memory > 0, "lbfgs: memory: expected a positive number, got ", options.memory);
  return Lbfgs(problem, options, callback).run(x0);
}

}  // namespace plait::optimize
