// One sequence against as many as a vector has lanes, one sequence a lane (Rognes 2011): nothing crosses lanes, so short
// sequences, for which the scan dominates a striped block, are as fast as long ones.
#pragma once

#include <cstdint>

#include "plait/base/isa.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::align::detail {

using namespace tensor;

/// Codes of y's symbols; one is for the columns after a sequence's end.
constexpr Index kLaneCodes = 32;

/// State of a group between two calls of the kernel. Values are offset as in a block (striped.hpp).
template <class T>
struct PairwiseLanes {
  Index rows = 0;                   ///< n
  Index columns = 0;                ///< of the longest, rounded up to whole blocks
  const std::uint8_t* x = nullptr;  ///< (n): ranks of x's symbols
  Index ranks = 0;
  const std::int8_t* table = nullptr;  ///< (ranks, kLaneCodes): scores with each code of y
  const std::uint8_t* y = nullptr;     ///< (columns, lanes): codes
  T* profile = nullptr;                ///< scratch: (ranks, block, lanes)
  T open = 0, extend = 0, lowest = 0, zero = 0;
  const T* top = nullptr;              ///< (columns + 1): H of the border
  T* h = nullptr;                      ///< (n, lanes): H of a column; at first that of the border
  T* e = nullptr;                      ///< (n, lanes): deletions; not used by linear gaps
  T* bottom = nullptr;                 ///< (columns + 1, lanes): H of the last row
  const std::int32_t* ends = nullptr;  ///< (lanes): number of columns of each, where x's end is free
  T* best = nullptr;                   ///< (lanes): greatest H, of all cells (local) or of the last column (with `ends`)
};

template <class T>
struct PairwiseLanesKernels {
  void (*run[2][2])(PairwiseLanes<T>&, Index begin, Index end);  ///< [local][linear gaps]; columns begin + 1 … end, whole blocks
  Index lanes;
  Index block;  ///< columns computed together
};

struct PairwiseLanesTable {
  PairwiseLanesKernels<std::int8_t> i8;
  PairwiseLanesKernels<std::int16_t> i16;
};

PLAIT_DECLARE_TABLE(PairwiseLanesTable, pairwise_lanes_table)

}  // namespace plait::align::detail
