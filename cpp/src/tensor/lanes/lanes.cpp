#include "plait/tensor/lanes.hpp"

#include <algorithm>
#include <limits>

#include "plait/base/error.hpp"
#include "plait/base/thread_pool.hpp"
#include "run.hpp"
#include "tuning.hpp"

namespace plait::tensor {
namespace {

void check(const LaneProgram& program, const Shape& space, const std::vector<LaneInput>& inputs, const std::vector<LaneOutput>& outputs) {
  PLAIT_REQUIRE(static_cast<std::size_t>(program.inputs) == inputs.size(), "lane program: ", program.inputs, " inputs, ", inputs.size(), " given");
  PLAIT_REQUIRE(program.outputs.size() == outputs.size(), "lane program: ", program.outputs.size(), " outputs, ", outputs.size(), " given");
  const std::size_t first = inputs.size() + program.constants.size();
  for (std::size_t i = 0; i < program.code.size(); ++i) {
    const LaneInstruction& code = program.code[i];
    const int n = arity(code.op);
    PLAIT_REQUIRE(code.a < first + i && (n < 2 || code.b < first + i) && (n < 3 || code.c < first + i), "lane program: instruction ", i, ", ",
                  name_of(code.op), ", reads a later register");
  }
  const Index count = count_of(space);
  for (const LaneInput& in : inputs)
    PLAIT_REQUIRE_AS(ShapeError, in.strides.size() == space.size(), "lane program: strides ", to_string(in.strides), " for space ", to_string(space));
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    PLAIT_REQUIRE(program.outputs[k] < first + program.code.size(), "lane program: output ", k, " is no register");
    if (outputs[k].kind == LaneOutput::Kind::store) continue;
    const Index kept = outputs[k].outer * outputs[k].inner;
    PLAIT_REQUIRE_AS(ShapeError, kept == 0 ? count == 0 : count % kept == 0, "lane program: space ", to_string(space), " does not reduce to (",
                     outputs[k].outer, ", ", outputs[k].inner, ")");
  }
}

template <class T>
void fill(void* out, Index n, LaneOutput::Kind kind) {
  using Kind = LaneOutput::Kind;
  using Limits = std::numeric_limits<T>;
  const T most = Limits::has_infinity ? Limits::infinity() : Limits::max(), least = Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
  const T value = kind == Kind::maximum ? least : kind == Kind::minimum ? most : static_cast<T>(kind == Kind::product);
  std::fill_n(static_cast<T*>(out), n, value);
}

/// Empty reductions: sums are 0, products 1, extremes the identity (∓inf, or the smallest or largest integer).
void fill_empty(const LaneOutput& out, void* to) {
  if (out.kind == LaneOutput::Kind::store) return;
  const Index n = out.outer * out.inner;
  switch (out.dtype) {
    case DType::boolean: return fill<std::uint8_t>(to, n, out.kind);
    case DType::int32: return fill<std::int32_t>(to, n, out.kind);
    case DType::int64: return fill<std::int64_t>(to, n, out.kind);
    case DType::float32: return fill<float>(to, n, out.kind);
    case DType::float64: return fill<double>(to, n, out.kind);
  }
}

/// Outputs by the passes that compute them. A column reduction of long rows runs by stripes, in a separate pass for each width; stores come last,
/// because they may overwrite inputs of other passes.
std::vector<std::vector<int>> group_outputs(Index count, const std::vector<LaneOutput>& outputs) {
  std::vector<std::vector<int>> groups;
  std::vector<int> linear, anywhere;
  for (int k = 0; k < static_cast<int>(outputs.size()); ++k) {
    const LaneOutput& out = outputs[static_cast<std::size_t>(k)];
    const bool kept = out.kind == LaneOutput::Kind::store || out.outer * out.inner == count;
    if (kept || (out.outer == 1 && out.inner == 1)) {
      anywhere.push_back(k);
    } else if (!reduces_by_stripes(out.inner)) {
      linear.push_back(k);
    } else {
      const auto same = std::find_if(groups.begin(), groups.end(), [&](const std::vector<int>& group) {
        const LaneOutput& other = outputs[static_cast<std::size_t>(group[0])];
        return other.outer == out.outer && other.inner == out.inner;
      });
      if (same != groups.end()) same->push_back(k);
      else groups.push_back({k});
    }
  }
  if (!linear.empty() || groups.empty()) groups.push_back(linear);
  groups.back().insert(groups.back().end(), anywhere.begin(), anywhere.end());
  return groups;
}

void run_pass(const LaneCall& call, int threads) {
  const LaneCut& cut = call.pass.cut;
  if (cut.tasks == 1) {
    LaneWorker(call, 0).task(0);
  } else {
    const bool worth = static_cast<double>(call.pass.count) * call.pass.cost > tuning::kWorthThreads;
    parallel_for(cut.tasks, [&](std::int64_t task, int worker) { LaneWorker(call, worker).task(task); }, worth ? std::max(threads, 1) : 1);
  }
  combine_tasks(call);
}

}  // namespace

