// What the joining rules share: a graph that is rewritten in place, with replaced values and reachability.
#pragma once

#include <map>

#include "lowered.hpp"

namespace plait::graph {

class Rewriter {
 public:
  explicit Rewriter(Lowered graph);

  [[nodiscard]] const Value& at(int v) const { return graph_.values[v]; }
  [[nodiscard]] int size() const { return static_cast<int>(graph_.values.size()); }
  /// The value that stands for v now.
  [[nodiscard]] int now(int v) const;
  [[nodiscard]] int input(int v, std::size_t i) const { return now(graph_.values[v].inputs[i]); }
  [[nodiscard]] bool is(int v, const Op& op) const;

  int add(Value value);
  /// Everyone who reads `old` reads `by` from here on.
  void replace(int old, int by);
  [[nodiscard]] bool changed() const { return changed_; }

  /// Pieces side by side along an axis; pieces that are all of one value in order are that value.
  int concatenate(const std::vector<int>& pieces, Index axis);
  /// True if that concatenation is there already, or its transpose, so that asking for it adds no work.
  [[nodiscard]] bool is_free(const std::vector<int>& pieces, Index axis) const;
  int slice(int v, Index axis, Index begin, Index end);
  int transpose(int v);
  int reshape(int v, const Shape& shape);
  int binary(const Op& op, int a, int b);

  /// If v is a plain slice of one axis of another value: that value, the axis, where it begins and ends.
  struct Slice {
    int of;
    Index axis, begin, end;
  };
  [[nodiscard]] std::optional<Slice> as_slice(int v) const;

  /// True if v is an output or an update.
  [[nodiscard]] bool is_wanted(int v) const;
  /// True if one of the values depends on one of the others (through their inputs).
  [[nodiscard]] bool depend_on_each_other(const std::vector<int>& values);

  /// Consumers of every live value as the graph stands now, in order.
  [[nodiscard]] std::vector<std::vector<int>> consumers() const;
  /// Values that outputs and updates depend on now, inputs before consumers.
  [[nodiscard]] std::vector<int> live() const;

  /// The rewritten graph, in topological order.
  Lowered take();
  /// The graph as it was given, if nothing has changed.
  Lowered release() { return std::move(graph_); }

 private:
  [[nodiscard]] std::optional<int> joined_already(const std::vector<int>& pieces, Index axis) const;
  /// What the pieces are transposes of; empty if one is not.
  [[nodiscard]] std::vector<int> untransposed(const std::vector<int>& pieces) const;

  Lowered graph_;
  mutable std::vector<int> replaced_;
  std::vector<int> stamp_;
  int visit_ = 0;
  bool changed_ = false;
  std::map<std::pair<Index, std::vector<int>>, int> joined_;  // concatenations made so far
  std::unordered_map<int, int> transposed_;
};

/// The rules; each true if it changed something.
bool join_scattered(Rewriter& graph);   ///< sums of slice gradients that tile an axis: one concatenation
bool join_same_right(Rewriter& graph);  ///< products with one right operand: one product over stacked rows
bool join_same_left(Rewriter& graph);   ///< products with one left operand: one product over stacked columns
bool join_slices(Rewriter& graph);      ///< the same elementwise work on every slice of a value: once, on the value
bool join_sums(Rewriter& graph);        ///< sums of products, and of sums: one over stacked terms
bool share_stacks(Rewriter& graph);     ///< concatenations that are runs of another's pieces: slices of it
bool trim_products(Rewriter& graph);    ///< products that are read in part: only that part

}  // namespace plait::graph
