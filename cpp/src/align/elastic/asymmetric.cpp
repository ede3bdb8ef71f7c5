// DTW with asymmetric steps (Sakoe and Chiba 1978): D(i, j) = d(i, j) + min(D(i-1, j-1), D(i-1, j-2), D(i-1, j)). A row depends only on
// the row above, so its cells are independent.
#include <algorithm>
#include <cmath>

#include "align/core/checkpoints.hpp"
#include "align/elastic/measure.hpp"
#include "align/tuning.hpp"
#include "plait/align/move.hpp"
#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align::detail {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr Index kPad = kMostLanes + 2;  // padding of a row on either side: loads past its end, and two columns to the left
enum Slot : int { kFeaturesSlot = 0, kRowSlot = 1, kMovesSlot = 3 };

/// One pair, row by row.
class Rows {
 public:
  Rows(const Measure& measure, const ElasticTable& table, const Sequence& x, const Sequence& y, Workspace& workspace)
      : measure_(measure),
        table_(table),
        x_(x),
        band_(measure.band(x.length, y.length)),
        features_(feature_count(measure, x.width)),
        stride_(y.length + 2 * kPad) {
    const auto size = static_cast<std::size_t>(features_ * (x.length + stride_));
    x_features_ = workspace.take_as<double>(size, kFeaturesSlot);
    y_features_ = x_features_ + features_ * x.length;
    std::fill_n(y_features_, features_ * stride_, 0.0);
    if (features_ > 0) {
      lay_out(measure, x, x_features_, 1, features_);
      lay_out(measure, y, y_features_, stride_, 1);
    }
    for (double*& row : rows_) row = nullptr;
    double* const memory = workspace.take_as<double>(static_cast<std::size_t>(3 * stride_), kRowSlot);
    for (int k = 0; k < 3; ++k) rows_[k] = memory + k * stride_ + kPad - 1;  // column j, counted from 1, at [j]
  }

  [[nodiscard]] const Band& band() const { return band_; }
  /// D(i, ·) of the last computed row; outside of the band only the cells that the next row reads are set, to infinity.
  [[nodiscard]] double* row() { return rows_[now_]; }
  [[nodiscard]] double operator[](Index j) const { return rows_[now_][j]; }

  /// Computes row i from the previous one, with moves from column lo(i) on. Returns its least cell.
  double run(Index i, std::uint8_t* moves) {
    const Index lo = band_.lo(i), hi = band_.hi(i), count = hi - lo + 1;
    double* const costs = rows_[2];
    if (measure_.traits().precomputed) {
      std::copy_n(x_.values() + (i - 1) * band_.m + lo - 1, count, costs + lo);
    } else {
      const auto loop = table_.row_costs[static_cast<int>(measure_.cost)][x_.width == 1 ? 1 : 0];
      loop(x_features_ + (i - 1) * features_, y_features_ + lo - 1, stride_, x_.width, count, costs + lo);
    }
    const double* const above = rows_[now_];
    double* const out = rows_[1 - now_];
    double least = kUnreachable;
    if (i > 1) {
      least = table_.asymmetric_row(above + lo, costs + lo, count, out + lo, moves);
    } else {
      std::copy_n(costs + lo, count, out + lo);
      if (!measure_.open_begin) std::fill(out + std::max<Index>(lo, 2), out + hi + 1, kUnreachable);
      least = *std::min_element(out + lo, out + hi + 1);
    }
    now_ = 1 - now_;
    const Index next = i < band_.n ? band_.hi(i + 1) : hi;
    std::fill(out + lo - 2, out + lo, kUnreachable);
    std::fill(out + hi + 1, out + next + 1, kUnreachable);
    return least;
  }

  [[nodiscard]] Index end_column() const {
    if (!measure_.open_end) return band_.m;
    const double* const last = rows_[now_];
    return std::min_element(last + band_.lo(band_.n), last + band_.hi(band_.n) + 1) - last;
  }

 private:
  const Measure& measure_;
  const ElasticTable& table_;
  const Sequence& x_;
  Band band_;
  Index features_, stride_;
  double *x_features_, *y_features_;
  double* rows_[3];  // two alternating rows, and the costs
  int now_ = 0;
};

class Asymmetric final : public Method {
 public:
  explicit Asymmetric(Measure measure) : measure_(std::move(measure)), table_(elastic_loops()) {}

  void check(const Sequence& x, const Sequence& y) const override { check_pair(measure_, x, y); }
  [[nodiscard]] bool symmetric() const override { return false; }

  double score(const Sequence& x, const Sequence& y, double cutoff, Workspace& workspace) const override {
    if (missing(x) || missing(y)) return kNan;
    Rows rows(measure_, table_, x, y, workspace);
    const double limit = measure_.limit_of_sum(measure_.sum_of(cutoff), x.length, y.length);
    for (Index i = 1, cells = 0; i <= x.length; ++i) {
      if (rows.run(i, nullptr) > limit && !measure_.traits().precomputed) return measure_.score_of(kUnreachable, cutoff);
      poll(cells, rows.band().hi(i) - rows.band().lo(i));
    }
    return measure_.score_of(measure_.of_weight(rows[rows.end_column()], x.length, y.length), cutoff);
  }

