// Blocks of rows as bit vectors: the interface of isa/bits.cpp.
//
// A block is `words` * 64 rows. A word holds the vertical differences of 64 cells of a column as bits; carries at its lower edge enter the next word
// (Myers 1999; Hyyrö 2003 for the form used here and for transpositions; Hyyrö 2004 for the common subsequence). Word w works on column t - w at step
// t, so that all words of a block are independent lanes of one register.
#pragma once

#include <cstdint>

#include "plait/base/isa.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::align::detail {

using namespace tensor;

/// The carries across a word's edge in one column: bits of `above` and `below`.
enum Carry : std::uint8_t { kPlus = 1, kMinus = 2, kCrossed = 4 };  // a step of +1 or -1 to the right; half of a transposition

struct BitBlock {
  const std::uint64_t* masks;  // a row of `words` for each symbol: bits of the block's rows with that symbol; row 0 is zero
  const std::uint16_t* rows;   // for each column the mask row of its symbol; `words` zeros before the first and after the last
  Index columns;
  const std::uint8_t* above;  // carries into the first word; `words` more are read after the last column
  std::uint8_t* below;        // carries out of the last one
  std::uint64_t* plus;        // out, one word each: rows of the last column that are one above the previous row (for a common
  std::uint64_t* minus;       // subsequence: rows that are not), or one below it
  std::uint64_t* diagonal;    // out, unless null, a row of `words` for each of columns + words - 1 steps: cells equal to their diagonal
  std::uint64_t* right;       // neighbour, and cells one above their left neighbour
  void (*poll)();             // called periodically; may throw
};

struct BitBlockTable {
  int words;
  void (*levenshtein)(const BitBlock&);
  void (*restricted)(const BitBlock&);  // with transpositions of adjacent symbols
  void (*lcs)(const BitBlock&);
};

}  // namespace plait::align::detail

namespace plait::align::detail {
PLAIT_DECLARE_TABLE(BitBlockTable, bit_block_table)
}
