// Indexing ops: take, take_along_axis, their scatter-adds, one_hot, argsort; also cumsum and the n-ary sum of gradients.
#include <algorithm>
#include <cmath>
#include <limits>

#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/ops.hpp"
#include "plait/tensor/with_type.hpp"
#include "polled.hpp"

namespace plait::graph {
namespace {

using namespace build;
using Gradients = std::vector<NodeRef>;
using Specs = std::span<const Spec>;

void require_indices(const Spec& s, const char* name) {
  PLAIT_REQUIRE_AS(DTypeError, s.dtype == DType::int64, name, ": indices must be integers, got ", name_of(s.dtype));
}

// A shape seen from one axis: (outer, size, inner).
struct Around {
  Index outer = 1, size = 1, inner = 1;
  Around(const Shape& shape, Index axis) : size(shape[axis]) {
    for (Index i = 0; i < static_cast<Index>(shape.size()); ++i) (i < axis ? outer : i > axis ? inner : size) *= i == axis ? 1 : shape[i];
  }
};

// NumPy's rule: negative indices count from the end, others beyond the size are an error.
Index checked(Index i, Index size, const char* name) {
  PLAIT_REQUIRE_AS(ShapeError, i >= -size && i < size, name, ": index ", i, " is out of range for size ", size);
  return i < 0 ? i + size : i;
}

// Class labels: negative ones are errors.
Index checked_class(Index i, Index size, const char* name) {
  PLAIT_REQUIRE_AS(ShapeError, i >= 0 && i < size, name, ": label ", i, " is no class; there are 0 to ", size - 1);
  return i;
}

// ---- take(x, indices): along the axis. x (outer, size, inner), indices any shape -> (outer, indices…, inner) ----

Spec take_rule(Specs in, const Attributes& a) {
  require_indices(in[1], "take");
  const Index axis = normalize_axis(a.as<OneAxis>().axis, in[0].shape.size(), "take");
  Shape shape(in[0].shape.begin(), in[0].shape.begin() + axis);
  shape.insert(shape.end(), in[1].shape.begin(), in[1].shape.end());
  shape.insert(shape.end(), in[0].shape.begin() + axis + 1, in[0].shape.end());
  return {shape, in[0].dtype};
}
Gradients d_take(const NodeRef& n, const NodeRef& g) { return {apply(ops::take_gradient, {g, n->input_ref(1), n->input_ref(0)}, n->attributes), {}}; }
// The gradient must have the shape of the result: the kernel writes through the indices without further checks.
void require_shape(const Shape& g, const Shape& expected, const char* name) {
  PLAIT_REQUIRE_AS(ShapeError, !is_known(g) || !is_known(expected) || g == expected, name, ": shape ", to_string(g), " where ", to_string(expected),
                   " was expected");
}
Spec take_gradient_rule(Specs in, const Attributes& a) {
  const Spec taken[] = {in[2], in[1]};
  require_shape(in[0].shape, take_rule(taken, a).shape, "take_gradient");
  return {in[2].shape, in[0].dtype};
}
Gradients d_take_gradient(const NodeRef& n, const NodeRef& g) { return {apply(ops::take, {g, n->input_ref(1)}, n->attributes), {}, {}}; }

class TakeKernel final : public Kernel {
 public:
  TakeKernel(const Shape& source, Index indices, Index axis, DType dtype, bool scatter)
      : around_(source, axis), indices_(indices), dtype_(dtype), scatter_(scatter) {}
  void run(const void* const* inputs, void* const* outputs, void*, const RunContext&) const override {
    const auto* index = static_cast<const std::int64_t*>(inputs[1]);
    with_type(dtype_, [&](auto zero) {
      using T = decltype(zero);
      const auto [outer, size, inner] = around_;
      if (scatter_) fill_polled(static_cast<T*>(outputs[0]), outer * size * inner);
      PolledRows rows;
      for (Index o = 0; o < outer; ++o)
        for (Index k = 0; k < indices_; ++k) {
          rows.done(inner);
          const Index whole = (o * size + checked(index[k], size, "take")) * inner, part = (o * indices_ + k) * inner;
          if (scatter_) {
            const T* from = static_cast<const T*>(inputs[0]) + part;
            T* to = static_cast<T*>(outputs[0]) + whole;
            for (Index i = 0; i < inner; ++i) to[i] = static_cast<T>(to[i] + from[i]);
          } else {
            std::copy_n(static_cast<const T*>(inputs[0]) + whole, inner, static_cast<T*>(outputs[0]) + part);
          }
        }
    });
  }

