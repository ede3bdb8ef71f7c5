// From groups to steps: the kernel of each group, with its inputs and outputs.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "graph/passes/module.hpp"
#include "graph/passes/product.hpp"
#include "graph/passes/tuning.hpp"
#include "plait/base/cache.hpp"
#include "plait/base/error.hpp"
#include "plait/tensor/copy.hpp"

namespace plait::graph {
namespace {

using tuning::kBytesPerNs, tuning::kMostOperands, tuning::kProductFlopsPerNs, tuning::kStepNs;

std::size_t lines(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

class LanesStep final : public Kernel {
 public:
  explicit LanesStep(LaneKernel kernel) : kernel_(std::move(kernel)) {}
  void run(const void* const* inputs, void* const* outputs, void* scratch, const RunContext& context) const override {
    kernel_.run(inputs, outputs, scratch, context.threads);
  }
  [[nodiscard]] std::size_t scratch_bytes(int threads) const override { return kernel_.scratch_bytes(threads); }

 private:
  LaneKernel kernel_;
};

/// A product with a lane program as epilogue over its rows while they are in cache. Inputs: a, b, then those of the lane program but the first,
/// which is the product; outputs: the product, then those of the lane program.
template <class T>
class ProductStep final : public Kernel {
 public:
  /// keep: other steps read the product, too. streams: inputs of the epilogue of which each row is read once.
  ProductStep(const MatmulShape& shape, std::optional<LaneKernel> epilogue, std::size_t inputs, bool keep, std::vector<std::size_t> streams)
      : product_(shape, keep),
        epilogue_(std::move(epilogue)),
        inputs_(inputs),
        columns_(shape.n),
        flops_(flops_of(shape)),
        streams_(std::move(streams)) {}

  void run(const void* const* inputs, void* const* outputs, void* scratch, const RunContext& context) const override {
    Epilogue behind{epilogue_ ? &*epilogue_ : nullptr, inputs + 1, inputs_, streams_, outputs + 1, nullptr, 0, columns_};
    RowsDone done{};
    if (epilogue_) {
      behind.scratch = static_cast<std::byte*>(scratch) + lines(product_.scratch_bytes(context.threads));
      behind.scratch_each = lines(epilogue_->scratch_bytes(1));
      done = {Epilogue::run, streams_.empty() ? nullptr : Epilogue::fetch, &behind};
    }
    product_.run(static_cast<const T*>(inputs[0]), static_cast<const T*>(inputs[1]), static_cast<T*>(outputs[0]), done, scratch, context.threads);
  }
  [[nodiscard]] std::size_t scratch_bytes(int threads) const override {
    return lines(product_.scratch_bytes(threads)) + (epilogue_ ? static_cast<std::size_t>(threads) * lines(epilogue_->scratch_bytes(1)) : 0);
  }
  [[nodiscard]] double flops() const override { return flops_; }

 private:
  struct Epilogue {
    const LaneKernel* kernel;
    const void* const* inputs;  ///< of the lane program; the first, the product, is replaced for each piece
    std::size_t count;
    std::span<const std::size_t> streams;
    void* const* outputs;
    std::byte* scratch;
    std::size_t scratch_each;
    Index columns;

    static void run(void* self, Index begin, Index end, int worker, const void* rows) {
      const auto& e = *static_cast<const Epilogue*>(self);
      std::array<const void*, kMostOperands> inputs;  // NOLINT(cppcoreguidelines-pro-type-member-init): as many as there are
      std::copy_n(e.inputs + 1, e.count - 1, inputs.begin() + 1);
      // The address that row 0 would have.
      const auto skipped = static_cast<std::uintptr_t>(begin * e.columns * Index{sizeof(T)});
      inputs[0] = reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(rows) - skipped);
      e.kernel->run_range(inputs.data(), e.outputs, begin * e.columns, end * e.columns,
                          e.scratch + static_cast<std::size_t>(worker) * e.scratch_each);
    }
    static void fetch(void* self, Index begin, Index end) {
      const auto& e = *static_cast<const Epilogue*>(self);
      constexpr Index kLine = 64 / Index{sizeof(T)};  // elements of a cache line
      for (const std::size_t i : e.streams)
        for (Index at = begin; at < end; at += kLine) __builtin_prefetch(static_cast<const T*>(e.inputs[i]) + at, 0, 2);
    }
  };

  static double flops_of(const MatmulShape& s) {
    return 2.0 * static_cast<double>(s.batch) * static_cast<double>(s.m) * static_cast<double>(s.n) * static_cast<double>(s.k);
  }

  MatmulKernel<T> product_;
  std::optional<LaneKernel> epilogue_;
  std::size_t inputs_;  // of the lane program
  Index columns_;
  double flops_;
  std::vector<std::size_t> streams_;
};

template <class... Arguments>
std::unique_ptr<Kernel> product_step(DType dtype, Arguments&&... arguments) {
  if (dtype == DType::float32) return std::make_unique<ProductStep<float>>(std::forward<Arguments>(arguments)...);
  return std::make_unique<ProductStep<double>>(std::forward<Arguments>(arguments)...);
}

/// The inputs of a lane program that are read from end to end, if together they exceed the second-level cache.
std::vector<std::size_t> streams_of(const Module& module, const Group& group, const LaneBody& body) {
  std::vector<std::size_t> streams;
  Index bytes = 0;
  for (std::size_t i = 1; i < body.inputs.size(); ++i) {
    const Value& value = module.values[body.inputs[i]];
    if (value.spec.dtype != module.values[group.value].spec.dtype || value.spec.shape != group.space ||
        !is_whole({0, value.view.strides}, value.spec))
      continue;
    streams.push_back(i);
    bytes += static_cast<Index>(bytes_of(value.spec));
  }
  return bytes > second_level_cache() ? streams : std::vector<std::size_t>();
}

class CopyStep final : public Kernel {
 public:
  CopyStep(Shape space, Shape from, Shape to, std::size_t bytes)
      : space_(std::move(space)), from_(std::move(from)), to_(std::move(to)), bytes_(bytes) {}
  void run(const void* const* inputs, void* const* outputs, void*, const RunContext&) const override {
    copy_strided(outputs[0], to_, inputs[0], from_, space_, bytes_);
  }

