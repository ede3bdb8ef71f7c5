// The form in which a graph passes through the passes: values in an order in which inputs come first, every shape known. Each pass is one file and
// one pure function from one form to the next:
//   lower -> simplify -> join -> place -> fuse -> schedule -> allocate, and then steps are built.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "plait/graph/attributes.hpp"
#include "plait/graph/ops.hpp"
#include "plait/graph/program.hpp"

namespace plait::graph {

struct Value {
  const Op* op = nullptr;
  Attributes attributes{};
  Spec spec{};
  std::vector<int> inputs{};  ///< earlier values; those of which only the shape mattered are gone
  TensorRef constant{};       ///< constants
  NodeRef node{};             ///< which it came from: inputs and parameters themselves, for the others a name
};

struct Update {
  int parameter, value;
};

struct Lowered {
  std::vector<Value> values;
  std::vector<int> outputs;
  std::vector<Update> updates;
};

/// True if the declared shape, which may have open sizes, admits this one.
bool fits(const Shape& known, const Shape& declared);

/// Binds shapes: `feeds` gives the spec of every input. Re-infers every node, resolves what depends on sizes (sum_to_like, axis_size), and splits
/// reductions over separate runs of axes.
Lowered lower(std::span<const NodeRef> outputs, const Updates& updates, const std::unordered_map<const Node*, Spec>& feeds);

/// Folds constants, merges common subexpressions, applies identities, lifts elementwise work above broadcasts, drops what nobody needs, makes every
/// output and update a value of its own, and orders the values by depth.
Lowered simplify(Lowered in);

/// What is done many times in pieces is done once on the pieces stacked: products that share an operand, sums of products, elementwise work.
Lowered join(Lowered in);

/// Where a value's elements stand: in its own memory, or as a view of another's.
struct Place {
  int root = -1;
  View view;
};

/// Memory inside of another value: a piece of a concatenation is computed where the whole will stand.
struct Home {
  int block = -1;    ///< the concatenation, which may have a home of its own; -1: memory of its own
  Index offset = 0;  ///< elements
};

/// Gives every value a place; inserts copies where a view cannot be followed by its reader.
struct Placed {
  Lowered graph;
  std::vector<Place> places;    ///< one per value; that of a root says how its own elements stand
  std::vector<Home> homes;      ///< one per value
  std::vector<char> assembled;  ///< one per value: a concatenation that is there when its pieces are
};
Placed place(Lowered in);

/// True if the place is the whole of its root, row by row without gaps.
bool is_whole(const Place& place, const Spec& spec);
/// True if a value is its root as it stands, element by element, over the given space.
bool is_root(const Placed& placed, int value, const Shape& space);

/// How a value is read over an iteration space to which its shape broadcasts: strides, one per dimension of the space.
Shape strides_over(const Shape& space, const Shape& shape, const Shape& strides);

/// One step to be: a lane program over `space` (with reductions as outputs), a product with an optional lane program behind it, or one op.
struct Group {
  enum class Kind : std::uint8_t { lanes, product, single };
  Kind kind = Kind::single;
  int value = -1;              ///< product, single: the value computed
  LaneType type = {};          ///< of the lane program
  Shape space{};               ///< lanes, and the epilogue of a product
  std::vector<int> members{};  ///< elementwise values in order
  std::vector<int> reduced{};  ///< reductions over members or over what the group reads; for lanes only
};

struct Fused {
  Placed placed;
  std::vector<Group> groups;  ///< in an order in which what is read comes first
  std::vector<int> group_of;  ///< per value: its group, -1 for leaves and views
  std::vector<char> escapes;  ///< per value: needs memory, since somebody beyond its own group reads it or it is wanted as output or update
};

/// Elementwise chains into lane programs, reductions onto them, and lane programs into the products before them.
Fused fuse(Placed in);

/// The roots that a group reads from outside of itself, each once.
std::vector<int> reads_of(const Fused& fused, int group);

struct Scheduled {
  Fused fused;
  std::vector<int> order;             ///< groups
  std::vector<char> in_place_update;  ///< one per update: the step may write the parameter's own memory
};

/// An order in which inputs come first, old values of parameters are read before they are overwritten, and otherwise the groups' order holds.
Scheduled schedule(Fused in);

/// Where each root value lives while a program runs.
struct Slot {
  enum class Kind : std::uint8_t { none, feed, parameter, constant, arena, output };
  Kind kind = Kind::none;
  std::size_t offset = 0;  ///< arena, output: bytes
  int index = -1;          ///< feed, output: which; parameter, constant: the value that holds it
};

struct Allocated {
  Scheduled scheduled;
  std::vector<Slot> slots;  ///< one per value
  std::size_t arena_bytes = 0;
  std::size_t unshared_bytes = 0;  ///< what it would be if every value had memory of its own
};

/// Lifetimes to offsets in one arena; elementwise results take the memory of inputs that end there.
Allocated allocate(Scheduled in, std::span<const NodeRef> inputs);

/// The step that runs a group.
struct StepPlan {
  std::unique_ptr<Kernel> kernel;
  std::vector<std::pair<int, Index>> inputs;  ///< (root value, offset in bytes)
  std::vector<int> outputs;                   ///< values
  StepInfo info;
};
StepPlan make_step(const Fused& fused, int group);

/// The lane program of a group's members: which values its inputs and outputs are. For products the product itself is the first input.
struct LaneBody {
  LaneProgram program;
  std::vector<int> inputs;   ///< values (not roots)
  std::vector<int> outputs;  ///< values, stored ones and reductions
};
LaneBody lane_body(const Fused& fused, int group);

/// Evaluates one op on contiguous tensors: constant folding and Table.
TensorRef evaluate_op(const Op& op, std::span<const Tensor* const> inputs, const Spec& spec, const Attributes& attributes, const RunContext& context);
/// The number of elements along the axes that the attributes of an axis_size name.
TensorRef axis_size(const Shape& shape, const Attributes& attributes);
/// The lane instruction and the lane type of an elementwise op, by the dtypes of its first and last operand and of its result.
LaneOp lane_op(const Op& op, DType from, DType to);
LaneType lane_type(const Op& op, DType first, DType last, DType to);

}  // namespace plait::graph
