// The loop as an op: scan runs the plan of a step over the rows of its xs; scan_output is a view of an output in its buffer; scan_cotangent is the
// gradient of such a view.
#include "plait/graph/scan.hpp"

#include <algorithm>
#include <cstring>

#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/ops.hpp"
#include "plait/graph/program.hpp"

namespace plait::graph {
namespace {

using Gradients = std::vector<NodeRef>;
using Specs = std::span<const Spec>;

constexpr double kPollNs = 5e5;  // estimated work between two polls for Ctrl-C

std::size_t lines(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }
std::size_t bytes_of(const Spec& spec) { return static_cast<std::size_t>(count_of(spec.shape)) * size_of(spec.dtype); }

/// Runs the plan of a step once for each row. States are read where the previous step wrote them: among the ys or residuals if they are stored there
/// anyway, else in two alternating buffers.
class ScanKernel final : public Kernel {
 public:
  explicit ScanKernel(const Scan& scan) : steps_(scan.steps), reverse_(scan.body->graph.reverse) {
    const StepGraph& graph = scan.body->graph;
    std::vector<NodeRef> outputs;
    for (std::size_t i = 0; i < graph.states.size(); ++i) {
      if (scan.live[i] == 0) continue;
      Carry carry{.bytes = bytes_of(scan.inputs[i]), .input = position(scan, i), .state = graph.states[i].get(), .next = graph.next[i].get()};
      carry.output = static_cast<int>(outputs.size());
      if (const int s = scan.section_of[i]; s >= 0) carry.last = begin_of(scan.sections[static_cast<std::size_t>(s)]);
      outputs.push_back(graph.next[i]);
      carries_.push_back(carry);
    }
    for (const Scan::Section& section : scan.sections) {
      if (!section.stacked) continue;
      const std::ptrdiff_t begin = begin_of(section);
      const auto residual = std::find_if(carries_.begin(), carries_.end(), [&](const Carry& c) { return c.state == section.node.get(); });
      const auto after = std::find_if(carries_.begin(), carries_.end(), [&](const Carry& c) { return c.next == section.node.get() && c.after < 0; });
      if (residual != carries_.end()) {
        residual->before = begin;
      } else if (after != carries_.end()) {
        after->after = begin;
      } else {
        ys_.push_back({static_cast<int>(outputs.size()), begin, bytes_of(section.spec)});
        outputs.push_back(section.node);
      }
    }
    compile(scan, std::move(outputs));
    find_gaps(scan);
  }

  void run(const void* const* inputs, void* const* outputs, void* scratch, const RunContext& context) const override {
    auto* const base = static_cast<std::byte*>(outputs[0]);
    auto* const memory = static_cast<std::byte*>(scratch);
    auto** const feeds = reinterpret_cast<const void**>(memory);
    auto** const results = reinterpret_cast<void**>(memory + results_at_);
    auto** const states = reinterpret_cast<const std::byte**>(memory + states_at_);
    std::byte* const step_memory = memory + memory_at_;
    std::byte* const buffers = step_memory + lines(runner_->bytes(context.threads));
    for (const Fixed& fixed : fixed_) feeds[fixed.feed] = inputs[fixed.input];
    for (const Gap& gap : gaps_) std::memset(base + gap.begin, 0, gap.bytes);
    runner_->begin(step_memory, feeds);
    for (std::size_t c = 0; c < carries_.size(); ++c) {
      const Carry& carry = carries_[c];
      states[c] = static_cast<const std::byte*>(inputs[carry.input]);
      if (carry.before < 0 || carry.after >= 0 || steps_ == 0) continue;
      std::byte* const first = base + carry.before + (reverse_ ? steps_ - 1 : 0) * static_cast<Index>(carry.bytes);
      std::memcpy(first, states[c], carry.bytes);
      states[c] = first;
    }
    for (Index i = 0; i < steps_; ++i) {
      if (i % poll_every_ == 0) poll_interrupt();
      const Index t = reverse_ ? steps_ - 1 - i : i;
      for (std::size_t c = 0; c < carries_.size(); ++c) {
        const Carry& carry = carries_[c];
        if (carry.feed >= 0) feeds[carry.feed] = states[c];
        std::byte* const next = next_place(carry, i, t, base, buffers);
        results[carry.output] = next;
        states[c] = next;
      }
      for (const X& x : xs_) feeds[x.feed] = static_cast<const std::byte*>(inputs[x.input]) + t * static_cast<Index>(x.bytes);
      for (const Y& y : ys_) results[y.output] = base + y.begin + t * static_cast<Index>(y.bytes);
      runner_->run(step_memory, feeds, results, context);
    }
    for (std::size_t c = 0; c < carries_.size(); ++c) finish(carries_[c], states[c], inputs[carries_[c].input], base);
  }

