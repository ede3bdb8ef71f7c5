// Program: a graph compiled for running. Shapes are bound at the first run with new input shapes; the result, a Plan, is a flat list of steps
// over one arena: no allocation, no lookups, no Python while it runs.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "plait/graph/node.hpp"

namespace plait::graph {

/// A step of a plan in readable form.
struct StepInfo {
  std::string label;  ///< "matmul+add+relu", "lanes: mul, add", …
  std::string node;   ///< label of the node it computes
  Shape space;        ///< iteration space
  double flops = 0;
  double cost_ns = 0;     ///< estimated, one thread
  std::size_t bytes = 0;  ///< read and written
};

/// A program bound to input shapes. Immutable but for its stock of arenas.
class Plan {
 public:
  ~Plan();
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  [[nodiscard]] std::span<const Spec> input_specs() const;
  [[nodiscard]] std::span<const Spec> output_specs() const;
  [[nodiscard]] std::span<const StepInfo> steps() const;
  [[nodiscard]] std::size_t memory_bytes() const;    ///< arena and scratch of one run
  [[nodiscard]] std::size_t unshared_bytes() const;  ///< bytes without sharing of memory among values
  [[nodiscard]] double flops() const;
  [[nodiscard]] double cost_ns() const;       ///< estimated for one run on one thread
  [[nodiscard]] std::string summary() const;  ///< a table of the steps

 private:
  friend class Program;
  friend class PlanRunner;
  struct Body;
  explicit Plan(std::unique_ptr<Body> body);
  std::unique_ptr<Body> body_;
};

struct RunContext;
struct Module;
struct Description;

/// A plan run many times in a row in memory of the caller, for the loop of a scan. A run costs little more than its steps.
class PlanRunner {
 public:
  /// moving: per feed, whether its address changes from run to run.
  PlanRunner(std::shared_ptr<Plan> plan, const std::vector<char>& moving);
  ~PlanRunner();

  [[nodiscard]] std::size_t bytes(int threads) const;
  /// Once before the runs. `memory`: bytes(threads), 64-byte aligned, this loop's own.
  void begin(void* memory, const void* const* feeds) const;
  /// Only the moving feeds are read from `feeds`.
  void run(void* memory, const void* const* feeds, void* const* outputs, const RunContext& context) const;

 private:
  struct Moving;
  std::shared_ptr<Plan> plan_;
  std::unique_ptr<Moving> moving_;
};

/// (parameter, its next value)
using Updates = std::vector<std::pair<NodeRef, NodeRef>>;

class Program {
 public:
  /// Outputs are computed, then every parameter of `updates` takes its new value: all new values are computed from the old ones.
  /// GraphError: an update of a node that is not a parameter, or two updates of one.
  Program(std::vector<NodeRef> outputs, Updates updates = {}, std::uint64_t seed = 0);

  /// The inputs it needs, ordered by creation.
  [[nodiscard]] std::span<const NodeRef> inputs() const { return inputs_; }
  [[nodiscard]] std::span<const NodeRef> outputs() const { return outputs_; }
  [[nodiscard]] const Updates& updates() const { return updates_; }

  /// The plan for these input specs (one per input, dtypes as declared); compiled at first use, then cached. Safe from several threads.
  /// ShapeError names the input whose shape is wrong, or the first node whose operands' shapes are inconsistent.
  std::shared_ptr<Plan> plan(std::span<const Spec> specs);

  /// The names of the passes and the graph after each as text, for these input specs: compiled anew.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> passes(std::span<const Spec> specs) const;

  /// What a plan for these input specs does, as plain data (description.hpp): compiled anew.
  [[nodiscard]] Description describe(std::span<const Spec> specs) const;

  /// One run: feeds[i] is contiguous data for inputs()[i]; outputs[k] receives output k (contiguous; must not overlap feeds).
  /// threads 0: get_num_threads(). Safe from several threads; runs of a program with updates take turns.
  /// Interrupted is thrown between steps; parameters then hold either all old or, where a step wrote in place, some new values.
  void run(const Plan& plan, const void* const* feeds, void* const* outputs, int threads = 0);

  /// The same, timing every step: the time of step k is added to seconds[k].
  void profile(const Plan& plan, const void* const* feeds, void* const* outputs, std::span<double> seconds, int threads = 0);

  /// Random nodes draw from (seed, run number); every run increments the run number.
  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  [[nodiscard]] std::uint64_t runs() const { return runs_.load(); }
  void set_random_state(std::uint64_t seed, std::uint64_t run) {
    seed_ = seed;
    runs_ = run;
  }

 private:
  [[nodiscard]] Module lowered(std::span<const Spec> specs) const;
  void execute(const Plan& plan, const void* const* feeds, void* const* outputs, double* seconds, int threads);

  std::vector<NodeRef> inputs_, outputs_;
  Updates updates_;
  std::atomic<std::uint64_t> seed_, runs_{0};
  std::mutex plans_mutex_, update_mutex_;
  std::vector<std::pair<std::vector<Spec>, std::shared_ptr<Plan>>> plans_;  // newest last; few
};

}  // namespace plait::graph
