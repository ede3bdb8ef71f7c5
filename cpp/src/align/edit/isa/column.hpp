// One column of the bit-parallel recurrence for a pattern of one word a lane.
#pragma once

#include "plait/tensor/vector.hpp"

namespace plait::align::detail {
namespace PLAIT_ISA_NS {

/// Myers 1999 in the form of Hyyrö 2003; restricted: with transpositions of adjacent symbols (Hyyrö 2004). `mask`: the pattern's occurrences of the
/// column's symbol; plus and minus: where a cell is one more or less than the cell above; diagonal and before: d and mask of the previous column.
template <bool restricted, class V>
PLAIT_INLINE void next_column(V mask, V& plus, V& minus, V& diagonal, V& before) {
  V d = (((mask & plus) + plus) ^ plus) | mask | minus;
  if constexpr (restricted) {
    const V half = ~diagonal & mask;
    d |= (half + half) & before;
    diagonal = d;
    before = mask;
  }
  // Cells not one above their left neighbour; complements are used where that saves an instruction.
  V flat = (d ^ minus) | plus, left = d & plus;
  flat += flat;
  left += left;
  plus = left | (flat & ~d);
  minus = d & ~flat;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::align::detail
