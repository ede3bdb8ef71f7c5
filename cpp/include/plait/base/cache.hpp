// The sizes of caches, found once: for choices between ways that compute the same.
#pragma once

#include <cstdint>

namespace plait {

/// Bytes of the second-level data cache of a core; a megabyte where the system does not say.
std::int64_t second_level_cache();

}  // namespace plait
