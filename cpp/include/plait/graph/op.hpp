// The op table: one entry per operation, with its shape rule, its gradient rule (in nodes), its kernel, and the traits that gradients and passes use.
// To add an op, add an entry to one family in src/graph/ops/ (CONTRIBUTING.md has the steps). An entry is a constant: an incomplete one does not
// compile. Ops that other code refers to have handles (ops.hpp) and are compared by address, never by name.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "plait/graph/node.hpp"
#include "plait/tensor/lanes.hpp"

namespace plait::graph {

/// What kernels receive at run time besides memory.
struct RunContext {
  std::uint64_t seed = 0;  ///< of this program
  std::uint64_t run = 0;   ///< number of earlier runs
  int threads = 1;
};

/// An op bound to shapes: all decisions are made at construction, run() only computes. Immutable after construction.
class Kernel {
 public:
  virtual ~Kernel() = default;
  /// scratch: scratch_bytes(threads) bytes, 64-byte aligned.
  virtual void run(const void* const* inputs, void* const* outputs, void* scratch, const RunContext& context) const = 0;
  [[nodiscard]] virtual std::size_t scratch_bytes(int /*threads*/) const { return 0; }
  [[nodiscard]] virtual double flops() const { return 0; }
  [[nodiscard]] virtual double cost_ns() const { return 0; }  ///< estimated, one thread; 0: not known
};

/// The layout of a value in the memory of another: element (i0, i1, …) is at offset + Σ ik strides[k], in elements.
struct View {
  Index offset = 0;
  Shape strides;
};

enum class OpKind : std::uint8_t {
  leaf,         ///< input, parameter, constant: holds or receives a value
  random,       ///< new random numbers at every run
  elementwise,  ///< computed by the lane operation `lane`; inputs broadcast
  view,         ///< the same elements with other strides: no work
  reduction,    ///< reduces the axes in `attributes`
  other,        ///< computed by `kernel`
};

/// The gradient rule of an op: d/d(input i) for every input, given g = d/d(node); an empty NodeRef where no gradient flows. nullptr: differentiating
/// it is an error. Every entry must state one of these: there is no default.
class GradientRule {
 public:
  using Function = std::vector<NodeRef> (*)(const NodeRef& node, const NodeRef& g);
  constexpr GradientRule(std::nullptr_t) {}               // NOLINT(google-explicit-constructor): written as in `.gradient = nullptr`
  constexpr GradientRule(Function rule) : rule_(rule) {}  // NOLINT(google-explicit-constructor): written as in `.gradient = d_exp`
  constexpr explicit operator bool() const { return rule_ != nullptr; }
  std::vector<NodeRef> operator()(const NodeRef& node, const NodeRef& g) const { return rule_(node, g); }

 private:
  Function rule_ = nullptr;
};
/// The rule of piecewise constant ops and of integer ops: no gradient flows to any input.
std::vector<NodeRef> no_gradient_flows(const NodeRef& node, const NodeRef& g);

/// How the operands of an elementwise op are promoted.
enum class Promotion : std::uint8_t {
  none,      ///< not at all: the caller's task
  floats,    ///< integers and booleans become float64
  numbers,   ///< booleans become integers, or the op has a logical form
  anything,  ///< one common dtype
  booleans,  ///< to bool: everything but 0 is true
};

struct Op {
  const char* name;
  OpKind kind;
  int inputs;  ///< their number; -1: any number, at least one

  /// Shape and dtype of the result; sizes may be kAny. Throws ShapeError or DTypeError that begins with the op's name.
  Spec (*infer)(std::span<const Spec> inputs, const Attributes& attributes);

  GradientRule gradient;

  /// For `other` and `random` ops and, as the reference form, for reductions. Contiguous inputs and output; `shape_only` inputs are not passed.
  std::unique_ptr<Kernel> (*kernel)(std::span<const Spec> inputs, const Spec& output, const Attributes& attributes) = nullptr;

  /// For views: the result's view, given the input's; nullopt where no strides express it (then the input is copied first).
  std::optional<View> (*view)(const Spec& input, const Spec& output, const Attributes& attributes, const View& of) = nullptr;

  /// For an op that has attributes (attributes.hpp): reads its struct from a file; GraphError unless the op's own functions could have made it.
  /// nullptr: it has none.
  Attributes (*attributes)(AttributeReader& reader) = nullptr;

  LaneOp lane = LaneOp::copy;    ///< for elementwise ops
  Promotion promotion = {};      ///< for elementwise ops
  LaneOutput::Kind reduce = {};  ///< for reductions
  unsigned shape_only = 0;       ///< bit i: only the shape of input i is read
  bool opaque = false;           ///< a leaf whose value is not an array but a pointer to data that only ops with `takes_opaque` can read
  unsigned takes_opaque = 0;     ///< bit i: input i is such a leaf