 private:
  Around around_;
  Index indices_;
  DType dtype_;
  bool scatter_;
};
std::unique_ptr<Kernel> take_kernel(Specs in, const Spec& out, const Attributes& a) {
  return std::make_unique<TakeKernel>(in[0].shape, count_of(in[1].shape), normalize_axis(a.as<OneAxis>().axis, in[0].shape.size(), "take"), out.dtype,
                                      false);
}
std::unique_ptr<Kernel> take_gradient_kernel(Specs in, const Spec& out, const Attributes& a) {
  return std::make_unique<TakeKernel>(out.shape, count_of(in[1].shape), normalize_axis(a.as<OneAxis>().axis, out.shape.size(), "take"), out.dtype,
                                      true);
}

// ---- take_along_axis(x, indices): same rank, same sizes but along the axis ----

Spec along_rule(Specs in, const Attributes& a) {
  require_indices(in[1], "take_along_axis");
  const Index axis = a.as<AlongAxis>().axis;
  bool fits = in[0].shape.size() == in[1].shape.size();
  for (std::size_t i = 0; fits && i < in[0].shape.size(); ++i)
    fits = static_cast<Index>(i) == axis || in[0].shape[i] == in[1].shape[i] || in[0].shape[i] == kAny || in[1].shape[i] == kAny;
  PLAIT_REQUIRE_AS(ShapeError, fits, "take_along_axis: indices ", to_string(in[1].shape), " do not fit ", to_string(in[0].shape), " along axis ",
                   axis);
  Shape shape = in[1].shape;
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (static_cast<Index>(i) != axis && shape[i] == kAny) shape[i] = in[0].shape[i];
  return {shape, in[0].dtype};
}
Gradients d_along(const NodeRef& n, const NodeRef& g) {
  return {apply(ops::take_along_axis_gradient, {g, n->input_ref(1), n->input_ref(0)}, n->attributes), {}};
}
Spec along_gradient_rule(Specs in, const Attributes& a) {
  const Spec taken[] = {in[2], in[1]};
  require_shape(in[0].shape, along_rule(taken, a).shape, "take_along_axis_gradient");
  return {in[2].shape, in[0].dtype};
}
Gradients d_along_gradient(const NodeRef& n, const NodeRef& g) { return {apply(ops::take_along_axis, {g, n->input_ref(1)}, n->attributes), {}, {}}; }

class AlongKernel final : public Kernel {
 public:
  AlongKernel(const Shape& source, const Shape& indices, const Attributes& a, DType dtype, bool scatter)
      : source_(source, a.as<AlongAxis>().axis),
        picked_(indices, a.as<AlongAxis>().axis),
        dtype_(dtype),
        scatter_(scatter),
        classes_(a.as<AlongAxis>().classes) {}
  void run(const void* const* inputs, void* const* outputs, void*, const RunContext&) const override {
    const auto* index = static_cast<const std::int64_t*>(inputs[1]);
    with_type(dtype_, [&](auto zero) {
      using T = decltype(zero);
      if (scatter_) fill_polled(static_cast<T*>(outputs[0]), source_.outer * source_.size * source_.inner);
      PolledRows rows;
      for (Index o = 0; o < picked_.outer; ++o)
        for (Index k = 0; k < picked_.size; ++k) {
          rows.done(picked_.inner);
          for (Index i = 0; i < picked_.inner; ++i) {
            const Index part = (o * picked_.size + k) * picked_.inner + i;
            const Index row = classes_ ? checked_class(index[part], source_.size, "cross_entropy_with_logits")
                                       : checked(index[part], source_.size, "take_along_axis");
            const Index whole = (o * source_.size + row) * source_.inner + i;
            if (scatter_) {
              T& to = static_cast<T*>(outputs[0])[whole];
              to = static_cast<T>(to + static_cast<const T*>(inputs[0])[part]);
            } else {
              static_cast<T*>(outputs[0])[part] = static_cast<const T*>(inputs[0])[whole];
            }
          }
        }
    });
  }

 private:
  Around source_, picked_;
  DType dtype_;
  bool scatter_, classes_;
};
std::unique_ptr<Kernel> along_kernel(Specs in, const Spec& out, const Attributes& a) {
  return std::make_unique<AlongKernel>(in[0].shape, in[1].shape, a, out.dtype, false);
}
std::unique_ptr<Kernel> along_gradient_kernel(Specs in, const Spec& out, const Attributes& a) {
  return std::make_unique<AlongKernel>(out.shape, in[1].shape, a, out.dtype, true);
}

// ---- one_hot(indices): out of range is an error ----

Spec one_hot_rule(Specs in, const Attributes& a) {
  require_indices(in[0], "one_hot");
  Shape shape = in[0].shape;
  const OneHotClasses classes = a.as<OneHotClasses>();
  shape.push_back(classes.depth);
  return {shape, classes.dtype};
}
class OneHotKernel final : public Kernel {
 public:
  OneHotKernel(Index count, Index depth, DType dtype) : count_(count), depth_(depth), dtype_(dtype) {}
  void run(const void* const* inputs, void* const* outputs, void*, const RunContext&) const override {
    with_type(dtype_, [&](auto zero) {
      using T = decltype(zero);
      T* out = static_cast<T*>(outputs[0]);
      fill_polled(out, count_ * depth_);
      const auto* const classes = static_cast<const std::int64_t*>(inputs[0]);
      in_polled_blocks(count_, [&](Index begin, Index end) {
        for (Index k = begin; k < end; ++k) out[k * depth_ + checked_class(classes[k], depth_, "one_hot")] = T{1};
      });
    });
  }

