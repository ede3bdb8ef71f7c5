// Module: the intermediate representation between graph and program. One record per value, inputs before their readers; each pass is one file and one
// pure function Module -> Module, and fills in the fields that its header comment names. pipeline.hpp lists the passes in order; verify.hpp lists the
// invariants after each.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "plait/base/small_vector.hpp"
#include "plait/graph/attributes.hpp"
#include "plait/graph/ops.hpp"
#include "plait/graph/program.hpp"
#include "value_list.hpp"

namespace plait::graph {

/// The inputs of a value: up to four are stored in the record itself.
using InputList = SmallVector<int, 4>;

/// A piece that is computed inside the buffer of a concatenation.
struct ConcatAlias {
  int whole = -1;    ///< the concatenation, which may itself be a piece of another; -1: memory of its own
  Index offset = 0;  ///< elements from the start of the whole
};

/// The memory of a root value at run time.
struct BufferAssignment {
  enum class Kind : std::uint8_t { none, feed, parameter, constant, arena, output };
  Kind kind = Kind::none;
  int index = -1;          ///< feed, output: which; parameter, constant: the value that holds it
  std::size_t offset = 0;  ///< arena, output: bytes
};

struct Value {
  const Op* op = nullptr;
  Attributes attributes{};
  Spec spec{};           ///< every size is known
  InputList inputs{};    ///< earlier values, without inputs of which only the shape is read
  TensorRef constant{};  ///< constants
  NodeRef node{};        ///< inputs and parameters: the node itself; others: a node for the label

  // materialize_views
  int root = -1;                ///< the value that owns the memory: itself unless this is a view
  View view{};                  ///< layout in the root's memory; of a root: its own layout
  ConcatAlias alias{};          ///< of a root
  bool built_in_place = false;  ///< a concatenation with at least one piece computed inside it; the others are copied there by steps of their own

  // fuse
  bool needs_storage = false;  ///< read by another group, an output or an update; other values exist in registers only
  int group = -1;              ///< the group that computes it; -1 for leaves and views

  BufferAssignment buffer{};  ///< allocate
};

struct Update {
  int parameter, value;
  bool in_place = false;  ///< schedule: the step that computes the value writes it into the parameter's own memory
};

/// A future step: a lane program over `space` (with reductions as outputs), a product with an optional epilogue, or one op.
struct Group {
  enum class Kind : std::uint8_t { lanes, product, single };
  Kind kind = Kind::single;
  int value = -1;              ///< product, single: the value computed
  LaneType type = {};          ///< of the lane program
  Shape space{};               ///< iteration space of lanes and epilogues
  std::vector<int> members{};  ///< elementwise values, ascending
  std::vector<int> reduced{};  ///< reductions of members or inputs of the group; for lanes only
};

struct Module {
  PiecewiseVector<Value> values;
  std::vector<int> outputs;
  std::vector<Update> updates;
  std::vector<Group> groups;         ///< fuse: in an order in which a group reads earlier ones only
  std::vector<int> order;            ///< schedule: the groups in execution order
  std::size_t arena_bytes = 0;       ///< allocate
  std::size_t unshared_bytes = 0;    ///< allocate: bytes without sharing of memory
  std::span<const NodeRef> feeds{};  ///< the program's inputs, in the order in which they are fed

  [[nodiscard]] const Value& root_of(int v) const { return values[values[v].root]; }
  /// The group that computes the root of v.
  [[nodiscard]] int group_of_root(int v) const { return values[values[v].root].group; }
  /// Appends a value and returns its index.
  int add(Value value) {
    values.push_back(std::move(value));
    return static_cast<int>(values.size()) - 1;
  }
};

/// True if the known shape matches the declared one, which may have open sizes.
bool fits(const Shape& known, const Shape& declared);

/// True if the view is contiguous and row-major from offset 0.
bool is_whole(const View& view, const Spec& spec);
/// True if a value has the layout of its root and the shape of the given space.
bool is_root(const Module& module, int value, const Shape& space);
/// The strides to read a value over an iteration space to which it broadcasts, one per dimension of the space.
Shape strides_over(const Shape& space, const Shape& shape, const Shape& strides);
/// The roots outside the group that it reads, each once, ascending.
std::vector<int> reads_of(const Module& module, int group);
/// The outermost buffer that contains a root, through nested concatenations, and the root's offset there in bytes.
std::pair<int, std::size_t> buffer_of(const Module& module, int root);
/// The bytes of all elements.
std::size_t bytes_of(const Spec& spec);

// ---- input of the passes (pipeline.hpp) ----

Module lower(std::span<const NodeRef> outputs, const Updates& updates, const std::unordered_map<const Node*, Spec>& feeds);

// ---- steps, from the final module ----

/// The step that runs a group.
struct StepPlan {
  std::unique_ptr<Kernel> kernel;
  std::vector<std::pair<int, Index>> inputs;  ///< (root value, offset in bytes)
  std::vector<int> outputs;                   ///< values
  StepInfo info;
};
StepPlan make_step(const Module& module, int group);

/// The lane program of a group's members, with the values of its inputs and outputs. For products the product itself is the first input.
struct LaneBody {
  LaneProgram program;
  std::vector<int> inputs;   ///< values (not roots)
  std::vector<int> outputs;  ///< values, stored ones and reductions
};
LaneBody lane_body(const Module& module, int group);

/// Evaluates one op on contiguous tensors: constant folding and Table.
TensorRef evaluate_op(const Op& op, std::span<const Tensor* const> inputs, const Spec& spec, const Attributes& attributes, const RunContext& context);
/// The number of elements along the axes in the attributes of an axis_size.
TensorRef axis_size(const Shape& shape, const Attributes& attributes);
/// The lane instruction and the lane type of an elementwise op, by the dtypes of its first and last operand and of its result.
LaneOp lane_op(const Op& op, DType from, DType to);
LaneType lane_type(const Op& op, DType first, DType last, DType to);

}  // namespace plait::graph
