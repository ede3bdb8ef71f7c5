// Attributes by family of ops: one struct each. `fields` lists what a file stores, in order; `read`, which the op's entry names, makes the struct
// from a file's lists. Code that builds graphs with these structs cannot make invalid attributes, but a file can hold anything, and shape rules and
// kernels do not check again: so every struct's `read` validates against the inputs.
//
//   const auto& [keep, axes, of_nothing] = node->attributes.as<ReducedAxes>();
//   apply(ops::cumsum, {x}, CumulatedAxis{axis, false});
#pragma once

#include <span>

#include "plait/graph/op.hpp"

namespace plait::graph {

using IndexSpan = std::span<const Index>;

/// cast.
struct CastTo {
  DType dtype;
  bool operator==(const CastTo&) const = default;
  static void fields(auto& self, auto& f) { f.dtype(self.dtype); }
  static Attributes read(AttributeReader& r);
};

/// Reductions: axes normalised and ascending. `of_nothing`: the extreme over an empty axis is -inf or inf, not an error.
struct ReducedAxes {
  bool keep;
  Shape axes;
  bool of_nothing = false;
  bool operator==(const ReducedAxes&) const = default;
  static void fields(auto& self, auto& f) {
    f.flag(self.keep);
    f.rest(self.axes);
    f.real_flag(self.of_nothing);
  }
  static Attributes read(AttributeReader& r);
};

/// axis_size: the number of elements along the axes, as a scalar of a dtype. `divisor`: 0 is an error (mean over an empty axis).
struct CountedAxes {
  DType dtype;
  Shape axes;
  bool divisor = false;
  bool operator==(const CountedAxes&) const = default;
  static void fields(auto& self, auto& f) {
    f.dtype(self.dtype);
    f.rest(self.axes);
    f.real_flag(self.divisor);
  }
  static Attributes read(AttributeReader& r);
};

/// recurrence: the axes, flattened into one, ascending.
struct RecurrenceAxes {
  bool reverse;
  Index start;  ///< 0 or 1
  Shape axes;
  bool operator==(const RecurrenceAxes&) const = default;
  static void fields(auto& self, auto& f) {
    f.flag(self.reverse);
    f.number(self.start);
    f.rest(self.axes);
  }
  static Attributes read(AttributeReader& r);
};

/// reshape (at most one size of -1) and broadcast_to (-1 keeps the input's size).
struct NewShape {
  Shape sizes;
  bool operator==(const NewShape&) const = default;
  static void fields(auto& self, auto& f) { f.rest(self.sizes); }
  static Attributes read(AttributeReader& r);
  static Attributes read_one_open(AttributeReader& r);
};

/// expand_dims, squeeze (negative axes count from the end), take, concatenate, head_like, tail_like.
struct OneAxis {
  Index axis;
  bool operator==(const OneAxis&) const = default;
  static void fields(auto& self, auto& f) { f.number(self.axis); }
  static Attributes read_new(AttributeReader& r);     ///< of the result, negative ones too
  static Attributes read_signed(AttributeReader& r);  ///< of the input, negative ones too
  template <std::size_t... inputs>
  static Attributes read_of(AttributeReader& r) {  ///< of those inputs
    const auto taken = r.take<OneAxis>();
    (r.axis(taken.axis, 0, r.rank(inputs)), ...);
    return taken;
  }
};

/// take_along_axis. `classes`: indices are not counted from the end.
struct AlongAxis {
  Index axis;
  bool classes = false;
  bool operator==(const AlongAxis&) const = default;
  static void fields(auto& self, auto& f) {
    f.number(self.axis);
    f.last_flag(self.classes);
  }
  template <std::size_t input>
  static Attributes read_of(AttributeReader& r) {
    const auto taken = r.take<AlongAxis>();
    r.axis(taken.axis, 0, r.rank(input));
    return taken;
  }
};

/// transpose: axis i of the result is axis permutation[i] of the input.
struct Permutation {
  Shape axes;
  bool operator==(const Permutation&) const = default;
  static void fields(auto& self, auto& f) { f.rest(self.axes); }
  static Attributes read(AttributeReader& r);
  /// True for the transpose of a matrix.
  [[nodiscard]] bool swaps_two() const { return axes.size() == 2 && axes[0] == 1 && axes[1] == 0; }
};

/// slice and slice_gradient: a range for every axis.
struct SliceRanges {
  SliceList ranges;
  bool operator==(const SliceRanges&) const = default;
  static void fields(auto& self, auto& f) { f.rest(self.ranges); }
  template <std::size_t input>
  static Attributes read_of(AttributeReader& r) {
    const auto taken = r.take<SliceRanges>();
    r.require(taken.ranges.size() == static_cast<std::size_t>(r.rank(input)));
    return taken;
  }
};

/// index: x[…, i, …] with that axis dropped.
struct IndexAt {
  Index axis, i;
  bool operator==(const IndexAt&) const = default;
  static void fields(auto& self, auto& f) {
    f.number(self.axis);
    f.number(self.i);
  }
  static Attributes read(AttributeReader& r);
};

/// one_hot.
struct OneHotClasses {
  Index depth;
  DType dtype;
  bool operator==(const OneHotClasses&) const = default;
  static void fields(auto& self, auto& f) {
    f.number(self.depth);
    f.dtype(self.dtype);
  }
  static Attributes read(AttributeReader& r);
};

/// cumsum.
struct CumulatedAxis {
  Index axis;
  bool reverse = false;
  bool operator==(const CumulatedAxis&) const = default;
  static void fields(auto& self, auto& f) {
    f.number(self.axis);
    f.flag(self.reverse);
  }
  static Attributes read(AttributeReader& r);
};

/// triangular_solve: with L, or with its transpose.
struct TriangularSide {
  bool transposed;
  bool operator==(const TriangularSide&) const = default;
  static void fields(auto& self, auto& f) { f.flag(self.transposed); }
  static Attributes read(AttributeReader& r);
};

/// Random ops, and scan_key. The ordinal (the number of this random node in its graph or loop) is set when a graph is lowered.
struct RandomDraw {
  DType dtype;
  bool has_seed;
  std::uint64_t seed;
  Index ordinal;
  Shape shape;  ///< sizes of kAny are those of the input
  bool operator==(const RandomDraw&) const = default;
  static void fields(auto& self, auto& f) {
    f.dtype(self.dtype);
    f.flag(self.has_seed);
    f.bits(self.seed);
    f.number(self.ordinal);
    f.rest(self.shape);
  }
  [[nodiscard]] static RandomDraw with_ordinal(const Attributes& a, Index ordinal);
  static Attributes read(AttributeReader& r);        ///< of a shape
  static Attributes read_drawn(AttributeReader& r);  ///< of the input's shape
  static Attributes read_key(AttributeReader& r);    ///< one int64
  static Attributes read_keyed(AttributeReader& r);  ///< of a shape, by a key and a step
  static Attributes read_keyed_key(AttributeReader& r);
};

/// scan: the loop alone.
struct LoopBody {
  std::shared_ptr<const Scan> scan;
  bool operator==(const LoopBody&) const = default;
  static void fields(auto& self, auto& f) { f.loop(self.scan); }
  static Attributes read(AttributeReader& r);
};

/// scan_output and scan_cotangent: the output of the loop in `scan`, and the number of steps as far as it was known.
struct LoopOutput {
  Index output;
  Index steps;
  std::shared_ptr<const Scan> scan;
  bool operator==(const LoopOutput&) const = default;
  static void fields(auto& self, auto& f) {
    f.number(self.output);
    f.number(self.steps);
    f.loop(self.scan);
  }
  static Attributes read(AttributeReader& r);
};

/// The loop of a scan, or of what reads one; null for other ops.
std::shared_ptr<const Scan> loop_of(const Attributes& a);
/// The same with another loop.
Attributes with_loop(const Attributes& a, std::shared_ptr<const Scan> scan);

/// scan_segments and scan_rest: the length of a segment; 0: the square root of the number of steps, which balances the memory for states at
/// boundaries and within a segment. scan_fill: `rest`, whether it undoes scan_rest.
struct Segments {
  Index length;
  bool operator==(const Segments&) const = default;
  static void fields(auto& self, auto& f) { f.number(self.length); }
  static Attributes read(AttributeReader& r);
};
struct FilledSegments {
  Index length;
  bool rest;
  bool operator==(const FilledSegments&) const = default;
  static void fields(auto& self, auto& f) {
    f.number(self.length);
    f.flag(self.rest);
  }
  static Attributes read(AttributeReader& r);
};

}  // namespace plait::graph
