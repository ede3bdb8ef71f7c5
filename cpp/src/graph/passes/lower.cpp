// Pass 1, lower: from nodes to values with known shapes.
#include <algorithm>

#include "lowered.hpp"
#include "plait/base/error.hpp"
#include "plait/graph/scan.hpp"

namespace plait::graph {
namespace {

class Lowering {
 public:
  Lowering(const std::unordered_map<const Node*, Spec>& feeds, const Demands* demands) : feeds_(feeds), demands_(demands) {}

  void add(Node* node) {
    const Op& op = *node->op;
    Value value{.op = &op, .attributes = node->attributes, .node = NodeRef(node)};
    std::vector<Spec> specs;
    for (std::size_t i = 0; i < node->input_count(); ++i) {
      const int input = index_.at(node->input(i));
      specs.push_back(out_.values[input].spec);
      if (!shape_only(op, i)) value.inputs.push_back(input);
    }
    if (op.kind == OpKind::leaf) {
      value.spec = node->spec;
      if (node->op == &ops::constant) value.constant = node->value;
      if (const auto feed = feeds_.find(node); feed != feeds_.end()) value.spec = feed->second;
    } else {
      try {
        if (value.attributes.scan) bind_loop(*node, specs, value);
        value.spec = op.infer(specs, value.attributes);
      } catch (const ShapeError& e) {
        throw ShapeError(message(e.what(), " [at ", node->label(), "]"));
      }
    }
    PLAIT_REQUIRE_AS(ShapeError, is_known(value.spec.shape), node->label(), ": shape ", to_string(value.spec.shape),
                     " has a size that no input decides");
    index_[node] = resolve(std::move(value), specs);
  }

  int operator[](const NodeRef& node) const { return index_.at(node.get()); }

  Lowered take() { return std::move(out_); }
  Lowered& out() { return out_; }

 private:
  // A loop computes what is asked of it; what reads a loop's buffer finds there where things stand.
  void bind_loop(const Node& node, const std::vector<Spec>& specs, Value& value) {
    if (const Node* loop = loop_behind(node)) {
      value.attributes.scan = out_.values[index_.at(loop)].attributes.scan;
      return;
    }
    value.attributes.scan = bind_scan(value.attributes.scan->body, specs, demands_->outputs(&node));
    value.inputs.clear();
    for (const int k : value.attributes.scan->passed) value.inputs.push_back(index_.at(node.input(k)));
  }

  int push(Value value) {
    out_.values.push_back(std::move(value));
    return static_cast<int>(out_.values.size()) - 1;
  }

  // Ops whose meaning is decided by sizes become plain ones.
  int resolve(Value value, const std::vector<Spec>& specs) {
    const Op* const op = value.op;
    if (op == &ops::axis_size) {
      value.constant = axis_size(specs[0].shape, value.attributes);
      value.op = &ops::constant;
      value.attributes = {};
      return push(std::move(value));
    }
    if (op == &ops::sum_n) {  // as a chain of additions it goes into the steps that make its terms
      int sum = value.inputs[0];
      for (std::size_t i = 1; i < value.inputs.size(); ++i)
        sum = push({.op = &ops::add, .spec = value.spec, .inputs = {sum, value.inputs[i]}, .node = value.node});
      return sum;
    }
    if (op == &ops::sum_to_like) return sum_to(std::move(value), specs[0].shape);
    if (op == &ops::head_like || op == &ops::tail_like) return part(std::move(value), specs[0].shape, op == &ops::head_like);
    if (value.op->kind == OpKind::reduction) return split_reduction(std::move(value), specs[0].shape);
    if (value.op->kind == OpKind::random) {
      if (shape_only(*value.op, 0)) value.inputs.clear();
      RandomDraw::set_ordinal(value.attributes, random_ordinal_++);
    }
    return push(std::move(value));
  }

  int sum_to(Value value, const Shape& from) {
    const Spec to = value.spec;
    if (from == to.shape) return value.inputs[0];
    Attributes attributes{{1}, {}};
    Shape kept = from;
    for (const Index axis : summed_axes(from, to.shape)) {
      attributes.ints.push_back(axis);
      kept[axis] = 1;
    }
    Value sum{.op = &ops::sum, .attributes = attributes, .spec = {kept, to.dtype}, .inputs = value.inputs, .node = value.node};
    const int summed = split_reduction(std::move(sum), from);
    if (kept == to.shape) return summed;
    return push({.op = &ops::reshape, .attributes = {to.shape, {}}, .spec = to, .inputs = {summed}, .node = value.node});
  }

  // The front or the rest of an axis, once its length is known, is a slice like any other.
  int part(Value value, const Shape& from, bool head) {
    const auto axis = static_cast<std::size_t>(value.attributes.ints[0]);
    const Index taken = value.spec.shape[axis];
    value.op = &ops::slice;
    value.attributes.ints.clear();
    for (std::size_t i = 0; i < from.size(); ++i) {
      const bool here = i == axis;
      value.attributes.ints.insert(value.attributes.ints.end(), {here && !head ? from[i] - taken : 0, here && head ? taken : from[i], 1});
    }
    return push(std::move(value));
  }

  // Separate runs of axes are reduced one after the other, the last one first.
  int split_reduction(Value value, const Shape& from) {
    const auto runs = axis_runs(from, std::span(value.attributes.ints).subspan(1));
    if (runs.size() <= 1) return push(std::move(value));
    Shape shape = from;
    int input = value.inputs[0];
    for (std::size_t r = runs.size(); r-- > 0;) {
      Attributes attributes{{1}, {}};
      for (const Index axis : runs[r]) {
        attributes.ints.push_back(axis);
        shape[axis] = 1;
      }
      input = push({.op = value.op, .attributes = attributes, .spec = {shape, value.spec.dtype}, .inputs = {input}, .node = value.node});
    }
    if (shape == value.spec.shape) return input;
    return push({.op = &ops::reshape, .attributes = {value.spec.shape, {}}, .spec = value.spec, .inputs = {input}, .node = value.node});
  }

  const std::unordered_map<const Node*, Spec>& feeds_;
  const Demands* demands_;
  std::unordered_map<const Node*, int> index_;
  Lowered out_;
  Index random_ordinal_ = 0;
};

}  // namespace

Lowered lower(std::span<const NodeRef> outputs, const Updates& updates, const std::unordered_map<const Node*, Spec>& feeds) {
  std::vector<NodeRef> wanted(outputs.begin(), outputs.end());
  for (const auto& [parameter, value] : updates) {
    wanted.push_back(parameter);
    wanted.push_back(value);
  }
  const std::vector<Node*> order = ancestors(wanted);
  std::optional<Demands> demands;
  if (std::any_of(order.begin(), order.end(), [](const Node* node) { return node->attributes.scan != nullptr; })) demands.emplace(wanted);
  Lowering lowering(feeds, demands ? &*demands : nullptr);
  for (Node* node : order) lowering.add(node);
  for (const NodeRef& output : outputs) lowering.out().outputs.push_back(lowering[output]);
  for (const auto& [parameter, value] : updates) {
    const int p = lowering[parameter], v = lowering[value];
    const Spec &to = lowering.out().values[p].spec, &from = lowering.out().values[v].spec;
    PLAIT_REQUIRE_AS(ShapeError, to == from, "update of ", parameter->label(), ": a ", name_of(from.dtype), " value of shape ", to_string(from.shape),
                     " (", value->label(), ") for a ", name_of(to.dtype), " parameter of shape ", to_string(to.shape));
    lowering.out().updates.push_back({p, v});
  }
  return lowering.take();
}

}  // namespace plait::graph
