// Views: the same elements in another order or shape. They cost nothing: consumers read through strides.
#include <algorithm>

#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/ops.hpp"
#include "plait/tensor/copy.hpp"

namespace plait::graph {
namespace {

using namespace build;
using Gradients = std::vector<NodeRef>;
using Specs = std::span<const Spec>;
using MaybeView = std::optional<View>;

// ---- reshape ----

Spec reshape_rule(Specs in, const Attributes& a) {
  Shape shape = a.as<NewShape>().sizes;
  const auto wild = std::find(shape.begin(), shape.end(), Index{-1});
  const auto fits = [&](bool ok) {
    PLAIT_REQUIRE_AS(ShapeError, ok, "reshape: shape ", to_string(in[0].shape), " cannot be reshaped to ", [&] {
      std::string t = to_string(a.as<NewShape>().sizes);  // -1 prints as None, which would mislead
      for (std::size_t p; (p = t.find("None")) != std::string::npos;) t.replace(p, 4, "-1");
      return t;
    }());
  };
  if (!is_known(in[0].shape)) return {shape, in[0].dtype};  // checked when bound
  const Index n = count_of(in[0].shape);
  if (wild == shape.end()) {
    fits(count_of(shape) == n);
  } else {
    *wild = 1;
    const Index rest = count_of(shape);
    fits(rest != 0 && n % rest == 0);
    *wild = n / rest;
  }
  return {shape, in[0].dtype};
}

// The strides of a reshaped array over the same memory, if they exist: runs of old axes that are contiguous among themselves are split into new axes.
MaybeView reshape_view(const Spec& input, const Spec& output, const Attributes&, const View& of) {
  Shape old_sizes, old_strides;
  for (std::size_t i = 0; i < input.shape.size(); ++i)
    if (input.shape[i] != 1) {
      old_sizes.push_back(input.shape[i]);
      old_strides.push_back(of.strides[i]);
    }
  View view{of.offset, Shape(output.shape.size(), 0)};
  if (count_of(input.shape) == 0) return View{of.offset, contiguous_strides(output.shape)};
  std::size_t oi = 0, ni = 0;
  while (ni < output.shape.size()) {
    if (output.shape[ni] == 1) {
      view.strides[ni++] = 1;
      continue;
    }
    std::size_t oj = oi + 1, nj = ni + 1;
    Index have = old_sizes[oi], want = output.shape[ni];
    while (have != want) {
      if (have < want) have *= old_sizes[oj++];
      else want *= output.shape[nj++];
    }
    for (std::size_t k = oi; k + 1 < oj; ++k)
      if (old_strides[k] != old_strides[k + 1] * old_sizes[k + 1]) return {};
    Index stride = old_strides[oj - 1];
    for (std::size_t k = nj; k-- > ni;) {
      view.strides[k] = stride;
      stride *= output.shape[k];
    }
    oi = oj;
    ni = nj;
  }
  return view;
}

Gradients d_reshape(const NodeRef& n, const NodeRef& g) { return {reshape_like(g, n->input_ref(0))}; }

Spec reshape_like_rule(Specs in, const Attributes&) {
  PLAIT_REQUIRE_AS(ShapeError, !is_known(in[0].shape) || !is_known(in[1].shape) || count_of(in[0].shape) == count_of(in[1].shape), "reshape: shape ",
                   to_string(in[0].shape), " cannot be reshaped to ", to_string(in[1].shape));
  return {in[1].shape, in[0].dtype};
}
Gradients d_reshape_like(const NodeRef& n, const NodeRef& g) { return {reshape_like(g, n->input_ref(0)), {}}; }

// flatten_leading: (…, k) -> (product, k)
Spec flatten_rule(Specs in, const Attributes&) {
  const Shape& s = in[0].shape;
  PLAIT_REQUIRE_AS(ShapeError, s.size() >= 2, "flatten_leading: expected two or more dimensions, got ", to_string(s));
  const Shape leading(s.begin(), s.end() - 1);
  return {{is_known(leading) ? count_of(leading) : kAny, s.back()}, in[0].dtype};
}

// ---- expand_dims and squeeze ----

Spec expand_rule(Specs in, const Attributes& a) {
  Shape shape = in[0].shape;
  shape.insert(shape.begin() + normalize_axis(a.as<OneAxis>().axis, shape.size() + 1, "expand_dims"), 1);
  return {shape, in[0].dtype};
}
Spec squeeze_rule(Specs in, const Attributes& a) {
  Shape shape = in[0].shape;
  const int axis = normalize_axis(a.as<OneAxis>().axis, shape.size(), "squeeze");
  PLAIT_REQUIRE_AS(ShapeError, shape[axis] == 1 || shape[axis] == kAny, "squeeze: axis ", axis, " of shape ", to_string(shape), " is not of size 1");
  shape.erase(shape.begin() + axis);
  return {shape, in[0].dtype};
}

// ---- transpose ----

Spec transpose_rule(Specs in, const Attributes& a) {
  const std::size_t rank = in[0].shape.size();
  std::vector<bool> used(rank);
  const IndexSpan axes = a.as<Permutation>().axes;
  PLAIT_REQUIRE_AS(ShapeError, axes.size() == rank, "transpose: ", axes.size(), " axes for shape ", to_string(in[0].shape));
  Shape shape;
  for (const Index axis : axes) {
    const int k = normalize_axis(axis, rank, "transpose");
    PLAIT_REQUIRE_AS(ShapeError, !used[k], "transpose: axis ", k, " is named twice");
    used[k] = true;
    shape.push_back(in[0].shape[k]);
  }
  return {shape, in[0].dtype};
}
MaybeView transpose_view(const Spec&, const Spec&, const Attributes& a, const View& of) {
  View view{of.offset, {}};
  for (const Index axis : a.as<Permutation>().axes) view.strides.push_back(of.strides[axis]);
  return view;
}
Gradients d_transpose(const NodeRef& n, const NodeRef& g) {
  const IndexSpan axes = n->attributes.as<Permutation>().axes;
  std::vector<Index> inverse(axes.size());
  for (std::size_t i = 0; i < inverse.size(); ++i) inverse[axes[i]] = static_cast<Index>(i);
  return {transpose(g, inverse)};
}

// ---- broadcast_to and broadcast_like ----

Spec broadcast_to_rule(Specs in, const Attributes& a) {
  Shape shape = a.as<NewShape>().sizes;
  const Shape& from = in[0].shape;
  PLAIT_REQUIRE_AS(ShapeError, from.size() <= shape.size(), "broadcast_to: shape ", to_string(from), " does not broadcast to ", to_string(shape));
  for (std::size_t i = 0; i < from.size(); ++i) {
    Index& to = shape[shape.size() - from.size() + i];
    if (to == -1) to = from[i];
    PLAIT_REQUIRE_AS(ShapeError, from[i] == to || from[i] == 1 || from[i] == kAny || to == kAny, "broadcast_to: shape ", to_string(from),
                     " does not broadcast to ", to_string(a.as<NewShape>().sizes));
  }
  return {shape, in[0].dtype};
}
Spec broadcast_like_rule(Specs in, const Attributes&) {
  const Shape together = broadcast(in[0].shape, in[1].shape, "broadcast_like");
  PLAIT_REQUIRE_AS(ShapeError, !is_known(in[0].shape) || !is_known(in[1].shape) || together == in[1].shape, "broadcast_to: shape ",
                   to_string(in[0].shape), " does not broadcast to ", to_string(in[1].shape));
  return {in[1].shape, in[0].dtype};
}
MaybeView broadcast_view(const Spec& input, const Spec& output, const Attributes&, const View& of) {
  View view{of.offset, Shape(output.shape.size(), 0)};
  const std::size_t lead = output.shape.size() - input.shape.size();
  for (std::size_t i = 0; i < input.shape.size(); ++i) view.strides[lead + i] = input.shape[i] == 1 ? 0 : of.strides[i];
  return view;
}
Gradients d_broadcast(const NodeRef& n, const NodeRef& g) {
  Gradients gradients(n->input_count());
  gradients[0] = sum_to_like(g, n->input_ref(0));
  return gradients;
}

// ---- slice ----

Spec slice_rule(Specs in, const Attributes& a) {
  Shape shape = in[0].shape;
  const SliceList& ranges = a.as<SliceRanges>().ranges;
  PLAIT_REQUIRE_AS(ShapeError, ranges.size() == shape.size(), "slice: wrong number of ranges for shape ", to_string(shape));
  for (std::size_t i = 0; i < shape.size(); ++i) {
    PLAIT_REQUIRE_AS(ShapeError, ranges[i].step != 0, "slice: step must not be zero");
    if (shape[i] != kAny) shape[i] = ranges[i].of_size(shape[i]).count;
  }
  return {shape, in[0].dtype};
}
View sliced(const Shape& shape, const Attributes& a, const View& of) {
  View view = of;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const SliceRange::Taken r = a.as<SliceRanges>().ranges[i].of_size(shape[i]);
    if (r.count > 0) view.offset += r.start * of.strides[i];
    view.strides[i] = r.step * of.strides[i];
  }
  return view;
}
MaybeView slice_view(const Spec& input, const Spec&, const Attributes& a, const View& of) { return sliced(input.shape, a, of); }
Gradients d_slice(const NodeRef& n, const NodeRef& g) { return {apply(ops::slice_gradient, {g, n->input_ref(0)}, n->attributes)}; }

Index checked_index(const Shape& shape, const Attributes& a) {
  const auto& [axis, i] = a.as<IndexAt>();
  const Index size = shape[axis];
  PLAIT_REQUIRE_AS(ShapeError, i >= -size && i < size, "index ", i, " is out of range for axis ", axis, " of shape ", to_string(shape));
  return i < 0 ? i + size : i;
}
Spec index_rule(Specs in, const Attributes& a) {
  Shape shape = in[0].shape;
  const Index axis = a.as<IndexAt>().axis;
  if (shape[axis] != kAny) checked_index(shape, a);
  shape.erase(shape.begin() + axis);
  return {shape, in[0].dtype};
}
MaybeView index_view(const Spec& input, const Spec&, const Attributes& a, const View& of) {
  View view = of;
  const Index axis = a.as<IndexAt>().axis;
  view.offset += checked_index(input.shape, a) * of.strides[axis];
  view.strides.erase(view.strides.begin() + axis);
  return view;
}
Gradients d_index(const NodeRef& n, const NodeRef& g) {
  const NodeRef x = n->input_ref(0);
  const auto& [axis, i] = n->attributes.as<IndexAt>();
  std::vector<SliceRange> ranges(x->spec.shape.size());
  ranges[static_cast<std::size_t>(axis)] = {i, i == -1 ? kOpen : i + 1};
  return {apply(ops::slice_gradient, {expand_dims(g, axis), x}, SliceRanges{ranges})};
}

// slice_gradient(g, x): zeros of x's shape with g written into the slice.
Spec slice_gradient_rule(Specs in, const Attributes& a) {
  const Spec piece = slice_rule(in.subspan(1, 1), a);
  PLAIT_REQUIRE_AS(ShapeError, !is_known(piece.shape) || !is_known(in[0].shape) || piece.shape == in[0].shape, "slice_gradient: shape ",
                   to_string(in[0].shape), " where ", to_string(piece.shape), " was expected");
  return {in[1].shape, in[0].dtype};
}
Gradients d_slice_gradient(const NodeRef& n, const NodeRef& g) { return {apply(ops::slice, {g}, n->attributes), {}}; }

class SliceGradientKernel final : public Kernel {
 public:
  SliceGradientKernel(const Spec& g, const Spec& out, const Attributes& a)
      : space_(g.shape),
        bytes_(size_of(out.dtype)),
        total_(count_of(out.shape) * bytes_),
        to_(sliced(out.shape, a, {0, contiguous_strides(out.shape)})) {}
  void run(const void* const* inputs, void* const* outputs, void*, const RunContext&) const override {
    std::memset(outputs[0], 0, total_);
    copy_strided(static_cast<std::byte*>(outputs[0]) + to_.offset * static_cast<Index>(bytes_), to_.strides, inputs[0], contiguous_strides(space_),
                 space_, bytes_);
  }

