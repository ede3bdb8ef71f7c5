// lengths(n, steps, x): returns n after checking that it has one length in [0, steps] for each sequence of the batch x, of shape (batch, …). An op,
// because lengths and shapes may be known only at run time.
#include <algorithm>

#include "plait/base/error.hpp"
#include "plait/graph/ops.hpp"

namespace plait::graph {
namespace {

using Specs = std::span<const Spec>;

Spec lengths_rule(Specs in, const Attributes&) {
  PLAIT_REQUIRE_AS(DTypeError, in[0].dtype == DType::int64, "lengths: expected int64, got ", name_of(in[0].dtype));
  PLAIT_REQUIRE_AS(GraphError, (in[1] == Spec{{}, DType::int64}), "lengths: the number of steps is one int64");
  const Index batch = in[2].shape.empty() ? kAny : in[2].shape[0];
  PLAIT_REQUIRE_AS(ShapeError, in[0].shape.size() == 1 && (batch == kAny || in[0].shape[0] == kAny || in[0].shape[0] == batch),
                   "lengths: expected shape ", to_string(Shape{batch}), ", got ", to_string(in[0].shape));
  return {in[0].shape, DType::int64};
}

class LengthsKernel final : public Kernel {
 public:
  explicit LengthsKernel(Index count) : count_(count) {}
  void run(const void* const* inputs, void* const* outputs, void*, const RunContext&) const override {
    const auto* const lengths = static_cast<const std::int64_t*>(inputs[0]);
    const std::int64_t steps = *static_cast<const std::int64_t*>(inputs[1]);
    for (Index i = 0; i < count_; ++i) {
      PLAIT_REQUIRE_AS(ShapeError, lengths[i] >= 0, "lengths: expected numbers of steps, got ", lengths[i], " at index ", i);
      PLAIT_REQUIRE_AS(ShapeError, lengths[i] <= steps, "lengths: ", lengths[i], " at index ", i, " is beyond the ", steps, " steps of inputs");
    }
    std::copy_n(lengths, count_, static_cast<std::int64_t*>(outputs[0]));
  }

 private:
  Index count_;
};
std::unique_ptr<Kernel> lengths_kernel(Specs in, const Spec&, const Attributes&) { return std::make_unique<LengthsKernel>(in[0].shape[0]); }

}  // namespace

namespace ops {
constinit const Op lengths = entry({.name = "lengths",
                                    .kind = OpKind::other,
                                    .inputs = 3,
                                    .infer = lengths_rule,
                                    .gradient = no_gradient_flows,
                                    .kernel = lengths_kernel,
                                    .shape_only = 0b100});
}  // namespace ops

void add_lengths_ops(OpList& list) { list.insert(list.end(), {&ops::lengths}); }

}  // namespace plait::graph
