// The passes, in order. To add one: a file with a pure function Module -> Module, and a line here.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "module.hpp"

namespace plait::graph {

/// What holds of a module: each stage keeps what holds at those before it, but for `groups`, `order` and buffers of a module that is rewritten.
enum class Stage : std::uint8_t { lowered, simplified, views, fused, scheduled, allocated };

struct Pass {
  const char* name;
  Module (*run)(Module);
  Stage leaves;
};

inline constexpr std::array kPipeline = {
    Pass{"simplify", simplify, Stage::simplified},
    Pass{"batch matmuls", batch_matmuls, Stage::simplified},
    Pass{"materialise views", materialize_views, Stage::views},
    Pass{"fuse", fuse, Stage::fused},
    Pass{"sink", sink, Stage::fused},
    Pass{"schedule", schedule, Stage::scheduled},
    Pass{"allocate", allocate, Stage::allocated},
};

/// The name of each pass ("lower" first) and the module after it, as text.
using PassTexts = std::vector<std::pair<std::string, std::string>>;

/// Runs all passes. In builds with assertions verify() looks at the module after each; with PLAIT_DUMP=passes in the environment each is printed to
/// stderr.
Module run_passes(Module lowered, PassTexts* texts = nullptr);

/// The module as text: a line for each value, with what the stage knows of it, then outputs, updates and groups.
std::string to_text(const Module& module, Stage stage);

}  // namespace plait::graph
