// Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011). Element i of stream (key, stream) is a pure
// function of (key, stream, i), so any thread may compute any part and the numbers are the same.
#pragma once

#include <array>
#include <cstdint>

namespace plait {

struct Philox {
  std::uint64_t key = 0;     ///< the seed
  std::uint64_t stream = 0;  ///< which sequence under this seed

  /// Block i of the stream: four independent uniform 32-bit words.
  [[nodiscard]] std::array<std::uint32_t, 4> block(std::uint64_t i) const {
    std::uint32_t c0 = static_cast<std::uint32_t>(i), c1 = static_cast<std::uint32_t>(i >> 32);
    std::uint32_t c2 = static_cast<std::uint32_t>(stream), c3 = static_cast<std::uint32_t>(stream >> 32);
    std::uint32_t k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t p0 = std::uint64_t{0xD2511F53U} * c0, p1 = std::uint64_t{0xCD9E8D57U} * c2;
      const std::uint32_t n0 = static_cast<std::uint32_t>(p1 >> 32) ^ c1 ^ k0, n2 = static_cast<std::uint32_t>(p0 >> 32) ^ c3 ^ k1;
      c1 = static_cast<std::uint32_t>(p1);
      c3 = static_cast<std::uint32_t>(p0);
      c0 = n0;
      c2 = n2;
      k0 += 0x9E3779B9U;
      k1 += 0xBB67AE85U;
    }
    return {c0, c1, c2, c3};
  }
};

/// Mixes a seed with a tag into a new seed (SplitMix64 finaliser), for independent streams under one user seed.
inline std::uint64_t mix_seed(std::uint64_t seed, std::uint64_t tag) {
  std::uint64_t z = seed + 0x9E3779B97F4A7C15ULL * (tag + 1);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

/// Uniform in [0, 1) with 24 and 53 random bits.
inline float uniform_float(std::uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24F; }
inline double uniform_double(std::uint32_t high, std::uint32_t low) { return static_cast<double>((std::uint64_t{high} << 32 | low) >> 11) * 0x1p-53; }

/// Fisher–Yates over indices[0..n), a pure function of (seed, stream).
void shuffle_indices(std::int64_t* indices, std::int64_t n, std::uint64_t seed, std::uint64_t stream);

}  // namespace plait
