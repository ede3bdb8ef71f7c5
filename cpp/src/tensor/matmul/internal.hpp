// The plan of one product: derived from the shape (and the register width), never from the number of threads.
#pragma once

#include "plait/base/thread_pool.hpp"
#include "plait/tensor/matmul.hpp"
#include "tensor/matmul/isa/matmul.hpp"

namespace plait::tensor {

/// C = A B with strides for all three. If `transposed`, this is the product C^T = B^T A^T, so that registers are along the columns of the
/// caller's C: faster where C is narrow, or where it saves transposing the larger operand.
struct Product {
  Index m, n, k;
  Index a_row, a_col, b_row, b_col, c_row, c_col;
  bool accumulate, transposed;
};

/// Loop orders.
/// by_columns: for each panel of B, all rows of A. The panel is packed just before its use, if at all. For few rows.
/// by_rows: B is packed first, all of it or as much as kPackedElements, then blocks of rows go over all panels. For many rows.
enum class Order { by_columns, by_rows };

/// by_columns without panels: one row of A, or dot products of rows.
enum class RowKernel { none, times, streams, dots };

struct Plan {
  Product p;
  Order order;
  RowKernel row_kernel;
  bool pack_b;            ///< false: panels are read in place
  bool pack_a;            ///< blocks of A are copied
  bool parallel;          ///< enough work to wake other threads
  Index panel;            ///< columns of a full panel
  Index k_chunk;          ///< k is cut so that a block of A stays in the second-level cache
  Index n_chunk;          ///< columns packed at once (by_rows)
  bool overlap;           ///< the last panel may overlap finished columns
  bool rest_by_dots;      ///< remaining columns are computed by dots
  Index narrow_rest;      ///< remainders up to this width do not use a whole register
  Index block;            ///< by_columns: columns of a task; by_rows: rows of a task
  Index shared_elements;  ///< scratch for packed B, or for the row of A
  Index worker_elements;  ///< scratch of each worker
  Index rows_at;          ///< by_rows: offset in it of a block's rows until they are finished, -1: in C
};

template <class T>
Plan plan_matmul(const MatmulShape& shape, const MatmulKernels<T>& kernels, bool keep = true);

/// One product of a batch; its rows are [first_row, first_row + m) for `done`. worker is passed on if threads = 1.
template <class T>
void run_matmul(const Plan& plan, const MatmulKernels<T>& kernels, const T* a, const T* b, T* c, RowsDone done, Index first_row, T* scratch,
                int threads, int worker);

template <class T>
std::size_t matmul_scratch_bytes(const MatmulShape& shape, int threads, const MatmulKernels<T>& kernels, bool keep = true);
/// The public function with a chosen level.
template <class T>
void matmul(const MatmulShape& shape, const T* a, const T* b, T* c, RowsDone done, void* scratch, int threads, const MatmulKernels<T>& kernels,
            bool keep = true);

}  // namespace plait::tensor
