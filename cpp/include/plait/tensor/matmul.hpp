// Dense products C = op(A) op(B): packed blocks and a register-tiled micro-kernel, with special paths for m = 1 (gemv), tiny and skinny shapes, and
// an epilogue on rows while they are still in cache.
#pragma once

#include <cstddef>
#include <memory>

#include "plait/base/thread_pool.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::tensor {

/// C (m × n, row stride ldc, unit column stride) = A (m × k) B (k × n), or += when accumulate. A and B have any row and column stride
/// (a transpose is a swap of strides); strides in elements. Batched: `batch` products, each operand moved by its batch stride (0: shared).
struct MatmulShape {
  Index m = 0, n = 0, k = 0;
  Index a_row = 0, a_col = 1, b_row = 0, b_col = 1, ldc = 0;
  Index batch = 1, a_batch = 0, b_batch = 0, c_batch = 0;
  bool accumulate = false;
};

/// The epilogue: a plain function with a context.
/// call: rows [begin, end) of C (counted over all batches: batch * m + row) are complete, and the first of them stands at `rows`. From several
/// threads at once, each row once; worker is less than the number of threads.
/// ahead: elements [begin, end) of C, row after row, are about to be computed: prefetch what `call` will read for
/// them.
struct RowsDone {
  void (*call)(void* context, Index begin, Index end, int worker, const void* rows) = nullptr;
  void (*ahead)(void* context, Index begin, Index end) = nullptr;
  void* context = nullptr;
};

/// Bytes of scratch (64-byte aligned) needed with up to `threads` threads (0: get_num_threads()). Bounded: at most a few megabytes hold a
/// packed part of B, however large it is.
template <class T>
std::size_t matmul_scratch_bytes(const MatmulShape& shape, int threads);

/// T is float or double. k = 0 gives zeros (or leaves C when accumulating); the epilogue still runs. Each element of C is summed in an order that
/// depends on the shape alone, so results are bit-equal for any number of threads.
template <class T>
void matmul(const MatmulShape& shape, const T* a, const T* b, T* c, RowsDone done, void* scratch, int threads);

template <class T>
struct PlannedMatmul;

/// Repeated products of one shape: the plan is made once, which for a tiny product takes as long as the product itself.
template <class T>
class MatmulKernel {
 public:
  /// Without `keep`, C is for RowsDone only: its rows may be computed in scratch that stays in cache instead of in c.
  explicit MatmulKernel(const MatmulShape& shape, bool keep = true);
  ~MatmulKernel();
  MatmulKernel(MatmulKernel&&) noexcept;
  MatmulKernel& operator=(MatmulKernel&&) noexcept;

  [[nodiscard]] std::size_t scratch_bytes(int threads) const;
  void run(const T* a, const T* b, T* c, RowsDone done, void* scratch, int threads) const;

 private:
  std::unique_ptr<const PlannedMatmul<T>> planned_;
};

}  // namespace plait::tensor
