// Building values, reading slices, and a module whose values are replaced by others.
#include "rewriter.hpp"

#include <algorithm>
#include <array>

#include "plait/base/error.hpp"

namespace plait::graph {

Value make_slice(const Module& module, int of, Index axis, Index begin, Index end) {
  const Value& from = module.values[of];
  Value value{.op = &ops::slice, .spec = from.spec, .inputs = {of}, .node = from.node};
  SliceList ranges;
  for (const Index size : value.spec.shape) ranges.push_back({0, size});
  ranges[static_cast<std::size_t>(axis)] = {begin, end};
  value.attributes = SliceRanges{ranges};
  value.spec.shape[static_cast<std::size_t>(axis)] = end - begin;
  return value;
}

Value make_transpose(const Module& module, int matrix) {
  const Value& from = module.values[matrix];
  return {.op = &ops::transpose,
          .attributes = Permutation{{1, 0}},
          .spec = {{from.spec.shape[1], from.spec.shape[0]}, from.spec.dtype},
          .inputs = {matrix},
          .node = from.node};
}

Value make_reshape(const Module& module, int of, const Shape& shape) {
  const Value& from = module.values[of];
  return {.op = &ops::reshape, .attributes = NewShape{shape}, .spec = {shape, from.spec.dtype}, .inputs = {of}, .node = from.node};
}

Value make_broadcast(const Module& module, int of, const Shape& shape) {
  const Value& from = module.values[of];
  return {.op = &ops::broadcast_to, .attributes = NewShape{shape}, .spec = {shape, from.spec.dtype}, .inputs = {of}, .node = from.node};
}

Value make_copy(const Module& module, int of) {
  const Value& from = module.values[of];
  return {.op = &ops::cast, .attributes = CastTo{from.spec.dtype}, .spec = from.spec, .inputs = {of}, .node = from.node};
}

Value make_concatenate(const Module& module, const std::vector<int>& pieces, Index axis) {
  const Value& first = module.values[pieces[0]];
  Value value{.op = &ops::concatenate, .attributes = OneAxis{axis}, .spec = first.spec, .inputs = pieces, .node = first.node};
  Index& length = value.spec.shape[static_cast<std::size_t>(axis)];
  length = 0;
  for (const int piece : value.inputs) length += module.values[piece].spec.shape[static_cast<std::size_t>(axis)];
  return value;
}

Value make_binary(const Module& module, const Op& op, int a, int b) {
  const std::array<Spec, 2> specs = {module.values[a].spec, module.values[b].spec};
  return {.op = &op, .spec = op.infer(specs, {}), .inputs = {a, b}, .node = module.values[b].node};
}

Value make_reduction(const Module& module, const Op& op, int of, std::span<const Index> axes, bool keep) {
  const Value& from = module.values[of];
  Attributes attributes = ReducedAxes{keep, {axes.begin(), axes.end()}};
  const std::array<Spec, 1> specs = {from.spec};
  Spec spec = op.infer(specs, attributes);
  return {.op = &op, .attributes = std::move(attributes), .spec = std::move(spec), .inputs = {of}, .node = from.node};
}

std::optional<AxisSlice> slice_range(const Spec& whole, const Spec& part, const Attributes& attributes) {
  if (count_of(whole.shape) == 0) return {};  // empty: the start of the slice cannot be told from strides of 0
  const Shape strides = contiguous_strides(whole.shape);
  const auto view = ops::slice.view(whole, part, attributes, {0, strides});
  AxisSlice range{-1, 0, 0};
  for (std::size_t i = 0; i < whole.shape.size(); ++i) {
    if (part.shape[i] == whole.shape[i] && view->strides[i] == strides[i]) continue;
    if (range.axis >= 0 || view->strides[i] != strides[i]) return {};
    range.axis = static_cast<Index>(i);
    range.begin = view->offset / strides[i];
    range.end = range.begin + part.shape[i];
  }
  if (range.axis < 0) return {};
  return range;
}

namespace {

constexpr int kMovesAhead = 8;  // prefetch distance: memory latency over about 10 ns for a move
constexpr std::size_t kEnd = ~std::size_t{0};

// The index whose value moves to `at`; kEnd if that closes the cycle that started at `begin`.
std::size_t next_of_cycle(const std::vector<int>& order, std::size_t at, std::size_t begin) {
  const auto next = static_cast<std::size_t>(order[at]);
  return next == begin ? kEnd : next;
}

}  // namespace

Module reordered(Module module, std::vector<int> order) {
  const std::size_t kept = order.size();
  std::vector<int> new_of(module.values.size(), -1);
  for (std::size_t i = 0; i < kept; ++i) new_of[order[i]] = static_cast<int>(i);
  for (std::size_t v = 0; v < new_of.size(); ++v)
    if (new_of[v] < 0) order.push_back(static_cast<int>(v));  // a permutation: values that are dropped come last
  // Cycle by cycle. Successive elements of a cycle are far apart in memory: each is prefetched kMovesAhead moves ahead.
  const auto ask_for = [&](std::size_t v) {
    const auto* const bytes = reinterpret_cast<const char*>(&module.values[v]);
    for (std::size_t at = 0; at < sizeof(Value); at += 64) __builtin_prefetch(bytes + at, 1);
  };
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (order[i] < 0 || order[i] == static_cast<int>(i)) continue;
    Value first = std::move(module.values[i]);
    std::size_t to = i, ahead = i;
    for (int k = 0; k < kMovesAhead && ahead != kEnd; ++k) ahead = next_of_cycle(order, ahead, i);
    for (auto from = static_cast<std::size_t>(order[to]); from != i; from = static_cast<std::size_t>(order[to])) {
      if (ahead != kEnd) {
        ask_for(ahead);
        ahead = next_of_cycle(order, ahead, i);
      }
      module.values[to] = std::move(module.values[from]);
      order[to] = -1;
      to = from;
    }
    module.values[to] = std::move(first);
    order[to] = -1;
  }
  module.values.truncate(kept);
  for (std::size_t v = 0; v < kept; ++v)
    for (int& input : module.values[v].inputs) {
      input = new_of[input];
      PLAIT_ASSERT(input >= 0 && input < static_cast<int>(v));  // inputs before their readers
    }
  for (int& output : module.outputs) output = new_of[output];
  for (Update& update : module.updates) update = {new_of[update.parameter], new_of[update.value]};
  return module;
}

