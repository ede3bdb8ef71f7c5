// Custom recursions over whole anti-diagonals: score, path and count for any Rule.
// The traceback stores no matrix: between diagonals k0 < k a path changes its row by at most k - k0,
// so only that triangle of each block of diagonals (checkpoints.hpp)
// is recomputed, with moves.
#include <cmath>
#include <mutex>

#include "align/core/checkpoints.hpp"
#include "align/core/diagonals.hpp"
#include "align/core/traceback.hpp"
#include "align/custom/rules_by_width.hpp"
#include "align/tuning.hpp"
#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align {

using namespace detail;

Elements::Elements(const Sequence& x, const Sequence& y)
    : n(x.length), m(y.length), x_(static_cast<std::size_t>(n * x.width)), y_(static_cast<std::size_t>(m * y.width)) {
  const auto spread = [](const Sequence& s, std::vector<double>& to, bool reverse) {
    for (Index k = 0; k < s.length; ++k) {
      const Index at = reverse ? s.length - 1 - k : k;
      for (Index c = 0; c < s.width; ++c)
        to[static_cast<std::size_t>(c * s.length + at)] = s.kind == Sequence::Kind::f64 ? s.values()[k * s.width + c] : s.symbol(k);
    }
  };
  spread(x, x_, false);
  spread(y, y_, true);
}

namespace {

using tuning::kPollRankCells;

using Values = std::shared_ptr<const std::vector<double>>;

/// Cached border values, the results of init.
class Borders {
 public:
  explicit Borders(Border border) : border_(std::move(border)) {}

  /// At least `count` values of one border. init may be a Python callback: no lock is held during the call.
  Values get(bool along_x, Index count) const {
    Values& kept = values_[along_x ? 0 : 1];
    Values now;
    {
      const std::scoped_lock lock(mutex_);
      now = kept;
    }
    const Index have = now ? static_cast<Index>(now->size()) : 0;
    if (have >= count) return now;
    auto more = now ? std::make_shared<std::vector<double>>(*now) : std::make_shared<std::vector<double>>();
    more->resize(static_cast<std::size_t>(count));
    border_(along_x, have, count, more->data() + have);
    for (Index k = have; k < count; ++k)
      PLAIT_REQUIRE(!std::isnan((*more)[static_cast<std::size_t>(k)]), "init: the cell (", along_x ? k : 0, ", ", along_x ? 0 : k, ") is NaN");
    const std::scoped_lock lock(mutex_);
    if (!kept || static_cast<Index>(kept->size()) < count) kept = more;
    return more;
  }

 private:
  Border border_;
  mutable std::mutex mutex_;
  mutable Values values_[2];
};

/// One pair being aligned.
class Sweep {
 public:
  Sweep(const Rule& rule, const Borders& borders, const Sequence& x, const Sequence& y)
      : rule_(rule),
        elements_(x, y),
        left_(borders.get(true, x.length + 1)),
        top_(borders.get(false, y.length + 1)),
        ring_(x.length),
        scratch_(allocate_bytes(rule.scratch_bytes())) {}

  [[nodiscard]] Index n() const { return elements_.n; }
  [[nodiscard]] Index m() const { return elements_.m; }
  [[nodiscard]] Index last() const { return n() + m(); }
  double* diagonal(Index k) { return ring_[k]; }
  double end() { return ring_[last()][n()]; }

  /// Cells of diagonal k with i in [first, last]; calls then(stretch) after each stretch of inner cells.
  template <class Then>
  void step(Index k, Index first, Index last, Then&& then) {
    double* const now = ring_[k];
    if (first == 0) now[0] = (*top_)[static_cast<std::size_t>(k)];
    if (last == k) now[k] = (*left_)[static_cast<std::size_t>(k)];
    if (k < 2) return;
    const double *const before = ring_[k - 1], *const two_before = ring_[k - 2];
    const Index end = std::min(last, k - 1) + 1;
    Stretch s;
    for (Index i = std::max<Index>(first, 1); i < end; i += kStretch) {
      elements_.set(s, k, i, std::min(kStretch, end - i));
      s.insertion = before + (i - 1);
      s.match = two_before + (i - 1);
      s.deletion = before + i;
      rule_.cells(s, now + i, scratch_.get());
      then(s);
      unpolled_ += s.count;
      if (unpolled_ < kPollRankCells) continue;
      unpolled_ = 0;
      poll_interrupt();
    }
  }
  void step(Index k) {
    const DiagonalRange range = diagonal_range(k, n(), m());
    step(k, range.first, range.last, [](const Stretch&) {});
  }
  void run() {
    for (Index k = 0; k <= last(); ++k) step(k);
  }
  void moves(const Stretch& s, std::int32_t* out) { rule_.moves(s, ring_[s.i + s.j] + s.i, out, scratch_.get()); }

