#include "plait/graph/attributes.hpp"

#include <algorithm>

#include "plait/base/error.hpp"
#include "plait/graph/ops.hpp"
#include "plait/graph/scan.hpp"

namespace plait::graph {
namespace {

Attributes listed(std::initializer_list<Index> first, IndexSpan rest, std::vector<double> reals = {}) {
  Attributes a{first, std::move(reals)};
  a.ints.insert(a.ints.end(), rest.begin(), rest.end());
  return a;
}

// Functions of a key and of a step's number.
void check_key_and_step(const AttributeChecker& c) {
  const auto number = [&](std::size_t i) { return c.inputs[i]->spec == Spec{{}, DType::int64}; };
  c.require(c.inputs.size() >= 2 && number(0) && number(1));
}

constexpr std::size_t kMostDimensions = 32;

}  // namespace

void AttributeChecker::require(bool ok) const { PLAIT_REQUIRE_AS(GraphError, ok, op.name, ": attributes that do not fit"); }

Index AttributeChecker::rank(std::size_t input) const {
  require(input < inputs.size());
  return static_cast<Index>(inputs[input]->spec.shape.size());
}

void AttributeChecker::sizes(std::span<const Index> shape) const {
  require(shape.size() <= kMostDimensions && std::all_of(shape.begin(), shape.end(), [](Index n) { return n >= kAny; }));
}

void AttributeChecker::ascending_axes(std::span<const Index> list) const {
  for (std::size_t i = 0; i < list.size(); ++i) axis(list[i], i == 0 ? 0 : list[i - 1] + 1, rank());
}

void check_attributes(const Op& op, std::span<const NodeRef> inputs, const Attributes& attributes) {
  const AttributeChecker checker{op, inputs, attributes};
  PLAIT_REQUIRE_AS(GraphError, op.kind != OpKind::leaf, op.name, ": a leaf is not computed");
  const bool of_loop = op.check_attributes == LoopBody::check || op.check_attributes == LoopOutput::check;
  checker.require(of_loop || attributes.scan == nullptr);
  if (op.check_attributes != nullptr) return op.check_attributes(checker);
  checker.require(attributes == Attributes{});
}

void CastTo::check(const AttributeChecker& c) {
  c.count(1);
  c.dtype(c.ints()[0]);
}

ReducedAxes::operator Attributes() const { return listed({keep ? 1 : 0}, axes, of_nothing ? std::vector<double>{1} : std::vector<double>{}); }
void ReducedAxes::check(const AttributeChecker& c) {
  c.require(!c.ints().empty());
  c.flag(c.ints()[0]);
  c.ascending_axes(of(c.attributes).axes);
}

CountedAxes::operator Attributes() const {
  return listed({static_cast<Index>(dtype)}, axes, divisor ? std::vector<double>{1} : std::vector<double>{});
}
void CountedAxes::check(const AttributeChecker& c) {
  c.require(!c.ints().empty());
  c.dtype(c.ints()[0]);
  c.ascending_axes(of(c.attributes).axes);
}

RecurrenceAxes::operator Attributes() const { return listed({reverse ? 1 : 0, start}, axes); }
void RecurrenceAxes::check(const AttributeChecker& c) {
  c.require(c.ints().size() >= 2);
  c.flag(c.ints()[0]);
  c.flag(c.ints()[1]);
  c.ascending_axes(of(c.attributes).axes);
}

void NewShape::check(const AttributeChecker& c) { c.sizes(c.ints()); }
void NewShape::check_one_open(const AttributeChecker& c) {
  check(c);
  c.require(std::count(c.ints().begin(), c.ints().end(), Index{-1}) <= 1);
}

void OneAxis::check_new(const AttributeChecker& c) {
  c.count(1);
  c.axis(c.ints()[0], -c.rank() - 1, c.rank() + 1);
}
void OneAxis::check_signed(const AttributeChecker& c) {
  c.count(1);
  c.axis(c.ints()[0], -c.rank(), c.rank());
}

AlongAxis::operator Attributes() const { return classes ? Attributes{{axis, 1}, {}} : Attributes{{axis}, {}}; }

void Permutation::check(const AttributeChecker& c) {
  std::vector<Index> sorted(c.ints().begin(), c.ints().end());
  std::sort(sorted.begin(), sorted.end());
  c.count(static_cast<std::size_t>(c.rank()));
  c.ascending_axes(sorted);
}

SliceRange::Taken SliceRange::of_size(Index size) const {
  const auto clamp = [&](Index i, Index low, Index high) { return std::clamp(i < 0 ? i + size : i, low, high); };
  const Index stride = std::clamp(step, -size - 1, size + 1);
  if (stride > 0) {
    const Index b = start == kOpen ? 0 : clamp(start, 0, size), e = stop == kOpen ? size : clamp(stop, 0, size);
    return {b, stride, e > b ? (e - b + stride - 1) / stride : 0};
  }
  const Index b = start == kOpen ? size - 1 : clamp(start, -1, size - 1), e = stop == kOpen ? -1 : clamp(stop, -1, size - 1);
  return {b, stride, b > e ? (b - e - stride - 1) / -stride : 0};
}

Attributes SliceRanges::made(std::span<const SliceRange> ranges) {
  Attributes a;
  a.ints.reserve(3 * ranges.size());
  for (const SliceRange& r : ranges) a.ints.insert(a.ints.end(), {r.start, r.stop, r.step});
  return a;
}

void IndexAt::check(const AttributeChecker& c) {
  c.count(2);
  c.axis(c.ints()[0], 0, c.rank());
}

void OneHotClasses::check(const AttributeChecker& c) {
  c.count(2);
  c.require(of(c.attributes).depth > 0);
  c.dtype(c.ints()[1]);
}

void CumulatedAxis::check(const AttributeChecker& c) {
  c.count(2);
  c.axis(c.ints()[0], 0, c.rank());
}

void TriangularSide::check(const AttributeChecker& c) {
  c.count(1);
  c.flag(c.ints()[0]);
}

RandomDraw::operator Attributes() const { return listed({static_cast<Index>(dtype), has_seed ? 1 : 0, static_cast<Index>(seed), ordinal}, shape); }
void RandomDraw::check(const AttributeChecker& c) {
  c.require(c.ints().size() >= 4 && c.ints()[0] >= static_cast<Index>(DType::float32));
  c.dtype(c.ints()[0]);
  c.sizes(of(c.attributes).shape);
}
void RandomDraw::check_drawn(const AttributeChecker& c) {
  c.count(4);
  c.require(of(c.attributes).ordinal >= 0);
}
void RandomDraw::check_key(const AttributeChecker& c) {
  c.count(4);
  c.require(c.ints()[0] == static_cast<Index>(DType::int64));
}
void RandomDraw::check_keyed(const AttributeChecker& c) {
  check_key_and_step(c);
  check(c);
}
void RandomDraw::check_keyed_key(const AttributeChecker& c) {
  check_key_and_step(c);
  check_key(c);
}

// A loop's output, or its gradient: beside the loop itself, of the same body.
void LoopOutput::check(const AttributeChecker& c) {
  const Scan* const scan = c.attributes.scan.get();
  c.require(scan != nullptr && !c.inputs.empty() && is_op(c.inputs.back(), ops::scan) && c.inputs.back()->attributes.scan->body == scan->body);
  c.count(2);
  c.axis(c.ints()[0], 0, scan->body->output_count());
  c.require(c.ints()[1] >= kAny);
}
void LoopBody::check(const AttributeChecker& c) { c.require(c.attributes.scan != nullptr && c.ints().empty()); }

void Segments::check(const AttributeChecker& c) {
  c.count(1);
  c.require(c.ints()[0] >= 0);
}
void FilledSegments::check(const AttributeChecker& c) {
  c.count(2);
  c.require(c.ints()[0] >= 0);
}

}  // namespace plait::graph
