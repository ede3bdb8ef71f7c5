// The op table: one entry per operation, with its shape rule, its gradient rule (in nodes) and its kernel. To add an op is to add an entry
// to one family in src/graph/ops/; nothing else changes.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "plait/graph/node.hpp"
#include "plait/tensor/lanes.hpp"

namespace plait::graph {

/// What a running program offers to kernels besides memory.
struct RunContext {
  std::uint64_t seed = 0;  ///< of this program
  std::uint64_t run = 0;   ///< how many runs came before
  int threads = 1;
};

/// An op bound to shapes: everything decided that can be, so that run() only computes. Immutable after construction.
class Kernel {
 public:
  virtual ~Kernel() = default;
  /// scratch: scratch_bytes(threads) bytes, 64-byte aligned.
  virtual void run(const void* const* inputs, void* const* outputs, void* scratch, const RunContext& context) const = 0;
  [[nodiscard]] virtual std::size_t scratch_bytes(int /*threads*/) const { return 0; }
  [[nodiscard]] virtual double flops() const { return 0; }
  [[nodiscard]] virtual double cost_ns() const { return 0; }  ///< estimated, one thread; 0: not known
};

/// How the elements of a value stand in the memory of another: element (i0, i1, …) at offset + Σ ik strides[k], in elements.
struct View {
  Index offset = 0;
  Shape strides;
};

enum class OpKind : std::uint8_t {
  leaf,         ///< input, parameter, constant: holds or receives a value
  random,       ///< drawn anew at every run
  elementwise,  ///< `lane` says what a lane program does; inputs broadcast
  view,         ///< the same elements read in another order: no work
  reduction,    ///< reduces `attributes` axes
  other,        ///< `kernel` does it
};

struct Op {
  const char* name;
  OpKind kind;
  int inputs;  ///< how many; -1: any number, at least one

  /// Shape and dtype of the result; sizes may be kAny. Throws ShapeError or DTypeError that begins with the op's name.
  Spec (*infer)(std::span<const Spec> inputs, const Attributes& attributes);

  /// d/d(input i) for every input, given g = d/d(node); an empty NodeRef where no gradient flows. nullptr: no gradient at all.
  std::vector<NodeRef> (*gradient)(const NodeRef& node, const NodeRef& g) = nullptr;

  /// For `other`, `random` and, as the plain form, `reduction` ops. Contiguous inputs and output; `shape_only` inputs are not passed.
  std::unique_ptr<Kernel> (*kernel)(std::span<const Spec> inputs, const Spec& output, const Attributes& attributes) = nullptr;

  /// For views: the result's view, given the input's; nothing where no strides can say it (then the input is copied first).
  std::optional<View> (*view)(const Spec& input, const Spec& output, const Attributes& attributes, const View& of) = nullptr;

  LaneOp lane = LaneOp::copy;    ///< for elementwise ops
  LaneOutput::Kind reduce = {};  ///< for reductions
  unsigned shape_only = 0;       ///< bit i: of input i only the shape matters
  bool opaque = false;           ///< a leaf whose value is no array of its shape: a pointer to what only ops that take it can read
  unsigned takes_opaque = 0;     ///< bit i: input i is such a leaf
};

/// The entry of that name; throws GraphError if there is none.
const Op& find_op(std::string_view name);
/// Every op, for tests and documentation.
std::vector<const Op*> all_ops();

/// Infers and makes a node. Inputs must have one common dtype where the op asks for it: promotion is the caller's (build.hpp).
NodeRef apply(const Op& op, std::span<const NodeRef> inputs, Attributes attributes = {});
NodeRef apply(std::string_view name, std::initializer_list<NodeRef> inputs, Attributes attributes = {});

/// Where lowering puts the ordinal of a random node among its attributes.
constexpr std::size_t kRandomOrdinal = 3;

/// True if of input i only the shape matters.
inline bool shape_only(const Op& op, std::size_t i) { return i < 32 && (op.shape_only >> i & 1U) != 0; }

/// The lane type in which a dtype computes.
constexpr LaneType lane_type(DType t) { return t == DType::float32 ? LaneType::f32 : t == DType::float64 ? LaneType::f64 : LaneType::i64; }

/// A lane program reduces one run of axes: (outer, middle, inner). Splits ascending axes into such runs (sizes of 1 between do not count).
std::vector<std::vector<Index>> axis_runs(const Shape& shape, std::span<const Index> axes);
/// The lane output that reduces one run of axes (none: every element is its own result).
LaneOutput reduction_output(LaneOutput::Kind kind, DType dtype, const Shape& shape, std::span<const Index> run);
/// The axes of `from` that are summed to come to shape `to`, which broadcasts to it.
std::vector<Index> summed_axes(const Shape& from, const Shape& to);

/// Leaves.
NodeRef make_input(std::string name, Spec spec);
NodeRef make_parameter(std::string name, TensorRef value);
NodeRef make_constant(TensorRef value);

/// Families register themselves: one function per file in src/graph/ops/.
using OpList = std::vector<Op>;
void add_leaf_ops(OpList& ops);
void add_elementwise_ops(OpList& ops);
void add_reduction_ops(OpList& ops);
void add_view_ops(OpList& ops);
void add_matmul_ops(OpList& ops);
void add_index_ops(OpList& ops);
void add_random_ops(OpList& ops);
void add_scan_ops(OpList& ops);
void add_segment_ops(OpList& ops);
void add_lengths_ops(OpList& ops);
void add_recurrence_ops(OpList& ops);
void add_linalg_ops(OpList& ops);

/// A family from beyond this room, by whoever joins rooms; before the table is first used.
using OpFamily = void (*)(OpList& ops);
void join_ops(OpFamily family);

}  // namespace plait::graph
