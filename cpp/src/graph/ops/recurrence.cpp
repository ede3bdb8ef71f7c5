// recurrence(u, a): along axes flattened into one, forward or in reverse, e[0] = start and e[t + 1] = u[t] + a[t] e[t]; the result is e (exclusive).
// With u = 0 and start = 1 it is an exclusive cumulative product. The gradient is a recurrence in the other direction, so derivatives of products of
// every order need no division: they are right where elements are 0, infinite, or so small that the product underflows.
#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/ops.hpp"

namespace plait::graph {
namespace {

using namespace build;

Spec recurrence_rule(std::span<const Spec> in, const Attributes&) {
  PLAIT_REQUIRE_AS(DTypeError, in[0].dtype == in[1].dtype && in[0].dtype != DType::boolean, "recurrence: dtypes ", name_of(in[0].dtype), " and ",
                   name_of(in[1].dtype));
  PLAIT_REQUIRE_AS(ShapeError, !is_known(in[0].shape) || !is_known(in[1].shape) || in[0].shape == in[1].shape, "recurrence: shapes ",
                   to_string(in[0].shape), " and ", to_string(in[1].shape), " differ");
  return in[1];
}

std::vector<NodeRef> d_recurrence(const NodeRef& n, const NodeRef& g) {
  const RecurrenceAxes along = n->attributes.as<RecurrenceAxes>();
  const NodeRef sums = apply(ops::recurrence, {broadcast_like(g, n), n->input_ref(1)}, RecurrenceAxes{!along.reverse, 0, along.axes});
  return {sums, multiply(n, sums)};
}

/// Offsets of all index tuples over some axes, in row-major order.
std::vector<Index> offsets_along(const Shape& shape, const std::vector<char>& in, bool wanted) {
  const Shape strides = contiguous_strides(shape);
  std::vector<Index> offsets{0};
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if ((in[i] != 0) != wanted) continue;
    std::vector<Index> longer;
    longer.reserve(offsets.size() * static_cast<std::size_t>(shape[i]));
    for (const Index offset : offsets)
      for (Index k = 0; k < shape[i]; ++k) longer.push_back(offset + k * strides[i]);
    offsets = std::move(longer);
  }
  return offsets;
}

class RecurrenceKernel final : public Kernel {
 public:
  RecurrenceKernel(const Spec& s, const Attributes& a) : dtype_(s.dtype), start_(a.as<RecurrenceAxes>().start) {
    std::vector<char> along(s.shape.size(), 0);
    for (const Index axis : a.as<RecurrenceAxes>().axes) along[static_cast<std::size_t>(axis)] = 1;
    steps_ = offsets_along(s.shape, along, true);
    kept_ = offsets_along(s.shape, along, false);
    if (a.as<RecurrenceAxes>().reverse) steps_ = {steps_.rbegin(), steps_.rend()};
    rows_ = !along.empty() && along.back() == 0;  // the last axis is not reduced: neighbouring elements are processed side by side
  }
  void run(const void* const* inputs, void* const* outputs, void*, const RunContext&) const override {
    switch (dtype_) {
      case DType::float32: return go<float>(inputs, outputs[0]);
      case DType::float64: return go<double>(inputs, outputs[0]);
      case DType::int32: return go<std::int32_t>(inputs, outputs[0]);
      case DType::int64: return go<std::int64_t>(inputs, outputs[0]);
      case DType::boolean: return;
    }
  }

 private:
  template <class T>
  void go(const void* const* inputs, void* output) const {
    const T* const u = static_cast<const T*>(inputs[0]);
    const T* const a = static_cast<const T*>(inputs[1]);
    T* const e = static_cast<T*>(output);
    const T first = static_cast<T>(start_);
    if (!rows_) {
      for (const Index k : kept_) {
        T value = first;
        for (const Index t : steps_) {
          e[k + t] = value;
          value = static_cast<T>(u[k + t] + a[k + t] * value);
        }
      }
      return;
    }
    for (std::size_t t = 0; t < steps_.size(); ++t)
      for (const Index k : kept_) {
        const Index before = t == 0 ? 0 : k + steps_[t - 1];
        e[k + steps_[t]] = t == 0 ? first : static_cast<T>(u[before] + a[before] * e[before]);
      }
  }

  DType dtype_;
  Index start_;
  std::vector<Index> steps_, kept_;
  bool rows_ = false;
};
std::unique_ptr<Kernel> recurrence_kernel(std::span<const Spec>, const Spec& out, const Attributes& a) {
  return std::make_unique<RecurrenceKernel>(out, a);
}

}  // namespace

namespace ops {
constinit const Op recurrence = entry({.name = "recurrence",
                                       .kind = OpKind::other,
                                       .inputs = 2,
                                       .infer = recurrence_rule,
                                       .gradient = d_recurrence,
                                       .kernel = recurrence_kernel,
                                       .attributes = RecurrenceAxes::read});
}  // namespace ops

void add_recurrence_ops(OpList& list) { list.insert(list.end(), {&ops::recurrence}); }

}  // namespace plait::graph
