// Pass materialize_views: views become strides over the memory of a root value; copies are inserted where a consumer cannot read strides, and pieces
// of a concatenation are computed in its memory. A concatenation whose pieces are already adjacent in memory becomes a view itself. Needs values
// ordered by depth (simplify); leaves the root, view and alias of each value.
#include <algorithm>

#include "product.hpp"
#include "rewriter.hpp"
#include "tuning.hpp"

namespace plait::graph {
namespace {

bool is_concatenation(const Value& value) { return value.op == &ops::concatenate; }

// The view of piece k within a concatenation.
View region(const Module& graph, const Value& whole, std::size_t k) {
  View view{0, contiguous_strides(whole.spec.shape)};
  const auto axis = static_cast<std::size_t>(whole.attributes.as<OneAxis>().axis);
  for (std::size_t i = 0; i < k; ++i) view.offset += graph.values[whole.inputs[i]].spec.shape[axis] * view.strides[axis];
  return view;
}

// Decides which values are computed inside a concatenation, before any layout depends on it.
class ConcatAliases {
 public:
  explicit ConcatAliases(const Module& graph) : graph_(graph), taken_(graph.values.size(), 0), built_in_place_(graph.values.size(), 0) {
    for (const int output : graph.outputs) taken_[output] = 1;
    for (const Update& update : graph.updates) taken_[update.value] = 2;
    for (std::size_t v = 0; v < graph.values.size(); ++v)
      if (is_concatenation(graph.values[v]) && taken_[v] != 2) build_in_place(static_cast<int>(v));
  }
  /// The alias of v; whole = -1 for most.
  [[nodiscard]] ConcatAlias of(int v) const {
    const auto found = aliases_.find(v);
    return found != aliases_.end() ? found->second : ConcatAlias{};
  }
  /// Strides of v inside its concatenation; null: contiguous.
  [[nodiscard]] const Shape* layout(int v) const {
    const auto found = layouts_.find(v);
    return found != layouts_.end() ? &found->second : nullptr;
  }
  [[nodiscard]] bool built_in_place(int v) const { return built_in_place_[v] != 0; }
  /// True if the memory of v is determined already: an output, an update, or inside a concatenation.
  [[nodiscard]] bool is_placed(int v) const { return taken_[v] != 0; }

 private:
  // The value with the same elements in the same order at the end of a chain of views from v; v itself if there is none.
  [[nodiscard]] int same_elements(int v) const {
    for (; graph_.values[v].op->kind == OpKind::view; v = graph_.values[v].inputs[0])
      if (!graph_.values[v].op->preserves_order) return -1;
    return v;
  }

  void build_in_place(int whole) {
    const Value& value = graph_.values[whole];
    for (std::size_t k = 0; k < value.inputs.size(); ++k) {
      const int v = same_elements(value.inputs[k]);
      if (v < 0 || graph_.values[v].op->kind == OpKind::leaf || taken_[v] != 0) continue;
      const Spec &piece = graph_.values[value.inputs[k]].spec, &own = graph_.values[v].spec;
      const auto view = ops::reshape.view(piece, own, {}, region(graph_, value, k));
      if (!view || count_of(own.shape) == 0) continue;
      const bool contiguous = is_whole({0, view->strides}, own);
      if (!contiguous && graph_.values[v].op->kind != OpKind::elementwise) continue;  // only lane programs can write with strides
      aliases_[v] = {whole, view->offset};
      if (!contiguous) layouts_[v] = view->strides;
      taken_[v] = 1;
      built_in_place_[whole] = 1;
    }
  }

  const Module& graph_;
  std::unordered_map<int, ConcatAlias> aliases_;
  std::unordered_map<int, Shape> layouts_;
  std::vector<char> taken_, built_in_place_;
};

// The op of a concatenation that has become a view of the value that contains its pieces.
const Op& joined_pieces() {
  static const Op op = [] {
    Op view = ops::concatenate;
    view.kind = OpKind::view;
    return view;
  }();
  return op;
}

// Small transposed right operands of several products are copied once; thresholds in tuning.hpp.
using tuning::kTransposedBytes, tuning::kTransposedRows, tuning::kTransposedUses;

class Materializer {
 public:
  explicit Materializer(Module in) : in_(std::move(in)), aliases_(in_), shares_(in_.values.size(), 0) {
    std::vector<int> uses(in_.values.size(), 0);
    for (const Value& value : in_.values)
      if (is_product(value)) ++uses[value.inputs[1]];
    for (std::size_t v = 0; v < in_.values.size(); ++v)
      shares_[v] = is_product(in_.values[v]) && uses[in_.values[v].inputs[1]] >= kTransposedUses ? 1 : 0;
  }

  Module run() {
    std::vector<int> new_of;
    rewrite(std::move(in_), out_, new_of, [&](int old, Value value) { return materialize(old, std::move(value)); });
    for (const auto& [v, alias] : alias_of_) out_.values[v].alias = {new_of[alias.whole], alias.offset};
    return std::move(out_);
  }

 private:
  const Spec& spec(int v) const { return out_.values[v].spec; }
  const View& view_of(int v) const { return out_.values[v].view; }

