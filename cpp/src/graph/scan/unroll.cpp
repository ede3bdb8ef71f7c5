#include "plait/graph/unroll.hpp"

#include <bit>
#include <limits>
#include <map>

#include "graph/passes/pipeline.hpp"
#include "graph/passes/product.hpp"
#include "plait/base/error.hpp"

namespace plait::graph {
namespace {

using Registers = std::vector<std::uint16_t>;  // one register per element, row-major

constexpr Index kMostRegisters = std::numeric_limits<std::uint16_t>::max();

/// Calls f(position of the element, its indices) for all elements in order.
template <class F>
void for_each_element(const Shape& shape, F&& f) {
  Shape at(shape.size(), 0);
  const Index count = count_of(shape);
  for (Index k = 0; k < count; ++k) {
    f(k, at);
    for (std::size_t d = shape.size(); d-- > 0;) {
      if (++at[d] < shape[d]) break;
      at[d] = 0;
    }
  }
}

Index offset_of(const Shape& at, const Shape& strides) {
  Index offset = 0;
  for (std::size_t d = 0; d < at.size(); ++d) offset += at[d] * strides[d];
  return offset;
}

class Unroller {
 public:
  Unroller(Module graph, std::span<const NodeRef> inputs) : graph_(std::move(graph)), inputs_(inputs) {
    program_.type = LaneType::f64;
    for (const NodeRef& input : inputs_) program_.inputs += static_cast<int>(count_of(input->spec.shape));
  }

  LaneProgram run() {
    of_.resize(graph_.values.size());
    collect_constants();
    for (std::size_t v = 0; v < graph_.values.size(); ++v) of_[v] = registers(graph_.values[v]);
    program_.outputs = {of_[static_cast<std::size_t>(graph_.outputs[0])][0]};
    return std::move(program_);
  }

 private:
  // Constant registers come before all instructions, so constants are collected first.
  void collect_constants() {
    for (const Value& value : graph_.values)
      if (value.constant)
        for (Index k = 0; k < value.constant->count(); ++k) constant(element_as_double(value.constant->data.get(), value.spec.dtype, k));
    for (const double one : {0.0, 1.0}) constant(one);  // empty sums and products
    first_ = program_.inputs + static_cast<Index>(program_.constants.size());
  }
  std::uint16_t constant(double value) {
    const auto found = constants_.emplace(std::bit_cast<std::uint64_t>(value), program_.constants.size());
    if (found.second) program_.constants.push_back(value);
    return checked(program_.inputs + static_cast<Index>(found.first->second));
  }
  static std::uint16_t checked(Index r) {
    PLAIT_REQUIRE_AS(GraphError, r < kMostRegisters, "unroll: more than ", kMostRegisters, " registers");
    return static_cast<std::uint16_t>(r);
  }
  std::uint16_t emit(LaneOp op, std::uint16_t a, std::uint16_t b = 0, std::uint16_t c = 0) {
    program_.code.push_back({op, a, b, c});
    return checked(first_ + static_cast<Index>(program_.code.size()) - 1);
  }

  const Spec& spec(const Value& value, std::size_t k) const { return graph_.values[static_cast<std::size_t>(value.inputs[k])].spec; }
  const Registers& input(const Value& value, std::size_t k) const { return of_[static_cast<std::size_t>(value.inputs[k])]; }

  Registers registers(const Value& value) {
    PLAIT_REQUIRE_AS(GraphError, value.spec.dtype != DType::float32, "unroll: ", value.op->name, " computes in float32 among float64");
    switch (value.op->kind) {
      case OpKind::leaf: return leaf(value);
      case OpKind::elementwise: return elementwise(value);
      case OpKind::view: return view(value);
      case OpKind::reduction: return reduction(value);
      default: break;
    }
    PLAIT_REQUIRE_AS(GraphError, is_product(value), "unroll: lanes do not have the operation ", value.op->name);
    return product(value);
  }

  Registers leaf(const Value& value) {
    Registers out;
    if (value.constant) {
      for (Index k = 0; k < value.constant->count(); ++k) out.push_back(constant(element_as_double(value.constant->data.get(), value.spec.dtype, k)));
      return out;
    }
    Index before = 0;
    for (const NodeRef& node : inputs_) {
      const Index count = count_of(node->spec.shape);
      if (node == value.node) {
        for (Index k = 0; k < count; ++k) out.push_back(checked(before + k));
        return out;
      }
      before += count;
    }
    throw GraphError(message("unroll: ", value.node->label(), " is none of the inputs"));
  }

