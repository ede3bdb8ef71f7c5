// Pass 3a, place: views become strides over somebody's memory; a copy goes in where the reader cannot follow strides.
#include <algorithm>
#include <cstring>
#include <string_view>

#include "lowered.hpp"
#include "product.hpp"

namespace plait::graph {
namespace {

bool is_concatenation(const Value& value) { return value.op == &ops::concatenate; }

// Where piece k of a concatenation stands in the whole.
View region(const Lowered& graph, const Value& whole, std::size_t k) {
  View view{0, contiguous_strides(whole.spec.shape)};
  const auto axis = static_cast<std::size_t>(whole.attributes.ints[0]);
  for (std::size_t i = 0; i < k; ++i) view.offset += graph.values[whole.inputs[i]].spec.shape[axis] * view.strides[axis];
  return view;
}

// Decides which values are computed where a concatenation wants them, before anybody's place depends on it.
class Homes {
 public:
  explicit Homes(const Lowered& graph)
      : graph_(graph),
        homes_(graph.values.size()),
        layouts_(graph.values.size()),
        taken_(graph.values.size(), 0),
        assembled_(graph.values.size(), 0) {
    for (const int output : graph.outputs) taken_[output] = 1;
    for (const Update& update : graph.updates) taken_[update.value] = 2;
    for (std::size_t v = 0; v < graph.values.size(); ++v)
      if (is_concatenation(graph.values[v]) && taken_[v] != 2) assemble(static_cast<int>(v));
  }
  [[nodiscard]] const Home& of(int v) const { return homes_[v]; }
  [[nodiscard]] const Shape& layout(int v) const { return layouts_[v]; }  ///< strides; empty: contiguous
  [[nodiscard]] bool assembled(int v) const { return assembled_[v] != 0; }

 private:
  // The value of which v is the same elements in the same order, itself perhaps.
  [[nodiscard]] int same_elements(int v) const {
    for (; graph_.values[v].op->kind == OpKind::view; v = graph_.values[v].inputs[0])
      if (!graph_.values[v].op->preserves_order) return -1;
    return v;
  }

  void assemble(int whole) {
    const Value& value = graph_.values[whole];
    for (std::size_t k = 0; k < value.inputs.size(); ++k) {
      const int v = same_elements(value.inputs[k]);
      if (v < 0 || graph_.values[v].op->kind == OpKind::leaf || taken_[v] != 0) continue;
      const Spec &piece = graph_.values[value.inputs[k]].spec, &own = graph_.values[v].spec;
      const auto view = ops::reshape.view(piece, own, {}, region(graph_, value, k));
      if (!view || count_of(own.shape) == 0) continue;
      const bool contiguous = is_whole({v, {0, view->strides}}, own);
      if (!contiguous && graph_.values[v].op->kind != OpKind::elementwise) continue;  // only lane programs write with gaps
      homes_[v] = {whole, view->offset};
      if (!contiguous) layouts_[v] = view->strides;
      taken_[v] = 1;
      assembled_[whole] = 1;
    }
  }

  const Lowered& graph_;
  std::vector<Home> homes_;
  std::vector<Shape> layouts_;
  std::vector<char> taken_, assembled_;
};

// A transposed right operand is turned anew by every product. One that is small enough to be read in place otherwise is copied once for all of
// them, if they are several and not of a few rows only, for which nothing is turned.
constexpr Index kTurnedBytes = 24 << 10;
constexpr int kTurnedUses = 3;
constexpr Index kTurnedRows = 8;

class Placer {
 public:
  explicit Placer(Lowered in) : in_(std::move(in)), homes_(in_), right_uses_(in_.values.size(), 0) {
    for (const Value& value : in_.values)
      if (is_product(value)) ++right_uses_[value.inputs[1]];
  }

  Placed run() {
    new_of_.reserve(in_.values.size());
    for (std::size_t old = 0; old < in_.values.size(); ++old) {
      const bool assembled = homes_.assembled(static_cast<int>(old));
      Value value = std::move(in_.values[old]);
      const bool shares = is_product(value) && right_uses_[value.inputs[1]] >= kTurnedUses;
      for (int& input : value.inputs) input = new_of_[input];
      if (value.op->kind == OpKind::view) {
        new_of_.push_back(view(std::move(value)));
        continue;
      }
      if (value.op->kind == OpKind::other && is_product(value)) {
        arrange_product(value);
        if (shares) turn_once(value);
      } else if (assembled) {
        bring_pieces(static_cast<int>(old), value);
      } else if (value.op->kind == OpKind::other || value.op->kind == OpKind::random) {
        for (int& input : value.inputs) input = in_order(input);
      }
      const int v = push(std::move(value));
      new_of_.push_back(v);
      out_.assembled[v] = assembled ? 1 : 0;
      if (homes_.of(static_cast<int>(old)).block >= 0) home_of_.emplace_back(v, homes_.of(static_cast<int>(old)));
      if (const Shape& layout = homes_.layout(static_cast<int>(old)); !layout.empty()) out_.places[v].view.strides = layout;
    }
    for (const auto& [v, home] : home_of_) out_.homes[v] = {new_of_[home.block], home.offset};
    for (const int output : in_.outputs) out_.graph.outputs.push_back(new_of_[output]);
    for (const Update& update : in_.updates) out_.graph.updates.push_back({new_of_[update.parameter], new_of_[update.value]});
    return std::move(out_);
  }