 private:
  Shape space_;
  std::size_t bytes_, total_;
  View to_;
};
std::unique_ptr<Kernel> slice_gradient_kernel(Specs in, const Spec& out, const Attributes& a) {
  return std::make_unique<SliceGradientKernel>(in[0], out, a);
}

// ---- stop_gradient ----

Spec same_rule(Specs in, const Attributes&) { return in[0]; }
MaybeView same_view(const Spec&, const Spec&, const Attributes&, const View& of) { return of; }

// ---- concatenate ----

Spec concatenate_rule(Specs in, const Attributes& a) {
  Spec out = in[0];
  const auto axis = static_cast<std::size_t>(a.as<OneAxis>().axis);
  for (std::size_t k = 1; k < in.size(); ++k) {
    bool fits = in[k].dtype == out.dtype && in[k].shape.size() == out.shape.size();
    for (std::size_t i = 0; fits && i < out.shape.size(); ++i) {
      Index &n = out.shape[i], m = in[k].shape[i];
      if (i == axis) n = n == kAny || m == kAny ? kAny : n + m;
      else if (n == kAny) n = m;
      else fits = m == kAny || m == n;
    }
    PLAIT_REQUIRE_AS(ShapeError, fits, "concatenate: ", name_of(in[0].dtype), " ", to_string(in[0].shape), " and ", name_of(in[k].dtype), " ",
                     to_string(in[k].shape), " do not join along axis ", axis);
  }
  return out;
}
Gradients d_concatenate(const NodeRef& n, const NodeRef& g) {
  // Piece by piece from the front (head_like, tail_like), so that no size needs to be known before run time.
  Gradients gradients;
  NodeRef rest = g;
  for (std::size_t k = 0; k < n->input_count(); ++k) {
    const NodeRef piece = n->input_ref(k);
    const bool last = k + 1 == n->input_count();
    gradients.push_back(last ? rest : apply(ops::head_like, {rest, piece}, n->attributes));
    if (!last) rest = apply(ops::tail_like, {rest, piece}, n->attributes);
  }
  return gradients;
}

// ---- head_like(x, y): the first size(y) elements of x along the axis; tail_like(x, y): the rest ----

template <bool head>
Spec part_rule(Specs in, const Attributes& a) {
  const Index axis = a.as<OneAxis>().axis;
  Shape shape = in[0].shape;
  const Index size = shape[axis], taken = in[1].shape[axis];
  PLAIT_REQUIRE_AS(ShapeError, size == kAny || taken == kAny || taken <= size, "concatenate: ", taken, " of ", size, " along axis ", axis);
  if (head) shape[axis] = taken;
  else shape[axis] = size == kAny || taken == kAny ? kAny : size - taken;
  return {shape, in[0].dtype};
}
template <bool head>
MaybeView part_view(const Spec& input, const Spec& output, const Attributes& a, const View& of) {
  View view = of;
  const Index axis = a.as<OneAxis>().axis;
  if (!head) view.offset += (input.shape[axis] - output.shape[axis]) * of.strides[axis];
  return view;
}
template <bool head>
Gradients d_part(const NodeRef& n, const NodeRef& g) {
  const NodeRef other = apply(head ? ops::tail_like : ops::head_like, {n->input_ref(0), n->input_ref(1)}, n->attributes);
  const NodeRef nothing = zeros_like(other);
  return {head ? apply(ops::concatenate, {g, nothing}, n->attributes) : apply(ops::concatenate, {nothing, g}, n->attributes), {}};
}

class ConcatenateKernel final : public Kernel {
 public:
  ConcatenateKernel(Specs in, const Spec& out, Index axis) : bytes_(size_of(out.dtype)), to_(contiguous_strides(out.shape)) {
    Index offset = 0;
    for (const Spec& s : in) {
      pieces_.push_back({s.shape, contiguous_strides(s.shape), offset * to_[axis] * static_cast<Index>(bytes_)});
      offset += s.shape[axis];
    }
  }
  void run(const void* const* inputs, void* const* outputs, void*, const RunContext&) const override {
    for (std::size_t k = 0; k < pieces_.size(); ++k)
      copy_strided(static_cast<std::byte*>(outputs[0]) + pieces_[k].offset, to_, inputs[k], pieces_[k].strides, pieces_[k].shape, bytes_);
  }

