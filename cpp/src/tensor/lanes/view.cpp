#include "view.hpp"

#include <algorithm>

namespace plait::tensor {

LaneView::LaneView(const Shape& space, const Shape& over, DType dtype) : element(static_cast<Index>(size_of(dtype))) {
  for (std::size_t d = 0; d < space.size(); ++d) {
    if (space[d] == 1) continue;
    if (!sizes.empty() && strides.back() == over[d] * space[d]) {
      sizes.back() *= space[d];
      strides.back() = over[d];
    } else {
      sizes.push_back(space[d]);
      strides.push_back(over[d]);
    }
  }
}

Index LaneView::period() const {
  if (sizes.size() < 2 || strides[0] != 0) return 0;
  Index n = 1;
  for (std::size_t d = 1; d < sizes.size(); ++d) n *= sizes[d];
  return n;
}

// Calls f(offset, row_stride, rows, length) for consecutive pieces: whole rows at equal distances, or a part of one row.
template <class F>
void LaneView::pieces(Index begin, Index n, F f) const {
  const std::size_t last = sizes.size() - 1;
  const Index columns = sizes[last];
  Index row = begin / columns, column = begin - row * columns;
  while (n > 0) {
    Index offset = column * strides[last], rows_here = 1, row_stride = 0;
    for (std::size_t d = last, rest = static_cast<std::size_t>(row); d-- > 0;) {
      const auto size = static_cast<std::size_t>(sizes[d]);
      const auto i = static_cast<Index>(rest % size);
      rest /= size;
      offset += i * strides[d];
      if (d + 1 == last) {
        rows_here = sizes[d] - i;
        row_stride = strides[d];
      }
    }
    Index rows = 1, length = std::min(columns - column, n);
    if (length == columns) rows = std::min(rows_here, n / columns);
    f(offset, row_stride, rows, length);
    n -= rows * length;
    row += rows;
    column = 0;
  }
}

void LaneView::read(const void* base, Index begin, Index n, LaneLoad load, void* destination, Index width) const {
  const auto* source = static_cast<const std::byte*>(base);
  auto* to = static_cast<std::byte*>(destination);
  if (sizes.empty()) {
    load(source, 0, 1, to, 1, n);
    return;
  }
  pieces(begin, n, [&](Index offset, Index row_stride, Index rows, Index length) {
    load(source + offset * element, row_stride, strides.back(), to, rows, length);
    to += rows * length * width;
  });
}

void LaneView::write(void* base, Index begin, Index n, LaneStore store, const void* source, Index width) const {
  const auto* from = static_cast<const std::byte*>(source);
  auto* to = static_cast<std::byte*>(base);
  pieces(begin, n, [&](Index offset, Index row_stride, Index rows, Index length) {
    store(from, to + offset * element, row_stride, strides.back(), rows, length);
    from += rows * length * width;
  });
}

const void* LaneView::in_place(const void* base, Index begin, Index n) const {
  const std::size_t last = sizes.size() - 1;
  if (strides[last] != 1) return nullptr;
  Index rest = begin / sizes[last];
  Index offset = begin - rest * sizes[last];
  if (offset + n > sizes[last]) return nullptr;
  for (std::size_t d = last; d-- > 0;) {
    offset += rest % sizes[d] * strides[d];
    rest /= sizes[d];
  }
  return static_cast<const std::byte*>(base) + offset * element;
}

}  // namespace plait::tensor
