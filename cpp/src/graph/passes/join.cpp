// Pass 2b, join: what is done many times in pieces is done once on the pieces stacked, e.g. over the time steps of an unrolled loop. Stacking costs
// nothing where the pieces are computed in their place (place.cpp), and each rule is a plain identity of matrices:
//   A1 W, A2 W        = rows of [A1; A2] W          (the inputs of all steps through one weight)
//   A W1, A W2        = columns of A [W1 W2]        (four gates)
//   A1 B1 + A2 B2     = [A1 A2] [B1; B2]            (the gradient of a shared weight)
//   f(x1), f(x2)      = pieces of f([x1; x2])       for elementwise f
#include "join.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "plait/base/error.hpp"

namespace plait::graph {
namespace {

// Beyond this size of a graph the search for independent pieces would take longer than it saves.
constexpr std::size_t kLargestGraph = 200000;
constexpr int kMostRounds = 8;

}  // namespace

Rewriter::Rewriter(Lowered graph) : graph_(std::move(graph)), replaced_(graph_.values.size(), -1), stamp_(graph_.values.size(), 0) {}

int Rewriter::now(int v) const {
  int last = v;
  while (replaced_[last] >= 0) last = replaced_[last];
  while (replaced_[v] >= 0) v = std::exchange(replaced_[v], last);
  return last;
}

bool Rewriter::is(int v, const Op& op) const { return graph_.values[v].op == &op; }

int Rewriter::add(Value value) {
  graph_.values.push_back(std::move(value));
  replaced_.push_back(-1);
  stamp_.push_back(0);
  return size() - 1;
}

void Rewriter::replace(int old, int by) {
  old = now(old);
  by = now(by);
  if (old == by) return;
  replaced_[old] = by;
  changed_ = true;
}

std::optional<Rewriter::Slice> Rewriter::as_slice(int v) const {
  v = now(v);
  const Value& value = at(v);
  if (!is(v, ops::slice)) return {};
  const int of = input(v, 0);
  const Shape& whole = at(of).spec.shape;
  const auto view = value.op->view(at(of).spec, value.spec, value.attributes, {0, contiguous_strides(whole)});
  const Shape strides = contiguous_strides(whole);
  Slice slice{of, -1, 0, 0};
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (value.spec.shape[i] == whole[i] && view->strides[i] == strides[i]) continue;
    if (slice.axis >= 0 || view->strides[i] != strides[i]) return {};
    slice.axis = static_cast<Index>(i);
    slice.begin = view->offset / strides[i];
    slice.end = slice.begin + value.spec.shape[i];
  }
  if (slice.axis < 0) return {};
  return slice;
}

std::optional<int> Rewriter::joined_already(const std::vector<int>& pieces, Index axis) const {
  std::vector<int> parts;
  for (const int piece : pieces) parts.push_back(now(piece));
  if (parts.size() == 1) return parts[0];
  // All slices of one value, in order, are that value.
  Index end = 0;
  int whole = -1;
  for (const int part : parts) {
    const auto slice = as_slice(part);
    if (!slice || slice->axis != axis || slice->begin != end || (whole >= 0 && slice->of != whole)) {
      whole = -1;
      break;
    }
    whole = slice->of;
    end = slice->end;
  }
  if (whole >= 0 && end == at(whole).spec.shape[static_cast<std::size_t>(axis)]) return whole;
  if (const auto found = joined_.find({axis, parts}); found != joined_.end()) return now(found->second);
  return {};
}

std::vector<int> Rewriter::untransposed(const std::vector<int>& pieces) const {
  std::vector<int> originals;
  for (const int piece : pieces) {
    const int part = now(piece);
    if (!is(part, ops::transpose) || at(part).attributes.ints != std::vector<Index>{1, 0}) return {};
    originals.push_back(input(part, 0));
  }
  return originals;
}

bool Rewriter::is_free(const std::vector<int>& pieces, Index axis) const {
  if (joined_already(pieces, axis)) return true;
  const std::vector<int> originals = untransposed(pieces);
  return !originals.empty() && joined_already(originals, 1 - axis).has_value();
}

int Rewriter::concatenate(const std::vector<int>& pieces, Index axis) {
  if (const auto found = joined_already(pieces, axis)) return *found;
  if (const std::vector<int> originals = untransposed(pieces); !originals.empty()) return transpose(concatenate(originals, 1 - axis));
  Value value;
  for (const int piece : pieces) value.inputs.push_back(now(piece));
  value.op = &ops::concatenate;
  value.attributes.ints = {axis};
  value.spec = at(value.inputs[0]).spec;
  value.node = at(value.inputs[0]).node;
  Index& length = value.spec.shape[static_cast<std::size_t>(axis)];
  length = 0;
  for (const int part : value.inputs) length += at(part).spec.shape[static_cast<std::size_t>(axis)];
  auto key = std::pair(axis, value.inputs);
  const int v = add(std::move(value));
  joined_.emplace(std::move(key), v);
  return v;
}