 private:
  struct Piece {
    Shape shape, strides;
    Index offset;  // bytes
  };
  std::size_t bytes_;
  Shape to_;
  std::vector<Piece> pieces_;
};
std::unique_ptr<Kernel> concatenate_kernel(Specs in, const Spec& out, const Attributes& a) {
  return std::make_unique<ConcatenateKernel>(in, out, a.as<OneAxis>().axis);
}

}  // namespace

namespace ops {
constinit const Op reshape = entry({.name = "reshape",
                                    .kind = OpKind::view,
                                    .inputs = 1,
                                    .infer = reshape_rule,
                                    .gradient = d_reshape,
                                    .view = reshape_view,
                                    .attributes = NewShape::read_one_open,
                                    .preserves_order = true});
constinit const Op reshape_like = entry({.name = "reshape_like",
                                         .kind = OpKind::view,
                                         .inputs = 2,
                                         .infer = reshape_like_rule,
                                         .gradient = d_reshape_like,
                                         .view = reshape_view,
                                         .shape_only = 0b10,
                                         .preserves_order = true});
constinit const Op flatten_leading = entry({.name = "flatten_leading",
                                            .kind = OpKind::view,
                                            .inputs = 1,
                                            .infer = flatten_rule,
                                            .gradient = d_reshape,
                                            .view = reshape_view,
                                            .preserves_order = true});
constinit const Op expand_dims = entry({.name = "expand_dims",
                                        .kind = OpKind::view,
                                        .inputs = 1,
                                        .infer = expand_rule,
                                        .gradient = d_reshape,
                                        .view = reshape_view,
                                        .attributes = OneAxis::read_new,
                                        .preserves_order = true});
constinit const Op squeeze = entry({.name = "squeeze",
                                    .kind = OpKind::view,
                                    .inputs = 1,
                                    .infer = squeeze_rule,
                                    .gradient = d_reshape,
                                    .view = reshape_view,
                                    .attributes = OneAxis::read_signed,
                                    .preserves_order = true});
constinit const Op transpose = entry({.name = "transpose",
                                      .kind = OpKind::view,
                                      .inputs = 1,
                                      .infer = transpose_rule,
                                      .gradient = d_transpose,
                                      .view = transpose_view,
                                      .attributes = Permutation::read});
constinit const Op broadcast_to = entry({.name = "broadcast_to",
                                         .kind = OpKind::view,
                                         .inputs = 1,
                                         .infer = broadcast_to_rule,
                                         .gradient = d_broadcast,
                                         .view = broadcast_view,
                                         .attributes = NewShape::read,
                                         .broadcasts = true});
constinit const Op broadcast_like = entry({.name = "broadcast_like",
                                           .kind = OpKind::view,
                                           .inputs = 2,
                                           .infer = broadcast_like_rule,
                                           .gradient = d_broadcast,
                                           .view = broadcast_view,
                                           .shape_only = 0b10,
                                           .broadcasts = true});
constinit const Op slice = entry({.name = "slice",
                                  .kind = OpKind::view,
                                  .inputs = 1,
                                  .infer = slice_rule,
                                  .gradient = d_slice,
                                  .view = slice_view,
                                  .attributes = SliceRanges::read_of<0>});
constinit const Op index = entry(
    {.name = "index", .kind = OpKind::view, .inputs = 1, .infer = index_rule, .gradient = d_index, .view = index_view, .attributes = IndexAt::read});
constinit const Op head_like = entry({.name = "head_like",
                                      .kind = OpKind::view,
                                      .inputs = 2,
                                      .infer = part_rule<true>,
                                      .gradient = d_part<true>,
                                      .view = part_view<true>,
                                      .attributes = OneAxis::read_of<0, 1>,
                                      .shape_only = 0b10});
constinit const Op tail_like = entry({.name = "tail_like",
                                      .kind = OpKind::view,
                                      .inputs = 2,
                                      .infer = part_rule<false>,
                                      .gradient = d_part<false>,
                                      .view = part_view<false>,
                                      .attributes = OneAxis::read_of<0, 1>,
                                      .shape_only = 0b10});
constinit const Op stop_gradient = entry({.name = "stop_gradient",
                                          .kind = OpKind::view,
                                          .inputs = 1,
                                          .infer = same_rule,
                                          .gradient = no_gradient_flows,
                                          .view = same_view,
                                          .preserves_order = true});
constinit const Op slice_gradient = entry({.name = "slice_gradient",
                                           .kind = OpKind::other,
                                           .inputs = 2,
                                           .infer = slice_gradient_rule,
                                           .gradient = d_slice_gradient,
                                           .kernel = slice_gradient_kernel,
                                           .attributes = SliceRanges::read_of<1>,
                                           .shape_only = 0b10});
constinit const Op concatenate = entry({.name = "concatenate",
                                        .kind = OpKind::other,
                                        .inputs = -1,
                                        .infer = concatenate_rule,
                                        .gradient = d_concatenate,
                                        .kernel = concatenate_kernel,
                                        .attributes = OneAxis::read_of<0>,
                                        .passes_gradient = true});
}  // namespace ops

void add_view_ops(OpList& list) {
  list.insert(list.end(), {&ops::reshape, &ops::reshape_like, &ops::flatten_leading, &ops::expand_dims, &ops::squeeze, &ops::transpose,
                           &ops::broadcast_to, &ops::broadcast_like, &ops::slice, &ops::index, &ops::head_like, &ops::tail_like, &ops::stop_gradient,
                           &ops::slice_gradient, &ops::concatenate});
}

}  // namespace plait::graph