  [[nodiscard]] std::size_t scratch_bytes(int threads) const override { return memory_at_ + lines(runner_->bytes(threads)) + buffer_bytes_; }
  [[nodiscard]] double flops() const override { return static_cast<double>(steps_) * plan_->flops(); }
  [[nodiscard]] double cost_ns() const override { return static_cast<double>(steps_) * plan_->cost_ns(); }

 private:
  struct Carry {
    std::size_t bytes = 0;
    int input = 0;               // kernel input with the initial value
    int feed = -1;               // plan feed, -1 if no step reads the state
    int output = 0;              // plan output: the value after the step
    std::ptrdiff_t last = -1;    // offset of the last value
    std::ptrdiff_t before = -1;  // offset of the rows of values before each step
    std::ptrdiff_t after = -1;   // offset of the rows of values after each step
    std::size_t buffer = 0;
    const Node* state = nullptr;
    const Node* next = nullptr;
  };
  struct X {
    int input, feed;
    std::size_t bytes;
  };
  struct Y {
    int output;
    std::ptrdiff_t begin;
    std::size_t bytes;
  };
  struct Fixed {
    int input, feed;
  };
  struct Gap {
    std::size_t begin, bytes;
  };

  static std::ptrdiff_t begin_of(const Scan::Section& section) { return static_cast<std::ptrdiff_t>(section.offset); }
  static int position(const Scan& scan, std::size_t input) {
    const auto found = std::find(scan.passed.begin(), scan.passed.end(), static_cast<int>(input));
    return found == scan.passed.end() ? -1 : static_cast<int>(found - scan.passed.begin());
  }

  void compile(const Scan& scan, std::vector<NodeRef> outputs) {
    const StepGraph& graph = scan.body->graph;
    const std::size_t output_count = outputs.size(), first_x = graph.states.size(), first_capture = first_x + graph.xs.size();
    Program program(std::move(outputs));
    std::vector<Spec> specs;
    std::vector<char> moving;
    for (const NodeRef& node : program.inputs()) {
      std::size_t i = 0;
      while (!(scan.body->input(i) == node)) ++i;
      const int feed = static_cast<int>(specs.size()), input = position(scan, i);
      Spec spec = scan.inputs[i];
      if (i >= first_x && i < first_capture) spec.shape.erase(spec.shape.begin());
      moving.push_back(i < first_capture ? 1 : 0);
      if (i < first_x) {
        for (Carry& carry : carries_)
          if (carry.state == node.get()) carry.feed = feed;
      } else if (input >= 0 && i < first_capture) {
        xs_.push_back({input, feed, bytes_of(spec)});
      } else if (input >= 0) {
        fixed_.push_back({input, feed});
      }
      specs.push_back(std::move(spec));
    }
    plan_ = program.plan(specs);
    runner_ = std::make_unique<PlanRunner>(plan_, moving);
    poll_every_ = static_cast<Index>(std::clamp(kPollNs / std::max(plan_->cost_ns(), 1.0), 1.0, 1e4));
    results_at_ = lines(specs.size() * sizeof(void*));
    states_at_ = results_at_ + lines(output_count * sizeof(void*));
    memory_at_ = states_at_ + lines(carries_.size() * sizeof(void*));
    for (Carry& carry : carries_) {
      carry.buffer = buffer_bytes_;
      buffer_bytes_ += 2 * lines(carry.bytes);
    }
  }

