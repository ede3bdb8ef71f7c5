// Before the passes, lower: from nodes to values. Binds shapes: `feeds` gives the spec of every input. Infers every node again, resolves what depends
// on sizes (sum_to_like, axis_size), and splits reductions over separate runs of axes. Leaves values in the order of their nodes, with known shapes.
#include <algorithm>

#include "graph/core/node_map.hpp"
#include "plait/base/error.hpp"
#include "plait/graph/scan.hpp"
#include "rewriter.hpp"

namespace plait::graph {
namespace {

class Lowering {
 public:
  Lowering(const std::unordered_map<const Node*, Spec>& feeds, const Demands* demands, std::size_t nodes)
      : feeds_(feeds), demands_(demands), index_(nodes) {}

  void add(Node* node) {
    const Op& op = *node->op;
    Value value;
    value.op = &op;
    value.attributes = node->attributes;
    value.node = NodeRef(node);
    if (op.kind == OpKind::elementwise && as_declared(*node)) {  // the common case: nothing to infer or resolve
      for (std::size_t i = 0; i < node->input_count(); ++i) value.inputs.push_back(index_[node->input(i)]);
      value.spec = node->spec;
      note(node, out_.add(std::move(value)));
      return;
    }
    std::vector<Spec> specs;
    for (std::size_t i = 0; i < node->input_count(); ++i) {
      const int input = index_[node->input(i)];
      specs.push_back(out_.values[input].spec);
      if (!shape_only(op, i)) value.inputs.push_back(input);
    }
    if (op.kind == OpKind::leaf) {
      value.spec = node->spec;
      if (node->op == &ops::constant) value.constant = node->value();
      if (const auto feed = feeds_.find(node); feed != feeds_.end()) value.spec = feed->second;
    } else {
      try {
        if (loop_of(value.attributes)) bind_loop(*node, specs, value);
        value.spec = op.infer(specs, value.attributes);
      } catch (const ShapeError& e) {
        throw ShapeError(message(e.what(), " [at ", node->label(), "]"));
      }
    }
    PLAIT_REQUIRE_AS(ShapeError, is_known(value.spec.shape), node->label(), ": shape ", to_string(value.spec.shape),
                     " has a size that no input decides");
    note(node, resolve(std::move(value), specs));
  }

  int operator[](const NodeRef& node) const { return index_[node.get()]; }

  Module take() { return std::move(out_); }
  Module& out() { return out_; }

 private:
  // Records that value v stands for the node.
  void note(const Node* node, int v) {
    index_.insert(node, v);
    declared_.resize(out_.values.size(), 1);
    if (out_.values[v].spec != node->spec) declared_[v] = 0;  // for all nodes of that value: another may have declared fewer sizes
  }

  // True if the inputs have exactly the specs with which the node was made, so that its own spec is valid.
  [[nodiscard]] bool as_declared(const Node& node) const {
    if (node.op->shape_only != 0 || !is_known(node.spec.shape)) return false;
    for (const Edge& edge : node.inputs())
      if (declared_[index_[edge.input]] == 0) return false;
    return true;
  }

  // Binds a loop's body to these sizes and to the outputs that are read. Ops that read the loop's buffer get the same bound loop as attribute, which
  // holds the offsets of the outputs.
  void bind_loop(const Node& node, const std::vector<Spec>& specs, Value& value) {
    if (const Node* loop = loop_behind(node)) {
      value.attributes = with_loop(value.attributes, loop_of(out_.values[index_[loop]].attributes));
      return;
    }
    const std::shared_ptr<const Scan> bound = bind_scan(loop_of(value.attributes)->body, specs, demands_->outputs(&node));
    value.inputs.clear();
    for (const int k : bound->passed) value.inputs.push_back(index_[node.input(k)]);
    value.attributes = LoopBody{bound};
  }