 private:
  Shape space_, from_, to_;
  std::size_t bytes_;
};

LaneKernel lane_kernel(const Module& module, const Group& group, const LaneBody& body) {
  const auto& values = module.values;
  std::vector<LaneInput> inputs;
  for (const int v : body.inputs) inputs.push_back({values[v].spec.dtype, strides_over(group.space, values[v].spec.shape, values[v].view.strides)});
  std::vector<LaneOutput> outputs;
  for (const int v : body.outputs) {
    const Value& value = values[v];
    const bool in_order = is_whole({0, value.view.strides}, value.spec);
    if (value.op->kind != OpKind::reduction) outputs.push_back({.dtype = value.spec.dtype, .strides = in_order ? Shape() : value.view.strides});
    else outputs.push_back(reduction_output(value.op->reduce, value.spec.dtype, group.space, value.attributes.as<ReducedAxes>().axes));
  }
  return {body.program, group.space, inputs, std::move(outputs)};
}

std::string names_of(const Module& module, const Group& group) {
  std::string text;
  std::vector<int> members = group.members;
  members.insert(members.end(), group.reduced.begin(), group.reduced.end());
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i == 8 && members.size() > 9) return message(text, " … ", members.size() - i, " more");
    if (i > 0) text += ' ';
    text += module.values[members[i]].op->name;
  }
  return text;
}

std::string label_of(const Value& value) { return value.node ? value.node->label() : value.op->name; }

}  // namespace

LaneBody lane_body(const Module& module, int g) {
  const Group& group = module.groups[g];
  const auto& values = module.values;
  LaneBody body;
  std::vector<int> constants;  // values, parallel to their numbers; few enough for a linear search, like the inputs
  std::vector<double> numbers;
  const auto place_in = [](const std::vector<int>& list, int v) {
    return static_cast<std::size_t>(std::find(list.begin(), list.end(), v) - list.begin());
  };
  const auto inside = [&](int u) { return module.group_of_root(u) == g && values[u].root != group.value; };
  const auto note = [&](int v) {
    for (const int u : values[v].inputs) {
      if (inside(u)) continue;
      const Value& root = values[values[u].root];
      if (root.constant && root.constant->count() == 1) {
        const double x = element_as_double(root.constant->data.get(), root.spec.dtype, 0);
        if (is_float(root.spec.dtype) || std::fabs(x) < 0x1p53) {  // lane programs hold constants as doubles
          if (place_in(constants, u) == constants.size()) {
            constants.push_back(u);
            numbers.push_back(x);
          }
          continue;
        }
      }
      if (place_in(body.inputs, u) == body.inputs.size()) body.inputs.push_back(u);
    }
  };
  if (group.value >= 0) body.inputs.push_back(group.value);
  for (const int v : group.members) note(v);
  for (const int v : group.reduced) note(v);
  const std::size_t first = body.inputs.size() + numbers.size();
  const auto reg = [&](int u) {
    if (inside(u)) {  // members are ascending, one instruction each
      const auto member = std::lower_bound(group.members.begin(), group.members.end(), values[u].root);
      return static_cast<std::uint16_t>(first + static_cast<std::size_t>(member - group.members.begin()));
    }
    if (const std::size_t c = place_in(constants, u); c < constants.size()) return static_cast<std::uint16_t>(body.inputs.size() + c);
    return static_cast<std::uint16_t>(place_in(body.inputs, u));
  };
  body.program.type = group.type;
  body.program.inputs = static_cast<int>(body.inputs.size());
  body.program.constants = numbers;
  for (const int v : group.members) {
    const Value& value = values[v];
    LaneInstruction code{.op = lane_op(*value.op, values[value.inputs[0]].spec.dtype, value.spec.dtype)};
    code.a = reg(value.inputs[0]);
    if (value.inputs.size() > 1) code.b = reg(value.inputs[1]);
    if (value.inputs.size() > 2) code.c = reg(value.inputs[2]);
    body.program.code.push_back(code);
    if (!value.needs_storage) continue;
    body.program.outputs.push_back(static_cast<std::uint16_t>(first + body.program.code.size() - 1));
    body.outputs.push_back(v);
  }
  for (const int v : group.reduced) {
    body.program.outputs.push_back(reg(values[v].inputs[0]));
    body.outputs.push_back(v);
  }
  return body;
}

