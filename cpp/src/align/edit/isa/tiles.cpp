// The recursion of edit.hpp with rows as lanes; its plain form is in rows.cpp.
#include "align/edit/tiles.hpp"

namespace plait::align::detail {
namespace PLAIT_ISA_NS {

using namespace tensor;
namespace {

template <class T, bool unrestricted>
void run(const EditTile& s) {
  const Index rows = s.rows, m = s.columns, width = s.stride;
  const T* const x = static_cast<const T*>(s.x);
  T *const above = static_cast<T*>(s.above), *const above2 = static_cast<T*>(s.above2);
  const T* const left_border = static_cast<const T*>(s.left);
  const T insert = static_cast<T>(s.insert), remove = static_cast<T>(s.remove), substitute = static_cast<T>(s.substitute);
  const T none = static_cast<T>(s.none);
  // [k]: the anti-diagonal of k steps ago; rows -2 and -1 are above the tile.
  T* values[kDiagonals];
  for (int k = 0; k < kDiagonals; ++k) {
    values[k] = static_cast<T*>(s.values) + k * width + 2;
  }
  for (Index t = -2; t < m + rows; ++t) {
    T* const oldest = values[kDiagonals - 1];
    for (int k = kDiagonals - 1; k > 0; --k) values[k] = values[k - 1];
    values[0] = oldest;
    T* const z = values[0];
    if (t + 1 >= 0 && t + 1 <= m) {
      z[-1] = above[t + 1];
    }
    if (t + 2 <= m) {
      z[-2] = above2[t + 2];
    }
    if (t >= 0 && t < rows) {
      z[t] = left_border[t];
    }
    if (t < 1) continue;
    const Index begin = t > m ? t - m : 0, end = t < rows ? t : rows;
    const T* const y = static_cast<const T*>(s.y) - t;
    const T *const one = values[1], *const two = values[2], *const three = values[3], *const four = values[4];
    T *const held = static_cast<T*>(s.held), *const kept = static_cast<T*>(s.kept) - t;
#pragma GCC ivdep
    for (Index i = begin; i < end; ++i) {
      const bool equal = x[i] == y[i];
      const T match = static_cast<T>(two[i - 1] + (equal ? T{0} : substitute));
      const T up = static_cast<T>(one[i - 1] + remove), left = static_cast<T>(one[i] + insert);
      T best = up < left ? up : left;
      best = match < best ? match : best;
      const bool above_equal = x[i - 1] == y[i], left_equal = x[i] == y[i + 1];
      T columns;
      if constexpr (unrestricted) {
        // Loaded unconditionally, to avoid a branch.
        const T holds = held[i], keeps = kept[i];
        const T from_columns = static_cast<T>(three[i - 2] + substitute), from_rows = static_cast<T>(three[i - 1] + substitute);
        columns = above_equal ? holds : none;
        const T across = left_equal ? keeps : none;
        best = across < best ? across : best;
        held[i] = equal ? from_columns : static_cast<T>(holds + insert);
        kept[i] = equal ? from_rows : static_cast<T>(keeps + remove);
      } else {
        const T exchanged = static_cast<T>(four[i - 2] + substitute);
        columns = above_equal & left_equal ? exchanged : none;
      }
      best = columns < best ? columns : best;
      z[i] = best;
    }
    // In place: only columns further right are still read.
    if (const Index column = t - (rows - 1); column >= 1 && column <= m) {
      above[column] = z[rows - 1];
    }
    if (const Index column = t - (rows - 2); rows > 1 && column >= 1 && column <= m) {
      above2[column] = z[rows - 2];
    }
    if ((t & 0x3FF) == 0x3FF) s.poll();
  }
  above[0] = left_border[rows - 1];
  if (rows > 1) above2[0] = left_border[rows - 2];
}

}  // namespace

const EditTileTable& edit_tile_table() {
  static constexpr EditTileTable table = {{run<std::int32_t, false>, run<std::int32_t, true>},
#if defined(__AVX512BW__)
                                          {run<std::int16_t, false>, run<std::int16_t, true>}};
#else  // without 16-bit masks the unrestricted loop is not vectorised
                                          {run<std::int16_t, false>, nullptr}};
#endif
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::align::detail
