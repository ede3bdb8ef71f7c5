// The loops over positions that are compiled for each instruction set.
#pragma once

#include <cstdint>

#include "plait/base/isa.hpp"

namespace plait::sparse {

/// For one type of positions and one of values.
template <class I, class T>
struct DotLoops {
  /// Σ x · y over positions that both have, blocks of positions at a time.
  double (*merge)(const I* a, const T* x, std::int64_t n, const I* b, const T* y, std::int64_t m);
  /// Σ x[i] · dense[a[i]]
  double (*dense)(const I* a, const T* x, std::int64_t n, const T* dense);
};

struct Loops {
  DotLoops<std::int32_t, float> narrow_float;
  DotLoops<std::int32_t, double> narrow_double;
  DotLoops<std::int64_t, float> wide_float;
  DotLoops<std::int64_t, double> wide_double;
};

}  // namespace plait::sparse

namespace plait {
using SparseLoops = sparse::Loops;
PLAIT_DECLARE_TABLE(SparseLoops, sparse_loops)
}  // namespace plait

namespace plait::sparse {

template <class I, class T>
const DotLoops<I, T>& dot_loops() {
  static const Loops& table = PLAIT_PICK(sparse_loops);
  if constexpr (sizeof(I) == 4) {
    if constexpr (sizeof(T) == 4) return table.narrow_float;
    else return table.narrow_double;
  } else {
    if constexpr (sizeof(T) == 4) return table.wide_float;
    else return table.wide_double;
  }
}

}  // namespace plait::sparse