  /// Moves take one byte a cell; if they exceed the memory limit, blocks of rows are computed twice.
  Path path(const Sequence& x, const Sequence& y, std::size_t memory_limit, Workspace& workspace) const override {
    if (missing(x) || missing(y)) return {kNan, {}};
    Rows rows(measure_, table_, x, y, workspace);
    const Index n = x.length, m = y.length, width = m + kPad;
    const auto state = static_cast<std::size_t>(m + 2);  // with two padding columns to the left
    const Checkpoints checkpoints = Checkpoints::within(memory_limit, n, static_cast<double>(n * width), 8.0 * static_cast<double>(state));
    std::vector<double> kept;  // the row before each block but the first
    auto* const moves = workspace.take_as<std::uint8_t>(static_cast<std::size_t>(checkpoints.every() * width), kMovesSlot);
    Index cells = 0;
    const auto run_block = [&](Index block, bool keeps) {
      for (Index k = checkpoints.begin(block); k < checkpoints.end(block); ++k) {
        rows.run(k + 1, keeps ? moves + (k - checkpoints.begin(block)) * width : nullptr);
        poll(cells, m);
      }
    };
    checkpoints.forward(
        [&](Index block) {
          if (block > 0) kept.insert(kept.end(), rows.row() - 1, rows.row() + m + 1);
        },
        run_block);
    Index j = rows.end_column();
    Path out;
    out.score = measure_.score_of(measure_.of_weight(rows[j], n, m), kUnreachable);
    out.pairs.resize(static_cast<std::size_t>(2 * n));
    checkpoints.backward(
        checkpoints.last(), true,
        [&](Index block) {
          if (block > 0) std::copy_n(kept.data() + static_cast<std::size_t>(block - 1) * state, state, rows.row() - 1);
        },
        run_block,
        [&](Index block) {
          for (Index k = checkpoints.end(block); k-- > checkpoints.begin(block);) {
            out.pairs[static_cast<std::size_t>(2 * k)] = k;
            out.pairs[static_cast<std::size_t>(2 * k + 1)] = j - 1;
            if (k == 0) break;
            const std::uint8_t move = moves[(k - checkpoints.begin(block)) * width + j - rows.band().lo(k + 1)];
            j -= move == static_cast<std::uint8_t>(Move::match) ? 1 : move == static_cast<std::uint8_t>(Move::deletion) ? 2 : 0;
          }
          return true;
        });
    return out;
  }

  double count(const Sequence& x, const Sequence& y) const override {
    if (missing(x) || missing(y)) return kNan;
    struct Cell {
      double score = kUnreachable, paths = 0;
    };
    const auto better = [](const Cell& a, const Cell& b) {
      if (a.score == b.score) return Cell{a.score, a.paths + b.paths};
      return a.score < b.score ? a : b;
    };
    const Band band = measure_.band(x.length, y.length);
    const CellCosts costs(measure_, x, y);
    const auto xs = costs.rows(), ys = costs.columns();
    std::vector<Cell> above(static_cast<std::size_t>(y.length) + 2), row(above.size());  // two padding columns to the left
    for (Index i = 1; i <= x.length; ++i) {
      poll_interrupt();
      std::fill(row.begin(), row.end(), Cell{});
      for (Index j = band.lo(i); j <= band.hi(i); ++j) {
        const auto at = static_cast<std::size_t>(j + 1);
        Cell cell = i == 1 ? (j == 1 || measure_.open_begin ? Cell{0, 1} : Cell{}) : better(better(above[at - 1], above[at - 2]), above[at]);
        cell.score += costs(xs[static_cast<std::size_t>(i - 1)], ys[static_cast<std::size_t>(j - 1)], i, j).match;
        row[at] = cell;
      }
      std::swap(above, row);
    }
    Cell best = above.back();
    for (std::size_t k = 2; measure_.open_end && k + 1 < above.size(); ++k) best = better(best, above[k]);
    (void)measure_.score_of(best.score, kUnreachable);
    return best.paths;
  }
  [[nodiscard]] double cost(const Sequence& x, const Sequence& y) const override {
    const Band band = measure_.band(x.length, y.length);
    const Index middle = (x.length + 1) / 2;
    return tuning::kElasticNs * static_cast<double>(x.length) * static_cast<double>(std::max<Index>(1, band.hi(middle) - band.lo(middle) + 1));
  }

 private:
  [[nodiscard]] bool missing(const Sequence& s) const { return measure_.propagate_nan && has_nan(s); }
  static void poll(Index& cells, Index more) {
    cells += more;
    if (cells < (Index{1} << 16)) return;
    cells = 0;
    poll_interrupt();
  }

  Measure measure_;
  const ElasticTable& table_;
};

}  // namespace

std::unique_ptr<Method> make_asymmetric(Measure measure) { return std::make_unique<Asymmetric>(std::move(measure)); }

}  // namespace plait::align::detail
