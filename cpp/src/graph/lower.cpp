// Pass 1, lower: from nodes to values with known shapes.
#include <algorithm>

#include "lowered.hpp"
#include "plait/base/error.hpp"

namespace plait {
namespace {

class Lowering {
 public:
  explicit Lowering(const std::unordered_map<const Node*, Spec>& feeds) : feeds_(feeds) {}

  void add(Node* node) {
    const Op& op = *node->op;
    Value value{.op = &op, .attributes = node->attributes, .spec = {}, .inputs = {}, .leaf = {}, .constant = {}, .label = node->label()};
    std::vector<Spec> specs;
    for (std::size_t i = 0; i < node->input_count(); ++i) {
      const int input = index_.at(node->input(i));
      specs.push_back(out_.values[input].spec);
      if (i >= 32 || (op.shape_only >> i & 1U) == 0) value.inputs.push_back(input);
    }
    if (op.kind == OpKind::leaf) {
      value.spec = node->spec;
      if (node->value && node->op->name == std::string_view("constant")) value.constant = node->value;
      else value.leaf = NodeRef(node);
      if (const auto feed = feeds_.find(node); feed != feeds_.end()) value.spec = feed->second;
    } else {
      try {
        value.spec = op.infer(specs, value.attributes);
      } catch (const ShapeError& e) {
        throw ShapeError(message(e.what(), " [at ", node->label(), "]"));
      }
    }
    PLAIT_REQUIRE_AS(ShapeError, is_known(value.spec.shape), node->label(), ": shape ", to_string(value.spec.shape), " has a size that no input decides");
    index_[node] = resolve(std::move(value), specs);
  }

  int operator[](const NodeRef& node) const { return index_.at(node.get()); }

  // An output or update needs memory of its own: leaves and views are copied.
  int own(int v) {
    const Value& value = out_.values[v];
    if (value.op->kind != OpKind::leaf && value.op->kind != OpKind::view) return v;
    return push({.op = &find_op("cast"), .attributes = {{static_cast<Index>(value.spec.dtype)}, {}}, .spec = value.spec, .inputs = {v}, .leaf = {}, .constant = {}, .label = value.label});
  }

  Lowered take() { return std::move(out_); }
  Lowered& out() { return out_; }

 private:
  int push(Value value) {
    out_.values.push_back(std::move(value));
    return static_cast<int>(out_.values.size()) - 1;
  }

  // Ops whose meaning is decided by sizes become plain ones.
  int resolve(Value value, const std::vector<Spec>& specs) {
    const std::string_view name = value.op->name;
    if (name == "axis_size") {
      Index n = 1;
      for (std::size_t i = 1; i < value.attributes.ints.size(); ++i) n *= specs[0].shape[value.attributes.ints[i]];
      value.constant = scalar_tensor(static_cast<double>(n), value.spec.dtype);
      value.op = &find_op("constant");
      value.attributes = {};
      return push(std::move(value));
    }
    if (name == "sum_to_like") return sum_to(std::move(value), specs[0].shape);
    if (value.op->kind == OpKind::reduction) return split_reduction(std::move(value), specs[0].shape);
    if (value.op->kind == OpKind::random) {
      value.inputs.clear();
      value.attributes.ints[3] = random_ordinal_++;
    }
    return push(std::move(value));
  }

  int sum_to(Value value, const Shape& from) {
    const Spec to = value.spec;
    if (from == to.shape) return value.inputs[0];
    Attributes attributes{{1}, {}};
    Shape kept = from;
    const std::size_t lead = from.size() - to.shape.size();
    for (std::size_t i = 0; i < from.size(); ++i)
      if (i < lead || (to.shape[i - lead] == 1 && from[i] != 1)) {
        attributes.ints.push_back(static_cast<Index>(i));
        kept[i] = 1;
      }
    Value sum{.op = &find_op("sum"), .attributes = attributes, .spec = {kept, to.dtype}, .inputs = value.inputs, .leaf = {}, .constant = {}, .label = value.label};
    const int summed = split_reduction(std::move(sum), from);
    if (kept == to.shape) return summed;
    return push({.op = &find_op("reshape"), .attributes = {to.shape, {}}, .spec = to, .inputs = {summed}, .leaf = {}, .constant = {}, .label = value.label});
  }

  // A lane program reduces one run of axes: (outer, middle, inner). Separate runs are reduced one after the other, the last one first.
  int split_reduction(Value value, const Shape& from) {
    const std::vector<Index> axes(value.attributes.ints.begin() + 1, value.attributes.ints.end());
    std::vector<std::vector<Index>> runs;
    for (const Index axis : axes) {
      bool joined = !runs.empty();
      for (Index between = joined ? runs.back().back() + 1 : 0; joined && between < axis; ++between) joined = from[between] == 1;
      if (joined) runs.back().push_back(axis);
      else runs.push_back({axis});
    }
    if (runs.size() <= 1) return push(std::move(value));
    Shape shape = from;
    int input = value.inputs[0];
    for (std::size_t r = runs.size(); r-- > 0;) {
      Attributes attributes{{1}, {}};
      for (const Index axis : runs[r]) {
        attributes.ints.push_back(axis);
        shape[axis] = 1;
      }
      input = push({.op = value.op, .attributes = attributes, .spec = {shape, value.spec.dtype}, .inputs = {input}, .leaf = {}, .constant = {}, .label = value.label});
    }
    if (shape == value.spec.shape) return input;
    return push({.op = &find_op("reshape"), .attributes = {value.spec.shape, {}}, .spec = value.spec, .inputs = {input}, .leaf = {}, .constant = {}, .label = value.label});
  }

  const std::unordered_map<const Node*, Spec>& feeds_;
  std::unordered_map<const Node*, int> index_;
  Lowered out_;
  Index random_ordinal_ = 0;
};

}  // namespace

Lowered lower(std::span<const NodeRef> outputs, std::span<const std::pair<NodeRef, NodeRef>> updates, const std::unordered_map<const Node*, Spec>& feeds) {
  std::vector<NodeRef> wanted(outputs.begin(), outputs.end());
  for (const auto& [parameter, value] : updates) {
    wanted.push_back(parameter);
    wanted.push_back(value);
  }
  Lowering lowering(feeds);
  for (Node* node : ancestors(wanted)) lowering.add(node);
  for (const NodeRef& output : outputs) {
    const int v = lowering.own(lowering[output]);
    lowering.out().outputs.push_back(v);
  }
  for (const auto& [parameter, value] : updates) {
    const int p = lowering[parameter], raw = lowering[value];
    const Value &to = lowering.out().values[p], &from = lowering.out().values[raw];
    PLAIT_REQUIRE_AS(ShapeError, to.spec == from.spec, "update of ", parameter->label(), ": a ", name_of(from.spec.dtype), " value of shape ", to_string(from.spec.shape),
                     " for a ", name_of(to.spec.dtype), " parameter of shape ", to_string(to.spec.shape));
    lowering.out().updates.push_back({p, lowering.own(raw)});
  }
  return lowering.take();
}

}  // namespace plait
