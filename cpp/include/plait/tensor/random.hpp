// Random tensors from counters: element i depends on (key, stream, i) alone.
#pragma once

#include <cstdint>

#include "plait/tensor/shape.hpp"

namespace plait {

/// Standard normal numbers, out[0..n) being elements begin … begin+n of the stream.
void random_normal(float* out, Index begin, Index n, std::uint64_t key, std::uint64_t stream);
void random_normal(double* out, Index begin, Index n, std::uint64_t key, std::uint64_t stream);
/// Uniform in [0, 1).
void random_uniform(float* out, Index begin, Index n, std::uint64_t key, std::uint64_t stream);
void random_uniform(double* out, Index begin, Index n, std::uint64_t key, std::uint64_t stream);

}  // namespace plait
