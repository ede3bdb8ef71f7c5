#include <atomic>
#include <map>

#include "plait/base/error.hpp"
#include "plait/graph/ops.hpp"

namespace plait::graph {
namespace {

struct Joined {
  std::vector<OpFamily> families;
  std::atomic<bool> closed = false;  // the table has been made
};
Joined& joined() {
  static Joined j;
  return j;
}

struct Table {
  OpList list;
  std::map<std::string_view, const Op*> by_name;

  Table() {
    for (const auto family : {add_leaf_ops, add_elementwise_ops, add_reduction_ops, add_view_ops, add_matmul_ops, add_index_ops, add_random_ops,
                              add_scan_ops, add_segment_ops, add_lengths_ops, add_recurrence_ops, add_linalg_ops})
      family(list);
    joined().closed = true;
    for (const auto family : joined().families) family(list);
    for (const Op* const op : list) {
      const bool fresh = by_name.emplace(op->name, op).second;
      PLAIT_REQUIRE_AS(GraphError, fresh, "two operations are called '", op->name, "'");
    }
  }
};

const Table& table() {
  static const Table t;
  return t;
}

// The shapes and names of the operands, for a message: "x (2, 3) float32, w (4,) float32". A cast by promotion has its operand's name.
std::string describe(std::span<const NodeRef> inputs) {
  std::string text;
  for (std::size_t i = 0; i < inputs.size() && i < 4; ++i) {
    const Node* node = inputs[i].get();
    while (node->name().empty() && node->op == &ops::cast) node = node->input(0);
    text += (i > 0 ? ", " : "") + node->label() + " " + to_string(node->spec.shape) + " " + name_of(node->spec.dtype);
  }
  return inputs.size() > 4 ? text + ", …" : text;
}

}  // namespace

void join_ops(OpFamily family) {
  PLAIT_REQUIRE_AS(GraphError, !joined().closed, "join_ops: the table of operations is in use already; families are joined before it");
  joined().families.push_back(family);
}

const Op& find_op(std::string_view name) {
  const auto found = table().by_name.find(name);
  PLAIT_REQUIRE_AS(GraphError, found != table().by_name.end(), "no operation is called '", name, "'");
  return *found->second;
}

std::vector<const Op*> all_ops() { return table().list; }

std::vector<NodeRef> no_gradient_flows(const NodeRef& node, const NodeRef&) { return std::vector<NodeRef>(node->input_count()); }

NodeRef apply(const Op& op, std::span<const NodeRef> inputs, Attributes attributes) {
  PLAIT_REQUIRE_AS(GraphError, op.inputs < 0 ? op.kind == OpKind::random || !inputs.empty() : inputs.size() == static_cast<std::size_t>(op.inputs),
                   op.name, ": expected ", op.inputs < 0 ? std::string("one or more") : std::to_string(op.inputs), " inputs, got ", inputs.size());
  std::vector<Spec> specs;
  specs.reserve(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    specs.push_back(inputs[i]->spec);
    const bool taken = i < 32 && (op.takes_opaque >> i & 1U) != 0;
    PLAIT_REQUIRE_AS(GraphError, !inputs[i]->op->opaque || taken || shape_only(op, i), op.name, ": ", inputs[i]->label(), " is a ",
                     inputs[i]->op->name, ", which only a product x @ w with it on the left can read; plait.input makes a dense one");
    PLAIT_REQUIRE_AS(GraphError, inputs[i]->op->opaque || !taken, op.name, ": ", inputs[i]->label(),
                     " is an array here, not a sparse input (the step of a loop cannot read one)");
  }
  Spec spec;
  try {
    spec = op.infer(specs, attributes);
  } catch (const ShapeError& e) {
    throw ShapeError(std::string(e.what()) + " [" + describe(inputs) + "]");
  } catch (const DTypeError& e) {
    throw DTypeError(std::string(e.what()) + " [" + describe(inputs) + "]");
  }
  return make_node(op, inputs, std::move(attributes), std::move(spec));
}

NodeRef apply(const Op& op, std::initializer_list<NodeRef> inputs, Attributes attributes) {
  return apply(op, std::span(inputs.begin(), inputs.size()), std::move(attributes));
}
NodeRef apply(std::string_view name, std::initializer_list<NodeRef> inputs, Attributes attributes) {
  return apply(find_op(name), std::span(inputs.begin(), inputs.size()), std::move(attributes));
}

NodeRef make_input(std::string name, Spec spec) { return make_node(ops::input, {}, {}, std::move(spec), {}, std::move(name)); }

NodeRef make_parameter(std::string name, TensorRef value) {
  Spec spec = value->spec;
  return make_node(ops::parameter, {}, {}, std::move(spec), std::move(value), std::move(name));
}

NodeRef make_constant(TensorRef value) {
  Spec spec = value->spec;
  return make_node(ops::constant, {}, {}, std::move(spec), std::move(value), {});
}

}  // namespace plait::graph
