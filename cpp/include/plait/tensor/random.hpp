// Counter-based random arrays: element i depends on (key, stream, i) alone.
#pragma once

#include <cstdint>

#include "plait/tensor/shape.hpp"

namespace plait::tensor {

/// Standard normal numbers, out[0..n) being elements begin … begin+n of the stream.
void random_normal(float* out, Index begin, Index n, std::uint64_t key, std::uint64_t stream);
void random_normal(double* out, Index begin, Index n, std::uint64_t key, std::uint64_t stream);
/// Uniform in [0, 1).
void random_uniform(float* out, Index begin, Index n, std::uint64_t key, std::uint64_t stream);
void random_uniform(double* out, Index begin, Index n, std::uint64_t key, std::uint64_t stream);

/// One Gamma number of shape a and rate 1, and one Poisson number: element i of the stream. NaN for an invalid parameter.
double random_gamma(double a, Index i, std::uint64_t key, std::uint64_t stream);
double random_poisson(double rate, Index i, std::uint64_t key, std::uint64_t stream);

}  // namespace plait::tensor
