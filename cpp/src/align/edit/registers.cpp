// The loop over tiles of rows: the rows of columns between them, and the border.
#include "align/edit/registers.hpp"

#include <algorithm>

#include "align/edit/codes.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align::detail {
namespace {

enum Slots { kCodes, kX, kY, kColumns };

EditRows corner(const EditOptions& options, bool counted, const Sequence& x, const Sequence& y, Workspace& workspace) {
  const EditRowsTable& table = PLAIT_PICK(edit_rows_table);
  const EditRowsKernel& kernel = (counted ? table.counted : table.score)[static_cast<std::size_t>(options.transposition)];
  const Index n = x.length, m = y.length, rows = kernel.rows;
  const auto size = [](Index count) { return static_cast<std::size_t>(count); };
  std::uint32_t* const codes = workspace.take_as<std::uint32_t>(size(n + m), kCodes);
  encode(x, y, codes, codes + n);
  const Index padded = (n + rows - 1) / rows * rows;
  double* const xs = workspace.take_as<double>(size(1 + padded + rows), kX) + 1;
  std::fill_n(xs - 1, 1 + padded, -2.0);
  for (Index i = 0; i < n; ++i) xs[i] = codes[i];
  double* const left = xs + padded;
  const Index width = m + 2 * rows + 3;
  double* const ys = workspace.take_as<double>(size(width), kY) + m + rows + 1;
  std::fill_n(ys - m - rows - 1, width, -1.0);
  for (Index j = 1; j <= m; ++j) ys[-j] = codes[n + j - 1];

  const Index columns = 2 + m + 1 + rows;
  double* const of_columns = workspace.take_as<double>(size(6 * columns), kColumns);
  std::fill_n(of_columns, 6 * columns, 0.0);
  EditRows tile{};
  tile.columns = m;
  tile.y = ys, tile.left = left;
  double** const starts[] = {&tile.h, &tile.h2, &tile.kept, &tile.h_paths, &tile.h2_paths, &tile.kept_paths};
  for (Index k = 0; k < 6; ++k) *starts[k] = of_columns + k * columns + 2;
  for (Index j = 1; j <= m; ++j) tile.h[j] = tile.h[j - 1] + options.insert;
  std::fill_n(tile.kept, m + 1 + rows, 1e300);
  std::fill_n(tile.h_paths, m + 1, 1.0);
  std::fill_n(tile.h2_paths, m + 1, 1.0);
  tile.insert = options.insert, tile.remove = options.remove, tile.substitute = options.substitute;
  tile.poll = poll_interrupt;
  double border = 0;
  for (Index top = 0; top < n; top += rows) {
    tile.rows = std::min(rows, n - top);
    tile.last = top + rows >= n;
    tile.x = xs + top;
    for (Index i = 0; i < rows; ++i) left[i] = border += options.remove;
    poll_interrupt();
    kernel.run(tile);
  }
  return tile;
}

}  // namespace

double registers_score(const EditOptions& options, const Sequence& x, const Sequence& y, Workspace& workspace) {
  return corner(options, false, x, y, workspace).score;
}

double registers_count(const EditOptions& options, const Sequence& x, const Sequence& y, Workspace& workspace) {
  return corner(options, true, x, y, workspace).paths;
}

}  // namespace plait::align::detail