 private:
  const Spec& spec(int v) const { return out_.graph.values[v].spec; }
  const Place& at(int v) const { return out_.places[v]; }

  int push(Value value) {
    const int v = static_cast<int>(out_.graph.values.size());
    out_.places.push_back({v, {0, contiguous_strides(value.spec.shape)}});
    out_.homes.emplace_back();
    out_.assembled.push_back(0);
    out_.graph.values.push_back(std::move(value));
    return v;
  }

  [[nodiscard]] Value made(const Op& op, std::vector<Index> ints, Spec result, int input) const {
    Value value;
    value.op = &op;
    value.attributes.ints = std::move(ints);
    value.spec = std::move(result);
    value.inputs = {input};
    value.node = out_.graph.values[input].node;
    return value;
  }

  int view(Value value) {
    int input = value.inputs[0];
    auto seen = value.op->view(spec(input), value.spec, value.attributes, at(input).view);
    if (!seen) {
      input = whole(input);
      seen = value.op->view(spec(input), value.spec, value.attributes, at(input).view);
    }
    value.inputs[0] = input;
    const int root = at(input).root;
    const int v = push(std::move(value));
    out_.places[v] = {root, *std::move(seen)};
    return v;
  }

  // The same value, contiguous, be it in the midst of another's memory.
  int in_order(int v) { return is_whole({at(v).root, {0, at(v).view.strides}}, spec(v)) ? v : whole(v); }

  // The same value, contiguous in memory of its own.
  int whole(int v) {
    if (is_whole(at(v), spec(v))) return v;
    const auto [found, inserted] = copies_.emplace(v, 0);
    if (inserted) {
      const Spec s = spec(v);
      found->second = push(made(ops::cast, {static_cast<Index>(s.dtype)}, s, v));
    }
    return found->second;
  }

  // Pieces that are not computed in the whole are copied there.
  void bring_pieces(int old, Value& value) {
    for (std::size_t k = 0; k < value.inputs.size(); ++k) {
      const int root = at(value.inputs[k]).root;
      const View to = region(out_.graph, value, k);
      const bool there = std::any_of(home_of_.begin(), home_of_.end(),
                                     [&](const auto& h) { return h.first == root && h.second.block == old && h.second.offset == to.offset; });
      if (there) continue;
      const Spec s = spec(value.inputs[k]);
      const int copy = push(made(ops::cast, {static_cast<Index>(s.dtype)}, s, value.inputs[k]));
      out_.places[copy].view.strides = to.strides;
      home_of_.emplace_back(copy, Home{old, to.offset});
      value.inputs[k] = copy;
    }
  }

  // A product follows any strides of the last two axes, and one stride over all leading ones.
  void arrange_product(Value& value) {
    for (int& input : value.inputs) {
      if (leading_stride(value.spec.shape, spec(input).shape, at(input).view.strides)) continue;
      input = whole(input);
      if (leading_stride(value.spec.shape, spec(input).shape, at(input).view.strides)) continue;
      Shape shape(value.spec.shape.begin(), value.spec.shape.end() - 2);
      shape.insert(shape.end(), spec(input).shape.end() - 2, spec(input).shape.end());
      const DType dtype = spec(input).dtype;
      input = whole(view(made(ops::broadcast_to, shape, {shape, dtype}, input)));
    }
  }

  void turn_once(Value& value) {
    const Spec right = spec(value.inputs[1]);
    const Shape& strides = at(value.inputs[1]).view.strides;
    const std::size_t rank = right.shape.size();
    const bool turned = strides[rank - 1] != 1 && strides[rank - 2] == 1 && right.shape[rank - 1] > 1;
    const bool small = count_of(right.shape) * static_cast<Index>(size_of(right.dtype)) <= kTurnedBytes;
    if (turned && small && value.spec.shape[value.spec.shape.size() - 2] >= kTurnedRows) value.inputs[1] = whole(value.inputs[1]);
  }

  Lowered in_;
  Placed out_;
  Homes homes_;
  std::vector<int> right_uses_;  // per value: products whose right operand it is
  std::vector<int> new_of_;
  std::vector<std::pair<int, Home>> home_of_;  // new value, home in terms of the old ones
  std::unordered_map<int, int> copies_;
};

}  // namespace

Placed place(Lowered in) { return Placer(std::move(in)).run(); }

bool is_whole(const Place& place, const Spec& spec) {
  if (place.view.offset != 0) return false;
  Index step = 1;
  for (std::size_t i = spec.shape.size(); i-- > 0;) {
    if (spec.shape[i] != 1 && place.view.strides[i] != step) return false;
    step *= spec.shape[i];
  }
  return true;
}

bool is_root(const Placed& placed, int v, const Shape& space) {
  const Shape& shape = placed.graph.values[v].spec.shape;
  const Place &place = placed.places[v], &root = placed.places[place.root];
  if (shape != space || place.view.offset != 0 || root.view.strides.size() != shape.size()) return false;
  if (placed.graph.values[place.root].spec.shape != shape) return false;
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] != 1 && place.view.strides[i] != root.view.strides[i]) return false;
  return true;
}

Shape strides_over(const Shape& space, const Shape& shape, const Shape& strides) {
  Shape result(space.size(), 0);
  const std::size_t lead = space.size() - shape.size();
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] != 1) result[lead + i] = strides[i];
  return result;
}

}  // namespace plait::graph
