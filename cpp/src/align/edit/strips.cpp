#include "align/edit/strips.hpp"

#include <algorithm>
#include <cmath>

#include "align/core/diagonals.hpp"
#include "align/edit/codes.hpp"
#include "align/tuning.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align::detail {
namespace {

enum Slots { kCodes, kX, kY, kValues, kRows, kColumns };
using tuning::kCountedStripRows, tuning::kStripRows;

/// D(n, m) in numbers of type T, and the number of paths if `counted`.
template <class T, class Symbol>
std::pair<double, double> corner(const EditOptions& options, bool counted, void (*kernel)(const EditStrip&), const Sequence& x, const Sequence& y,
                                 Workspace& workspace) {
  const Index n = x.length, m = y.length, height = std::min(n, counted ? kCountedStripRows : kStripRows);
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

  const Index parts = counted ? 2 : 1, stride = ring_stride(margin);
  T* const values = workspace.take_as<T>(size(parts * kDiagonals * stride), kValues);
  std::fill_n(values, parts * kDiagonals * stride, T{0});
  T* const of_rows = workspace.take_as<T>(size(3 * height), kRows);
  T *const left = of_rows, *const held = left + height, *const counts_held = held + height;
  const double longest = static_cast<double>(n) * options.remove + static_cast<double>(m) * options.insert + options.substitute;
  const double none = std::is_integral_v<T> ? longest + 1 : 1e300;
  // Two rows of values, what is kept of columns, and the same of numbers of paths.
  const Index columns = m + 1 + 2 * margin;
  T* const of_columns = workspace.take_as<T>(size(6 * columns), kColumns);
  std::fill_n(of_columns, 6 * columns, T{0});
  T *const above = of_columns, *const above2 = above + columns, *const kept = above2 + columns;
  std::fill_n(kept, columns, static_cast<T>(none));
  T *const counts_above = kept + columns, *const counts_above2 = counts_above + columns, *const counts_kept = counts_above2 + columns;
  for (Index j = 1; j <= m; ++j) above[j] = static_cast<T>(above[j - 1] + static_cast<T>(options.insert));
  std::fill_n(counts_above, m + 1, T{1});
  std::fill_n(counts_above2, m + 1, T{1});

  T border = 0;
  for (Index top = 0; top < n; top += height) {
    const Index rows = std::min(height, n - top);
    for (Index i = 0; i < rows; ++i) left[i] = border = static_cast<T>(border + static_cast<T>(options.remove));
    std::fill_n(held, height, static_cast<T>(none));
    std::fill_n(counts_held, height, T{0});
    EditStrip strip{};
    strip.rows = rows, strip.columns = m, strip.top = top;
    strip.x = xs + top, strip.y = ys + margin + m, strip.values = values, strip.stride = stride;
    strip.above = above, strip.above2 = above2, strip.left = left, strip.held = held, strip.kept = kept + margin + m;
    if constexpr (std::is_same_v<T, double>) {
      if (counted) strip.counts_above = counts_above, strip.counts_above2 = counts_above2;
      if (counted) strip.counts_held = counts_held, strip.counts_kept = counts_kept + margin + m;
    }
    strip.insert = options.insert, strip.remove = options.remove, strip.substitute = options.substitute, strip.none = none;
    strip.poll = poll_interrupt;
    poll_interrupt();
    kernel(strip);
  }
  return {static_cast<double>(above[m]), counted ? static_cast<double>(counts_above[m]) : 0.0};
}

/// Whether all sums are whole numbers up to `most`.
bool whole_up_to(const EditOptions& options, Index n, Index m, double most) {
  for (const double weight : {options.insert, options.remove, options.substitute}) {
    if (weight != std::floor(weight)) return false;
  }
  const double longest = static_cast<double>(std::max(n, m));
  return static_cast<double>(n) * options.remove + static_cast<double>(m) * options.insert + options.substitute <= most && longest <= most &&
         longest * std::max(options.insert, options.remove) + options.substitute <= most;
}

}  // namespace

double strips_score(const EditOptions& options, const Sequence& x, const Sequence& y, Workspace& workspace) {
  const StripTable& table = PLAIT_PICK(strip_table);
  const auto kind = static_cast<std::size_t>(options.transposition);
  const bool kept = options.transposition == Transposition::unrestricted;  // values grow to twice the greatest distance
  if (table.i16[kind] != nullptr && whole_up_to(options, x.length, y.length, kept ? 16'000 : 31'000)) {
    return corner<std::int16_t, std::int16_t>(options, false, table.i16[kind], x, y, workspace).first;
  }
  if (whole_up_to(options, x.length, y.length, 1e9)) {
    return corner<std::int32_t, std::int32_t>(options, false, table.i32[kind], x, y, workspace).first;
  }
  return corner<double, std::int64_t>(options, false, table.f64[kind], x, y, workspace).first;
}

double strips_count(const EditOptions& options, const Sequence& x, const Sequence& y, Workspace& workspace) {
  const StripTable& table = PLAIT_PICK(strip_table);
  return corner<double, std::int64_t>(options, true, table.counted[static_cast<std::size_t>(options.transposition)], x, y, workspace).second;
}

}  // namespace plait::align::detail