struct LaneKernel::Plan {
  std::vector<LaneOutput> empty_outputs;  // outputs of an empty space
  Index count = 0;
  double cost = 0;
  bool stores_only = true;
  std::vector<LanePass> passes;
};

LaneKernel::LaneKernel(const LaneProgram& program, const Shape& space, const std::vector<LaneInput>& inputs, std::vector<LaneOutput> outputs)
    : plan_(std::make_unique<Plan>()) {
  check(program, space, inputs, outputs);
  Plan& plan = *plan_;
  plan.count = count_of(space);
  for (const LaneOutput& out : outputs) plan.stores_only = plan.stores_only && out.kind == LaneOutput::Kind::store;
  // An empty space is bound as if it had one element: for the errors and the cost.
  const Shape bound = plan.count == 0 ? Shape(space.size(), 1) : space;
  const LaneTables tables = lane_tables(lane_isa());
  if (plan.count == 0) {
    plan.empty_outputs = outputs;
    for (LaneOutput& out : outputs) out.outer = out.inner = 1;
  }
  for (const std::vector<int>& group : group_outputs(count_of(bound), outputs))
    plan.passes.push_back(bind_pass(program, bound, inputs, outputs, group, tables));
  for (const LanePass& pass : plan.passes) plan.cost += pass.cost;
}

LaneKernel::~LaneKernel() = default;
LaneKernel::LaneKernel(LaneKernel&&) noexcept = default;
LaneKernel& LaneKernel::operator=(LaneKernel&&) noexcept = default;

std::size_t LaneKernel::scratch_bytes(int threads) const {
  std::size_t bytes = 0;
  for (const LanePass& pass : plan_->passes) {
    const auto workers = static_cast<std::size_t>(std::clamp<Index>(threads, 1, pass.cut.tasks));
    bytes = std::max(bytes, pass.shared_bytes + workers * pass.worker_bytes);
  }
  return bytes;
}

void LaneKernel::run(const void* const* inputs, void* const* outputs, void* scratch, int threads) const {
  if (plan_->count == 0) {
    for (std::size_t k = 0; k < plan_->empty_outputs.size(); ++k) fill_empty(plan_->empty_outputs[k], outputs[k]);
    return;
  }
  for (const LanePass& pass : plan_->passes) run_pass({pass, inputs, outputs, static_cast<std::byte*>(scratch)}, threads);
}

void LaneKernel::run_range(const void* const* inputs, void* const* outputs, Index begin, Index end, void* scratch) const {
  PLAIT_ASSERT(plan_->stores_only && begin >= 0 && end <= plan_->count);
  if (begin >= end) return;
  const LaneCall call{plan_->passes[0], inputs, outputs, static_cast<std::byte*>(scratch)};
  LaneWorker(call, 0).range(begin, end);
}

double LaneKernel::cost_per_element() const { return plan_->cost; }

LaneTables lane_tables(Isa level) {
#if defined(__x86_64__)
  if (level == Isa::v4)
    return {v4::lane_loops(), v4::lane_math_loops(), v4::lane_pairs(), v4::lane_sequence_loops(), v4::lane_conversions(), v4::lane_reductions()};
  if (level == Isa::v3)
    return {v3::lane_loops(), v3::lane_math_loops(), v3::lane_pairs(), v3::lane_sequence_loops(), v3::lane_conversions(), v3::lane_reductions()};
#endif
  (void)level;
  return {v2::lane_loops(), v2::lane_math_loops(), v2::lane_pairs(), v2::lane_sequence_loops(), v2::lane_conversions(), v2::lane_reductions()};
}

Isa& lane_isa() {
  static Isa level = isa();
  return level;
}

const char* name_of(LaneOp op) {
  constexpr const char* kNames[] = {PLAIT_LANE_OPS(PLAIT_ROW_TEXT)};
  return kNames[static_cast<int>(op)];
}

}  // namespace plait::tensor
