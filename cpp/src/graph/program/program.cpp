#include "plait/graph/program.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "graph/passes/pipeline.hpp"
#include "graph/passes/tuning.hpp"
#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"
#include "plait/base/subnormals.hpp"
#include "plait/base/thread_pool.hpp"

namespace plait::graph {
namespace {

using tuning::kMostPlans, tuning::kParallelNs, tuning::kPollNs;

// An operand of a step: its kind of buffer, and the offset in bytes from the start of that buffer (arena, parameter or constant).
struct Operand {
  BufferAssignment::Kind kind;
  int index;
  Index bytes;
};

// An operand whose address changes from run to run.
struct Patch {
  std::size_t pointer;
  int index;
  Index bytes;
};

// Per step: the pieces of the value list that no later step reads. They are freed while kernels are made, so that a module of millions of values and
// its kernels are not in memory together. Values that updates read are kept.
std::vector<std::vector<std::size_t>> pieces_done(const Module& module) {
  const auto& values = module.values;
  constexpr int kAlways = -1;
  std::vector<int> last(values.piece_count(), kAlways);
  const auto piece_of = [](int v) { return PiecewiseVector<Value>::piece_of(static_cast<std::size_t>(v)); };
  for (std::size_t at = 0; at < module.order.size(); ++at) {
    const auto read = [&](int v) { last[piece_of(v)] = last[piece_of(values[v].root)] = static_cast<int>(at); };
    const auto computed = [&](int v) {
      read(v);
      for (const int u : values[v].inputs) read(u);
    };
    const Group& group = module.groups[module.order[at]];
    if (group.value >= 0) computed(group.value);
    for (const int v : group.members) computed(v);
    for (const int v : group.reduced) computed(v);
  }
  for (const Update& update : module.updates) last[piece_of(update.value)] = kAlways;
  std::vector<std::vector<std::size_t>> done(module.order.size());
  for (std::size_t piece = 0; piece < last.size(); ++piece)
    if (last[piece] != kAlways) done[static_cast<std::size_t>(last[piece])].push_back(piece);
  return done;
}

}  // namespace

// The workspace of one run: memory, and the address of every operand of every step.
struct Workspace {
  Bytes arena, scratch;
  int scratch_threads = 0;
  std::vector<void*> pointers;
};

struct Plan::Body {
  std::vector<Spec> inputs, outputs;
  std::vector<StepInfo> infos;
  std::vector<std::unique_ptr<Kernel>> kernels;
  std::vector<std::size_t> first_input, first_output;  // per step: index of its first operand pointer
  std::vector<char> poll;                              // per step: poll for Ctrl-C before it
  std::vector<Operand> operands;
  std::vector<Patch> feeds, results;
  std::size_t arena_bytes = 0, unshared_bytes = 0;
  double flops = 0, cost_ns = 0;
  std::vector<NodeRef> leaves;       // keep parameters alive
  std::vector<TensorRef> constants;  // by index of their buffer
  std::vector<NodeRef> parameters;   // by index of their buffer
  struct DeferredUpdate {
    Operand from;
    NodeRef parameter;
  };
  std::vector<DeferredUpdate> deferred;  // updates copied into their parameters at the end
  std::mutex mutex;
  std::vector<std::unique_ptr<Workspace>> free;

  [[nodiscard]] std::size_t scratch_bytes(int threads) const {
    std::size_t most = 0;
    for (const auto& kernel : kernels) most = std::max(most, kernel->scratch_bytes(threads));
    return most;
  }

  void* address(const Operand& operand, std::byte* arena) const {
    std::byte* base = nullptr;
    switch (operand.kind) {
      case BufferAssignment::Kind::arena: base = arena; break;
      case BufferAssignment::Kind::parameter: base = parameters[operand.index]->value()->data.get(); break;
      case BufferAssignment::Kind::constant: base = constants[operand.index]->data.get(); break;
      case BufferAssignment::Kind::none:
      case BufferAssignment::Kind::feed:
      case BufferAssignment::Kind::output: return nullptr;  // patched at each run
    }
    return base + operand.bytes;
  }