  // Between sections, which are aligned, nothing is written; a Table shows the whole buffer, so there stand zeros.
  void find_gaps(const Scan& scan) {
    std::size_t end = 0;
    for (const Scan::Section& section : scan.sections) {
      if (section.offset > end) gaps_.push_back({end, section.offset - end});
      end = section.offset + bytes_of(section.spec) * static_cast<std::size_t>(section.stacked ? steps_ : 1);
    }
    const std::size_t whole = static_cast<std::size_t>(scan.size) * size_of(scan.body->buffer_type());
    if (whole > end) gaps_.push_back({end, whole - end});
  }

  std::byte* next_place(const Carry& carry, Index i, Index t, std::byte* base, std::byte* buffers) const {
    const auto bytes = static_cast<Index>(carry.bytes);
    if (carry.after >= 0) return base + carry.after + t * bytes;
    if (i + 1 == steps_ && carry.last >= 0) return base + carry.last;
    if (i + 1 < steps_ && carry.before >= 0) return base + carry.before + (reverse_ ? t - 1 : t + 1) * bytes;
    return buffers + carry.buffer + (i % 2 != 0 ? lines(carry.bytes) : 0);
  }

  // A state stored in several places is copied to the others once at the end.
  void finish(const Carry& carry, const std::byte* last, const void* first, std::byte* base) const {
    if (carry.last >= 0 && last != base + carry.last) std::memcpy(base + carry.last, last, carry.bytes);
    if (carry.before < 0 || carry.after < 0 || steps_ == 0) return;
    const auto bytes = static_cast<Index>(carry.bytes), most = (steps_ - 1) * bytes;
    std::memcpy(base + carry.before + (reverse_ ? most : 0), first, carry.bytes);
    std::memcpy(base + carry.before + (reverse_ ? 0 : bytes), base + carry.after + (reverse_ ? bytes : 0), static_cast<std::size_t>(most));
  }

