// How passes change a module: a new module is made of the values of an old one (rewrite), or values are added to a module and stand for others
// from then on (Rewriter). Values are built by the functions here, and slices are read by one.
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
Value make_copy(const Module& module, int of);  ///< a cast to the dtype that it has
Value make_concatenate(const Module& module, const std::vector<int>& pieces, Index axis);
Value make_binary(const Module& module, const Op& op, int a, int b);
/// A reduction over `axes` that keeps them as ones, or not.
Value make_reduction(const Module& module, const Op& op, int of, std::span<const Index> axes, bool keep);

/// A plain slice: unit steps, all of every axis but one.
struct AxisSlice {
  Index axis, begin, end;
};
/// What of a value of shape `whole` a slice with these attributes, of result `part`, reads. Nothing if it is no plain slice, or all of the value.
std::optional<AxisSlice> slice_range(const Spec& whole, const Spec& part, const Attributes& attributes);

// ---- a module from another ----

/// Hands the values of `in` to `visit(old, value)`, in their order, with inputs already renumbered; it adds to `out` what it makes of each and
/// returns the value that stands for it. Then outputs and updates are renumbered, too. Groups do not survive. What has been visited is freed on the
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
/// Keeps the values that `order` names, which must stand after their inputs there, in that order; needs no memory for a second copy of them.
Module reordered(Module module, std::vector<int> order);

/// The readers of each value.
class Consumers {
 public:
  Consumers() = default;
  /// How many each value has; add() then names them.
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

/// A module in which values are replaced by others: by values that are added, or that are there. Inputs are read through input(), which follows the
/// replacements; take() renumbers.
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
  /// Everyone who reads `old` reads `by` from here on.
  void replace(int old, int by);
  [[nodiscard]] bool changed() const { return changed_; }

  /// Pieces side by side along an axis; pieces that are all of one value in order are that value.
  int concatenate(const std::vector<int>& pieces, Index axis);
  /// True if that concatenation is there already, or its transpose, so that asking for it adds no work.
  [[nodiscard]] bool is_free(const std::vector<int>& pieces, Index axis) const;
  int slice(int v, Index axis, Index begin, Index end) { return add(make_slice(module_, v, axis, begin, end)); }
  int transpose(int matrix);
  int reshape(int v, const Shape& shape) { return at(v).spec.shape == shape ? v : add(make_reshape(module_, v, shape)); }
  int binary(const Op& op, int a, int b) { return add(make_binary(module_, op, a, b)); }

  /// If v is a plain slice of another value: that value, and what of it.
  struct Slice : AxisSlice {
    int of;
  };
  [[nodiscard]] std::optional<Slice> as_slice(int v) const;

  /// True if v is an output or an update.
  [[nodiscard]] bool is_wanted(int v) const;
  /// True if one of the values depends on one of the others (through their inputs).
  [[nodiscard]] bool depend_on_each_other(const std::vector<int>& values);

  // As the module stands now; whoever holds these holds them as they were when asked for, whatever is replaced later.
  /// Readers of every live value, in order.
  [[nodiscard]] std::shared_ptr<const Consumers> consumers() const;
  /// Values that outputs and updates depend on, inputs before consumers.
  [[nodiscard]] std::shared_ptr<const std::vector<int>> live() const;

  /// The live values, renumbered.
  Module take();
  /// The module as it was given, if nothing has changed.
  Module release() { return std::move(module_); }

 private:
  [[nodiscard]] std::optional<int> joined_already(const std::vector<int>& pieces, Index axis) const;
  /// What the pieces are transposes of; empty if one is not.
  [[nodiscard]] std::vector<int> untransposed(const std::vector<int>& pieces) const;

  Module module_;
  mutable std::vector<int> replaced_;
  std::vector<int> stamp_;
  int visit_ = 0;
  bool changed_ = false;
  // As of the last replacement: rules that find nothing to do ask again and again.
  mutable std::shared_ptr<const std::vector<int>> live_;
  mutable std::shared_ptr<const Consumers> consumers_;
  std::map<std::pair<Index, std::vector<int>>, int> joined_;  // concatenations made so far
  std::unordered_map<int, int> transposed_;
};

}  // namespace plait::graph
