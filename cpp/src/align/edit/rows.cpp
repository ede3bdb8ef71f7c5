// The recursion of edit.hpp, row after row, for any weights and transpositions: the reference for the optimised forms with transpositions, and the
// implementation for weights without one.
//
// Unrestricted transpositions in linear memory (Zhao and Sahinalp 2019): since the symbols of one side are adjacent, row i needs of older rows
// only row i-2 and, for each column j, the cost of a transposition with the last row i' with x_i' = y_j: D(i'-1, j-2) + substitute, plus `remove`
// for each row since.
#include <algorithm>
#include <cmath>
#include <memory>

#include "align/core/checkpoints.hpp"
#include "align/core/traceback.hpp"
#include "align/edit/forms.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align::detail {
namespace {

/// A cell's byte is a Move, or one of these further values.
constexpr std::uint8_t kAcrossColumns = 3, kAcrossRows = 4;
constexpr std::uint8_t byte_of(Move move) { return static_cast<std::uint8_t>(move); }

using Symbols = std::vector<std::uint32_t>;

/// Row i, and the state that row i + 1 needs.
template <class Value>
struct Rows {
  std::vector<Value> row, above, above2;  // rows i, i-1, i-2
  std::vector<Value> kept;                // cost of transposing y_{j-1} and y_j with earlier rows
};

template <class Algebra>
class Recursion {
 public:
  using Value = typename Algebra::Value;

  Recursion(const EditOptions& options, const Symbols& x, const Symbols& y) : options_(options), x_(x), y_(y) {}

  [[nodiscard]] Rows<Value> first() const {
    const std::size_t width = y_.size() + 1;
    Rows<Value> rows;
    rows.row.resize(width);
    rows.above.resize(width);
    if (options_.transposition != Transposition::none) rows.above2.resize(width);
    if (options_.transposition == Transposition::unrestricted) rows.kept.assign(width, algebra_.none());
    rows.row[0] = algebra_.lift(0);
    for (std::size_t j = 1; j < width; ++j) rows.row[j] = rows.row[j - 1] + options_.insert;
    return rows;
  }

  /// Computes row i from row i - 1; writes one byte for each symbol of y to `moves`, unless null.
  void next(Rows<Value>& rows, Index i, std::uint8_t* moves) const {
    switch (options_.transposition) {
      case Transposition::none: return next_of<Transposition::none>(rows, i, moves);
      case Transposition::restricted: return next_of<Transposition::restricted>(rows, i, moves);
      case Transposition::unrestricted: return next_of<Transposition::unrestricted>(rows, i, moves);
    }
  }

 private:
  template <Transposition kind>
  void next_of(Rows<Value>& rows, Index i, std::uint8_t* moves) const {
    if constexpr (kind != Transposition::none) std::swap(rows.above, rows.above2);
    std::swap(rows.row, rows.above);
    std::vector<Value>&row = rows.row, &above = rows.above, &above2 = rows.above2;
    const std::uint32_t a = x_[i - 1], before = i > 1 ? x_[i - 2] : 0;
    const double insert = options_.insert, remove = options_.remove, substitute = options_.substitute;
    row[0] = above[0] + remove;
    Value held = algebra_.none();  // cost of transposing x_{i-1} and x_i with columns before j
    for (Index j = 1; j <= static_cast<Index>(y_.size()); ++j) {
      const std::uint32_t b = y_[j - 1];
      const Value match = above[j - 1] + (a == b ? 0.0 : substitute);
      Value best = match, columns, across;
      bool by_columns = false, by_rows = false;
      if constexpr (kind == Transposition::restricted) {
        by_columns = i > 1 && j > 1 && a == y_[j - 2] && before == b;
        if (by_columns) best = choose(best, columns = above2[j - 2] + substitute);
      }
      if constexpr (kind == Transposition::unrestricted) {
        by_columns = i > 1 && before == b;
        if (by_columns) best = choose(best, columns = held);
        // Here y_{j-1} = x_i; if also x_{i-1} = y_j, both are adjacent, a case covered above.
        by_rows = j > 1 && a == y_[j - 2] && !(i > 1 && before == b);
        if (by_rows) best = choose(best, across = rows.kept[j]);
        held = a == b && i > 1 ? above2[j - 1] + substitute : held + insert;
        rows.kept[j] = a == b && j > 1 ? above[j - 2] + substitute : rows.kept[j] + remove;
      }
      const Value deletion = row[j - 1] + insert;
      best = choose(choose(best, above[j] + remove), deletion);  // the previous cell last, to shorten the dependency chain; `moves` has its own order
      row[j] = best;
      if (moves != nullptr) {
        const double score = best.score;
        moves[j - 1] = score == match.score                   ? byte_of(Move::match)
                       : by_columns && score == columns.score ? kAcrossColumns
                       : by_rows && score == across.score     ? kAcrossRows
                       : score == deletion.score              ? byte_of(Move::deletion)
                                                              : byte_of(Move::insertion);
      }
    }
  }