 private:
  Index count_, depth_;
  DType dtype_;
};
std::unique_ptr<Kernel> one_hot_kernel(Specs in, const Spec& out, const Attributes& a) {
  return std::make_unique<OneHotKernel>(count_of(in[0].shape), a.as<OneHotClasses>().depth, out.dtype);
}

// ---- argsort(x) along the last axis: ascending, stable, NaN last ----

Spec argsort_rule(Specs in, const Attributes&) {
  PLAIT_REQUIRE_AS(ShapeError, !in[0].shape.empty(), "argsort: a scalar has no axis to sort along");
  return {in[0].shape, DType::int64};
}
class ArgsortKernel final : public Kernel {
 public:
  explicit ArgsortKernel(const Spec& s) : size_(s.shape.back()), rows_(size_ == 0 ? 0 : count_of(s.shape) / size_), dtype_(s.dtype) {}
  void run(const void* const* inputs, void* const* outputs, void* scratch, const RunContext&) const override {
    with_type(dtype_, [&](auto zero) {
      using T = decltype(zero);
      auto* const sorted = static_cast<Placed<T>*>(scratch);
      PolledRows rows;
      for (Index row = 0; row < rows_; ++row) {
        const T* const x = static_cast<const T*>(inputs[0]) + row * size_;
        in_polled_blocks(size_, [&](Index begin, Index end) {
          for (Index i = begin; i < end; ++i) sorted[i] = {x[i], i};
        });
        const Placed<T>* const found = sort_polled(sorted, sorted + size_, size_);
        std::int64_t* const out = static_cast<std::int64_t*>(outputs[0]) + row * size_;
        in_polled_blocks(size_, [&](Index begin, Index end) {
          for (Index i = begin; i < end; ++i) out[i] = found[i].place;
        });
        rows.done(size_);
      }
    });
  }
  [[nodiscard]] std::size_t scratch_bytes(int) const override {
    return static_cast<std::size_t>(size_) * (size_ > kPolledBlock ? 2 : 1) * sizeof(Placed<Index>);  // no Placed<T> is larger
  }
  [[nodiscard]] double cost_ns() const override { return static_cast<double>(rows_ * size_) * 3.0 * std::log2(2.0 + static_cast<double>(size_)); }

 private:
  Index size_, rows_;
  DType dtype_;
};
std::unique_ptr<Kernel> argsort_kernel(Specs in, const Spec&, const Attributes&) { return std::make_unique<ArgsortKernel>(in[0]); }

// ---- cumsum ----

Spec cumsum_rule(Specs in, const Attributes&) {
  PLAIT_REQUIRE_AS(DTypeError, in[0].dtype != DType::boolean, "cumsum: booleans are not numbers here; use plait.cast");
  return in[0];
}
Gradients d_cumsum(const NodeRef& n, const NodeRef& g) {
  const auto& [axis, reverse] = n->attributes.as<CumulatedAxis>();
  return {apply(ops::cumsum, {g}, CumulatedAxis{axis, !reverse})};
}
class CumsumKernel final : public Kernel {
 public:
  CumsumKernel(const Spec& s, Index axis, bool reverse) : around_(s.shape, axis), dtype_(s.dtype), reverse_(reverse) {}
  void run(const void* const* inputs, void* const* outputs, void*, const RunContext&) const override {
    with_type(dtype_, [&](auto zero) {
      using T = decltype(zero);
      const auto [outer, size, inner] = around_;
      PolledRows rows;
      for (Index o = 0; o < outer; ++o)
        for (Index k = 0; k < size; ++k) {
          const Index row = o * size + (reverse_ ? size - 1 - k : k), before = reverse_ ? row + 1 : row - 1;
          const T* x = static_cast<const T*>(inputs[0]);
          T* y = static_cast<T*>(outputs[0]);
          for (Index i = 0; i < inner; ++i)
            y[row * inner + i] = static_cast<T>(k == 0 ? x[row * inner + i] : y[before * inner + i] + x[row * inner + i]);
          rows.done(inner);
        }
    });
  }

