// Sequences cut into segments, for checkpointed loops that keep only the states at segment boundaries; and the step numbers.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/ops.hpp"

namespace plait::graph {
namespace {

using Gradients = std::vector<NodeRef>;
using Specs = std::span<const Spec>;

Index length_of(Index steps, const Attributes& a) {
  const Index given = a.as<Segments>().length;
  const Index n = given > 0 ? given : static_cast<Index>(std::lround(std::sqrt(static_cast<double>(steps))));
  return std::max<Index>(1, std::min(n, std::max<Index>(steps, 1)));
}

// (T, …) -> (T / length, length, …); rows that fill no segment are left out.
Spec segments_rule(Specs in, const Attributes& a) {
  Shape shape = in[0].shape;
  PLAIT_REQUIRE_AS(ShapeError, !shape.empty(), "scan: a scalar has no time axis");
  const Index steps = shape[0], length = steps == kAny ? kAny : length_of(steps, a);
  shape[0] = length;
  shape.insert(shape.begin(), steps == kAny ? kAny : steps / length);
  return {shape, in[0].dtype};
}
// The rows after the last whole segment.
Spec rest_rule(Specs in, const Attributes& a) {
  Shape shape = in[0].shape;
  PLAIT_REQUIRE_AS(ShapeError, !shape.empty(), "scan: a scalar has no time axis");
  if (shape[0] != kAny) shape[0] %= length_of(shape[0], a);
  return {shape, in[0].dtype};
}
// (m, n, …) -> (m n, …)
Spec join_rule(Specs in, const Attributes&) {
  Shape shape = in[0].shape;
  PLAIT_REQUIRE_AS(ShapeError, shape.size() >= 2, "scan_join: expected two or more dimensions, got ", to_string(shape));
  const Index n = shape[0] == kAny || shape[1] == kAny ? kAny : shape[0] * shape[1];
  shape.erase(shape.begin());
  shape[0] = n;
  return {shape, in[0].dtype};
}

// Only a contiguous sequence can be viewed as segments; others are copied first.
std::optional<View> ordered(const Spec& input, const View& of, const Shape& shape, Index skipped) {
  const Shape strides = contiguous_strides(input.shape);
  for (std::size_t i = 0; i < strides.size(); ++i)
    if (input.shape[i] != 1 && of.strides[i] != strides[i]) return {};
  return View{of.offset + skipped, contiguous_strides(shape)};
}
std::optional<View> front_view(const Spec& input, const Spec& output, const Attributes&, const View& of) {
  return ordered(input, of, output.shape, 0);
}
std::optional<View> rest_view(const Spec& input, const Spec& output, const Attributes&, const View& of) {
  return ordered(input, of, output.shape, count_of(input.shape) - count_of(output.shape));
}

// The gradient of the whole sequence, with zeros for rows that were left out.
Gradients d_segments(const NodeRef& n, const NodeRef& g) {
  return {graph::apply(ops::scan_fill, {g, n->input_ref(0)}, FilledSegments{n->attributes.as<Segments>().length, false})};
}
Gradients d_rest(const NodeRef& n, const NodeRef& g) {
  return {graph::apply(ops::scan_fill, {g, n->input_ref(0)}, FilledSegments{n->attributes.as<Segments>().length, true})};
}
Gradients d_join(const NodeRef& n, const NodeRef& g) { return {build::reshape_like(g, n->input_ref(0))}; }
Gradients d_fill(const NodeRef& n, const NodeRef& g) {
  const auto& [length, rest] = n->attributes.as<FilledSegments>();
  return {graph::apply(rest ? ops::scan_rest : ops::scan_segments, {g}, Segments{length}), {}};
}

Spec fill_rule(Specs in, const Attributes&) { return {in[1].shape, in[0].dtype}; }

class FillKernel final : public Kernel {
 public:
  FillKernel(const Spec& in, const Spec& out, bool at_end)
      : bytes_(static_cast<std::size_t>(count_of(in.shape)) * size_of(in.dtype)),
        total_(static_cast<std::size_t>(count_of(out.shape)) * size_of(out.dtype)),
        at_end_(at_end) {}
  void run(const void* const* inputs, void* const* outputs, void*, const RunContext&) const override {
    auto* const to = static_cast<std::byte*>(outputs[0]);
    const std::size_t empty = total_ - bytes_;
    std::memset(to + (at_end_ ? 0 : bytes_), 0, empty);
    std::memcpy(to + (at_end_ ? empty : 0), inputs[0], bytes_);
  }

 private:
  std::size_t bytes_, total_;
  bool at_end_;
};
std::unique_ptr<Kernel> fill_kernel(Specs in, const Spec& out, const Attributes& a) {
  return std::make_unique<FillKernel>(in[0], out, a.as<FilledSegments>().rest);
}

// scan_index(x): 0, 1, … for the rows of x.
Spec index_rule(Specs in, const Attributes&) {
  PLAIT_REQUIRE_AS(ShapeError, !in[0].shape.empty(), "scan: a scalar has no time axis");
  return {{in[0].shape[0]}, DType::int64};
}

class IndexKernel final : public Kernel {
 public:
  explicit IndexKernel(Index count) : count_(count) {}
  void run(const void* const*, void* const* outputs, void*, const RunContext&) const override {
    auto* const out = static_cast<std::int64_t*>(outputs[0]);
    for (Index i = 0; i < count_; ++i) out[i] = i;
  }

 private:
  Index count_;
};
std::unique_ptr<Kernel> index_kernel(Specs, const Spec& out, const Attributes&) { return std::make_unique<IndexKernel>(out.shape[0]); }

}  // namespace

namespace ops {
constinit const Op scan_segments = entry({.name = "scan_segments",
                                          .kind = OpKind::view,
                                          .inputs = 1,
                                          .infer = segments_rule,
                                          .gradient = d_segments,
                                          .view = front_view,
                                          .attributes = Segments::read});
constinit const Op scan_rest = entry({.name = "scan_rest",
                                      .kind = OpKind::view,
                                      .inputs = 1,
                                      .infer = rest_rule,
                                      .gradient = d_rest,
                                      .view = rest_view,
                                      .attributes = Segments::read});
constinit const Op scan_join = entry(
    {.name = "scan_join", .kind = OpKind::view, .inputs = 1, .infer = join_rule, .gradient = d_join, .view = front_view, .preserves_order = true});
constinit const Op scan_fill = entry({.name = "scan_fill",
                                      .kind = OpKind::other,
                                      .inputs = 2,
                                      .infer = fill_rule,
                                      .gradient = d_fill,
                                      .kernel = fill_kernel,
                                      .attributes = FilledSegments::read,
                                      .shape_only = 0b10});
constinit const Op scan_index = entry({.name = "scan_index",
                                       .kind = OpKind::other,
                                       .inputs = 1,
                                       .infer = index_rule,
                                       .gradient = no_gradient_flows,
                                       .kernel = index_kernel,
                                       .shape_only = 0b1});
}  // namespace ops

void add_segment_ops(OpList& list) {
  list.insert(list.end(), {&ops::scan_segments, &ops::scan_rest, &ops::scan_join, &ops::scan_fill, &ops::scan_index});
}

}  // namespace plait::graph
