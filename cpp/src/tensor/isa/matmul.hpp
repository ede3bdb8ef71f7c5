// The hot loops of the dense product that each instruction set level exports. The driver (tensor/matmul_run.cpp) cuts the product into
// panels: a few columns of B, at most MatmulKernels::panel wide, over a range of k.
#pragma once

#include "plait/base/isa.hpp"
#include "plait/tensor/shape.hpp"

namespace plait {

/// C (rows × width) = A (rows × k) B (k × width), or +=. A and C have any strides, one of C's is 1. B has unit column stride.
/// width is a multiple of the lanes, at most one panel; or it is less than the lanes, and then each row of B can be read up to padded(width).
template <class T>
struct PanelProduct {
  Index rows, width, k;
  const T* a;
  Index a_row, a_col;
  const T* b;
  Index b_row;
  T* c;
  Index c_row, c_col;
  bool accumulate;
};

template <class T>
struct MatmulKernels {
  Index lanes;       ///< columns in a register
  Index half_lanes;  ///< columns in the narrow register that is used for very narrow rests (may equal lanes)
  Index panel;       ///< columns of a full panel
  Index tile_rows;   ///< rows that a register tile takes at most

  void (*panel_product)(const PanelProduct<T>&);

  /// to[i * to_row + j] = from[i * from_row + j * from_col] for i < rows, j < columns; zeros for columns <= j < padded.
  void (*pack)(Index rows, Index columns, Index padded, const T* from, Index from_row, Index from_col, T* to, Index to_row);

  /// y[j * y_step] (+)= sum over i of x[i * x_step] * b[i * b_row + j]: one row times a matrix with contiguous rows.
  void (*row_times)(Index k, Index n, const T* x, Index x_step, const T* b, Index b_row, T* y, Index y_step, bool accumulate);

  /// y[j * y_step] (+)= sum over i of x[i] * b[j * b_col + i]: one row times a matrix with contiguous columns. k >= lanes.
  void (*row_dots)(Index k, Index n, const T* x, const T* b, Index b_col, T* y, Index y_step, bool accumulate);

  /// Columns of a register row that holds `width` columns.
  Index padded(Index width) const { return width >= lanes ? width : width > half_lanes ? lanes : half_lanes; }
};

struct MatmulTable {
  MatmulKernels<float> f32;
  MatmulKernels<double> f64;
};

PLAIT_DECLARE_TABLE(MatmulTable, matmul_table)

}  // namespace plait
