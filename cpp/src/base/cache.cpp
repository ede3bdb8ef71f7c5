#include "plait/base/cache.hpp"

#if defined(__linux__)
#include <unistd.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace plait {
namespace {

std::int64_t found() {
#if defined(_SC_LEVEL2_CACHE_SIZE)
  return sysconf(_SC_LEVEL2_CACHE_SIZE);
#elif defined(__APPLE__)
  std::int64_t bytes = 0;
  std::size_t size = sizeof bytes;
  return sysctlbyname("hw.l2cachesize", &bytes, &size, nullptr, 0) == 0 ? bytes : 0;
#else
  return 0;
#endif
}

}  // namespace

std::int64_t second_level_cache() {
  static const std::int64_t bytes = found();
  return bytes > 0 ? bytes : std::int64_t{1} << 20;
}

}  // namespace plait
