// Custom recursions over whole anti-diagonals: score, path and count for any Rule.
//
// The path needs no matrix. The first pass keeps every K-th pair of diagonals. Then, from the end, block by block: from diagonal k back to the
// kept one before it a path moves at most k - k0 rows up, so only that triangle is computed again, with its moves.
#include <cmath>
#include <mutex>

#include "align/core/diagonals.hpp"
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

constexpr Index kPollCells = 1 << 12;  // 10 ms of a rank in Python

using Values = std::shared_ptr<const std::vector<double>>;

/// init's values, remembered.
class Borders {
 public:
  explicit Borders(Border border) : border_(std::move(border)) {}

  /// At least `count` values of one border. init may be of another language and call back: no lock is held meanwhile.
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

  /// Cells of diagonal k with i in [first, last]; after each stretch `then(stretch)`, for the inner ones.
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
      if ((unpolled_ += s.count) < kPollCells) continue;
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

/// Every K-th diagonal, with the one before it.
class Kept {
 public:
  Kept(Index n, Index m, std::size_t memory_limit) : n_(n), m_(m) {
    const double all = 16.0 * static_cast<double>(std::min(n, m) + 1) * static_cast<double>(n + m);
    every_ = std::max<Index>(kLeast, static_cast<Index>(all / (static_cast<double>(memory_limit) + 1)) + 1);
  }
  [[nodiscard]] Index every() const { return every_; }
  void keep(Index k, Sweep& sweep) {
    if (k == 0 || k % every_ != 0) return;
    for (const Index d : {k - 1, k}) {
      const DiagonalRange range = diagonal_range(d, n_, m_);
      rows_.emplace_back(sweep.diagonal(d) + range.first, sweep.diagonal(d) + range.last + 1);
    }
  }
  void restore(Index k, Sweep& sweep) const {
    if (k == 0) {
      sweep.step(0);
      return;
    }
    for (const Index d : {k - 1, k}) {
      const auto& row = rows_[static_cast<std::size_t>(2 * (k / every_ - 1) + (d == k ? 1 : 0))];
      std::copy(row.begin(), row.end(), sweep.diagonal(d) + diagonal_range(d, n_, m_).first);
    }
  }

 private:
  static constexpr Index kLeast = 64;
  Index n_, m_, every_;
  std::vector<std::vector<double>> rows_;
};

class Custom final : public Method {
 public:
  Custom(Border border, RuleOf rule, const CustomOptions& options) : borders_(std::move(border)), rule_of_(std::move(rule)), options_(options) {}

  [[nodiscard]] Order order() const override { return options_.order; }
  [[nodiscard]] bool symmetric() const override { return false; }

  void check(const Sequence& x, const Sequence& y) const override {
    PLAIT_REQUIRE_AS(ShapeError, x.width == y.width, "Aligner: x has ", x.width, " values an element, y has ", y.width);
    (void)rule(x.width);
  }

  double score(const Sequence& x, const Sequence& y, double, Workspace&) const override {
    Sweep sweep(*rule(x.width), borders_, x, y);
    sweep.run();
    return checked(sweep, x, y);
  }

  Path path(const Sequence& x, const Sequence& y, std::size_t memory_limit, Workspace&) const override {
    const Index n = x.length, m = y.length;
    Sweep sweep(*rule(x.width), borders_, x, y);
    Kept kept(n, m, memory_limit);
    for (Index k = 0; k <= sweep.last(); ++k) {
      sweep.step(k);
      kept.keep(k, sweep);
    }
    Path out{checked(sweep, x, y), {}};
    if (out.score == worst()) return out;  // no way leads here
    const bool gaps = has_gaps(n, m);
    const auto add = [&](Index i, Index j) { out.pairs.insert(out.pairs.end(), {j, i}); };  // turned round in the end
    std::vector<std::uint8_t> moves;
    std::vector<std::int32_t> stretch_moves(kStretch);
    for (Index i = n, j = m; i > 0 || j > 0;) {
      const Index end = i + j, begin = (end - 1) / kept.every() * kept.every(), size = end - begin, from = i - size;
      kept.restore(begin, sweep);
      moves.resize(static_cast<std::size_t>(size * (size + 1)));
      const auto place = [&](Index k, Index row) { return static_cast<std::size_t>((k - begin - 1) * (size + 1) + row - from); };
      for (Index k = begin + 1; k <= end; ++k) {
        const DiagonalRange range = diagonal_range(k, n, m);
        sweep.step(k, std::max(range.first, i - (end - k)), std::min(range.last, i), [&](const Stretch& s) {
          sweep.moves(s, stretch_moves.data());
          for (Index t = 0; t < s.count; ++t) moves[place(k, s.i + t)] = static_cast<std::uint8_t>(stretch_moves[static_cast<std::size_t>(t)]);
        });
      }
      while (i + j > begin) {
        const std::int32_t move = i == 0 ? kByDeletion : j == 0 ? kByInsertion : moves[place(i + j, i)];
        PLAIT_REQUIRE(move != 0, "align: rank gives the cell (", i, ", ", j,
                      ") neither by its match nor by its deletion nor by its insertion alone; a recursion that does not choose among its "
                      "neighbours has scores but no path");
        if ((move & kByMatch) != 0) add(--i, --j);
        else if ((move & kByDeletion) != 0) --j, add(gaps ? -1 : i - 1, j);
        else --i, add(i, gaps ? -1 : j - 1);
      }
    }
    std::reverse(out.pairs.begin(), out.pairs.end());
    return out;
  }

  double count(const Sequence& x, const Sequence& y) const override {
    const Index n = x.length, m = y.length;
    Sweep sweep(*rule(x.width), borders_, x, y);
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
      // The border is one path, which goes on from the cell before.
      const double* const cells = sweep.diagonal(k);
      if (range.first == 0) now[0] = cells[0] == none ? 0 : k == 0 ? 1 : paths[k - 1][0];
      if (range.last == k && k > 0) now[k] = cells[k] == none ? 0 : paths[k - 1][k - 1];
    }
    checked(sweep, x, y);
    return paths[sweep.last()][n];
  }

  [[nodiscard]] double cost(const Sequence& x, const Sequence& y) const override {
    return 2.0 * static_cast<double>(x.length) * static_cast<double>(y.length);
  }

 private:
  std::shared_ptr<const Rule> rule(Index width) const {
    {
      const std::scoped_lock lock(mutex_);
      for (const auto& [of, rule] : rules_)
        if (of == width) return rule;
    }
    std::shared_ptr<const Rule> made = rule_of_(width);  // tracing may take another lock: none is held
    const std::scoped_lock lock(mutex_);
    rules_.emplace_back(width, made);
    return made;
  }

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
    Sweep again(*rule(x.width), borders_, x, y);
    for (Index k = 0; k <= again.last(); ++k) {
      again.step(k);
      const DiagonalRange range = diagonal_range(k, x.length, y.length);
      for (Index i = range.first; i <= range.last; ++i)
        PLAIT_REQUIRE(!std::isnan(again.diagonal(k)[i]), "rank: the cell (", i, ", ", k - i, ") is NaN, and so is the score");
    }
    return score;
  }

  Borders borders_;
  RuleOf rule_of_;
  CustomOptions options_;
  mutable std::mutex mutex_;
  mutable std::vector<std::pair<Index, std::shared_ptr<const Rule>>> rules_;
};

}  // namespace

std::unique_ptr<Method> make_custom(Border border, RuleOf rule, const CustomOptions& options) {
  return std::make_unique<Custom>(std::move(border), std::move(rule), options);
}

}  // namespace plait::align
