// How a path comes into a cell: the encoding that every kernel, definition and traceback shares. A kernel keeps two bits a cell; where all best
// moves are wanted and not the first of them (custom recursions), a mask with bit_of each.
#pragma once

#include <cstdint>

namespace plait::align {

/// An insertion consumes an element of x, a deletion one of y, a match both. none: the path begins here.
enum class Move : std::uint8_t { match, deletion, insertion, none };

constexpr std::int32_t bit_of(Move move) { return 1 << static_cast<int>(move); }

}  // namespace plait::align
