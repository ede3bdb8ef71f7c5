// A fully lowered module as plain data: see description.hpp.
#include "plait/graph/description.hpp"

#include <algorithm>

#include "graph/passes/pipeline.hpp"
#include "graph/passes/product.hpp"
#include "plait/base/error.hpp"
#include "plait/graph/program.hpp"
#include "plait/graph/scan.hpp"

namespace plait::graph {
namespace {

using Kind = StepDescription::Kind;

class Describer {
 public:
  explicit Describer(const Module& module) : m_(module) {}

  Description run(std::span<const Spec> inputs, std::span<const NodeRef> feeds) {
    out_.inputs.assign(inputs.begin(), inputs.end());
    out_.feeds.assign(feeds.begin(), feeds.end());
    out_.arena_bytes = m_.arena_bytes;
    leaf_.assign(m_.values.size(), -1);
    for (std::size_t v = 0; v < m_.values.size(); ++v) {
      const Value& value = m_.values[v];
      if (value.constant) {
        leaf_[v] = static_cast<int>(out_.constants.size());
        out_.constants.push_back(value.constant);
      } else if (value.op->kind == OpKind::leaf && value.node->value()) {
        leaf_[v] = static_cast<int>(out_.parameters.size());
        out_.parameters.push_back(value.node);
      }
    }
    for (const int v : m_.outputs) out_.outputs.push_back(m_.values[v].spec);
    for (const int g : m_.order) add_step(g);
    for (const Update& update : m_.updates)
      if (!update.in_place) out_.deferred.push_back({operand(update.value), leaf_[static_cast<std::size_t>(update.parameter)]});
    return std::move(out_);
  }

 private:
  [[nodiscard]] StepOperand operand(int v) const {
    const Value& value = m_.values[v];
    const BufferAssignment& buffer = m_.values[value.root].buffer;
    StepOperand operand{.index = buffer.index, .spec = value.spec, .strides = value.view.strides};
    operand.bytes = static_cast<Index>(buffer.offset) + value.view.offset * static_cast<Index>(size_of(value.spec.dtype));
    switch (buffer.kind) {
      case BufferAssignment::Kind::feed: operand.memory = StepOperand::Memory::feed; break;
      case BufferAssignment::Kind::output: operand.memory = StepOperand::Memory::output; break;
      case BufferAssignment::Kind::parameter:
        operand.memory = StepOperand::Memory::parameter;
        operand.index = leaf_[static_cast<std::size_t>(buffer.index)];
        break;
      case BufferAssignment::Kind::constant:
        operand.memory = StepOperand::Memory::constant;
        operand.index = leaf_[static_cast<std::size_t>(buffer.index)];
        break;
      case BufferAssignment::Kind::arena:
      case BufferAssignment::Kind::none: operand.memory = StepOperand::Memory::arena; break;
    }
    return operand;
  }

  // The operand for writing a root: from the start of its memory, in its own strides.
  [[nodiscard]] StepOperand written(int v) const {
    StepOperand result = operand(v);
    result.bytes = static_cast<Index>(m_.values[m_.values[v].root].buffer.offset);
    return result;
  }

  void add_lanes(StepDescription& step, const Group& group, int g, bool behind_product) const {
    const LaneBody body = lane_body(m_, g);
    step.space = group.space;
    step.program = body.program;
    for (std::size_t i = behind_product ? 1 : 0; i < body.inputs.size(); ++i) step.inputs.push_back(read_over(body.inputs[i], group.space));
    for (const int v : body.outputs) {
      const Value& value = m_.values[v];
      step.outputs.push_back(written(v));
      if (value.op->kind == OpKind::reduction) {
        step.stores.push_back(reduction_output(value.op->reduce, value.spec.dtype, group.space, value.attributes.as<ReducedAxes>().axes));
      } else {
        step.stores.push_back({.dtype = value.spec.dtype, .strides = value.view.strides});
      }
    }
  }
  [[nodiscard]] StepOperand read_over(int v, const Shape& space) const {
    StepOperand result = operand(v);
    result.strides = strides_over(space, m_.values[v].spec.shape, m_.values[v].view.strides);
    return result;
  }

