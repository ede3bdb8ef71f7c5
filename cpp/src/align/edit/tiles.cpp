#include "align/edit/tiles.hpp"

#include <algorithm>
#include <cmath>

#include "align/core/diagonals.hpp"
#include "align/edit/codes.hpp"
#include "align/edit/registers.hpp"
#include "align/tuning.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align::detail {
namespace {

enum Slots { kCodes, kX, kY, kValues, kRows, kColumns };
using tuning::kEditTileRows;

/// D(n, m) in numbers of type T.
template <class T>
double corner(const EditOptions& options, void (*kernel)(const EditTile&), const Sequence& x, const Sequence& y, Workspace& workspace) {
  using Symbol = T;
  const Index n = x.length, m = y.length, height = std::min(n, kEditTileRows);
  const auto size = [](Index count) { return static_cast<std::size_t>(count); };
  std::uint32_t* const codes = workspace.take_as<std::uint32_t>(size(n + m), kCodes);
  encode(x, y, codes, codes + n);
  Symbol* const xs = workspace.take_as<Symbol>(size(n + 1), kX) + 1;
  xs[-1] = -2;
  for (Index i = 0; i < n; ++i) xs[i] = static_cast<Symbol>(codes[i]);
  const Index margin = height + 2;
  Symbol* const ys = workspace.take_as<Symbol>(size(m + 2 * margin), kY);
  std::fill_n(ys, m + 2 * margin, Symbol{-1});
  for (Index j = 0; j < m; ++j) ys[margin + m - 1 - j] = static_cast<Symbol>(codes[n + j]);

  const Index stride = ring_stride(margin);
  T* const values = workspace.take_as<T>(size(kDiagonals * stride), kValues);
  std::fill_n(values, kDiagonals * stride, T{0});
  T* const of_rows = workspace.take_as<T>(size(2 * height), kRows);
  T *const left = of_rows, *const held = left + height;
  const double none = static_cast<double>(n) * options.remove + static_cast<double>(m) * options.insert + options.substitute + 1;
  // Two rows of values, and the transposition costs of columns.
  const Index columns = m + 1 + 2 * margin;
  T* const of_columns = workspace.take_as<T>(size(3 * columns), kColumns);
  T *const above = of_columns, *const above2 = above + columns, *const kept = above2 + columns;
  std::fill_n(above, 2 * columns, T{0});
  std::fill_n(kept, columns, static_cast<T>(none));
  for (Index j = 1; j <= m; ++j) above[j] = static_cast<T>(above[j - 1] + static_cast<T>(options.insert));

  T border = 0;
  for (Index top = 0; top < n; top += height) {
    const Index rows = std::min(height, n - top);
    for (Index i = 0; i < rows; ++i) left[i] = border = static_cast<T>(border + static_cast<T>(options.remove));
    std::fill_n(held, height, static_cast<T>(none));
    EditTile tile{};
    tile.rows = rows, tile.columns = m, tile.top = top;
    tile.x = xs + top, tile.y = ys + margin + m, tile.values = values, tile.stride = stride;
    tile.above = above, tile.above2 = above2, tile.left = left, tile.held = held, tile.kept = kept + margin + m;
    tile.insert = options.insert, tile.remove = options.remove, tile.substitute = options.substitute, tile.none = none;
    tile.poll = poll_interrupt;
    poll_interrupt();
    kernel(tile);
  }
  return static_cast<double>(above[m]);
}

/// Whether all sums are integers of at most `most`.
bool integers_up_to(const EditOptions& options, Index n, Index m, double most) {
  for (const double weight : {options.insert, options.remove, options.substitute}) {
    if (weight != std::floor(weight)) return false;
  }
  const double longest = static_cast<double>(std::max(n, m));
  return static_cast<double>(n) * options.remove + static_cast<double>(m) * options.insert + options.substitute <= most && longest <= most &&
         longest * std::max(options.insert, options.remove) + options.substitute <= most;
}

}  // namespace

double tiles_score(const EditOptions& options, const Sequence& x, const Sequence& y, Workspace& workspace) {
  if (options.transposition == Transposition::none) return registers_score(options, x, y, workspace);
  const EditTileTable& table = PLAIT_PICK(edit_tile_table);
  const bool kept = options.transposition == Transposition::unrestricted;  // values reach twice the greatest distance
  if (table.i16[kept] != nullptr && integers_up_to(options, x.length, y.length, kept ? 16'000 : 31'000)) {
    return corner<std::int16_t>(options, table.i16[kept], x, y, workspace);
  }
  if (integers_up_to(options, x.length, y.length, 1e9)) return corner<std::int32_t>(options, table.i32[kept], x, y, workspace);
  return registers_score(options, x, y, workspace);
}

}  // namespace plait::align::detail
