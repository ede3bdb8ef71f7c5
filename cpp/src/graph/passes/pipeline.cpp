#include "pipeline.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "verify.hpp"

namespace plait::graph {
namespace {

#ifdef NDEBUG
constexpr bool kVerifies = false;
#else
constexpr bool kVerifies = true;
#endif

bool dumps_passes() {
  const char* const wanted = std::getenv("PLAIT_DUMP");
  return wanted != nullptr && std::strcmp(wanted, "passes") == 0;
}

void look_at(const Module& module, const char* name, Stage stage, PassTexts* texts, bool dumps) {
  if (kVerifies) verify(module, stage);
  if (texts == nullptr && !dumps) return;
  std::string text = to_text(module, stage);
  if (dumps) std::fprintf(stderr, "---- after %s ----\n%s", name, text.c_str());
  if (texts != nullptr) texts->emplace_back(name, std::move(text));
}

}  // namespace

Module run_passes(Module module, PassTexts* texts) {
  const bool dumps = dumps_passes();
  look_at(module, "lower", Stage::lowered, texts, dumps);
  for (const Pass& pass : kPipeline) {
    module = pass.run(std::move(module));
    look_at(module, pass.name, pass.leaves, texts, dumps);
  }
  return module;
}

}  // namespace plait::graph
