#include "plait/graph/attributes.hpp"

#include <algorithm>

#include "plait/base/error.hpp"
#include "plait/graph/ops.hpp"
#include "plait/graph/scan.hpp"

namespace plait::graph {
namespace {

constexpr std::size_t kMostDimensions = 32;

// For random ops in loops: inputs 0 and 1 are a key and a step number.
void check_key_and_step(const AttributeReader& r) {
  const auto number = [&](std::size_t i) { return r.inputs[i]->spec == Spec{{}, DType::int64}; };
  r.require(r.inputs.size() >= 2 && number(0) && number(1));
}

}  // namespace

void Attributes::throw_other() { throw GraphError("an operation without its attributes, or with those of another"); }

AttributeLists Attributes::lists() const {
  AttributeLists lists;
  AttributeWriter writer(lists);
  if (stored_ != nullptr) stored_->family->write(stored_, writer);
  return lists;
}

Attributes read_attributes(const Op& op, std::span<const NodeRef> inputs, const AttributeLists& lists) {
  PLAIT_REQUIRE_AS(GraphError, op.kind != OpKind::leaf, op.name, ": a leaf is not computed");
  AttributeReader reader(op, inputs, lists);
  if (op.attributes != nullptr) return op.attributes(reader);
  reader.finish();
  return {};
}

// ---- fields ----

void AttributeReader::require(bool ok) const { PLAIT_REQUIRE_AS(GraphError, ok, op.name, ": attributes that do not fit"); }

void AttributeReader::finish() const { require(left() == 0 && reals_taken_ == from_.reals.size() && (loop_taken_ || from_.scan == nullptr)); }

void AttributeReader::number(Index& x) {
  require(left() > 0);
  x = from_.ints[taken_++];
}
void AttributeReader::flag(bool& x) {
  Index number_of_it = 0;
  number(number_of_it);
  require(number_of_it == 0 || number_of_it == 1);
  x = number_of_it == 1;
}
void AttributeReader::dtype(DType& x) {
  Index number_of_it = 0;
  number(number_of_it);
  require(number_of_it >= 0 && number_of_it <= static_cast<Index>(DType::float64));
  x = static_cast<DType>(number_of_it);
}
void AttributeReader::bits(std::uint64_t& x) {
  Index number_of_it = 0;
  number(number_of_it);
  x = static_cast<std::uint64_t>(number_of_it);
}
void AttributeReader::real(double& x) {
  require(reals_taken_ < from_.reals.size());
  x = from_.reals[reals_taken_++];
}
void AttributeReader::rest(Shape& list) {
  list.assign(from_.ints.begin() + static_cast<std::ptrdiff_t>(taken_), from_.ints.end());
  taken_ = from_.ints.size();
}
void AttributeReader::rest(SliceList& list) {
  require(left() % 3 == 0);
  for (; left() > 0; taken_ += 3) list.push_back({from_.ints[taken_], from_.ints[taken_ + 1], from_.ints[taken_ + 2]});
}
void AttributeReader::last_flag(bool& x) {
  x = left() > 0;
  if (x) flag(x);
  require(x || left() == 0);
}
void AttributeReader::real_flag(bool& x) {
  x = reals_taken_ < from_.reals.size();
  if (x) ++reals_taken_;
}
void AttributeReader::loop(std::shared_ptr<const Scan>& x) {
  require(from_.scan != nullptr);
  x = from_.scan;
  loop_taken_ = true;
}

// ---- checks against the inputs ----

Index AttributeReader::rank(std::size_t input) const {
  require(input < inputs.size());
  return static_cast<Index>(inputs[input]->spec.shape.size());
}

void AttributeReader::sizes(const Shape& shape) const {
  require(shape.size() <= kMostDimensions && std::all_of(shape.begin(), shape.end(), [](Index n) { return n >= kAny; }));
}

void AttributeReader::ascending_axes(std::span<const Index> list) const {
  for (std::size_t i = 0; i < list.size(); ++i) axis(list[i], i == 0 ? 0 : list[i - 1] + 1, rank());
}

Attributes CastTo::read(AttributeReader& r) { return r.take<CastTo>(); }

Attributes ReducedAxes::read(AttributeReader& r) {
  const auto taken = r.take<ReducedAxes>();
  r.ascending_axes(taken.axes);
  return taken;
}

Attributes CountedAxes::read(AttributeReader& r) {
  const auto taken = r.take<CountedAxes>();
  r.ascending_axes(taken.axes);
  return taken;
}

Attributes RecurrenceAxes::read(AttributeReader& r) {
  const auto taken = r.take<RecurrenceAxes>();
  r.axis(taken.start, 0, 2);
  r.ascending_axes(taken.axes);
  return taken;
}

Attributes NewShape::read(AttributeReader& r) {
  const auto taken = r.take<NewShape>();
  r.sizes(taken.sizes);
  return taken;
}
Attributes NewShape::read_one_open(AttributeReader& r) {
  const auto taken = r.take<NewShape>();
  r.sizes(taken.sizes);
  r.require(std::count(taken.sizes.begin(), taken.sizes.end(), kAny) <= 1);
  return taken;
}

Attributes OneAxis::read_new(AttributeReader& r) {
  const auto taken = r.take<OneAxis>();
  r.axis(taken.axis, -r.rank() - 1, r.rank() + 1);
  return taken;
}
Attributes OneAxis::read_signed(AttributeReader& r) {
  const auto taken = r.take<OneAxis>();
  r.axis(taken.axis, -r.rank(), r.rank());
  return taken;
}

Attributes Permutation::read(AttributeReader& r) {
  const auto taken = r.take<Permutation>();
  Shape sorted = taken.axes;
  std::sort(sorted.begin(), sorted.end());
  r.require(static_cast<Index>(sorted.size()) == r.rank());
  r.ascending_axes(sorted);
  return taken;
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

Attributes IndexAt::read(AttributeReader& r) {
  const auto taken = r.take<IndexAt>();
  r.axis(taken.axis, 0, r.rank());
  return taken;
}

Attributes OneHotClasses::read(AttributeReader& r) {
  const auto taken = r.take<OneHotClasses>();
  r.require(taken.depth > 0);
  return taken;
}

Attributes CumulatedAxis::read(AttributeReader& r) {
  const auto taken = r.take<CumulatedAxis>();
  r.axis(taken.axis, 0, r.rank());
  return taken;
}

Attributes TriangularSide::read(AttributeReader& r) { return r.take<TriangularSide>(); }

RandomDraw RandomDraw::with_ordinal(const Attributes& a, Index ordinal) {
  RandomDraw draw = a.as<RandomDraw>();
  draw.ordinal = ordinal;
  return draw;
}
Attributes RandomDraw::read(AttributeReader& r) {
  const auto taken = r.take<RandomDraw>();
  r.require(is_float(taken.dtype));
  r.sizes(taken.shape);
  return taken;
}
Attributes RandomDraw::read_drawn(AttributeReader& r) {
  const auto taken = r.take<RandomDraw>();
  r.require(taken.shape.empty() && taken.ordinal >= 0);
  return taken;
}
Attributes RandomDraw::read_key(AttributeReader& r) {
  const auto taken = r.take<RandomDraw>();
  r.require(taken.shape.empty() && taken.dtype == DType::int64);
  return taken;
}
Attributes RandomDraw::read_keyed(AttributeReader& r) {
  check_key_and_step(r);
  return read(r);
}
Attributes RandomDraw::read_keyed_key(AttributeReader& r) {
  check_key_and_step(r);
  return read_key(r);
}

Attributes LoopBody::read(AttributeReader& r) { return r.take<LoopBody>(); }

// scan_output and scan_cotangent: input 0 must be a loop of the same body.
Attributes LoopOutput::read(AttributeReader& r) {
  const auto taken = r.take<LoopOutput>();
  r.require(!r.inputs.empty() && is_op(r.inputs.back(), ops::scan) && loop_of(r.inputs.back()->attributes)->body == taken.scan->body);
  r.axis(taken.output, 0, taken.scan->body->output_count());
  r.require(taken.steps >= kAny);
  return taken;
}

std::shared_ptr<const Scan> loop_of(const Attributes& a) {
  if (const auto* const body = a.get_if<LoopBody>()) return body->scan;
  if (const auto* const output = a.get_if<LoopOutput>()) return output->scan;
  return {};
}

Attributes with_loop(const Attributes& a, std::shared_ptr<const Scan> scan) {
  if (const auto* const output = a.get_if<LoopOutput>()) return LoopOutput{output->output, output->steps, std::move(scan)};
  return LoopBody{std::move(scan)};
}

Attributes Segments::read(AttributeReader& r) {
  const auto taken = r.take<Segments>();
  r.require(taken.length >= 0);
  return taken;
}
Attributes FilledSegments::read(AttributeReader& r) {
  const auto taken = r.take<FilledSegments>();
  r.require(taken.length >= 0);
  return taken;
}

}  // namespace plait::graph
