// The value types of a cell. `choose` combines two paths to the same cell, `+` extends a path; they are the operations of a semiring, so one rank
// functor gives scores, paths, numbers of paths and soft minima (Mohri 2002).
//
// Ties: choose(a, b) keeps a unless b is better. Ranks choose in the order match, deletion, insertion, which makes paths unique.
#pragma once

#include <cmath>
#include <deque>
#include <limits>
#include <vector>

#include "plait/align/template.hpp"

namespace plait::align {

/// Whether smaller or larger scores are better.
enum class Order : std::uint8_t { minimum, maximum };

template <Order order>
constexpr double kWorst = order == Order::minimum ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
template <Order order>
constexpr bool better(double a, double b) {
  return order == Order::minimum ? a < b : a > b;
}

/// A cell on a path.
struct Step {
  Index i, j;  ///< cell of the matrix: elements x_i, y_j, counted from 1
  Move move;   ///< the move into this cell; none at the start of the path
};

// --- the best score -------------------------------------------------------------------------------------------------------------------

template <Order order>
struct Best {
  struct Value {
    double score = kWorst<order>;
    friend Value choose(Value a, Value b) { return {better<order>(b.score, a.score) ? b.score : a.score}; }  // a minimum, no branch
    friend Value operator+(Value a, double cost) { return {a.score + cost}; }
    friend Value result(Value a) { return a; }
  };
  [[nodiscard]] Value none() const { return {}; }
  [[nodiscard]] Value lift(double score) const { return {score}; }
  [[nodiscard]] Value border(double score, Value) const { return {score}; }
  template <class Cell>
  [[nodiscard]] Cell arrive(const Cell& cell, Move) const {
    return cell;
  }
  template <class Cell>
  [[nodiscard]] Cell settle(const Cell& cell, Index, Index) const {
    return cell;
  }
};

// --- the best score and its path ------------------------------------------------------------------------------------------------------

/// Paths are linked lists with shared prefixes, kept in one log.
template <Order order>
class Traced {
 public:
  struct Value {
    double score = kWorst<order>;
    Index at = -1;  ///< last step of the path so far, in the log
    Move move = Move::none;
    friend Value choose(Value a, Value b) { return better<order>(b.score, a.score) ? b : a; }
    friend Value operator+(Value a, double cost) {
      a.score += cost;
      return a;
    }
    friend Value result(Value a) { return a; }
  };
  [[nodiscard]] Value none() const { return {}; }
  [[nodiscard]] Value lift(double score) const { return {score, -1, Move::none}; }
  [[nodiscard]] Value border(double score, Value before) const { return {score, before.at, before.move}; }
  [[nodiscard]] Value arrive(Value value, Move move) const { return {value.score, value.at, move}; }
  [[nodiscard]] Value settle(Value value, Index i, Index j) {
    if (value.score == kWorst<order>) return value;  // no path to this cell
    log_.push_back({{i, j, value.move}, value.move == Move::none ? -1 : value.at});
    return {value.score, static_cast<Index>(log_.size()) - 1, Move::none};
  }

  /// The steps of the path to a value, first to last; the first is the starting cell.
  [[nodiscard]] std::vector<Step> path(const Value& value) const {
    std::vector<Step> steps;
    for (Index at = value.at; at >= 0; at = log_[static_cast<std::size_t>(at)].before) steps.push_back(log_[static_cast<std::size_t>(at)].step);
    return {steps.rbegin(), steps.rend()};
  }

 private:
  struct Entry {
    Step step;
    Index before;
  };
  std::deque<Entry> log_;
};

// --- the number of best paths ---------------------------------------------------------------------------------------------------------

/// Exact up to 2^53 paths, rounded above, infinite above 1.8e308.
template <Order order>
struct Counted {
  struct Value {
    double score = kWorst<order>;
    double paths = 0;
    friend Value choose(Value a, Value b) {
      if (a.score == b.score) return {a.score, a.paths + b.paths};
      return better<order>(b.score, a.score) ? b : a;
    }
    friend Value operator+(Value a, double cost) { return {a.score + cost, a.paths}; }
    friend Value result(Value a) { return a; }
  };
  [[nodiscard]] Value none() const { return {}; }
  [[nodiscard]] Value lift(double score) const { return {score, score == kWorst<order> ? 0.0 : 1.0}; }
  [[nodiscard]] Value border(double score, Value before) const { return {score, score == kWorst<order> ? 0.0 : before.paths}; }
  template <class Cell>
  [[nodiscard]] Cell arrive(const Cell& cell, Move) const {
    return cell;
  }
  template <class Cell>
  [[nodiscard]] Cell settle(const Cell& cell, Index, Index) const {
    return cell;
  }
};

// --- the soft minimum -----------------------------------------------------------------------------------------------------------------

/// choose(a, b) = -gamma · log(exp(-a / gamma) + exp(-b / gamma)): a smooth minimum over all paths (Cuturi and Blondel 2017).
struct Soft {
  struct Value {
    double score = std::numeric_limits<double>::infinity();
    double gamma = 1;
    friend Value choose(Value a, Value b) {
      const double least = std::fmin(a.score, b.score), most = std::fmax(a.score, b.score);
      if (most == std::numeric_limits<double>::infinity()) return {least, a.gamma};
      return {least - a.gamma * std::log1p(std::exp((least - most) / a.gamma)), a.gamma};
    }
    friend Value operator+(Value a, double cost) { return {a.score + cost, a.gamma}; }
    friend Value result(Value a) { return a; }
  };
  double gamma = 1;
  [[nodiscard]] Value none() const { return {std::numeric_limits<double>::infinity(), gamma}; }
  [[nodiscard]] Value lift(double score) const { return {score, gamma}; }
  [[nodiscard]] Value border(double score, Value) const { return {score, gamma}; }
  [[nodiscard]] Value arrive(Value value, Move) const { return value; }
  [[nodiscard]] Value settle(Value value, Index, Index) const { return value; }
};

}  // namespace plait::align
