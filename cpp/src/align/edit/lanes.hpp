// Many short patterns against one text, a pattern a lane: the interface of isa/lanes.cpp.
#pragma once

#include <cstdint>

#include "plait/base/isa.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::align::detail {

using namespace tensor;

constexpr int kLaneBytes = 128;  // of all lanes together, for every instruction set

/// Patterns of at most 8, 16, 32 or 64 symbols: as many as lanes of that many bits fit into kLaneBytes.
struct PatternLanes {
  const void* masks;          // a row of lanes for each symbol: bits of the pattern's places that hold it; row 0 is zero
  const std::uint16_t* text;  // for each of its symbols the row
  Index length;               // of the text
  const void* patterns;       // a lane each: as many bits as the pattern has symbols
  double unit;                // what one edit costs, or one common symbol is worth
  double* out;                // a lane each: the score
};

/// [k]: lanes of 8 << k bits.
struct PatternTable {
  void (*levenshtein[4])(const PatternLanes&);
  void (*restricted[4])(const PatternLanes&);  // with transpositions of neighbours
  void (*lcs[4])(const PatternLanes&);
};

}  // namespace plait::align::detail

namespace plait::align::detail {
PLAIT_DECLARE_TABLE(PatternTable, pattern_table)
}
