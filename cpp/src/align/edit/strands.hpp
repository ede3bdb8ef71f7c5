// One pattern of one word against several texts, one text a lane: the interface of isa/strands.cpp. (lanes.hpp has many patterns, one text.)
#pragma once

#include <cstdint>

#include "plait/base/isa.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::align::detail {

using namespace tensor;

constexpr int kStrands = 8;

/// Vertical differences of the last column, and its state for transpositions.
struct Strands {
  std::uint64_t plus[kStrands], minus[kStrands], diagonal[kStrands], before[kStrands];
};

struct StrandTable {
  /// Processes the first `columns` symbols of kStrands texts; masks: positions in the pattern for each symbol.
  void (*levenshtein)(const std::uint64_t* masks, const std::uint8_t* const* texts, Index columns, Strands* out);
  void (*restricted)(const std::uint64_t* masks, const std::uint8_t* const* texts, Index columns, Strands* out);
};

}  // namespace plait::align::detail

namespace plait::align::detail {
PLAIT_DECLARE_TABLE(StrandTable, strand_table)
}
