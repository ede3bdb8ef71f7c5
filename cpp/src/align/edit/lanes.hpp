// Many short patterns against one text, one pattern a lane: the interface of isa/lanes.cpp.
#pragma once

#include <cstdint>

#include "plait/base/isa.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::align::detail {

using namespace tensor;

constexpr int kLaneBytes = 128;  // of all lanes together, on every instruction set

/// Patterns of at most 8, 16, 32 or 64 symbols: kLaneBytes hold as many as lanes of that width.
struct PatternLanes {
  const void* masks;          // a row of lanes for each symbol: bits of its positions in the pattern; row 0 is zero
  const std::uint16_t* text;  // for each symbol of the text its row of masks
  Index length;               // of the text
  const void* patterns;       // one lane each: as many bits set as the pattern has symbols
  double unit;                // the cost of one edit, or the score of one common symbol
  double* out;                // one lane each: the score
};

/// [k]: lanes of 8 << k bits.
struct PatternTable {
  void (*levenshtein[4])(const PatternLanes&);
  void (*restricted[4])(const PatternLanes&);  // with transpositions of adjacent symbols
  void (*lcs[4])(const PatternLanes&);
};

}  // namespace plait::align::detail

namespace plait::align::detail {
PLAIT_DECLARE_TABLE(PatternTable, pattern_table)
}
