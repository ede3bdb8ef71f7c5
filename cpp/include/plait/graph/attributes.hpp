// Attributes by family of ops: one struct each, which reads what stands in a node, writes it, and checks what comes from a file. The lists of whole
// numbers and reals behind them (node.hpp) are the form of files and of keys; nobody else looks at a position in them.
//
//   const auto [keep, axes] = ReducedAxes::of(node->attributes);
//   apply(ops::cumsum, {x}, CumulatedAxis{axis, false});
//
// What is read points into the attributes and lives as long as they do. Whoever builds graphs by these functions cannot make attributes that do not
// fit; a file can hold anything, and rules and kernels follow the numbers without looking again: so every struct has check_….
#pragma once

#include <limits>
#include <span>

#include "plait/graph/op.hpp"

namespace plait::graph {

/// What a file says about an op, and the inputs it is to have.
struct AttributeChecker {
  const Op& op;
  std::span<const NodeRef> inputs;
  const Attributes& attributes;

  void require(bool ok) const;  ///< GraphError: "<op>: attributes that do not fit"
  [[nodiscard]] std::span<const Index> ints() const { return attributes.ints; }
  [[nodiscard]] Index rank(std::size_t input = 0) const;
  void count(std::size_t n) const { require(ints().size() == n && attributes.reals.empty()); }
  void axis(Index axis, Index low, Index high) const { require(axis >= low && axis < high); }
  void flag(Index value) const { require(value == 0 || value == 1); }
  void dtype(Index value) const { require(value >= 0 && value <= static_cast<Index>(DType::float64)); }
  void sizes(std::span<const Index> shape) const;
  void ascending_axes(std::span<const Index> list) const;
};

using IndexSpan = std::span<const Index>;

/// cast.
struct CastTo {
  DType dtype;
  static CastTo of(const Attributes& a) { return {static_cast<DType>(a.ints[0])}; }
  operator Attributes() const { return {{static_cast<Index>(dtype)}, {}}; }  // NOLINT(google-explicit-constructor)
  static void check(const AttributeChecker& c);
};

/// Reductions: axes normalised and ascending. `of_nothing`: an empty axis has an extreme, -inf or inf.
struct ReducedAxes {
  bool keep;
  IndexSpan axes;
  bool of_nothing = false;
  static ReducedAxes of(const Attributes& a) { return {a.ints[0] != 0, IndexSpan(a.ints).subspan(1), !a.reals.empty()}; }
  operator Attributes() const;  // NOLINT(google-explicit-constructor)
  static void check(const AttributeChecker& c);
};

/// axis_size: how many elements there are along the axes, as a scalar of a dtype. `divisor`: the mean of nothing is an error.
struct CountedAxes {
  DType dtype;
  IndexSpan axes;
  bool divisor = false;
  static CountedAxes of(const Attributes& a) { return {static_cast<DType>(a.ints[0]), IndexSpan(a.ints).subspan(1), !a.reals.empty()}; }
  operator Attributes() const;  // NOLINT(google-explicit-constructor)
  static void check(const AttributeChecker& c);
};

/// recurrence: the axes, taken as one, ascending.
struct RecurrenceAxes {
  bool reverse;
  Index start;  ///< 0 or 1
  IndexSpan axes;
  static RecurrenceAxes of(const Attributes& a) { return {a.ints[0] != 0, a.ints[1], IndexSpan(a.ints).subspan(2)}; }
  operator Attributes() const;  // NOLINT(google-explicit-constructor)
  static void check(const AttributeChecker& c);
};

/// reshape (at most one size of -1) and broadcast_to (-1 keeps the input's size).
struct NewShape {
  const Shape& sizes;
  static NewShape of(const Attributes& a) { return {a.ints}; }
  operator Attributes() const { return {sizes, {}}; }  // NOLINT(google-explicit-constructor)
  static void check(const AttributeChecker& c);
  static void check_one_open(const AttributeChecker& c);
};

/// expand_dims, squeeze (negative axes count from the end), take, concatenate, head_like, tail_like.
struct OneAxis {
  Index axis;
  static OneAxis of(const Attributes& a) { return {a.ints[0]}; }
  operator Attributes() const { return {{axis}, {}}; }  // NOLINT(google-explicit-constructor)
  static void check_new(const AttributeChecker& c);     ///< of the result, negative ones too
  static void check_signed(const AttributeChecker& c);  ///< of the input, negative ones too
  template <std::size_t... inputs>
  static void check_of(const AttributeChecker& c) {  ///< of those inputs
    c.count(1);
    (c.axis(of(c.attributes).axis, 0, c.rank(inputs)), ...);
  }
};

/// take_along_axis. `classes`: indices are not counted from the end.
struct AlongAxis {
  Index axis;
  bool classes = false;
  static AlongAxis of(const Attributes& a) { return {a.ints[0], a.ints.size() > 1}; }
  operator Attributes() const;  // NOLINT(google-explicit-constructor)
  template <std::size_t input>
  static void check_of(const AttributeChecker& c) {
    c.require(c.attributes.reals.empty() && (c.ints().size() == 1 || (c.ints().size() == 2 && c.ints()[1] == 1)));
    c.axis(of(c.attributes).axis, 0, c.rank(input));
  }
};

/// transpose: axis i of the result is axis permutation[i] of the input.
struct Permutation {
  IndexSpan axes;
  static Permutation of(const Attributes& a) { return {a.ints}; }
  operator Attributes() const { return {{axes.begin(), axes.end()}, {}}; }  // NOLINT(google-explicit-constructor)
  /// The two axes of a matrix exchanged.
  [[nodiscard]] bool swaps_two() const { return axes.size() == 2 && axes[0] == 1 && axes[1] == 0; }
  static void check(const AttributeChecker& c);
};

/// An end of a slice that is left out.
constexpr Index kOpen = std::numeric_limits<Index>::min();

/// Of one axis, as Python's slice.
struct SliceRange {
  Index start = kOpen, stop = kOpen, step = 1;
  /// Where it starts and how many elements it takes of an axis of that size, as slice.indices. A step longer than the axis is cut to it: it still
  /// takes one element, and nothing overflows.
  struct Taken {
    Index start, step, count;
  };
  [[nodiscard]] Taken of_size(Index size) const;
};

/// slice and slice_gradient: a range for every axis.
struct SliceRanges {
  IndexSpan numbers;
  static SliceRanges of(const Attributes& a) { return {a.ints}; }
  [[nodiscard]] std::size_t rank() const { return numbers.size() / 3; }
  [[nodiscard]] SliceRange operator[](std::size_t axis) const { return {numbers[3 * axis], numbers[3 * axis + 1], numbers[3 * axis + 2]}; }
  static Attributes made(std::span<const SliceRange> ranges);
  template <std::size_t input>
  static void check_of(const AttributeChecker& c) {
    c.count(3 * static_cast<std::size_t>(c.rank(input)));
  }
};

/// index: x[…, i, …] with that axis dropped.
struct IndexAt {
  Index axis, i;
  static IndexAt of(const Attributes& a) { return {a.ints[0], a.ints[1]}; }
  operator Attributes() const { return {{axis, i}, {}}; }  // NOLINT(google-explicit-constructor)
  static void check(const AttributeChecker& c);
};

/// one_hot.
struct OneHotClasses {
  Index depth;
  DType dtype;
  static OneHotClasses of(const Attributes& a) { return {a.ints[0], static_cast<DType>(a.ints[1])}; }
  operator Attributes() const { return {{depth, static_cast<Index>(dtype)}, {}}; }  // NOLINT(google-explicit-constructor)
  static void check(const AttributeChecker& c);
};

/// cumsum.
struct CumulatedAxis {
  Index axis;
  bool reverse = false;
  static CumulatedAxis of(const Attributes& a) { return {a.ints[0], a.ints[1] != 0}; }
  operator Attributes() const { return {{axis, reverse ? 1 : 0}, {}}; }  // NOLINT(google-explicit-constructor)
  static void check(const AttributeChecker& c);
};

/// triangular_solve: by L, or by its transpose.
struct TriangularSide {
  bool transposed;
  static TriangularSide of(const Attributes& a) { return {a.ints[0] != 0}; }
  operator Attributes() const { return {{transposed ? 1 : 0}, {}}; }  // NOLINT(google-explicit-constructor)
  static void check(const AttributeChecker& c);
};

/// Random ops, and scan_key. The ordinal (which random node of its graph, or of its loop, this is) is filled in when a graph is lowered.
struct RandomDraw {
  DType dtype;
  bool has_seed;
  std::uint64_t seed;
  Index ordinal;
  IndexSpan shape;  ///< sizes of kAny are those of the input
  static RandomDraw of(const Attributes& a) {
    return {static_cast<DType>(a.ints[0]), a.ints[1] != 0, static_cast<std::uint64_t>(a.ints[2]), a.ints[3], IndexSpan(a.ints).subspan(4)};
  }
  operator Attributes() const;  // NOLINT(google-explicit-constructor)
  static void set_ordinal(Attributes& a, Index ordinal) { a.ints[3] = ordinal; }
  static void check(const AttributeChecker& c);        ///< of a shape
  static void check_drawn(const AttributeChecker& c);  ///< of the input's shape
  static void check_key(const AttributeChecker& c);    ///< one int64
  static void check_keyed(const AttributeChecker& c);  ///< of a shape, by a key and a step
  static void check_keyed_key(const AttributeChecker& c);
};

/// scan_output and scan_cotangent: which output of the loop in `scan`, and how many steps there are, as far as that was known.
struct LoopOutput {
  int output;
  Index steps;
  static LoopOutput of(const Attributes& a) { return {static_cast<int>(a.ints[0]), a.ints[1]}; }
  static Attributes made(int output, Index steps, std::shared_ptr<const Scan> scan) { return {{output, steps}, {}, std::move(scan)}; }
  static void check(const AttributeChecker& c);
};

/// scan: the loop alone.
struct LoopBody {
  static void check(const AttributeChecker& c);
};

/// scan_segments and scan_rest: the length of a segment; 0: the square root of the number of steps, which balances what is kept at boundaries
/// and in a segment. scan_fill: `rest`, whether it undoes scan_rest.
struct Segments {
  Index length;
  static Segments of(const Attributes& a) { return {a.ints[0]}; }
  operator Attributes() const { return {{length}, {}}; }  // NOLINT(google-explicit-constructor)
  static void check(const AttributeChecker& c);
};
struct FilledSegments {
  Index length;
  bool rest;
  static FilledSegments of(const Attributes& a) { return {a.ints[0], a.ints[1] != 0}; }
  operator Attributes() const { return {{length, rest ? 1 : 0}, {}}; }  // NOLINT(google-explicit-constructor)
  static void check(const AttributeChecker& c);
};

/// GraphError unless the attributes are such as the op's own functions make: they may come from a file.
void check_attributes(const Op& op, std::span<const NodeRef> inputs, const Attributes& attributes);

}  // namespace plait::graph
