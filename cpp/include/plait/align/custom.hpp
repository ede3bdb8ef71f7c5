// Recursions of the template's form defined at run time: init and rank as a lane program, a function pointer, or a callable of another language. A
// Rule computes stretches of anti-diagonals, whose cells are independent; the rest is common to all rules.
#pragma once

#include <functional>
#include <memory>

#include "plait/align/dtw.hpp"
#include "plait/align/method.hpp"
#include "plait/tensor/lanes.hpp"

namespace plait::align {

using namespace tensor;

/// Cells (i + t, j - t) for t in [0, count), their neighbours and their elements.
struct Stretch {
  Index i = 0, j = 0;  ///< the first cell, from 1; its elements are x_i and y_j
  Index count = 0;     ///< at most kStretch
  const double *insertion = nullptr, *match = nullptr, *deletion = nullptr;
  /// Value c of the elements of cell t: x[c * x_stride + t], y[c * y_stride + t].
  const double *x = nullptr, *y = nullptr;
  Index x_stride = 0, y_stride = 0;
};
constexpr Index kStretch = 4096;

/// rank. Several threads may use one at a time.
class Rule {
 public:
  Rule() = default;
  virtual ~Rule() = default;
  Rule(const Rule&) = delete;
  Rule& operator=(const Rule&) = delete;

  [[nodiscard]] virtual std::size_t scratch_bytes() const { return 0; }
  virtual void cells(const Stretch& stretch, double* out, void* scratch) const = 0;
  /// Bits of the neighbours that give the cell's value if the other two are set to the worst score: kByMatch, kByDeletion, kByInsertion.
  virtual void moves(const Stretch& stretch, const double* cells, std::int32_t* out, void* scratch) const = 0;
};
constexpr std::int32_t kByMatch = bit_of(Move::match), kByDeletion = bit_of(Move::deletion), kByInsertion = bit_of(Move::insertion);

/// A program of float64 with 3 + 2·width inputs (insertion, match, deletion, the values of x's element, those of y's) and one output.
std::shared_ptr<const Rule> make_lane_rule(const LaneProgram& rank, Order order);

/// A function of one cell. `x` and `y` point to the first value of the elements; further values are a stride apart.
using RankFunction = std::function<double(double insertion, double match, double deletion, const double* x, Index x_stride, const double* y,
                                          Index y_stride, Index i, Index j)>;
std::shared_ptr<const Rule> make_function_rule(RankFunction rank, Order order);
/// A compiled function of numbers.
using RankPointer = double (*)(double insertion, double match, double deletion, double x, double y);
std::shared_ptr<const Rule> make_pointer_rule(RankPointer rank, Order order);

/// init for one border: out[k - begin] = init(k, 0), or init(0, k), for k in [begin, end). Called once for each cell.
using Border = std::function<void(bool along_x, Index begin, Index end, double* out)>;
/// The rule for elements of that many values; called once for each width.
using RuleOf = std::function<std::shared_ptr<const Rule>(Index width)>;

struct CustomOptions {
  Order order = Order::minimum;
  bool nan = false;  ///< a score may be NaN
};
/// A path's insertions and deletions are reported as gaps if the border allows paths to skip elements; if all border cells but the first have the
/// worst score, as in warping, they are reported as cells.
std::unique_ptr<Method> make_custom(Border border, RuleOf rule, const CustomOptions& options);

/// DTW with a custom distance of two elements: a rule that ignores its neighbours. All distances of a pair are computed first; they must be finite.
/// options.metric is ignored.
std::unique_ptr<Method> make_dtw_of(RuleOf distance, const DtwOptions& options);

}  // namespace plait::align