int Rewriter::slice(int v, Index axis, Index begin, Index end) {
  Value value;
  value.op = &ops::slice;
  value.spec = at(v).spec;
  value.node = at(v).node;
  for (std::size_t i = 0; i < value.spec.shape.size(); ++i) {
    const bool here = static_cast<Index>(i) == axis;
    value.attributes.ints.insert(value.attributes.ints.end(), {here ? begin : 0, here ? end : value.spec.shape[i], 1});
  }
  value.spec.shape[static_cast<std::size_t>(axis)] = end - begin;
  value.inputs = {v};
  return add(std::move(value));
}

int Rewriter::transpose(int v) {
  if (is(v, ops::transpose) && at(v).attributes.ints == std::vector<Index>{1, 0}) return input(v, 0);
  const auto [found, inserted] = transposed_.emplace(v, 0);
  if (!inserted) return now(found->second);
  Value value;
  value.op = &ops::transpose;
  value.attributes.ints = {1, 0};
  value.spec = {{at(v).spec.shape[1], at(v).spec.shape[0]}, at(v).spec.dtype};
  value.node = at(v).node;
  value.inputs = {v};
  const int t = add(std::move(value));
  transposed_[v] = t;
  return t;
}

int Rewriter::reshape(int v, const Shape& shape) {
  if (at(v).spec.shape == shape) return v;
  Value value;
  value.op = &ops::reshape;
  value.attributes.ints = shape;
  value.spec = {shape, at(v).spec.dtype};
  value.node = at(v).node;
  value.inputs = {v};
  return add(std::move(value));
}

int Rewriter::binary(const Op& op, int a, int b) {
  Value value;
  value.op = &op;
  const std::array<Spec, 2> specs = {at(a).spec, at(b).spec};
  value.spec = value.op->infer(specs, {});
  value.node = at(b).node;
  value.inputs = {a, b};
  return add(std::move(value));
}

bool Rewriter::is_wanted(int v) const {
  const auto is_it = [&](int wanted) { return now(wanted) == now(v); };
  return std::any_of(graph_.outputs.begin(), graph_.outputs.end(), is_it) ||
         std::any_of(graph_.updates.begin(), graph_.updates.end(), [&](const Update& update) { return is_it(update.value); });
}

bool Rewriter::depend_on_each_other(const std::vector<int>& values) {
  // Walk down from the inputs of all; whoever meets one of them has found a dependency.
  const int member = ++visit_, seen = ++visit_;
  std::vector<int> open;
  for (const int v : values) stamp_[now(v)] = member;
  for (const int v : values)
    for (const int u : at(now(v)).inputs) open.push_back(now(u));
  while (!open.empty()) {
    const int v = open.back();
    open.pop_back();
    if (stamp_[v] == member) return true;
    if (stamp_[v] == seen) continue;
    stamp_[v] = seen;
    for (const int u : at(v).inputs) open.push_back(now(u));
  }
  return false;
}

std::vector<int> Rewriter::live() const {
  std::vector<char> state(graph_.values.size(), 0);  // 1: open, 2: done
  std::vector<int> order, stack;
  const auto want = [&](int v) {
    stack.push_back(now(v));
    while (!stack.empty()) {
      const int at_top = stack.back();
      if (state[at_top] == 2) {
        stack.pop_back();
      } else if (state[at_top] == 1) {
        state[at_top] = 2;
        order.push_back(at_top);
        stack.pop_back();
      } else {
        state[at_top] = 1;
        for (const int u : at(at_top).inputs)
          if (state[now(u)] == 0) stack.push_back(now(u));
      }
    }
  };
  for (const int output : graph_.outputs) want(output);
  for (const Update& update : graph_.updates) {
    want(update.parameter);
    want(update.value);
  }
  return order;
}

std::vector<std::vector<int>> Rewriter::consumers() const {
  std::vector<std::vector<int>> result(graph_.values.size());
  for (const int v : live())
    for (const int u : at(v).inputs) result[now(u)].push_back(v);
  return result;
}

Lowered Rewriter::take() {
  Lowered out;
  std::vector<int> new_of(graph_.values.size(), -1);
  for (const int v : live()) {
    new_of[v] = static_cast<int>(out.values.size());
    out.values.push_back(graph_.values[v]);
    for (int& u : out.values.back().inputs) u = new_of[now(u)];
  }
  for (const int output : graph_.outputs) out.outputs.push_back(new_of[now(output)]);
  for (const Update& update : graph_.updates) out.updates.push_back({new_of[now(update.parameter)], new_of[now(update.value)]});
  return out;
}

Lowered join(Lowered in) {
  if (in.values.size() > kLargestGraph) return in;
  Rewriter graph(std::move(in));
  for (int round = 0; round < kMostRounds; ++round) {
    bool more = join_scattered(graph);
    more = join_same_left(graph) || more;
    more = join_same_right(graph) || more;
    more = join_slices(graph) || more;
    more = join_sums(graph) || more;
    if (!more) break;
  }
  share_stacks(graph);
  trim_products(graph);  // last: whoever shares an operand may share it with a product that is read as a whole
  return graph.changed() ? simplify(graph.take()) : graph.release();
}

}  // namespace plait::graph
