// Blocks of rows along anti-diagonals, for integer weights: the interface of isa/diagonals.cpp.
// Cells are stored as differences to their neighbours, which are bounded by the weights for any length:
// small integers suffice, many in a register (Suzuki and Kasahara 2018).
// With u = D(i, j) - D(i-1, j) in [-insert, remove]
// and v = D(i, j) - D(i, j-1) in [-remove, insert]:
//
//   z = min([x_i != y_j] * substitute, u(i, j-1) + insert, v(i-1, j) + remove)      z = D(i, j) - D(i-1, j-1)
//   u(i, j) = z - v(i-1, j)      v(i, j) = z - u(i, j-1)
#pragma once

#include <cstdint>

#include "plait/align/move.hpp"
#include "plait/base/isa.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::align::detail {

using namespace tensor;

struct EditWeights {
  std::int32_t insert, remove, substitute;
};

/// All lanes work at each step: at step t lane i is at column t - i. There are `lanes` padding columns on each side, for lanes that have not
/// begun or have finished; their symbol matches nothing, and those before the first have v = -remove, which leaves u and v unchanged.
/// Arrays of columns are reversed: column j is at [lanes + columns - 1 - j].
struct DifferenceBlock {
  const void* x;  // the rows' symbols, a lane each, unsigned numbers as wide as the differences; a lane without a row has one that is not in y
  const void* y;  // the columns' symbols
  void* u;        // of the column before the first, a lane each; overwritten
  void* v;        // of the row above the first; afterwards of the row of the last lane
  Index lanes;    // a multiple of kLaneGroup
  Index columns;
  Index last;           // the lane of the last row ...
  void* bottom;         // ... whose v are written here, columns in order; may be null
  std::uint8_t* moves;  // a Move for each lane of each of columns + last steps; or null
  EditWeights weights;
  void (*poll)();  // called periodically; may throw
};

constexpr Index kLaneGroup = 64;

/// [k]: differences of 8 << k bits.
struct DifferenceTable {
  void (*run[3])(const DifferenceBlock&);
};

}  // namespace plait::align::detail

namespace plait::align::detail {
PLAIT_DECLARE_TABLE(DifferenceTable, difference_table)
}