Rewriter::Rewriter(Module module) : module_(std::move(module)), replaced_(module_.values.size(), -1), stamp_(module_.values.size(), 0) {}

int Rewriter::now(int v) const {
  int last = v;
  while (replaced_[last] >= 0) last = replaced_[last];
  while (replaced_[v] >= 0) v = std::exchange(replaced_[v], last);
  return last;
}

int Rewriter::add(Value value) {
  module_.values.push_back(std::move(value));
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
  live_.reset();
  consumers_.reset();
}

std::optional<Rewriter::Slice> Rewriter::as_slice(int v) const {
  v = now(v);
  if (!is(v, ops::slice)) return {};
  const int of = input(v, 0);
  const auto range = slice_range(at(of).spec, at(v).spec, at(v).attributes);
  if (!range) return {};
  return Slice{*range, of};
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
    if (!is(part, ops::transpose) || !at(part).attributes.as<Permutation>().swaps_two()) return {};
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
  std::vector<int> parts;
  for (const int piece : pieces) parts.push_back(now(piece));
  const int v = add(make_concatenate(module_, parts, axis));
  joined_.emplace(std::pair(axis, std::move(parts)), v);
  return v;
}

int Rewriter::transpose(int v) {
  if (is(v, ops::transpose) && at(v).attributes.as<Permutation>().swaps_two()) return input(v, 0);
  const auto [found, inserted] = transposed_.emplace(v, 0);
  if (!inserted) return now(found->second);
  const int t = add(make_transpose(module_, v));
  transposed_[v] = t;
  return t;
}

bool Rewriter::is_wanted(int v) const {
  const auto is_it = [&](int wanted) { return now(wanted) == now(v); };
  return std::any_of(module_.outputs.begin(), module_.outputs.end(), is_it) ||
         std::any_of(module_.updates.begin(), module_.updates.end(), [&](const Update& update) { return is_it(update.value); });
}

bool Rewriter::depend_on_each_other(const std::vector<int>& values) {
  // Depth-first search from the inputs of all values: reaching one of the values is a dependency.
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

std::shared_ptr<const std::vector<int>> Rewriter::live() const {
  if (live_) return live_;
  std::vector<char> state(module_.values.size(), 0);  // 1: open, 2: done
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
        for (const int input : at(at_top).inputs)
          if (const int u = now(input); state[u] == 0) stack.push_back(u);
      }
    }
  };
  for (const int output : module_.outputs) want(output);
  for (const Update& update : module_.updates) {
    want(update.parameter);
    want(update.value);
  }
  live_ = std::make_shared<const std::vector<int>>(std::move(order));
  return live_;
}

std::shared_ptr<const Consumers> Rewriter::consumers() const {
  if (consumers_) return consumers_;
  std::vector<int> counts(module_.values.size(), 0);
  std::vector<std::pair<int, int>> reads;  // what, and who
  for (const int v : *live())
    for (const int input : at(v).inputs) {
      const int u = now(input);
      ++counts[u];
      reads.emplace_back(u, v);
    }
  auto consumers = std::make_shared<Consumers>(counts);
  for (const auto& [u, v] : reads) consumers->add(u, v);
  consumers_ = std::move(consumers);
  return consumers_;
}

Module Rewriter::take() {
  std::vector<int> order = *live();
  for (const int v : order)
    for (int& u : module_.values[v].inputs) u = now(u);
  for (int& output : module_.outputs) output = now(output);
  for (Update& update : module_.updates) update = {now(update.parameter), now(update.value)};
  return reordered(std::move(module_), std::move(order));
}

}  // namespace plait::graph