  Algebra algebra_;
  EditOptions options_;
  const Symbols& x_;
  const Symbols& y_;
};

template <class Algebra>
typename Algebra::Value last_cell(const EditOptions& options, const Sequence& x, const Sequence& y) {
  const Symbols a = symbols_of(x), b = symbols_of(y);
  const Recursion<Algebra> recursion(options, a, b);
  auto rows = recursion.first();
  for (Index i = 1; i <= x.length; ++i) {
    recursion.next(rows, i, nullptr);
    poll_interrupt();
  }
  return rows.row.back();
}

/// Traceback through the rows in `moves`, down to row `low`.
void back(Traceback& traceback, const Symbols& x, const Symbols& y, bool restricted, const std::uint8_t* moves, Index low) {
  while (traceback.i() > low && traceback.j() > 0) {
    const Index i = traceback.i(), j = traceback.j();
    const std::uint8_t move = moves[static_cast<std::size_t>(i - low - 1) * y.size() + static_cast<std::size_t>(j - 1)];
    switch (move) {
      case kAcrossColumns:  // x_{i-1} x_i were transposed to y_last … y_j
        traceback.step(Move::match);
        while (!restricted && y[traceback.j() - 1] != x[i - 1]) traceback.step(Move::deletion);
        traceback.step(Move::match);
        break;
      case kAcrossRows:  // x_last … x_i were transposed to y_{j-1} y_j
        traceback.step(Move::match);
        while (x[traceback.i() - 1] != y[j - 1]) traceback.step(Move::insertion);
        traceback.step(Move::match);
        break;
      default: traceback.step(static_cast<Move>(move));
    }
  }
}

}  // namespace

std::vector<std::uint32_t> symbols_of(const Sequence& s) {
  std::vector<std::uint32_t> out(static_cast<std::size_t>(s.length));
  for (Index i = 0; i < s.length; ++i) out[static_cast<std::size_t>(i)] = s.symbol(i);
  return out;
}

double rows_score(const EditOptions& options, const Sequence& x, const Sequence& y) { return last_cell<Best<Order::minimum>>(options, x, y).score; }

double rows_count(const EditOptions& options, const Sequence& x, const Sequence& y) {
  return last_cell<Counted<Order::minimum>>(options, x, y).paths;
}

Path rows_path(const EditOptions& options, const Sequence& x, const Sequence& y, std::size_t memory_limit) {
  using Algebra = Best<Order::minimum>;
  const Symbols symbols_of_x = symbols_of(x), symbols_of_y = symbols_of(y);
  const Recursion<Algebra> recursion(options, symbols_of_x, symbols_of_y);
  const Index n = x.length, m = y.length;
  // One byte a cell; a state is about five doubles a column.
  const auto cells = static_cast<double>(n) * static_cast<double>(m);
  const Checkpoints checkpoints = Checkpoints::within(memory_limit, n, cells, 40.0 * static_cast<double>(m + 1));
  std::vector<Rows<Algebra::Value>> saved;  // the state before each block but the last
  // Uninitialised: initialising hundreds of megabytes could not be interrupted.
  const auto moves = std::make_unique_for_overwrite<std::uint8_t[]>(static_cast<std::size_t>(checkpoints.every()) * static_cast<std::size_t>(m));
  auto rows = recursion.first();
  const auto run = [&](Index b, bool keeps) {
    const Index low = checkpoints.begin(b);
    for (Index i = low; i < checkpoints.end(b); ++i) {
      recursion.next(rows, i + 1, keeps ? moves.get() + static_cast<std::size_t>(i - low) * static_cast<std::size_t>(m) : nullptr);
      poll_interrupt();
    }
  };
  checkpoints.forward(
      [&](Index b) {
        if (b < checkpoints.last()) saved.push_back(rows);
      },
      run);
  Traceback traceback(n, m);
  const double score = rows.row.back().score;
  checkpoints.backward(
      checkpoints.last(), true, [&](Index b) { rows = std::move(saved[static_cast<std::size_t>(b)]); }, run,
      [&](Index b) {
        back(traceback, symbols_of_x, symbols_of_y, options.transposition == Transposition::restricted, moves.get(), checkpoints.begin(b));
        return traceback.j() > 0;
      });
  return {score, traceback.finish()};
}

}  // namespace plait::align::detail