  std::unique_ptr<Workspace> acquire(int threads) {
    std::unique_ptr<Workspace> w;
    {
      const std::lock_guard lock(mutex);
      if (!free.empty()) {
        w = std::move(free.back());
        free.pop_back();
      }
    }
    if (!w) {
      w = std::make_unique<Workspace>();
      w->arena = allocate_bytes(arena_bytes);
      w->pointers.reserve(operands.size());
      for (const Operand& operand : operands) w->pointers.push_back(address(operand, w->arena.get()));
    }
    if (w->scratch_threads < threads) {
      w->scratch = allocate_bytes(scratch_bytes(threads));
      w->scratch_threads = threads;
    }
    return w;
  }
  void run_steps(void** pointers, void* scratch, const RunContext& context) const {
    for (std::size_t k = 0; k < kernels.size(); ++k) {
      if (poll[k] != 0) poll_interrupt();
      kernels[k]->run(pointers + first_input[k], pointers + first_output[k], scratch, context);
    }
  }
  void release(std::unique_ptr<Workspace> w) {
    const std::lock_guard lock(mutex);
    free.push_back(std::move(w));
  }
};

Plan::Plan(std::unique_ptr<Body> body) : body_(std::move(body)) {}
Plan::~Plan() = default;
std::span<const Spec> Plan::input_specs() const { return body_->inputs; }
std::span<const Spec> Plan::output_specs() const { return body_->outputs; }
std::span<const StepInfo> Plan::steps() const { return body_->infos; }
std::size_t Plan::memory_bytes() const { return body_->arena_bytes + body_->scratch_bytes(1); }
std::size_t Plan::unshared_bytes() const { return body_->unshared_bytes; }
double Plan::flops() const { return body_->flops; }
double Plan::cost_ns() const { return body_->cost_ns; }

std::string Plan::summary() const {
  std::string text;
  char line[256];
  const auto add = [&](const auto&... parts) {
    std::snprintf(line, sizeof line, parts...);
    text += line;
  };
  add("%4s  %-16s  %12s  %10s  %s\n", "step", "shape", "flops", "kB", "what");
  for (std::size_t k = 0; k < body_->infos.size(); ++k) {
    const StepInfo& info = body_->infos[k];
    add("%4zu  %-16s  %12.0f  %10.1f  ", k, to_string(info.space).c_str(), info.flops, static_cast<double>(info.bytes) / 1e3);
    text += info.label + "  -> " + info.node + "\n";
  }
  add("%zu steps, %.3g flops; %.1f kB of memory shared by values that would take %.1f kB side by side\n", body_->infos.size(), body_->flops,
      static_cast<double>(memory_bytes()) / 1e3, static_cast<double>(body_->unshared_bytes) / 1e3);
  return text;
}

Program::Program(std::vector<NodeRef> outputs, Updates updates, std::uint64_t seed)
    : outputs_(std::move(outputs)), updates_(std::move(updates)), seed_(seed) {
  std::vector<NodeRef> wanted = outputs_;
  for (std::size_t k = 0; k < updates_.size(); ++k) {
    const auto& [parameter, value] = updates_[k];
    PLAIT_REQUIRE_AS(GraphError, is_op(parameter, ops::parameter), "updates: ", parameter->label(), " is no parameter");
    for (std::size_t i = 0; i < k; ++i)
      PLAIT_REQUIRE_AS(GraphError, !(updates_[i].first == parameter), "updates: parameter ", parameter->label(), " is updated twice");
    wanted.push_back(value);
  }
  for (const NodeRef& node : wanted)
    PLAIT_REQUIRE_AS(GraphError, !node->op->opaque, "compile: ", node->label(), " is a ", node->op->name, "; there is nothing to compute");
  for (Node* node : ancestors(wanted))
    if (node->op->kind == OpKind::leaf && !node->value()) inputs_.emplace_back(node);
}

Module Program::lowered(std::span<const Spec> specs) const {
  PLAIT_REQUIRE_AS(GraphError, specs.size() == inputs_.size(), "program: ", inputs_.size(), " inputs, got ", specs.size());
  std::unordered_map<const Node*, Spec> feeds;
  for (std::size_t k = 0; k < inputs_.size(); ++k) {
    const Node& input = *inputs_[k];
    PLAIT_REQUIRE_AS(DTypeError, specs[k].dtype == input.spec.dtype, "input ", input.label(), ": expected ", name_of(input.spec.dtype), ", got ",
                     name_of(specs[k].dtype));
    PLAIT_REQUIRE_AS(ShapeError, fits(specs[k].shape, input.spec.shape), "input ", input.label(), ": expected shape ", to_string(input.spec.shape),
                     ", got ", to_string(specs[k].shape));
    feeds.emplace(&input, specs[k]);
  }
  Module module = lower(outputs_, updates_, feeds);
  module.feeds = inputs_;
  return module;
}

std::vector<std::pair<std::string, std::string>> Program::passes(std::span<const Spec> specs) const {
  PassTexts texts;
  run_passes(lowered(specs), &texts);
  return texts;
}

std::shared_ptr<Plan> Program::plan(std::span<const Spec> specs) {
  PLAIT_REQUIRE_AS(GraphError, specs.size() == inputs_.size(), "program: ", inputs_.size(), " inputs, got ", specs.size());
  const std::lock_guard lock(plans_mutex_);
  for (std::size_t k = plans_.size(); k-- > 0;)
    if (std::equal(specs.begin(), specs.end(), plans_[k].first.begin(), plans_[k].first.end())) return plans_[k].second;
  Module module = run_passes(lowered(specs));
  const auto& values = module.values;
  auto body = std::make_unique<Plan::Body>();
  body->inputs.assign(specs.begin(), specs.end());
  for (const int output : module.outputs) body->outputs.push_back(values[output].spec);
  body->arena_bytes = module.arena_bytes;
  body->unshared_bytes = module.unshared_bytes;
  std::unordered_map<int, int> leaves;  // constants and parameters: their index in the body
  for (std::size_t v = 0; v < values.size(); ++v) {
    if (values[v].constant) {
      leaves.emplace(static_cast<int>(v), static_cast<int>(body->constants.size()));
      body->constants.push_back(values[v].constant);
    } else if (values[v].op->kind == OpKind::leaf && values[v].node->value()) {
      leaves.emplace(static_cast<int>(v), static_cast<int>(body->parameters.size()));
      body->parameters.push_back(values[v].node);
    }
  }
  const auto operand_of = [&](int v, Index bytes) {
    using Kind = BufferAssignment::Kind;
    const auto& [kind, index, offset] = values[v].buffer;
    const bool moved = kind == Kind::arena || kind == Kind::output;
    return Operand{kind, kind == Kind::constant || kind == Kind::parameter ? leaves.at(index) : index,
                   bytes + (moved ? static_cast<Index>(offset) : 0)};
  };
  const auto operand = [&](int v, Index bytes) {
    const Operand made = operand_of(v, bytes);
    if (made.kind == BufferAssignment::Kind::feed) body->feeds.push_back({body->operands.size(), made.index, made.bytes});
    if (made.kind == BufferAssignment::Kind::output) body->results.push_back({body->operands.size(), made.index, made.bytes});
    body->operands.push_back(made);
  };
  double unpolled = 0;
  const std::vector<std::vector<std::size_t>> done = pieces_done(module);
  for (std::size_t at = 0; at < module.order.size(); ++at) {
    const int g = module.order[at];
    StepPlan step = make_step(module, g);
    module.groups[g] = {};
    if (step.kernel) {
      body->first_input.push_back(body->operands.size());
      for (const auto& [root, bytes] : step.inputs) operand(root, bytes);
      body->first_output.push_back(body->operands.size());
      for (const int v : step.outputs) operand(v, 0);
    }
    for (const std::size_t piece : done[at]) module.values.release_piece(piece);
    if (!step.kernel) continue;
    body->flops += step.info.flops;
    body->cost_ns += step.info.cost_ns;
    unpolled += step.info.cost_ns;
    body->poll.push_back(unpolled > kPollNs ? 1 : 0);
    if (unpolled > kPollNs) unpolled = 0;
    body->kernels.push_back(std::move(step.kernel));
    body->infos.push_back(std::move(step.info));
  }
  for (std::size_t k = 0; k < updates_.size(); ++k)
    if (!module.updates[k].in_place) body->deferred.push_back({operand_of(module.updates[k].value, 0), updates_[k].first});
  auto plan = std::shared_ptr<Plan>(new Plan(std::move(body)));
  if (plans_.size() == kMostPlans) plans_.erase(plans_.begin());
  plans_.emplace_back(std::vector<Spec>(specs.begin(), specs.end()), plan);
  return plan;
}

void Program::run(const Plan& plan, const void* const* feeds, void* const* outputs, int threads) { execute(plan, feeds, outputs, nullptr, threads); }

void Program::profile(const Plan& plan, const void* const* feeds, void* const* outputs, std::span<double> seconds, int threads) {
  PLAIT_REQUIRE(seconds.size() == plan.steps().size(), "profile: ", plan.steps().size(), " steps, room for ", seconds.size());
  execute(plan, feeds, outputs, seconds.data(), threads);
}

void Program::execute(const Plan& plan, const void* const* feeds, void* const* outputs, double* seconds, int threads) {
  using Clock = std::chrono::steady_clock;
  Plan::Body& body = *plan.body_;
  if (threads <= 0) threads = get_num_threads();
  std::unique_lock turn(update_mutex_, std::defer_lock);
  if (!updates_.empty()) turn.lock();
  const FloatModeScope mode(flushing(float_mode(), flush_subnormals()));
  const ParallelSession session(threads > 1 && body.cost_ns > kParallelNs);
  struct Lease {  // returned also when a step throws
    Plan::Body& body;
    std::unique_ptr<Workspace> workspace;
    ~Lease() { body.release(std::move(workspace)); }
  } lease{body, body.acquire(threads)};
  Workspace& w = *lease.workspace;
  void** const pointers = w.pointers.data();
  for (const Patch& patch : body.feeds)
    pointers[patch.pointer] = const_cast<std::byte*>(static_cast<const std::byte*>(feeds[patch.index]) + patch.bytes);
  for (const Patch& patch : body.results) pointers[patch.pointer] = static_cast<std::byte*>(outputs[patch.index]) + patch.bytes;
  const RunContext context{.seed = seed_.load(std::memory_order_relaxed), .run = runs_.fetch_add(1, std::memory_order_relaxed), .threads = threads};
  if (seconds == nullptr) body.run_steps(pointers, w.scratch.get(), context);
  for (std::size_t k = 0; seconds != nullptr && k < body.kernels.size(); ++k) {
    if (body.poll[k] != 0) poll_interrupt();
    const auto begin = Clock::now();
    body.kernels[k]->run(pointers + body.first_input[k], pointers + body.first_output[k], w.scratch.get(), context);
    seconds[k] += std::chrono::duration<double>(Clock::now() - begin).count();
  }
  for (const auto& update : body.deferred)
    std::memcpy(update.parameter->value()->data.get(), body.address(update.from, w.arena.get()), update.parameter->value()->bytes());
}

// ---- a plan in a loop; its memory: operand addresses, arena, scratch ----

struct PlanRunner::Moving {
  std::vector<Patch> moving, standing;  // feeds
  std::size_t arena = 0, scratch = 0;   // offsets
};

PlanRunner::PlanRunner(std::shared_ptr<Plan> plan, const std::vector<char>& moving) : plan_(std::move(plan)), moving_(std::make_unique<Moving>()) {
  const Plan::Body& body = *plan_->body_;
  for (const Patch& patch : body.feeds) (moving[static_cast<std::size_t>(patch.index)] != 0 ? moving_->moving : moving_->standing).push_back(patch);
  const auto lines = [](std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; };
  moving_->arena = lines(body.operands.size() * sizeof(void*));
  moving_->scratch = moving_->arena + lines(body.arena_bytes);
}
PlanRunner::~PlanRunner() = default;

std::size_t PlanRunner::bytes(int threads) const { return moving_->scratch + plan_->body_->scratch_bytes(threads); }

void PlanRunner::begin(void* memory, const void* const* feeds) const {
  const Plan::Body& body = *plan_->body_;
  auto** const pointers = static_cast<void**>(memory);
  auto* const arena = static_cast<std::byte*>(memory) + moving_->arena;
  for (std::size_t k = 0; k < body.operands.size(); ++k) pointers[k] = body.address(body.operands[k], arena);
  for (const Patch& patch : moving_->standing)
    pointers[patch.pointer] = const_cast<std::byte*>(static_cast<const std::byte*>(feeds[patch.index]) + patch.bytes);
}

void PlanRunner::run(void* memory, const void* const* feeds, void* const* outputs, const RunContext& context) const {
  const Plan::Body& body = *plan_->body_;
  auto** const pointers = static_cast<void**>(memory);
  for (const Patch& patch : moving_->moving)
    pointers[patch.pointer] = const_cast<std::byte*>(static_cast<const std::byte*>(feeds[patch.index]) + patch.bytes);
  for (const Patch& patch : body.results) pointers[patch.pointer] = static_cast<std::byte*>(outputs[patch.index]) + patch.bytes;
  body.run_steps(pointers, static_cast<std::byte*>(memory) + moving_->scratch, context);
}

}  // namespace plait::graph