  // Ops whose meaning depends on sizes are replaced by concrete ones.
  int resolve(Value value, const std::vector<Spec>& specs) {
    const Op* const op = value.op;
    if (op == &ops::axis_size) {
      value.constant = axis_size(specs[0].shape, value.attributes);
      value.op = &ops::constant;
      value.attributes = {};
      return out_.add(std::move(value));
    }
    if (op == &ops::sum_n) {  // a chain of additions fuses into the steps that compute the terms
      int sum = value.inputs[0];
      for (std::size_t i = 1; i < value.inputs.size(); ++i)
        sum = out_.add({.op = &ops::add, .spec = value.spec, .inputs = {sum, value.inputs[i]}, .node = value.node});
      return sum;
    }
    if (op == &ops::sum_to_like) return sum_to(std::move(value), specs[0].shape);
    if (op == &ops::head_like || op == &ops::tail_like) return part(std::move(value), specs[0].shape, op == &ops::head_like);
    if (value.op->kind == OpKind::reduction) return split_reduction(std::move(value), specs[0].shape);
    if (value.op->kind == OpKind::random) {
      if (shape_only(*value.op, 0)) value.inputs.clear();
      value.attributes = RandomDraw::with_ordinal(value.attributes, random_ordinal_++);
    }
    return out_.add(std::move(value));
  }

  int sum_to(Value value, const Shape& from) {
    const Spec to = value.spec;
    if (from == to.shape) return value.inputs[0];
    Shape kept = from;
    const std::vector<Index> axes = summed_axes(from, to.shape);
    for (const Index axis : axes) kept[axis] = 1;
    Value sum{.op = &ops::sum, .attributes = ReducedAxes{true, axes}, .spec = {kept, to.dtype}, .inputs = value.inputs, .node = value.node};
    const int summed = split_reduction(std::move(sum), from);
    return reshaped(summed, to.shape);
  }

  // head_like and tail_like become slices once the sizes are known.
  int part(Value value, const Shape& from, bool head) {
    const Index axis = value.attributes.as<OneAxis>().axis, taken = value.spec.shape[static_cast<std::size_t>(axis)],
                all = from[static_cast<std::size_t>(axis)];
    Value slice = make_slice(out_, value.inputs[0], axis, head ? 0 : all - taken, head ? taken : all);
    slice.node = value.node;
    return out_.add(std::move(slice));
  }

  // Non-adjacent runs of axes are reduced one after the other, the last one first.
  int split_reduction(Value value, const Shape& from) {
    const auto runs = axis_runs(from, value.attributes.as<ReducedAxes>().axes);
    if (runs.size() <= 1) return out_.add(std::move(value));
    Shape shape = from;
    int input = value.inputs[0];
    for (std::size_t r = runs.size(); r-- > 0;) {
      for (const Index axis : runs[r]) shape[axis] = 1;
      input = out_.add(
          {.op = value.op, .attributes = ReducedAxes{true, runs[r]}, .spec = {shape, value.spec.dtype}, .inputs = {input}, .node = value.node});
    }
    return reshaped(input, value.spec.shape);
  }

  int reshaped(int v, const Shape& shape) { return out_.values[v].spec.shape == shape ? v : out_.add(make_reshape(out_, v, shape)); }

  const std::unordered_map<const Node*, Spec>& feeds_;
  const Demands* demands_;
  NodeMap index_;
  Module out_;
  std::vector<char> declared_;  // per value: true if it has the spec of every node that it stands for
  Index random_ordinal_ = 0;
};

}  // namespace

Module lower(std::span<const NodeRef> outputs, const Updates& updates, const std::unordered_map<const Node*, Spec>& feeds) {
  std::vector<NodeRef> wanted(outputs.begin(), outputs.end());
  for (const auto& [parameter, value] : updates) {
    wanted.push_back(parameter);
    wanted.push_back(value);
  }
  const std::vector<Node*> order = ancestors(wanted);
  std::optional<Demands> demands;
  if (std::any_of(order.begin(), order.end(), [](const Node* node) { return loop_of(node->attributes) != nullptr; })) demands.emplace(wanted);
  Lowering lowering(feeds, demands ? &*demands : nullptr, order.size());
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
