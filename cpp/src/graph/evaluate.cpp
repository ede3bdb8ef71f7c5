// One op on contiguous tensors, nothing clever: what Table does node by node and what constant folding uses.
#include "lowered.hpp"
#include "plait/base/error.hpp"
#include "plait/tensor/copy.hpp"

namespace plait {

LaneType lane_type(DType t) { return t == DType::float32 ? LaneType::f32 : t == DType::float64 ? LaneType::f64 : LaneType::i64; }

// The type in which an elementwise op computes: that of its operands, or of its result where it converts.
LaneType lane_type(const Op& op, std::span<const Spec> inputs, const Spec& output) {
  if (op.lane == LaneOp::copy) {
    const DType from = inputs[0].dtype, to = output.dtype;
    if (is_float(from) && is_float(to)) return LaneType::f64;
    if (is_float(to)) return lane_type(to);
    if (is_float(from)) return lane_type(from);
    return LaneType::i64;
  }
  if (op.lane == LaneOp::select) return lane_type(inputs[1].dtype);
  return lane_type(inputs[0].dtype);
}

LaneOutput reduction_output(const Value& reduction, const Shape& shape) {
  LaneOutput out{.dtype = reduction.spec.dtype, .kind = reduction.op->reduce, .outer = 1, .inner = 1};
  const auto& ints = reduction.attributes.ints;
  if (ints.size() == 1) {  // no axes: every element is its own result
    out.outer = count_of(shape);
    return out;
  }
  for (Index i = 0; i < ints[1]; ++i) out.outer *= shape[i];
  for (Index i = ints.back() + 1; i < static_cast<Index>(shape.size()); ++i) out.inner *= shape[i];
  return out;
}

TensorRef evaluate_op(const Op& op, std::span<const Tensor* const> inputs, const Spec& spec, const Attributes& attributes, const RunContext& context) {
  auto result = std::make_shared<Tensor>(spec);
  std::vector<Spec> specs;
  std::vector<const void*> in;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    specs.push_back(inputs[i]->spec);
    if (i >= 32 || (op.shape_only >> i & 1U) == 0) in.push_back(inputs[i]->data.get());
  }
  void* out[] = {result->data.get()};
  const auto run_lanes = [&](LaneProgram program, const Shape& space, const LaneOutput& output) {
    std::vector<LaneInput> lane_inputs;
    for (const Spec& s : specs) {
      const Shape own = contiguous_strides(s.shape);
      LaneInput input{s.dtype, Shape(space.size(), 0)};
      for (std::size_t i = 0; i < own.size(); ++i)
        if (s.shape[i] != 1) input.strides[space.size() - own.size() + i] = own[i];
      lane_inputs.push_back(std::move(input));
    }
    const LaneKernel kernel(std::move(program), space, std::move(lane_inputs), {output});
    const Bytes scratch = allocate_bytes(kernel.scratch_bytes(context.threads));
    kernel.run(in.data(), out, scratch.get(), context.threads);
  };
  switch (op.kind) {
    case OpKind::elementwise: {
      const auto n = static_cast<std::uint16_t>(specs.size());
      LaneInstruction code{.op = op.lane, .a = 0, .b = static_cast<std::uint16_t>(n > 1 ? 1 : 0), .c = static_cast<std::uint16_t>(n > 2 ? 2 : 0)};
      std::vector<LaneInstruction> instructions;
      if (op.lane == LaneOp::copy && is_float(specs[0].dtype) && spec.dtype != DType::boolean && !is_float(spec.dtype)) code.op = LaneOp::truncate;
      if (op.lane == LaneOp::copy && spec.dtype == DType::boolean) code.op = LaneOp::to_bool;
      run_lanes({lane_type(op, specs, spec), n, {}, {code}, {n}}, spec.shape, {.dtype = spec.dtype});
      break;
    }
    case OpKind::reduction: {
      // Non-adjacent axes go one after the other, the last one first.
      const Value value{.op = &op, .attributes = attributes, .spec = spec, .inputs = {}, .leaf = {}, .constant = {}, .label = {}};
      run_lanes({lane_type(specs[0].dtype), 1, {}, {}, {0}}, specs[0].shape, reduction_output(value, specs[0].shape));
      break;
    }
    case OpKind::view: {
      const auto view = op.view(specs[0], spec, attributes, {0, contiguous_strides(specs[0].shape)});
      PLAIT_ASSERT(view);
      const std::size_t bytes = size_of(spec.dtype);
      copy_strided(out[0], contiguous_strides(spec.shape), static_cast<const std::byte*>(in[0]) + view->offset * static_cast<Index>(bytes), view->strides, spec.shape, bytes);
      break;
    }
    case OpKind::random:
    case OpKind::other: {
      std::vector<Spec> data;
      for (std::size_t i = 0; i < specs.size(); ++i)
        if (i >= 32 || (op.shape_only >> i & 1U) == 0) data.push_back(specs[i]);
      const auto kernel = op.kernel(data, spec, attributes);
      const Bytes scratch = allocate_bytes(kernel->scratch_bytes(context.threads));
      kernel->run(in.data(), out, scratch.get(), context);
      break;
    }
    case OpKind::leaf: throw GraphError("a leaf has nothing to evaluate");
  }
  return result;
}

}  // namespace plait