  int materialize(int old, Value value) {
    if (value.op->kind == OpKind::view) return view(std::move(value));
    const bool built_in_place = aliases_.built_in_place(old);
    if (is_concatenation(value) && !built_in_place && !aliases_.is_placed(old) && stand_joined(value)) return join(std::move(value));
    if (value.op->kind == OpKind::other && is_product(value)) {
      arrange_product(value);
      if (shares_[old] != 0) copy_transposed_once(value);
    } else if (built_in_place) {
      bring_pieces(old, value);
    } else if (value.op->kind == OpKind::other || value.op->kind == OpKind::random) {
      for (int& input : value.inputs) input = in_order(input);
    }
    const int v = add(std::move(value));
    out_.values[v].built_in_place = built_in_place;
    if (aliases_.of(old).whole >= 0) alias_of_.emplace_back(v, aliases_.of(old));
    if (const Shape* const layout = aliases_.layout(old)) out_.values[v].view.strides = *layout;
    return v;
  }

  // Adds a root: contiguous in memory of its own.
  int add(Value value) {
    value.root = static_cast<int>(out_.values.size());
    value.view = {0, contiguous_strides(value.spec.shape)};
    return out_.add(std::move(value));
  }

  int view(Value value) {
    int input = value.inputs[0];
    auto seen = value.op->view(spec(input), value.spec, value.attributes, view_of(input));
    if (!seen) {
      input = whole(input);
      seen = value.op->view(spec(input), value.spec, value.attributes, view_of(input));
    }
    value.inputs[0] = input;
    value.root = out_.values[input].root;
    value.view = *std::move(seen);
    return out_.add(std::move(value));
  }

  // True if the pieces are slices of one buffer at equal strides and equal distances, as the concatenation would lay them out: adjacent pieces, or
  // the overlapping windows of a convolution.
  [[nodiscard]] bool stand_joined(const Value& value) const {
    if (count_of(value.spec.shape) == 0) return false;
    const auto axis = static_cast<std::size_t>(value.attributes.as<OneAxis>().axis);
    const Value& first = out_.values[value.inputs[0]];
    Index offset = first.view.offset;
    for (const int input : value.inputs) {
      const Value& piece = out_.values[input];
      if (piece.root != first.root || piece.view.offset != offset || piece.view.strides != first.view.strides) return false;
      offset += piece.spec.shape[axis] * piece.view.strides[axis];
    }
    return true;
  }
  int join(Value value) {
    const Value& first = out_.values[value.inputs[0]];
    value.op = &joined_pieces();
    value.root = first.root;
    value.view = first.view;
    return out_.add(std::move(value));
  }

  // The same value with contiguous strides, possibly inside another buffer.
  int in_order(int v) { return is_whole({0, view_of(v).strides}, spec(v)) ? v : whole(v); }

  // The same value, contiguous in memory of its own.
  int whole(int v) {
    if (is_whole(view_of(v), spec(v))) return v;
    const auto [found, inserted] = copies_.emplace(v, 0);
    if (inserted) found->second = add(make_copy(out_, v));
    return found->second;
  }

  // Pieces that are not computed inside the concatenation are copied there.
  void bring_pieces(int old, Value& value) {
    for (std::size_t k = 0; k < value.inputs.size(); ++k) {
      const int root = out_.values[value.inputs[k]].root;
      const View to = region(out_, value, k);
      const bool there = std::any_of(alias_of_.begin(), alias_of_.end(),
                                     [&](const auto& h) { return h.first == root && h.second.whole == old && h.second.offset == to.offset; });
      if (there) continue;
      const int copy = add(make_copy(out_, value.inputs[k]));
      out_.values[copy].view.strides = to.strides;
      alias_of_.emplace_back(copy, ConcatAlias{old, to.offset});
      value.inputs[k] = copy;
    }
  }

  // A product can read any strides of the last two axes, and one stride over all leading ones.
  void arrange_product(Value& value) {
    for (int& input : value.inputs) {
      if (leading_stride(value.spec.shape, spec(input).shape, view_of(input).strides)) continue;
      input = whole(input);
      if (leading_stride(value.spec.shape, spec(input).shape, view_of(input).strides)) continue;
      Shape shape(value.spec.shape.begin(), value.spec.shape.end() - 2);
      shape.insert(shape.end(), spec(input).shape.end() - 2, spec(input).shape.end());
      input = whole(view(make_broadcast(out_, input, shape)));
    }
  }

  void copy_transposed_once(Value& value) {
    const Spec right = spec(value.inputs[1]);
    const Shape& strides = view_of(value.inputs[1]).strides;
    const std::size_t rank = right.shape.size();
    const bool transposed = strides[rank - 1] != 1 && strides[rank - 2] == 1 && right.shape[rank - 1] > 1;
    const bool small = count_of(right.shape) * static_cast<Index>(size_of(right.dtype)) <= kTransposedBytes;
    if (transposed && small && value.spec.shape[value.spec.shape.size() - 2] >= kTransposedRows) value.inputs[1] = whole(value.inputs[1]);
  }

  Module in_;
  Module out_;
  ConcatAliases aliases_;
  std::vector<char> shares_;                           // products whose right operand is shared by at least kTransposedUses products
  std::vector<std::pair<int, ConcatAlias>> alias_of_;  // new value, alias in terms of the old ones
  std::unordered_map<int, int> copies_;
};

}  // namespace

Module materialize_views(Module in) { return Materializer(std::move(in)).run(); }

}  // namespace plait::graph
