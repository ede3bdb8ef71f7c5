// The matrix of a recursion by anti-diagonals. Diagonal k has the cells (i, k - i), indexed by i; three are stored at a time, and a fourth buffer
// holds auxiliary values. y is reversed, so that along a diagonal both sequences are read in ascending order.
#pragma once

#include <algorithm>
#include <vector>

#include "plait/align/custom.hpp"

namespace plait::align::detail {

/// First and last i of diagonal k among all cells, the border included.
struct DiagonalRange {
  Index first, last;
};
inline DiagonalRange diagonal_range(Index k, Index n, Index m) { return {std::max<Index>(0, k - m), std::min(n, k)}; }

/// The two sequences, transposed: value c of all elements is contiguous, with stride n for x, m for y.
class Elements {
 public:
  Elements(const Sequence& x, const Sequence& y);
  /// Cells of diagonal k from row i on.
  void set(Stretch& stretch, Index k, Index i, Index count) const {
    stretch.i = i;
    stretch.j = k - i;
    stretch.count = count;
    stretch.x = x_.data() + (i - 1);
    stretch.y = y_.data() + (m - k + i);
    stretch.x_stride = n;
    stretch.y_stride = m;
  }
  Index n, m;

 private:
  std::vector<double> x_, y_;
};

/// Stride between the diagonals of a ring, in doubles: at least `places`, and such that the rows used together differ in the low bits of
/// their addresses; equal ones cause false store-to-load dependencies (4K aliasing).
inline Index ring_stride(Index places) { return (places + 511) / 512 * 512 + 80; }

/// A ring of three diagonals of n + 1 values.
class Ring {
 public:
  explicit Ring(Index n) : size_(ring_stride(n + 1)), values_(static_cast<std::size_t>(3 * size_)) {}
  double* operator[](Index k) { return values_.data() + k % 3 * size_; }

 private:
  Index size_;
  std::vector<double> values_;
};

}  // namespace plait::align::detail
