// Lower bounds on the edits of many pairs from their prefixes: the interface of isa/prefixes.cpp.
//
// A path of at most k edits stays in a band of diagonals (Ukkonen 1985) and crosses every row of it at a cell of at most k. If all cells of a row of
// the band are above k, the distance exceeds k. Cells of 64 references are stored as one byte each.
#pragma once

#include <cstdint>

#include "plait/base/isa.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::align::detail {

using namespace tensor;

constexpr int kPrefixLanes = 64;    ///< references of one call
constexpr Index kPrefix = 64;       ///< symbols stored of each
constexpr Index kPrefixLimit = 40;  ///< largest supported number of edits
constexpr Index kPrefixBand = 2 * kPrefixLimit + 1;

struct PrefixLanes {
  const std::uint8_t* symbols;  // kPrefixLanes low bytes for each of kPrefix columns; kPrefixLimit columns before them are read too
  const std::uint8_t* text;
  Index rows;              // of the text; at most kPrefix - right
  int left, right, limit;  // cells (i, j) with i - left <= j <= i + right, left and right from 0 to kPrefixLimit
};

struct PrefixTable {
  /// Transposes kPrefixLanes strings of kPrefix bytes into columns, a multiple of 16 of them.
  void (*transpose)(const std::uint8_t* strings, Index columns, std::uint8_t* symbols);
  std::uint64_t (*within)(const PrefixLanes&);  // one bit for each lane, set if it may be within the limit
};

}  // namespace plait::align::detail

namespace plait::align::detail {
PLAIT_DECLARE_TABLE(PrefixTable, prefix_table)
}
