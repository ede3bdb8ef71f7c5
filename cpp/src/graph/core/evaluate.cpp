// One op on contiguous tensors, without optimisation: for Table and for constant folding.
#include "graph/passes/module.hpp"
#include "plait/base/error.hpp"
#include "plait/base/subnormals.hpp"
#include "plait/tensor/copy.hpp"

namespace plait::graph {
namespace {

// An elementwise op as a lane program of one instruction.
LaneKernel elementwise_kernel(const Op& op, std::span<const Spec> inputs, const Spec& output) {
  std::vector<LaneInput> lane_inputs;
  for (const Spec& s : inputs) {
    const Shape own = contiguous_strides(s.shape);
    LaneInput input{s.dtype, Shape(output.shape.size(), 0)};
    for (std::size_t i = 0; i < own.size(); ++i)
      if (s.shape[i] != 1) input.strides[output.shape.size() - own.size() + i] = own[i];
    lane_inputs.push_back(std::move(input));
  }
  const auto n = static_cast<std::uint16_t>(inputs.size());
  const LaneInstruction code{lane_op(op, inputs[0].dtype, output.dtype), 0, static_cast<std::uint16_t>(n > 1 ? 1 : 0),
                             static_cast<std::uint16_t>(n > 2 ? 2 : 0)};
  return {
      {lane_type(op, inputs[0].dtype, inputs.back().dtype, output.dtype), n, {}, {code}, {n}}, output.shape, lane_inputs, {{.dtype = output.dtype}}};
}

}  // namespace

LaneOp lane_op(const Op& op, DType from, DType to) {
  if (op.lane != LaneOp::copy || from == to) return op.lane;
  if (to == DType::boolean) return LaneOp::to_bool;
  return is_float(from) && !is_float(to) ? LaneOp::truncate : LaneOp::copy;
}

LaneType lane_type(const Op& op, DType first, DType last, DType to) {
  if (op.lane == LaneOp::select) return lane_type(last);
  if (op.lane != LaneOp::copy) return lane_type(first);
  if (is_float(first) && is_float(to)) return first == to ? lane_type(to) : LaneType::f64;
  return is_float(to) ? lane_type(to) : lane_type(first);
}

TensorRef evaluate_op(const Op& op, std::span<const Tensor* const> inputs, const Spec& spec, const Attributes& attributes,
                      const RunContext& context) {
  auto result = std::make_shared<Tensor>(spec);
  std::vector<Spec> specs;
  std::vector<const void*> in;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (shape_only(op, i)) continue;
    specs.push_back(inputs[i]->spec);
    in.push_back(inputs[i]->data.get());
  }
  const FloatModeScope mode(flushing(float_mode(), flush_subnormals()));
  void* out[] = {result->data.get()};
  switch (op.kind) {
    case OpKind::elementwise: {
      const LaneKernel kernel = elementwise_kernel(op, specs, spec);
      const Bytes scratch = allocate_bytes(kernel.scratch_bytes(context.threads));
      kernel.run(in.data(), out, scratch.get(), context.threads);
      break;
    }
    case OpKind::view: {
      const auto view = op.view(specs[0], spec, attributes, {0, contiguous_strides(specs[0].shape)});
      PLAIT_ASSERT(view);
      const std::size_t bytes = size_of(spec.dtype);
      copy_strided(out[0], contiguous_strides(spec.shape), static_cast<const std::byte*>(in[0]) + view->offset * static_cast<Index>(bytes),
                   view->strides, spec.shape, bytes);
      break;
    }
    case OpKind::reduction:
    case OpKind::random:
    case OpKind::other: {
      if (op.constant_shape) return axis_size(inputs[0]->spec.shape, attributes);
      const auto kernel = op.kernel(specs, spec, attributes);
      const Bytes scratch = allocate_bytes(kernel->scratch_bytes(context.threads));
      kernel->run(in.data(), out, scratch.get(), context);
      break;
    }
    case OpKind::leaf: throw GraphError("a leaf has nothing to evaluate");
  }
  return result;
}

TensorRef axis_size(const Shape& shape, const Attributes& attributes) {
  const auto& counted = attributes.as<CountedAxes>();
  Index n = 1;
  for (const Index axis : counted.axes) n *= shape[axis];
  return scalar_tensor(static_cast<double>(n), counted.dtype);
}

}  // namespace plait::graph
