// The hot loops of the dense product that each instruction set level exports. The driver (tensor/matmul/run.cpp) cuts the product into
// panels: a few columns of B, at most MatmulKernels::panel wide, over a range of k.
#pragma once

#include "plait/base/isa.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::tensor {

/// C (rows × width) = A (rows × k) B (k × width), or +=; any strides that the function does not rule out.
template <class T>
struct PanelProduct {
  Index rows, width, k;
  const T* a;
  Index a_row, a_col;
  const T* b;
  Index b_row, b_col;
  T* c;
  Index c_row, c_col;
  bool accumulate;
};

template <class T>
struct MatmulKernels {
  Index lanes;            ///< columns in a register
  double per_lane;        ///< 1 / lanes
  Index half_lanes;       ///< columns in the narrow register that is used for very narrow remainders (may equal lanes)
  Index tile_rows;        ///< most rows of a register tile of two registers
  Index few_rows;         ///< and of one of four registers
  Index rows_by_columns;  ///< up to this many rows a panel of B is packed just before its use (Order in tensor/matmul/internal.hpp)
  Index k_chunk;          ///< k of one pass in products of many rows

  /// b_col = 1, and one of C's strides is 1. width is 1, 2 or, with at most few_rows rows, 4 times the lanes; or it is less than the lanes,
  /// and then each row of B can be read up to padded(width).
  void (*panel_product)(const PanelProduct<T>&);

  /// a_col = 1, b_row = 1, k >= lanes, any width: dot products of rows.
  void (*dots)(const PanelProduct<T>&);

  /// to[i * to_row + j] = from[i * from_row + j * from_col] for i < rows, j < columns; zeros for columns <= j < padded.
  /// columns = padded, or columns <= padded = lanes or half_lanes.
  void (*pack)(Index rows, Index columns, Index padded, const T* from, Index from_row, Index from_col, T* to, Index to_row);

  /// y[j * y_step] (+)= sum over i of x[i * x_step] * b[i * b_row + j]: one row times a matrix with contiguous rows.
  void (*row_times)(Index k, Index n, const T* x, Index x_step, const T* b, Index b_row, T* y, Index y_step, bool accumulate);

  /// The same for a matrix larger than a core's caches: along whole rows, eight at a time, as streams for the hardware prefetcher. y has unit
  /// stride.
  void (*row_streams)(Index k, Index n, const T* x, Index x_step, const T* b, Index b_row, T* y, bool accumulate);

  /// Columns of a register row that holds `width` columns.
  Index padded(Index width) const { return width >= lanes ? width : width > half_lanes ? lanes : half_lanes; }
};

struct MatmulTable {
  MatmulKernels<float> f32;
  MatmulKernels<double> f64;
};

PLAIT_DECLARE_TABLE(MatmulTable, matmul_table)

}  // namespace plait::tensor
