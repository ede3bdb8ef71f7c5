// The form in which a graph passes through the passes: values in topological order, every shape known. Each pass is one file and one pure
// function from one form to the next:
//   lower -> simplify -> fuse -> schedule -> allocate, and then steps are built.
#pragma once

#include <unordered_map>
#include <vector>

#include "plait/graph/op.hpp"

namespace plait {

struct Value {
  const Op* op = nullptr;
  Attributes attributes;
  Spec spec;
  std::vector<int> inputs;  ///< earlier values; those of which only the shape mattered are gone
  NodeRef leaf;             ///< inputs and parameters
  TensorRef constant;       ///< constants
  std::string label;        ///< of the node it came from
};

struct Update {
  int parameter, value;
};

struct Lowered {
  std::vector<Value> values;
  std::vector<int> outputs;
  std::vector<Update> updates;
};

/// Binds shapes: `feeds` gives the spec of every input. Re-infers every node, resolves what depends on sizes (sum_to_like, axis_size), splits
/// reductions over separate runs of axes, and makes every output and update a value of its own.
Lowered lower(std::span<const NodeRef> outputs, std::span<const std::pair<NodeRef, NodeRef>> updates, const std::unordered_map<const Node*, Spec>& feeds);

/// Folds constants, merges common subexpressions, applies identities, lifts elementwise work above broadcasts, drops what nobody needs.
Lowered simplify(const Lowered& in);

/// Where a value's elements stand: in its own memory, or as a view of another's.
struct Place {
  int root = -1;
  View view;
};

/// One step to be: a lane program over `space` (with reductions as outputs), a product with an optional lane program behind it, or one op.
struct Group {
  enum class Kind : std::uint8_t { lanes, product, single };
  Kind kind = Kind::single;
  int value = -1;             ///< product, single: the value computed
  std::vector<int> members;   ///< lanes (or epilogue): elementwise values in order
  std::vector<int> reduced;   ///< lanes: reductions fed by members or by other values
  Shape space;                ///< lanes (or epilogue)
  std::vector<int> reads;     ///< roots outside of the group, each once
  std::vector<int> writes;    ///< values that others need: in the order in which the step writes them
};

struct Fused {
  Lowered graph;
  std::vector<Place> places;   ///< one per value
  std::vector<Group> groups;
};

/// Elementwise chains into lane programs, reductions onto them, and lane programs into the products before them.
Fused fuse(Lowered in);

struct Scheduled {
  Fused fused;
  std::vector<int> order;              ///< groups
  std::vector<char> in_place_update;   ///< one per update: the step may write the parameter's own memory
};

/// An order in which inputs come first, old values of parameters are read before they are overwritten, and otherwise the order of creation holds.
Scheduled schedule(Fused in);

/// Where each root value lives while a program runs.
struct Slot {
  enum class Kind : std::uint8_t { none, feed, parameter, constant, arena, output };
  Kind kind = Kind::none;
  std::size_t offset = 0;  ///< arena: bytes
  int index = -1;          ///< output: which; parameter: which update may write it in place
};

struct Allocated {
  Scheduled scheduled;
  std::vector<Slot> slots;   ///< one per value
  std::size_t arena_bytes = 0;
  std::size_t unshared_bytes = 0;  ///< what it would be if every value had memory of its own
};

/// Lifetimes to offsets in one arena; elementwise results take the memory of inputs that end there.
Allocated allocate(Scheduled in);


/// Evaluates one op on contiguous tensors, op by op: constant folding and Table.
TensorRef evaluate_op(const Op& op, std::span<const Tensor* const> inputs, const Spec& spec, const Attributes& attributes, const RunContext& context);

/// Which (outer, middle, inner) view a reduction over `axes` of `shape` has. Axes must be one run (sizes of 1 do not count).
LaneOutput reduction_output(const Value& reduction, const Shape& input_shape);

/// The step that runs a group. Reads follow group.reads of the group in order of `operands`.
struct StepPlan {
  std::unique_ptr<Kernel> kernel;
  std::vector<std::pair<int, Index>> inputs;   ///< (root value, element offset)
  std::vector<std::pair<int, Index>> outputs;
  std::string label;
  double cost_ns = 0;
};
StepPlan make_step(const Fused& fused, const Group& group);

}  // namespace plait