 private:
  Around around_;
  DType dtype_;
  bool reverse_;
};
std::unique_ptr<Kernel> cumsum_kernel(Specs in, const Spec&, const Attributes& a) {
  return std::make_unique<CumsumKernel>(in[0], a.as<CumulatedAxis>().axis, a.as<CumulatedAxis>().reverse);
}

// ---- sum_n: the sum of inputs of one shape; for wait-lists of three and more gradients ----

Spec sum_n_rule(Specs in, const Attributes&) {
  Spec out = in[0];
  for (const Spec& s : in) out.shape = broadcast(out.shape, s.shape, "sum_n");
  return out;
}
Gradients d_sum_n(const NodeRef& n, const NodeRef& g) {
  Gradients gradients;
  for (std::size_t i = 0; i < n->input_count(); ++i) gradients.push_back(sum_to_like(g, n->input_ref(i)));
  return gradients;
}
class SumKernel final : public Kernel {
 public:
  SumKernel(std::size_t inputs, const Spec& out) : inputs_(inputs), count_(count_of(out.shape)), dtype_(out.dtype) {}
  void run(const void* const* inputs, void* const* outputs, void*, const RunContext&) const override {
    with_type(dtype_, [&](auto zero) {
      using T = decltype(zero);
      T* y = static_cast<T*>(outputs[0]);
      in_polled_blocks(count_, [&](Index begin, Index end) {
        std::copy(static_cast<const T*>(inputs[0]) + begin, static_cast<const T*>(inputs[0]) + end, y + begin);
        for (std::size_t k = 1; k < inputs_; ++k) {
          const T* x = static_cast<const T*>(inputs[k]);
          for (Index i = begin; i < end; ++i) y[i] = static_cast<T>(y[i] + x[i]);
        }
      });
    });
  }

 private:
  std::size_t inputs_;
  Index count_;
  DType dtype_;
};
std::unique_ptr<Kernel> sum_n_kernel(Specs in, const Spec& out, const Attributes&) { return std::make_unique<SumKernel>(in.size(), out); }

}  // namespace

namespace ops {
constinit const Op take = entry({.name = "take",
                                 .kind = OpKind::other,
                                 .inputs = 2,
                                 .infer = take_rule,
                                 .gradient = d_take,
                                 .kernel = take_kernel,
                                 .attributes = OneAxis::read_of<0>,
                                 .passes_gradient = true});
constinit const Op take_gradient = entry({.name = "take_gradient",
                                          .kind = OpKind::other,
                                          .inputs = 3,
                                          .infer = take_gradient_rule,
                                          .gradient = d_take_gradient,
                                          .kernel = take_gradient_kernel,
                                          .attributes = OneAxis::read_of<2>,
                                          .shape_only = 0b100,
                                          .passes_gradient = true});
constinit const Op take_along_axis = entry({.name = "take_along_axis",
                                            .kind = OpKind::other,
                                            .inputs = 2,
                                            .infer = along_rule,
                                            .gradient = d_along,
                                            .kernel = along_kernel,
                                            .attributes = AlongAxis::read_of<0>,
                                            .passes_gradient = true});
constinit const Op take_along_axis_gradient = entry({.name = "take_along_axis_gradient",
                                                     .kind = OpKind::other,
                                                     .inputs = 3,
                                                     .infer = along_gradient_rule,
                                                     .gradient = d_along_gradient,
                                                     .kernel = along_gradient_kernel,
                                                     .attributes = AlongAxis::read_of<2>,
                                                     .shape_only = 0b100});
constinit const Op one_hot = entry({.name = "one_hot",
                                    .kind = OpKind::other,
                                    .inputs = 1,
                                    .infer = one_hot_rule,
                                    .gradient = no_gradient_flows,
                                    .kernel = one_hot_kernel,
                                    .attributes = OneHotClasses::read});
constinit const Op argsort =
    entry({.name = "argsort", .kind = OpKind::other, .inputs = 1, .infer = argsort_rule, .gradient = no_gradient_flows, .kernel = argsort_kernel});
constinit const Op cumsum = entry({.name = "cumsum",
                                   .kind = OpKind::other,
                                   .inputs = 1,
                                   .infer = cumsum_rule,
                                   .gradient = d_cumsum,
                                   .kernel = cumsum_kernel,
                                   .attributes = CumulatedAxis::read,
                                   .passes_gradient = true});
constinit const Op sum_n =
    entry({.name = "sum_n", .kind = OpKind::other, .inputs = -1, .infer = sum_n_rule, .gradient = d_sum_n, .kernel = sum_n_kernel});
}  // namespace ops

void add_index_ops(OpList& list) {
  list.insert(list.end(), {&ops::take, &ops::take_gradient, &ops::take_along_axis, &ops::take_along_axis_gradient, &ops::one_hot, &ops::argsort,
                           &ops::cumsum, &ops::sum_n});
}

}  // namespace plait::graph