 private:
  const Rule& rule_;
  Elements elements_;
  Values left_, top_;
  Ring ring_;
  Bytes scratch_;
  Index unpolled_ = 0;
};

/// Number of anti-diagonals of a block: the saved pairs, each of at most min(n, m) + 1 doubles, stay below the memory limit.
Index diagonals_of_a_block(Index n, Index m, std::size_t memory_limit) {
  constexpr Index kLeast = 64;
  const double all = 16.0 * static_cast<double>(std::min(n, m) + 1) * static_cast<double>(n + m);
  return std::max<Index>(kLeast, static_cast<Index>(all / (static_cast<double>(memory_limit) + 1)) + 1);
}

/// For each block but the first, the two diagonals before it.
class SavedDiagonals {
 public:
  SavedDiagonals(Index n, Index m) : n_(n), m_(m) {}
  void keep(Index block, Index k, Sweep& sweep) {
    if (block == 0) return;
    for (const Index d : {k - 1, k}) {
      const DiagonalRange range = diagonal_range(d, n_, m_);
      rows_.emplace_back(sweep.diagonal(d) + range.first, sweep.diagonal(d) + range.last + 1);
    }
  }
  void restore(Index block, Index k, Sweep& sweep) const {
    if (block == 0) {
      sweep.step(0);
      return;
    }
    for (const Index d : {k - 1, k}) {
      const auto& row = rows_[static_cast<std::size_t>(2 * (block - 1) + (d == k ? 1 : 0))];
      std::copy(row.begin(), row.end(), sweep.diagonal(d) + diagonal_range(d, n_, m_).first);
    }
  }

 private:
  Index n_, m_;
  std::vector<std::vector<double>> rows_;
};

class Custom final : public Method {
 public:
  Custom(Border border, RuleOf rule, const CustomOptions& options) : borders_(std::move(border)), rules_(std::move(rule)), options_(options) {}

  [[nodiscard]] Order order() const override { return options_.order; }
  [[nodiscard]] bool symmetric() const override { return false; }

  void check(const Sequence& x, const Sequence& y) const override {
    PLAIT_REQUIRE_AS(ShapeError, x.width == y.width, "Aligner: x has ", x.width, " values an element, y has ", y.width);
    (void)rules_.get(x.width);
  }

  double score(const Sequence& x, const Sequence& y, double, Workspace&) const override {
    Sweep sweep(*rules_.get(x.width), borders_, x, y);
    sweep.run();
    return checked(sweep, x, y);
  }

  Path path(const Sequence& x, const Sequence& y, std::size_t memory_limit, Workspace&) const override {
    const Index n = x.length, m = y.length;
    Sweep sweep(*rules_.get(x.width), borders_, x, y);
    // Step k - 1 is diagonal k, so that block b has diagonals begin(b) + 1 … end(b).
    const Checkpoints checkpoints(sweep.last(), diagonals_of_a_block(n, m, memory_limit));
    SavedDiagonals saved(n, m);
    sweep.step(0);
    checkpoints.forward([&](Index b) { saved.keep(b, checkpoints.begin(b), sweep); },
                        [&](Index b, bool) {
                          for (Index k = checkpoints.begin(b) + 1; k <= checkpoints.end(b); ++k) sweep.step(k);
                        });
    Path out{checked(sweep, x, y), {}};
    if (out.score == worst()) return out;  // the cell is unreachable
    Traceback traceback(n, m, has_gaps(n, m) ? Traceback::Columns::gaps : Traceback::Columns::cells);
    std::vector<std::uint8_t> moves;
    std::vector<std::int32_t> stretch_moves(kStretch);
    Index begin = 0, size = 0, from = 0;  // the triangle of cells on paths into the current cell
    const auto place = [&](Index k, Index row) { return static_cast<std::size_t>((k - begin - 1) * (size + 1) + row - from); };
    const auto run = [&](Index b, bool) {
      const Index i = traceback.i(), end = i + traceback.j();
      begin = checkpoints.begin(b), size = end - begin, from = i - size;
      moves.resize(static_cast<std::size_t>(size * (size + 1)));
      for (Index k = begin + 1; k <= end; ++k) {
        const DiagonalRange range = diagonal_range(k, n, m);
        sweep.step(k, std::max(range.first, i - (end - k)), std::min(range.last, i), [&](const Stretch& s) {
          sweep.moves(s, stretch_moves.data());
          for (Index t = 0; t < s.count; ++t) moves[place(k, s.i + t)] = static_cast<std::uint8_t>(stretch_moves[static_cast<std::size_t>(t)]);
        });
      }
    };
    const auto back = [&](Index) {
      while (traceback.i() + traceback.j() > begin) {
        const Index i = traceback.i(), j = traceback.j();
        const std::int32_t move = i == 0 ? kByDeletion : j == 0 ? kByInsertion : moves[place(i + j, i)];
        PLAIT_REQUIRE(move != 0, "align: rank gives the cell (", i, ", ", j,
                      ") neither by its match nor by its deletion nor by its insertion alone; a recursion that does not choose among its "
                      "neighbours has scores but no path");
        traceback.step((move & kByMatch) != 0 ? Move::match : (move & kByDeletion) != 0 ? Move::deletion : Move::insertion);
      }
      return traceback.i() + traceback.j() > 0;
    };
    checkpoints.backward(checkpoints.last(), false, [&](Index b) { saved.restore(b, checkpoints.begin(b), sweep); }, run, back);
    out.pairs = traceback.finish();
    return out;
  }

