// The passes, in order. To add one: a file with a pure function Module -> Module, and a line in PLAIT_PASSES, which declares it. The header comment
// of each file says what the pass needs and what it leaves.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "module.hpp"

namespace plait::graph {

/// The stages of a module, with invariants as in verify.hpp. Each keeps those of earlier ones, but rewriting drops `groups`, `order` and buffers.
enum class Stage : std::uint8_t { lowered, simplified, views, fused, scheduled, allocated };

// Name, function, stage that it leaves.
#define PLAIT_PASSES(X)                            \
  X("simplify", simplify, simplified)              \
  X("batch matmuls", batch_matmuls, simplified)    \
  X("materialise views", materialize_views, views) \
  X("fuse", fuse, fused)                           \
  X("sink", sink, fused)                           \
  X("schedule", schedule, scheduled)               \
  X("allocate", allocate, allocated)

#define PLAIT_DECLARE_PASS(name, run, leaves) Module run(Module in);
PLAIT_PASSES(PLAIT_DECLARE_PASS)
#undef PLAIT_DECLARE_PASS

struct Pass {
  const char* name;
  Module (*run)(Module);
  Stage leaves;
};

#define PLAIT_PASS_ENTRY(name, run, leaves) Pass{name, run, Stage::leaves},
inline constexpr std::array kPipeline = {PLAIT_PASSES(PLAIT_PASS_ENTRY)};
#undef PLAIT_PASS_ENTRY

/// The name of each pass ("lower" first) and the module after it, as text.
using PassTexts = std::vector<std::pair<std::string, std::string>>;

/// Runs all passes. In builds with assertions verify() runs after each; with PLAIT_DUMP=passes in the environment the module is printed to stderr
/// after each.
Module run_passes(Module lowered, PassTexts* texts = nullptr);

/// The module as text: a line for each value with the fields set at that stage, then outputs, updates and groups.
std::string to_text(const Module& module, Stage stage);

}  // namespace plait::graph
