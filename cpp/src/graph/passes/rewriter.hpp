// How passes change a module: build a new module from the values of an old one (rewrite), or add values to a module and replace others by them
// (Rewriter). Also the builders of values, and the reading of slice attributes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>

#include "module.hpp"

namespace plait::graph {

// ---- values ----

Value make_slice(const Module& module, int of, Index axis, Index begin, Index end);  ///< unit steps along one axis
Value make_transpose(const Module& module, int matrix);
Value make_reshape(const Module& module, int of, const Shape& shape);
Value make_broadcast(const Module& module, int of, const Shape& shape);
Value make_copy(const Module& module, int of);  ///< a cast to its own dtype
Value make_concatenate(const Module& module, const std::vector<int>& pieces, Index axis);
Value make_binary(const Module& module, const Op& op, int a, int b);
/// A reduction over `axes`; keep: they remain with size 1.
Value make_reduction(const Module& module, const Op& op, int of, std::span<const Index> axes, bool keep);

/// A plain slice: unit steps, and a proper range of exactly one axis.
struct AxisSlice {
  Index axis, begin, end;
};
/// The range that a slice with these attributes reads from a value of spec `whole`; nullopt if it is no plain slice.
std::optional<AxisSlice> slice_range(const Spec& whole, const Spec& part, const Attributes& attributes);

// ---- a module from another ----

/// Calls `visit(old, value)` for the values of `in` in order, with inputs already renumbered; it appends to `out` and returns
/// the replacement of each. Then outputs and updates are renumbered, too. Groups are dropped. Visited values are freed on the
/// way.
template <class Visit>
void rewrite(Module in, Module& out, std::vector<int>& new_of, Visit visit) {
  new_of.assign(in.values.size(), -1);
  for (std::size_t old = 0; old < in.values.size(); ++old) {
    in.values.release_before(old);
    Value value = std::move(in.values[old]);
    for (int& input : value.inputs) input = new_of[input];
    new_of[old] = visit(static_cast<int>(old), std::move(value));
  }
  out.feeds = in.feeds;
  for (const int output : in.outputs) out.outputs.push_back(new_of[output]);
  for (const Update& update : in.updates) out.updates.push_back({new_of[update.parameter], new_of[update.value]});
}
/// Keeps the values listed in `order`, a topological order, in that order; in place, without a second copy of them.
Module reordered(Module module, std::vector<int> order);

/// The consumers of each value.
class Consumers {
 public:
  Consumers() = default;
  /// counts: the number of consumers of each value; add() then appends them.
  explicit Consumers(const std::vector<int>& counts) : begin_(counts.size() + 1, 0), end_(counts.size()) {
    for (std::size_t v = 0; v < counts.size(); ++v) begin_[v + 1] = begin_[v] + counts[v];
    for (std::size_t v = 0; v < counts.size(); ++v) end_[v] = begin_[v];
    readers_.resize(static_cast<std::size_t>(begin_.back()));
  }
  void add(int v, int reader) { readers_[static_cast<std::size_t>(end_[static_cast<std::size_t>(v)]++)] = reader; }

  [[nodiscard]] std::size_t size() const { return end_.size(); }
  [[nodiscard]] std::span<const int> operator[](int v) const {
    return {readers_.data() + begin_[static_cast<std::size_t>(v)], readers_.data() + end_[static_cast<std::size_t>(v)]};
  }

 private:
  std::vector<int> begin_, end_, readers_;
};

/// A module in which values are replaced by new or existing ones. Inputs are read through input(), which follows replacements; take()
/// renumbers.
class Rewriter {
 public:
  explicit Rewriter(Module module);

  [[nodiscard]] const Value& at(int v) const { return module_.values[v]; }
  [[nodiscard]] const Module& module() const { return module_; }
  [[nodiscard]] int size() const { return static_cast<int>(module_.values.size()); }
  /// The value that stands for v now.
  [[nodiscard]] int now(int v) const;
  [[nodiscard]] int input(int v, std::size_t i) const { return now(module_.values[v].inputs[i]); }
  [[nodiscard]] bool is(int v, const Op& op) const { return at(v).op == &op; }

  int add(Value value);
  /// All consumers of `old` read `by` from now on.
  void replace(int old, int by);
  [[nodiscard]] bool changed() const { return changed_; }

  /// The concatenation of the pieces along an axis; if they are all the slices of one value in order, that value.
  int concatenate(const std::vector<int>& pieces, Index axis);
  /// True if that concatenation or its transpose exists already, so that it adds no work.
  [[nodiscard]] bool is_free(const std::vector<int>& pieces, Index axis) const;
  int slice(int v, Index axis, Index begin, Index end) { return add(make_slice(module_, v, axis, begin, end)); }
  int transpose(int matrix);
  int reshape(int v, const Shape& shape) { return at(v).spec.shape == shape ? v : add(make_reshape(module_, v, shape)); }
  int binary(const Op& op, int a, int b) { return add(make_binary(module_, op, a, b)); }

  /// If v is a plain slice: the sliced value and the range.
  struct Slice : AxisSlice {
    int of;
  };
  [[nodiscard]] std::optional<Slice> as_slice(int v) const;

  /// True if v is an output or an update.
  [[nodiscard]] bool is_wanted(int v) const;
  /// True if one of the values depends on one of the others (through their inputs).
  [[nodiscard]] bool depend_on_each_other(const std::vector<int>& values);

  // The module's current state; a result that is held does not change when values are replaced later.
  /// Consumers of every live value, in order.
  [[nodiscard]] std::shared_ptr<const Consumers> consumers() const;
  /// Values that outputs and updates depend on, inputs before consumers.
  [[nodiscard]] std::shared_ptr<const std::vector<int>> live() const;

  /// The live values, renumbered.
  Module take();
  /// The unchanged module, if nothing was replaced.
  Module release() { return std::move(module_); }

 private:
  [[nodiscard]] std::optional<int> joined_already(const std::vector<int>& pieces, Index axis) const;
  /// The values whose transposes the pieces are; empty if a piece is not a transpose.
  [[nodiscard]] std::vector<int> untransposed(const std::vector<int>& pieces) const;

  Module module_;
  mutable std::vector<int> replaced_;
  std::vector<int> stamp_;
  int visit_ = 0;
  bool changed_ = false;
  // Cached until the next replacement: rules without a match query it repeatedly.
  mutable std::shared_ptr<const std::vector<int>> live_;
  mutable std::shared_ptr<const Consumers> consumers_;
  std::map<std::pair<Index, std::vector<int>>, int> joined_;  // concatenations made so far
  std::unordered_map<int, int> transposed_;
};

}  // namespace plait::graph
