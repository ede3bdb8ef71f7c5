// The move of a path into a cell: the encoding shared by kernels, definitions and the traceback. Kernels keep two bits a cell, or, where all best
// moves are needed (custom recursions), a mask of bit_of each.
#pragma once

#include <cstdint>

namespace plait::align {

/// An insertion consumes an element of x, a deletion one of y, a match both. none: the path begins here.
enum class Move : std::uint8_t { match, deletion, insertion, none };

constexpr std::int32_t bit_of(Move move) { return 1 << static_cast<int>(move); }

}  // namespace plait::align
