// How many edits the beginnings of many pairs need at least: the interface of isa/prefixes.cpp.
//
// A path of at most k edits stays in a band of diagonals (Ukkonen 1985) and crosses every row of it at no more than k. Where a whole row of the
// band is above k, the pair is beyond k, whatever follows. Cells of 64 references lie side by side as bytes.
#pragma once

#include <cstdint>

#include "plait/base/isa.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::align::detail {

using namespace tensor;

constexpr int kPrefixLanes = 64;    ///< references together
constexpr Index kPrefix = 64;       ///< symbols of each that are kept
constexpr Index kPrefixLimit = 40;  ///< most edits that can be asked about
constexpr Index kPrefixBand = 2 * kPrefixLimit + 1;

struct PrefixLanes {
  const std::uint8_t* symbols;  // kPrefixLanes for each of kPrefix columns, their low bytes; kPrefixLimit columns before them are read, too
  const std::uint8_t* text;
  Index rows;              // of the text; at most kPrefix - right
  int left, right, limit;  // cells (i, j) with i - left <= j <= i + right, left and right from 0 to kPrefixLimit
};

struct PrefixTable {
  /// From kPrefixLanes strings of kPrefix bytes to columns, a multiple of 16 of them.
  void (*transpose)(const std::uint8_t* strings, Index columns, std::uint8_t* symbols);
  std::uint64_t (*within)(const PrefixLanes&);  // a bit for each lane that may be within the limit
};

}  // namespace plait::align::detail

namespace plait::align::detail {
PLAIT_DECLARE_TABLE(PrefixTable, prefix_table)
}
