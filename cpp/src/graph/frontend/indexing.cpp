// Indexing, take, concatenate, squeeze with NumPy's semantics.
#include <stdexcept>

#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/frontend.hpp"
#include "plait/graph/ops.hpp"

namespace plait::graph::frontend {
namespace {

[[noreturn]] void out_of_range(const std::string& text) { throw std::out_of_range(text); }  // Python: IndexError

NodeRef whole_numbers(const NodeRef& indices, const char* what) {
  PLAIT_REQUIRE_AS(DTypeError, !is_float(indices->spec.dtype) && indices->spec.dtype != DType::boolean, what, ": indices must be integers, got ",
                   name_of(indices->spec.dtype));
  return build::cast(indices, DType::int64);
}

// Indices for take: int64; constant ones are checked against a known axis size.
NodeRef take_indices(const Operand& indices, const NodeRef& x, Index axis, const char* what) {
  NodeRef node = realise(indices);
  if (indices.tensor && node->value()->count() == 0) node = realise(indices, DType::int64);  // an empty list is an array of floats to NumPy
  PLAIT_REQUIRE_AS(DTypeError, !is_float(node->spec.dtype), what, ": indices must be integers, got ", name_of(node->spec.dtype), " [", node->label(),
                   "]");
  const Index size = x->spec.shape[axis];
  if (node->value() && !node->value()->spec.shape.empty() && size != kAny && is_op(node, ops::constant))
    for (Index i = 0; i < node->value()->count(); ++i) {
      const double value = element_as_double(node->value()->data.get(), node->value()->spec.dtype, i);
      if (value < static_cast<double>(-size) || value >= static_cast<double>(size))
        out_of_range(message(what, ": index ", static_cast<Index>(value), " is out of range for axis ", axis, " of ", x->label(), " ",
                             to_string(x->spec.shape)));
    }
  return build::cast(node, DType::int64);
}

NodeRef take_along(const NodeRef& x, const Operand& indices, Index axis, const char* what) {
  return apply(ops::take, {x, take_indices(indices, x, axis, what)}, OneAxis{axis});
}

}  // namespace

NodeRef index(const NodeRef& x, std::span<const IndexPart> parts) {
  using Kind = IndexPart::Kind;
  const Shape& shape = x->spec.shape;
  std::size_t consumed = 0;
  int ellipses = 0;
  for (const IndexPart& part : parts) {
    if (part.kind == Kind::ellipsis) ++ellipses;
    else if (part.kind != Kind::new_axis) ++consumed;
  }
  if (ellipses > 1) out_of_range("an index can hold only one ellipsis (...)");
  if (consumed > shape.size()) out_of_range(message("too many indices: ", consumed, " for ", x->label(), " ", to_string(shape)));

  // One slice over all axes; then arrays, integers and new axes, from the last to the first, so that earlier axes keep their numbers.
  SliceList ranges;
  std::vector<std::pair<const IndexPart*, Index>> later;  // with the axis
  bool sliced = false;
  const auto axis = [&] { return static_cast<Index>(ranges.size()); };
  for (const IndexPart& part : parts) switch (part.kind) {
      case Kind::new_axis: later.emplace_back(&part, axis()); break;
      case Kind::ellipsis: ranges.resize(ranges.size() + shape.size() - consumed); break;
      case Kind::slice:
        sliced = sliced || part.range != SliceRange{};
        ranges.push_back(part.range);
        break;
      case Kind::integer:
        if (const Index size = shape[ranges.size()]; size != kAny && (part.integer < -size || part.integer >= size))
          out_of_range(message("index ", part.integer, " is out of range for axis ", axis(), " of ", x->label(), " ", to_string(shape)));
        [[fallthrough]];
      case Kind::array:
        later.emplace_back(&part, axis());
        ranges.push_back({});
        break;
    }
  ranges.resize(shape.size());
  NodeRef node = sliced ? apply(ops::slice, {x}, SliceRanges{ranges}) : x;
  for (std::size_t k = later.size(); k-- > 0;) {
    const auto& [part, at] = later[k];
    if (part->kind == Kind::new_axis) node = build::expand_dims(node, at);
    else if (part->kind == Kind::integer) node = apply(ops::index, {node}, IndexAt{at, part->integer});
    else node = take_along(node, part->indices, at, "index");
  }
  return node;
}

NodeRef take(const NodeRef& x, const Operand& indices, std::optional<Index> axis) {
  if (!axis) return take_along(apply(ops::reshape, {x}, NewShape{{-1}}), indices, 0, "take");
  return take_along(x, indices, normalize_axis(*axis, x->spec.shape.size(), "take"), "take");
}

NodeRef take_along_axis(const NodeRef& x, const NodeRef& indices, Index axis) {
  const NodeRef whole = whole_numbers(indices, "take_along_axis");
  return apply(ops::take_along_axis, {x, whole}, AlongAxis{normalize_axis(axis, x->spec.shape.size(), "take_along_axis")});
}

NodeRef one_hot(const NodeRef& indices, Index depth, DType dtype) {
  const NodeRef whole = whole_numbers(indices, "one_hot");
  PLAIT_REQUIRE_AS(ShapeError, depth > 0, "one_hot: depth must be positive, got ", depth);
  return apply(ops::one_hot, {whole}, OneHotClasses{depth, dtype});
}

NodeRef concatenate(std::span<const Operand> pieces, Index axis) {
  const std::vector<NodeRef> list = realise_all(pieces);
  const std::size_t rank = list[0]->spec.shape.size();
  PLAIT_REQUIRE_AS(ShapeError, rank > 0, "concatenate: scalars have no axis to be joined along; use plait.stack");
  return list.size() == 1 ? list[0] : apply(ops::concatenate, list, OneAxis{normalize_axis(axis, rank, "concatenate")});
}

NodeRef stack(std::span<const Operand> pieces, Index axis) {
  std::vector<NodeRef> list = realise_all(pieces);
  const std::size_t rank = list[0]->spec.shape.size();
  const Index at = normalize_axis(axis, rank + 1, "stack");
  for (NodeRef& node : list) {
    PLAIT_REQUIRE_AS(ShapeError, node->spec.shape.size() == rank, "stack: ", node->label(), " ", to_string(node->spec.shape),
                     " has another number of dimensions than the first");
    node = build::expand_dims(node, at);
  }
  return list.size() == 1 ? list[0] : apply(ops::concatenate, list, OneAxis{at});
}

NodeRef squeeze(const NodeRef& x, const std::optional<std::vector<Index>>& axes) {
  std::vector<Index> ones;
  PLAIT_REQUIRE_AS(ShapeError, axes || is_known(x->spec.shape), "squeeze: name the axis; the sizes of ", x->label(), " ", to_string(x->spec.shape),
                   " are not all known yet");
  for (std::size_t i = 0; !axes && i < x->spec.shape.size(); ++i)
    if (x->spec.shape[i] == 1) ones.push_back(static_cast<Index>(i));
  const std::vector<Index>& dropped = axes ? *axes : ones;
  NodeRef node = x;
  for (std::size_t k = dropped.size(); k-- > 0;) node = apply(ops::squeeze, {node}, OneAxis{dropped[k]});
  return node;
}

}  // namespace plait::graph::frontend
