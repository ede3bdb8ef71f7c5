// matmul: (…, m, k) @ (…, k, n) with broadcast leading dimensions. A program runs it by a step of its own (steps.cpp), which reads transposed
// operands through their strides; the kernel here is the reference form, for Table.
#include "plait/tensor/matmul.hpp"

#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/ops.hpp"

namespace plait::graph {
namespace {

using namespace build;
using Gradients = std::vector<NodeRef>;
using Specs = std::span<const Spec>;

Spec matmul_rule(Specs in, const Attributes&) {
  const Shape &a = in[0].shape, &b = in[1].shape;
  PLAIT_REQUIRE_AS(DTypeError, is_float(in[0].dtype) && in[0].dtype == in[1].dtype, "matmul: expected two float32 or two float64 arrays, got ",
                   name_of(in[0].dtype), " and ", name_of(in[1].dtype));
  PLAIT_REQUIRE_AS(ShapeError, a.size() >= 2 && b.size() >= 2, "matmul: expected two or more dimensions, got ", to_string(a), " and ", to_string(b));
  const Index ka = a[a.size() - 1], kb = b[b.size() - 2];
  PLAIT_REQUIRE_AS(ShapeError, ka == kb || ka == kAny || kb == kAny, "matmul: shapes ", to_string(a), " and ", to_string(b), " do not chain: ", ka,
                   " and ", kb, " should be equal");
  Shape shape = broadcast(Shape(a.begin(), a.end() - 2), Shape(b.begin(), b.end() - 2), "matmul (leading dimensions)");
  shape.push_back(a[a.size() - 2]);
  shape.push_back(b.back());
  return {shape, in[0].dtype};
}

Gradients d_matmul(const NodeRef& n, const NodeRef& g) {
  const NodeRef a = n->input_ref(0), b = n->input_ref(1);
  if (b->spec.shape.size() == 2 && a->spec.shape.size() > 2)  // one right matrix for all leading dimensions: a single product over all rows
    return {matmul(g, swap_last(b)), matmul(swap_last(apply(ops::flatten_leading, {a})), apply(ops::flatten_leading, {g}))};
  return {sum_to_like(matmul(g, swap_last(b)), a), sum_to_like(matmul(swap_last(a), g), b)};
}

// One 2-D product per entry of the leading dimensions, op by op.
class PlainProducts final : public Kernel {
 public:
  PlainProducts(Specs in, const Spec& out) : dtype_(out.dtype) {
    const std::size_t rank = out.shape.size();
    shape_.m = out.shape[rank - 2];
    shape_.n = shape_.ldc = shape_.b_row = out.shape[rank - 1];
    shape_.k = shape_.a_row = in[0].shape.back();
    const Shape leading(out.shape.begin(), out.shape.end() - 2);
    const Index count = count_of(leading);
    const auto offsets = [&](const Shape& s) {
      const Shape strides = contiguous_strides(s);
      std::vector<Index> result;
      for (Index i = 0; i < count; ++i) {
        Index offset = 0, rest = i;
        for (std::size_t d = leading.size(); d-- > 0; rest /= leading[d]) {
          const std::size_t skipped = rank - s.size();
          if (d >= skipped && s[d - skipped] != 1) offset += rest % leading[d] * strides[d - skipped];
        }
        result.push_back(offset);
      }
      return result;
    };
    a_offsets_ = offsets(in[0].shape);
    b_offsets_ = offsets(in[1].shape);
  }
  void run(const void* const* inputs, void* const* outputs, void* scratch, const RunContext& context) const override {
    if (dtype_ == DType::float32) run_as<float>(inputs, outputs, scratch, context.threads);
    else run_as<double>(inputs, outputs, scratch, context.threads);
  }
  std::size_t scratch_bytes(int threads) const override {
    return dtype_ == DType::float32 ? matmul_scratch_bytes<float>(shape_, threads) : matmul_scratch_bytes<double>(shape_, threads);
  }
  double flops() const override {
    return 2.0 * static_cast<double>(shape_.m) * static_cast<double>(shape_.n) * static_cast<double>(shape_.k) *
           static_cast<double>(a_offsets_.size());
  }

 private:
  template <class T>
  void run_as(const void* const* inputs, void* const* outputs, void* scratch, int threads) const {
    for (std::size_t i = 0; i < a_offsets_.size(); ++i)
      matmul<T>(shape_, static_cast<const T*>(inputs[0]) + a_offsets_[i], static_cast<const T*>(inputs[1]) + b_offsets_[i],
                static_cast<T*>(outputs[0]) + static_cast<Index>(i) * shape_.m * shape_.n, {}, scratch, threads);
  }

  DType dtype_;
  MatmulShape shape_;
  std::vector<Index> a_offsets_, b_offsets_;
};

std::unique_ptr<Kernel> matmul_kernel(Specs in, const Spec& out, const Attributes&) { return std::make_unique<PlainProducts>(in, out); }

}  // namespace

namespace ops {
constinit const Op matmul =
    entry({.name = "matmul", .kind = OpKind::other, .inputs = 2, .infer = matmul_rule, .gradient = d_matmul, .kernel = matmul_kernel});
}  // namespace ops

void add_matmul_ops(OpList& list) { list.insert(list.end(), {&ops::matmul}); }

}  // namespace plait::graph