  Index steps_;
  bool reverse_;
  std::vector<Carry> carries_;
  std::vector<X> xs_;
  std::vector<Y> ys_;
  std::vector<Fixed> fixed_;
  std::vector<Gap> gaps_;
  std::shared_ptr<Plan> plan_;
  std::unique_ptr<PlanRunner> runner_;
  Index poll_every_ = 1;
  std::size_t results_at_ = 0, states_at_ = 0, memory_at_ = 0, buffer_bytes_ = 0;
};

Spec scan_rule(Specs in, const Attributes& a) {
  const Scan& scan = *a.as<LoopBody>().scan;
  const StepGraph& graph = scan.body->graph;
  PLAIT_REQUIRE_AS(GraphError, in.size() == scan.body->input_count(), "scan: expected ", scan.body->input_count(), " inputs, got ", in.size());
  for (std::size_t i = 0; i < in.size(); ++i) {
    const NodeRef& inner = scan.body->input(i);
    const bool is_x = i >= graph.states.size() && i < graph.states.size() + graph.xs.size();
    PLAIT_REQUIRE_AS(DTypeError, in[i].dtype == inner->spec.dtype, "scan: ", inner->label(), " is ", name_of(inner->spec.dtype), " in the step, got ",
                     name_of(in[i].dtype));
    PLAIT_REQUIRE_AS(ShapeError, in[i].shape.size() == inner->spec.shape.size() + (is_x ? 1 : 0), "scan: ", inner->label(), " has shape ",
                     to_string(inner->spec.shape), " in the step, got ", to_string(in[i].shape));
  }
  return {{scan.bound ? scan.size : kAny}, scan.body->buffer_type()};
}

Gradients d_scan(const NodeRef& node, const NodeRef& g) {
  const Scan& scan = *node->attributes.as<LoopBody>().scan;
  std::vector<NodeRef> outputs(static_cast<std::size_t>(scan.body->output_count())), open = {g};
  while (!open.empty()) {  // sums of cotangents of several outputs: each term is handled separately
    const NodeRef at = open.back();
    open.pop_back();
    if (is_op(at, ops::add) || is_op(at, ops::sum_n)) {
      for (std::size_t i = at->input_count(); i-- > 0;) open.push_back(at->input_ref(i));
      continue;
    }
    PLAIT_REQUIRE_AS(GraphError, is_op(at, ops::scan_cotangent), "gradient: ", node->label(), " is a loop's buffer; only its outputs have gradients");
    NodeRef& sum = outputs[static_cast<std::size_t>(at->attributes.as<LoopOutput>().output)];
    sum = sum ? build::add(sum, at->input_ref(0)) : at->input_ref(0);
  }
  return scan_gradient(node, outputs);
}

std::unique_ptr<Kernel> scan_kernel(Specs, const Spec&, const Attributes& a) { return std::make_unique<ScanKernel>(*a.as<LoopBody>().scan); }

// ---- scan_output and scan_cotangent ----

Spec output_rule(Specs, const Attributes& a) {
  const auto& [output, steps, scan] = a.as<LoopOutput>();
  PLAIT_REQUIRE_AS(GraphError, output >= 0 && output < scan->body->output_count(), "scan_output: the loop has no such output");
  return scan->output(static_cast<int>(output), steps);
}

std::size_t begin_in(const Scan& scan, const Attributes& a) {
  const int k = static_cast<int>(a.as<LoopOutput>().output);
  if (!scan.has(k)) return 0;  // only its shape is read: not stored
  return scan.sections[static_cast<std::size_t>(scan.section_of[static_cast<std::size_t>(k)])].offset;
}

std::optional<View> output_view(const Spec&, const Spec& output, const Attributes& a, const View& of) {
  if (of.offset != 0 || of.strides != Shape{1}) return {};
  return View{static_cast<Index>(begin_in(*a.as<LoopOutput>().scan, a) / size_of(output.dtype)), contiguous_strides(output.shape)};
}

Gradients d_output(const NodeRef& n, const NodeRef& g) { return {graph::apply(ops::scan_cotangent, {g, n->input_ref(0)}, n->attributes)}; }

Spec cotangent_rule(Specs in, const Attributes& a) { return {in[1].shape, a.as<LoopOutput>().scan->body->buffer_type()}; }

class CotangentKernel final : public Kernel {
 public:
  CotangentKernel(const Spec& g, const Spec& out, std::size_t begin) : bytes_(bytes_of(g)), total_(bytes_of(out)), begin_(begin) {}
  void run(const void* const* inputs, void* const* outputs, void*, const RunContext&) const override {
    std::memset(outputs[0], 0, total_);
    std::memcpy(static_cast<std::byte*>(outputs[0]) + begin_, inputs[0], bytes_);
  }

 private:
  std::size_t bytes_, total_, begin_;
};
std::unique_ptr<Kernel> cotangent_kernel(Specs in, const Spec& out, const Attributes& a) {
  return std::make_unique<CotangentKernel>(in[0], out, begin_in(*a.as<LoopOutput>().scan, a));
}

}  // namespace

namespace ops {
constinit const Op scan = entry({.name = "scan",
                                 .kind = OpKind::other,
                                 .inputs = -1,
                                 .infer = scan_rule,
                                 .gradient = d_scan,
                                 .kernel = scan_kernel,
                                 .attributes = LoopBody::read});
constinit const Op scan_output = entry({.name = "scan_output",
                                        .kind = OpKind::view,
                                        .inputs = 1,
                                        .infer = output_rule,
                                        .gradient = d_output,
                                        .view = output_view,
                                        .attributes = LoopOutput::read});
constinit const Op scan_cotangent = entry({.name = "scan_cotangent",
                                           .kind = OpKind::other,
                                           .inputs = 2,
                                           .infer = cotangent_rule,
                                           .gradient = nullptr,
                                           .kernel = cotangent_kernel,
                                           .attributes = LoopOutput::read,
                                           .shape_only = 0b10});
}  // namespace ops

void add_scan_ops(OpList& list) { list.insert(list.end(), {&ops::scan, &ops::scan_output, &ops::scan_cotangent}); }

}  // namespace plait::graph