  void add_step(int g) {
    const Group& group = m_.groups[g];
    StepDescription step;
    switch (group.kind) {
      case Group::Kind::lanes:
        step.kind = Kind::lanes;
        add_lanes(step, group, g, false);
        step.node = label(group.members.empty() ? group.reduced.back() : group.members.back());
        break;
      case Group::Kind::product: {
        const Value& value = m_.values[group.value];
        const int a = value.inputs[0], b = value.inputs[1];
        step.kind = Kind::product;
        step.node = label(group.value);
        step.product = product_shape(value.spec, m_.values[a].spec, m_.values[a].view, m_.values[b].spec, m_.values[b].view);
        step.inputs = {operand(a), operand(b)};
        step.outputs = {written(group.value)};
        if (!group.members.empty()) add_lanes(step, group, g, true);
        break;
      }
      case Group::Kind::single: {
        const Value& value = m_.values[group.value];
        if (value.op->kind != OpKind::elementwise && value.built_in_place) return;
        step.op = value.op->name;
        step.node = label(group.value);
        step.kind = value.op->kind == OpKind::elementwise ? Kind::copy : is_scan(value) ? Kind::loop : Kind::op;
        for (const int u : value.inputs) step.inputs.push_back(operand(u));
        step.outputs = {written(group.value)};
        step.outputs.front().strides = value.view.strides;
        AttributeLists lists = value.attributes.lists();
        step.ints = std::move(lists.ints);
        step.reals = std::move(lists.reals);
        if (step.kind == Kind::loop) step.loop = loop(*loop_of(value.attributes));
        if (value.op == &ops::scan_cotangent)
          step.begin = begin_of(*loop_of(value.attributes), static_cast<int>(value.attributes.as<LoopOutput>().output));
        break;
      }
    }
    out_.steps.push_back(std::move(step));
  }

  static bool is_scan(const Value& value) { return value.op == &ops::scan; }
  [[nodiscard]] std::string label(int v) const { return m_.values[v].node ? m_.values[v].node->label() : m_.values[v].op->name; }
  static Index begin_of(const Scan& scan, int output) {
    const int section = scan.section_of[static_cast<std::size_t>(output)];
    return section < 0 ? -1 : static_cast<Index>(scan.sections[static_cast<std::size_t>(section)].offset);
  }

  // The body's outputs: the next value of each live state, then the rows of ys and residuals.
  static std::shared_ptr<const LoopDescription> loop(const Scan& scan) {
    const StepGraph& graph = scan.body->graph;
    auto result = std::make_shared<LoopDescription>();
    result->steps = scan.steps;
    result->reverse = graph.reverse;
    const auto passed = [&](std::size_t input) {
      const auto found = std::find(scan.passed.begin(), scan.passed.end(), static_cast<int>(input));
      return found == scan.passed.end() ? -1 : static_cast<int>(found - scan.passed.begin());
    };
    std::vector<NodeRef> outputs;
    std::vector<std::size_t> live;
    for (std::size_t i = 0; i < graph.states.size(); ++i) {
      if (scan.live[i] == 0) continue;
      result->states.push_back({.input = passed(i),
                                .output = static_cast<int>(outputs.size()),
                                .bytes = static_cast<Index>(bytes_of(scan.inputs[i])),
                                .last = begin_of(scan, static_cast<int>(i))});
      outputs.push_back(graph.next[i]);
      live.push_back(i);
    }
    for (const Scan::Section& section : scan.sections) {
      if (!section.stacked) continue;
      result->ys.push_back({static_cast<int>(outputs.size()), static_cast<Index>(section.offset), static_cast<Index>(bytes_of(section.spec))});
      outputs.push_back(section.node);
    }
    const Program program(std::move(outputs));
    const std::size_t first_x = graph.states.size(), first_capture = first_x + graph.xs.size();
    std::vector<Spec> specs;
    for (const NodeRef& node : program.inputs()) {
      std::size_t i = 0;
      while (!(scan.body->input(i) == node)) ++i;
      const int feed = static_cast<int>(specs.size()), input = passed(i);
      Spec spec = scan.inputs[i];
      if (i >= first_x && i < first_capture) spec.shape.erase(spec.shape.begin());
      if (i < first_x) {
        for (std::size_t c = 0; c < live.size(); ++c)
          if (live[c] == i) result->states[c].feed = feed;
      } else if (i < first_capture) {
        result->xs.push_back({input, feed, static_cast<Index>(bytes_of(spec))});
      } else {
        result->captures.push_back({input, feed});
      }
      specs.push_back(std::move(spec));
    }
    result->body = std::make_shared<Description>(program.describe(specs));
    return result;
  }

  const Module& m_;
  Description out_;
  std::vector<int> leaf_;
};

}  // namespace

Description Program::describe(std::span<const Spec> specs) const { return Describer(run_passes(lowered(specs))).run(specs, inputs_); }

}  // namespace plait::graph