StepPlan make_step(const Module& module, int g) {
  const Group& group = module.groups[g];
  const auto& values = module.values;
  StepPlan step;
  const auto read = [&](int v) {
    step.inputs.emplace_back(values[v].root, values[v].view.offset * static_cast<Index>(size_of(values[v].spec.dtype)));
  };
  double elements = 0;
  if (group.kind != Group::Kind::single) {
    step.info.space = group.space;
    elements = static_cast<double>(count_of(group.space));
    step.info.flops = elements * static_cast<double>(group.members.size() + group.reduced.size());
  }
  switch (group.kind) {
    case Group::Kind::lanes: {
      const LaneBody body = lane_body(module, g);
      LaneKernel kernel = lane_kernel(module, group, body);
      step.info.cost_ns = kernel.cost_per_element() * elements;
      step.kernel = std::make_unique<LanesStep>(std::move(kernel));
      for (const int v : body.inputs) read(v);
      step.outputs = body.outputs;
      step.info.label = names_of(module, group);
      step.info.node = label_of(values[body.outputs.back()]);
      break;
    }
    case Group::Kind::product: {
      const Value& value = values[group.value];
      const int a = value.inputs[0], b = value.inputs[1];
      const MatmulShape shape = product_shape(value.spec, values[a].spec, values[a].view, values[b].spec, values[b].view);
      read(a);
      read(b);
      step.outputs = {group.value};
      std::optional<LaneKernel> epilogue;
      std::size_t inputs = 0;
      std::vector<std::size_t> streams;
      bool keep = value.needs_storage || group.members.empty();
      step.info.label = "matmul";
      step.info.node = label_of(value);
      if (!group.members.empty()) {
        const LaneBody body = lane_body(module, g);
        inputs = body.inputs.size();
        PLAIT_ASSERT(inputs <= kMostOperands);
        for (std::size_t i = 1; i < inputs; ++i) {
          read(body.inputs[i]);
          // Reshaped, the product is a separate operand, read from its buffer.
          keep = keep || values[body.inputs[i]].root == group.value;
        }
        step.outputs.insert(step.outputs.end(), body.outputs.begin(), body.outputs.end());
        epilogue.emplace(lane_kernel(module, group, body));
        streams = streams_of(module, group, body);
        step.info.cost_ns = epilogue->cost_per_element() * elements;
        step.info.label += " + " + names_of(module, group);
      }
      std::unique_ptr<Kernel> kernel = product_step(value.spec.dtype, shape, std::move(epilogue), inputs, keep, std::move(streams));
      step.info.flops += kernel->flops();
      step.info.cost_ns += kernel->flops() / kProductFlopsPerNs;
      step.kernel = std::move(kernel);
      break;
    }
    case Group::Kind::single: {
      const Value& value = values[group.value];
      step.outputs = {group.value};
      step.info.label = value.op->name;
      step.info.node = label_of(value);
      step.info.space = value.spec.shape;
      std::vector<Spec> specs;
      for (const int u : value.inputs) {
        read(u);
        specs.push_back(values[u].spec);
      }
      if (value.op->kind == OpKind::elementwise) {
        step.kernel =
            std::make_unique<CopyStep>(value.spec.shape, values[value.inputs[0]].view.strides, value.view.strides, size_of(value.spec.dtype));
        step.info.label = "copy";
      } else if (value.built_in_place) {
        return step;  // all pieces are in place
      } else {
        step.kernel = value.op->kernel(specs, value.spec, value.attributes);
      }
      step.info.flops = step.kernel->flops();
      step.info.cost_ns = step.kernel->cost_ns();
      break;
    }
  }
  double bytes = 0;
  for (const auto& [root, offset] : step.inputs) bytes += static_cast<double>(bytes_of(values[root].spec));
  for (const int v : step.outputs) bytes += static_cast<double>(bytes_of(values[v].spec));
  step.info.bytes = static_cast<std::size_t>(bytes);
  step.info.cost_ns = std::max(step.info.cost_ns, bytes / kBytesPerNs) + kStepNs;
  return step;
}

}  // namespace plait::graph
