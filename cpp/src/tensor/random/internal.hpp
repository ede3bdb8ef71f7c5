// The layout of the random streams and the table of group kernels that each instruction set level exports.
//
// A group is sixteen Philox blocks: 64 numbers of one word each, or 32 of two words. Within a group, number e takes word e / 16 (words
// 2 * (e / 16) and 2 * (e / 16) + 1) of block e % 16: vector lanes are blocks, so no interleaving is needed. A kernel always makes a whole group;
// partial groups are copied from it, so the bits do not depend on how a range is cut.
#pragma once

#include <cstdint>

#include "plait/base/isa.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::tensor {

constexpr Index kRandomLanes = 16;
/// Numbers of a group of T.
template <class T>
constexpr Index kRandomGroup = sizeof(T) == 4 ? 4 * kRandomLanes : 2 * kRandomLanes;

struct RandomTable {
  // Groups first … first + groups of the stream.
  void (*normal_f32)(float* out, std::uint64_t first, Index groups, std::uint64_t key, std::uint64_t stream);
  void (*normal_f64)(double* out, std::uint64_t first, Index groups, std::uint64_t key, std::uint64_t stream);
  void (*uniform_f32)(float* out, std::uint64_t first, Index groups, std::uint64_t key, std::uint64_t stream);
  void (*uniform_f64)(double* out, std::uint64_t first, Index groups, std::uint64_t key, std::uint64_t stream);
};

PLAIT_DECLARE_TABLE(RandomTable, random_table)

}  // namespace plait::tensor
