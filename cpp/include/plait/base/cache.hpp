// Cache sizes, queried once: for choices between equivalent algorithms.
#pragma once

#include <cstdint>

namespace plait {

/// Bytes of the second-level data cache of a core; 1 MiB if the system does not report it.
std::int64_t second_level_cache();

}  // namespace plait
