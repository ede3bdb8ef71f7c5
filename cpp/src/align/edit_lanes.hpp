// Many short patterns against one text, a pattern a lane: the interface of isa/edit_lanes.cpp.
#pragma once

#include <cstdint>

#include "plait/base/isa.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::align::edit {

using namespace tensor;

constexpr int kLaneBytes = 128;  // of all lanes together, for every instruction set

/// Patterns of at most 8, 16, 32 or 64 symbols: as many as lanes of that many bits fit into kLaneBytes.
struct Lanes {
  const void* masks;          // a row of lanes for each symbol: bits of the pattern's places that hold it; row 0 is zero
  const std::uint16_t* text;  // for each of its symbols the row
  Index length;               // of the text
  const void* patterns;       // a lane each: as many bits as the pattern has symbols
  double unit;                // what one edit costs, or one common symbol is worth
  double* out;                // a lane each: the score
};

/// [k]: lanes of 8 << k bits.
struct LanesTable {
  void (*levenshtein[4])(const Lanes&);
  void (*restricted[4])(const Lanes&);  // with transpositions of neighbours
  void (*lcs[4])(const Lanes&);
};

}  // namespace plait::align::edit

namespace plait::align {
PLAIT_DECLARE_TABLE(edit::LanesTable, edit_lanes_table)
}