  Registers elementwise(const Value& value) {
    const LaneOp op = lane_op(*value.op, spec(value, 0).dtype, value.spec.dtype);
    const std::size_t operands = value.inputs.size();
    Shape strides[3];
    for (std::size_t k = 0; k < operands; ++k)
      strides[k] = strides_over(value.spec.shape, spec(value, k).shape, contiguous_strides(spec(value, k).shape));
    Registers out;
    for_each_element(value.spec.shape, [&](Index, const Shape& at) {
      std::uint16_t r[3] = {0, 0, 0};
      for (std::size_t k = 0; k < operands; ++k) r[k] = input(value, k)[static_cast<std::size_t>(offset_of(at, strides[k]))];
      out.push_back(op == LaneOp::copy ? r[0] : emit(op, r[0], r[1], r[2]));
    });
    return out;
  }

  Registers view(const Value& value) {
    const Spec& from = spec(value, 0);
    const auto seen = value.op->view(from, value.spec, value.attributes, {0, contiguous_strides(from.shape)});
    PLAIT_REQUIRE_AS(GraphError, seen.has_value(), "unroll: ", value.op->name, " of shape ", to_string(from.shape), " is no view");
    Registers out;
    for_each_element(value.spec.shape, [&](Index, const Shape& at) {
      out.push_back(input(value, 0)[static_cast<std::size_t>(seen->offset + offset_of(at, seen->strides))]);
    });
    return out;
  }

  Registers reduction(const Value& value) {
    const Shape& from = spec(value, 0).shape;
    Shape kept = from;
    for (const Index axis : value.attributes.as<ReducedAxes>().axes) kept[static_cast<std::size_t>(axis)] = 1;
    const Shape strides = strides_over(from, kept, contiguous_strides(kept));
    using Kind = LaneOutput::Kind;
    const Kind kind = value.op->reduce;
    const LaneOp op = kind == Kind::sum       ? LaneOp::add
                      : kind == Kind::product ? LaneOp::mul
                      : kind == Kind::maximum ? LaneOp::maximum
                                              : LaneOp::minimum;
    Registers out(static_cast<std::size_t>(count_of(kept)), constant(kind == Kind::product ? 1 : 0));
    std::vector<char> begun(out.size(), 0);
    for_each_element(from, [&](Index k, const Shape& at) {
      const auto to = static_cast<std::size_t>(offset_of(at, strides));
      const std::uint16_t element = input(value, 0)[static_cast<std::size_t>(k)];
      out[to] = begun[to] != 0 ? emit(op, out[to], element) : element;
      begun[to] = 1;
    });
    return out;
  }

  Registers product(const Value& value) {
    const Spec &a = spec(value, 0), &b = spec(value, 1);
    PLAIT_REQUIRE_AS(GraphError, a.shape.size() == 2 && b.shape.size() == 2, "unroll: products of ", to_string(a.shape), " and ", to_string(b.shape),
                     " are not unrolled; only matrices are");
    const Index inner = a.shape[1];
    Registers out;
    for_each_element(value.spec.shape, [&](Index, const Shape& at) {
      std::uint16_t sum = constant(0);
      for (Index k = 0; k < inner; ++k) {
        const std::uint16_t term = emit(LaneOp::mul, input(value, 0)[static_cast<std::size_t>(at[0] * inner + k)],
                                        input(value, 1)[static_cast<std::size_t>(k * b.shape[1] + at[1])]);
        sum = k == 0 ? term : emit(LaneOp::add, sum, term);
      }
      out.push_back(sum);
    });
    return out;
  }

  Module graph_;
  std::span<const NodeRef> inputs_;
  LaneProgram program_;
  Index first_ = 0;
  std::map<std::uint64_t, std::size_t> constants_;
  std::vector<Registers> of_;  // per value
};

}  // namespace

LaneProgram unroll(const NodeRef& output, std::span<const NodeRef> inputs) {
  PLAIT_REQUIRE_AS(GraphError, output->spec.shape.empty(), "unroll: expected a scalar, got shape ", to_string(output->spec.shape));
  std::unordered_map<const Node*, Spec> feeds;
  for (const NodeRef& input : inputs) feeds.emplace(input.get(), input->spec);
  const NodeRef outputs[] = {output};
  return Unroller(simplify(lower(outputs, {}, feeds)), inputs).run();
}

}  // namespace plait::graph
