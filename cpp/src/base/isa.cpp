#include "plait/base/isa.hpp"

#include <cstdlib>
#include <cstring>

#include "plait/base/error.hpp"

namespace plait {
namespace {

Isa best_supported() {
#if defined(__x86_64__)
  for (const Isa level : {Isa::v4, Isa::v3})
    if (isa_supported(level)) return level;
#endif
  return Isa::v2;
}

Isa choose() {
  const char* wish = std::getenv("PLAIT_ISA");
  if (wish == nullptr || *wish == '\0') return best_supported();
  if (std::strcmp(wish, "baseline") == 0) return Isa::v2;
  for (const Isa level : {Isa::v2, Isa::v3, Isa::v4}) {
    if (std::strcmp(wish, isa_name(level)) != 0) continue;
    PLAIT_REQUIRE(isa_supported(level), "PLAIT_ISA=", wish, ": this machine does not have it");
    return level;
  }
  throw std::invalid_argument(message("PLAIT_ISA=", wish, ": expected baseline, v2, v3 or v4"));
}

}  // namespace

bool isa_supported(Isa level) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  switch (level) {
    case Isa::v4:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && isa_supported(Isa::v3);
    case Isa::v3: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
    case Isa::v2: return true;
  }
  return false;
#else
  return level == Isa::v2;
#endif
}

Isa isa() {
  static const Isa chosen = choose();
  return chosen;
}

const char* isa_name(Isa level) { return level == Isa::v4 ? "v4" : level == Isa::v3 ? "v3" : "v2"; }

}  // namespace plait
