#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "plait/base/isa.hpp"

using namespace plait;

TEST_CASE("the level in use is one that this machine has, and the one asked for") {
  CHECK(isa_supported(Isa::v2));
  CHECK(isa_supported(isa()));
  CHECK(isa() == isa());
  const char* wish = std::getenv("PLAIT_ISA");
  if (wish != nullptr && *wish != '\0') {
    CHECK(std::string(isa_name(isa())) == (std::string(wish) == "baseline" ? "v2" : wish));
  } else {
    for (const Isa level : {Isa::v3, Isa::v4})
      if (isa_supported(level)) CHECK(isa() >= level);
  }
}

TEST_CASE("levels have the names that PLAIT_ISA takes") {
  CHECK(std::string(isa_name(Isa::v2)) == "v2");
  CHECK(std::string(isa_name(Isa::v3)) == "v3");
  CHECK(std::string(isa_name(Isa::v4)) == "v4");
}
