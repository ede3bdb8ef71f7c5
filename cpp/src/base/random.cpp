#include "plait/base/random.hpp"

#include <utility>

namespace plait {

void shuffle_indices(std::int64_t* indices, std::int64_t n, std::uint64_t seed, std::uint64_t stream) {
  const Philox random{seed, stream};
  for (std::int64_t i = n - 1; i > 0; --i) {
    const auto words = random.block(static_cast<std::uint64_t>(i));
    const std::uint64_t r = std::uint64_t{words[0]} << 32 | words[1];
    const auto j = static_cast<std::int64_t>(r % static_cast<std::uint64_t>(i + 1)) /* bias below 2^-30 for any array that fits in memory */;
    std::swap(indices[i], indices[j]);
  }
}

}  // namespace plait
