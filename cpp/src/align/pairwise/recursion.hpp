// The definition: Gotoh's recursion as an instance of the template. A cell has three values, one for each last move of a path, because the cost of
// a gap depends on the previous move. Each alignment is exactly one path through these states, also if open == extend, so counting paths counts
// alignments.
#pragma once

#include <limits>
#include <vector>

#include "plait/align/algebra.hpp"
#include "plait/align/pairwise.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align::detail {

/// Cells of three values over an algebra of one.
template <class Inner>
class Gotoh {
 public:
  using Value = decltype(std::declval<Inner&>().lift(0.0));
  /// By the last move. A path that begins here follows no gap, which is a `match` state.
  struct Cell {
    Value match, deletion, insertion;
    friend Value result(const Cell& c) { return choose(choose(c.match, c.deletion), c.insertion); }
  };
  /// Values of a border cell.
  struct Border {
    double match = kWorst<Order::maximum>, deletion = kWorst<Order::maximum>, insertion = kWorst<Order::maximum>;
  };

  Gotoh(Inner& inner, bool local) : inner_(inner), local_(local) {}
  [[nodiscard]] Value none() const { return inner_.none(); }
  [[nodiscard]] Cell lift(const Border& b) const { return {inner_.lift(b.match), inner_.lift(b.deletion), inner_.lift(b.insertion)}; }
  [[nodiscard]] Cell border(const Border& b, const Cell& before) const {
    return {inner_.border(b.match, result(before)), inner_.border(b.deletion, result(before)), inner_.border(b.insertion, result(before))};
  }
  [[nodiscard]] Cell arrive(const Cell& c, Move move) const {
    return {inner_.arrive(c.match, move), inner_.arrive(c.deletion, move), inner_.arrive(c.insertion, move)};
  }
  [[nodiscard]] Cell settle(Cell c, Index i, Index j) const {
    if (j == 0) poll_interrupt();
    if (local_ && i > 0 && j > 0) c.match = choose(inner_.lift(0.0), c.match);
    return {inner_.settle(c.match, i, j), inner_.settle(c.deletion, i, j), inner_.settle(c.insertion, i, j)};
  }

 private:
  Inner& inner_;
  bool local_;
};

/// The best value of the whole recursion in the given algebra.
template <class Inner>
auto run_recursion(const PairwiseOptions& options, Inner& inner, const Sequence& x, const Sequence& y) {
  using Algebra = Gotoh<Inner>;
  const double open = options.open, extend = options.extend;
  const Ends ends = options.ends;
  const auto init = [=](Index i, Index j) {
    typename Algebra::Border b;
    if (ends.begin(i, j)) {
      b.match = 0;
    } else if (i == 0) {
      b.deletion = open + static_cast<double>(j - 1) * extend;
    } else {
      b.insertion = open + static_cast<double>(i - 1) * extend;
    }
    return b;
  };
  const auto rank = [&similarity = options.similarity, open, extend](const auto& insertion, const auto& match, const auto& deletion, std::uint32_t a,
                                                                     std::uint32_t b) {
    return typename Algebra::Cell{result(match) + similarity(a, b),
                                  choose(choose(deletion.match + open, deletion.deletion + extend), deletion.insertion + open),
                                  choose(choose(insertion.match + open, insertion.deletion + open), insertion.insertion + extend)};
  };
  const auto symbols = [](const Sequence& s) {
    std::vector<std::uint32_t> out(static_cast<std::size_t>(s.length));
    for (Index i = 0; i < s.length; ++i) out[static_cast<std::size_t>(i)] = s.symbol(i);
    return out;
  };
  Algebra algebra(inner, ends.local);
  return Alignment<std::uint32_t, decltype(init), decltype(rank)>(init, rank, ends).run(algebra, symbols(x), symbols(y));
}

}  // namespace plait::align::detail