  // ---- traits for gradients and passes ----

  bool preserves_order = false;  ///< a view: the elements of input 0, in the same row-major order
  bool broadcasts = false;       ///< a view: input 0 stretched along axes of size 1 and new leading axes
  bool constant_shape = false;   ///< depends on shapes alone: constant once they are bound, so there is no kernel
  bool linear = false;           ///< elementwise, linear or piecewise linear: the gradient rule multiplies by no computed value
  bool steep = false;            ///< elementwise: the slope is not finite everywhere
  bool passes_gradient = false;  ///< not a view (views all do): the gradient rule only moves and adds gradients
  const Op* in_loop = nullptr;   ///< random: its counter-based form inside a loop, drawn from a key and the step number
};

/// Checks an entry at compile time.
consteval Op entry(Op op) {
  const auto require = [](bool ok, const char* what) {
    if (!ok) throw what;
  };
  require(op.name != nullptr && *op.name != '\0', "an op needs a name");
  require((op.kind == OpKind::leaf) == (op.infer == nullptr), "every op but leaves needs a shape rule");
  require((op.kind == OpKind::view) == (op.view != nullptr), "views, and only they, say how their elements stand in the input's memory");
  const bool computes = op.kind == OpKind::random || op.kind == OpKind::reduction || (op.kind == OpKind::other && !op.constant_shape);
  require(computes == (op.kernel != nullptr), "random ops, reductions and others, and only they, need a kernel");
  require(op.kind != OpKind::elementwise || op.inputs == arity(op.lane), "an elementwise op takes what its lane instruction takes");
  require((op.kind == OpKind::reduction) == (op.reduce != LaneOutput::Kind::store), "reductions, and only they, say what they reduce by");
  require(op.in_loop == nullptr || op.kind == OpKind::random, "in_loop is for random ops");
  require(op.kind == OpKind::leaf || op.kind == OpKind::view || !(op.preserves_order || op.broadcasts), "a trait of views");
  return op;
}

/// The op of that name; throws GraphError if there is none.
const Op& find_op(std::string_view name);
/// Every op, for tests and documentation.
std::vector<const Op*> all_ops();

/// Infers and makes a node. Inputs must have one common dtype where the op requires it: promotion is up to the caller (frontend.hpp).
NodeRef apply(const Op& op, std::span<const NodeRef> inputs, Attributes attributes = {});
NodeRef apply(const Op& op, std::initializer_list<NodeRef> inputs, Attributes attributes = {});
NodeRef apply(std::string_view name, std::initializer_list<NodeRef> inputs, Attributes attributes = {});

/// True if only the shape of input i is read.
inline bool shape_only(const Op& op, std::size_t i) { return i < 32 && (op.shape_only >> i & 1U) != 0; }

/// The lane type in which values of a dtype are computed.
constexpr LaneType lane_type(DType t) { return t == DType::float32 ? LaneType::f32 : t == DType::float64 ? LaneType::f64 : LaneType::i64; }

/// Splits ascending axes into runs of adjacent ones (ignoring axes of size 1 between): a lane program reduces one run, (outer, middle, inner).
std::vector<std::vector<Index>> axis_runs(const Shape& shape, std::span<const Index> axes);
/// The lane output that reduces one run of axes (empty run: every element is its own result).
LaneOutput reduction_output(LaneOutput::Kind kind, DType dtype, const Shape& shape, std::span<const Index> run);
/// The axes of `from` to sum over to reach shape `to`, which broadcasts to it.
std::vector<Index> summed_axes(const Shape& from, const Shape& to);

/// Leaves.
NodeRef make_input(std::string name, Spec spec);
NodeRef make_parameter(std::string name, TensorRef value);
NodeRef make_constant(TensorRef value);

/// The families of src/graph/ops/: one function per file, which names its entries.
using OpList = std::vector<const Op*>;
void add_leaf_ops(OpList& list);
void add_elementwise_ops(OpList& list);
void add_reduction_ops(OpList& list);
void add_view_ops(OpList& list);
void add_matmul_ops(OpList& list);
void add_index_ops(OpList& list);
void add_random_ops(OpList& list);
void add_scan_ops(OpList& list);
void add_segment_ops(OpList& list);
void add_lengths_ops(OpList& list);
void add_recurrence_ops(OpList& list);
void add_linalg_ops(OpList& list);

/// Registers a family from another module. GraphError once the table has been used: a name once reported as unknown must stay unknown.
using OpFamily = void (*)(OpList& list);
void join_ops(OpFamily family);

}  // namespace plait::graph