  double count(const Sequence& x, const Sequence& y) const override {
    const Index n = x.length, m = y.length;
    Sweep sweep(*rules_.get(x.width), borders_, x, y);
    Ring paths(n);
    std::vector<std::int32_t> moves(kStretch);
    const double none = worst();
    for (Index k = 0; k <= sweep.last(); ++k) {
      const DiagonalRange range = diagonal_range(k, n, m);
      double* const now = paths[k];
      sweep.step(k, range.first, range.last, [&](const Stretch& s) {
        sweep.moves(s, moves.data());
        const double *const cells = sweep.diagonal(k), *const before = paths[k - 1], *const two_before = paths[k - 2];
        for (Index t = 0; t < s.count; ++t) {
          const Index i = s.i + t;
          const std::int32_t move = moves[static_cast<std::size_t>(t)];
          now[i] = cells[i] == none ? 0
                                    : ((move & kByMatch) != 0 ? two_before[i - 1] : 0) + ((move & kByDeletion) != 0 ? before[i] : 0) +
                                          ((move & kByInsertion) != 0 ? before[i - 1] : 0);
        }
      });
      // A border cell has one path, extended from the previous cell.
      const double* const cells = sweep.diagonal(k);
      if (range.first == 0) now[0] = cells[0] == none ? 0 : k == 0 ? 1 : paths[k - 1][0];
      if (range.last == k && k > 0) now[k] = cells[k] == none ? 0 : paths[k - 1][k - 1];
    }
    checked(sweep, x, y);
    return paths[sweep.last()][n];
  }

  [[nodiscard]] double cost(const Sequence& x, const Sequence& y) const override {
    return tuning::kRankNs * static_cast<double>(x.length) * static_cast<double>(y.length);
  }

 private:
  [[nodiscard]] bool has_gaps(Index n, Index m) const {
    const Values left = borders_.get(true, n + 1), top = borders_.get(false, m + 1);
    const auto all_worst = [&](const std::vector<double>& border, Index length) {
      return std::all_of(border.begin() + 1, border.begin() + length + 1, [&](double value) { return value == worst(); });
    };
    return !all_worst(*left, n) || !all_worst(*top, m);
  }

  double checked(Sweep& sweep, const Sequence& x, const Sequence& y) const {
    const double score = sweep.end();
    if (!std::isnan(score) || options_.nan) return score;
    Sweep again(*rules_.get(x.width), borders_, x, y);
    for (Index k = 0; k <= again.last(); ++k) {
      again.step(k);
      const DiagonalRange range = diagonal_range(k, x.length, y.length);
      for (Index i = range.first; i <= range.last; ++i)
        PLAIT_REQUIRE(!std::isnan(again.diagonal(k)[i]), "rank: the cell (", i, ", ", k - i, ") is NaN, and so is the score");
    }
    return score;
  }

  Borders borders_;
  RulesByWidth rules_;
  CustomOptions options_;
};

}  // namespace

std::unique_ptr<Method> make_custom(Border border, RuleOf rule, const CustomOptions& options) {
  return std::make_unique<Custom>(std::move(border), std::move(rule), options);
}

}  // namespace plait::align
