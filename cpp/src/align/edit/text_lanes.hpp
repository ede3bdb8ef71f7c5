// One pattern of one word against several texts, one text a lane: the interface of isa/text_lanes.cpp. (lanes.hpp has many patterns, one text.)
#pragma once

#include <cstdint>

#include "plait/base/isa.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::align::detail {

using namespace tensor;

constexpr int kTextLanes = 8;

/// Vertical differences of the last column, and its state for transpositions.
struct TextLanes {
  std::uint64_t plus[kTextLanes], minus[kTextLanes], diagonal[kTextLanes], before[kTextLanes];
};

struct TextTable {
  /// Processes the first `columns` symbols of kTextLanes texts; masks: positions in the pattern for each symbol.
  void (*levenshtein)(const std::uint64_t* masks, const std::uint8_t* const* texts, Index columns, TextLanes* out);
  void (*restricted)(const std::uint64_t* masks, const std::uint8_t* const* texts, Index columns, TextLanes* out);
};

}  // namespace plait::align::detail

namespace plait::align::detail {
PLAIT_DECLARE_TABLE(TextTable, text_table)
}
