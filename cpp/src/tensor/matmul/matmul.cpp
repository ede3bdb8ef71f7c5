// Batches, scratch, and the choice of the level.
#include "plait/tensor/matmul.hpp"

#include "internal.hpp"

namespace plait::tensor {
namespace {

// Products that share B and have consecutive rows are merged into one product with more rows.
MatmulShape fold(MatmulShape s) {
  if (s.batch <= 1 || s.m == 0) return s;
  const bool rows = s.m == 1 || (s.a_batch == s.m * s.a_row && s.c_batch == s.m * s.ldc);
  if (s.b_batch != 0 || !rows) return s;
  if (s.m == 1) s.a_row = s.a_batch, s.ldc = s.c_batch;
  s.m *= s.batch;
  s.batch = 1;
  return s;
}

Index round_to_lines(Index elements) { return (elements + 15) / 16 * 16; }

int known(int threads) { return threads > 0 ? threads : get_num_threads(); }

template <class T>
const MatmulKernels<T>& kernels_of(const MatmulTable& table) {
  if constexpr (sizeof(T) == 4) return table.f32;
  else return table.f64;
}

// A batch of small products: several to a task, each run serially.
bool batch_in_parallel(const MatmulShape& s, const Plan& plan) { return s.batch > 1 && !plan.parallel; }

Index products_per_task(const MatmulShape& s) {
  const double work = static_cast<double>(s.m) * static_cast<double>(s.n) * static_cast<double>(s.k) + 1000.0;
  return static_cast<Index>(3e5 / work) + 1;
}

}  // namespace

template <class T>
struct PlannedMatmul {
  PlannedMatmul(const MatmulShape& shape, const MatmulKernels<T>& level, bool keep = true)
      : s(fold(shape)), plan(plan_matmul<T>(s, level, keep)), kernels(level) {
    plan.shared_elements = round_to_lines(plan.shared_elements);
    plan.worker_elements = round_to_lines(plan.worker_elements);
  }

  [[nodiscard]] std::size_t scratch_bytes(int threads) const {
    const Index one = plan.shared_elements + plan.worker_elements;
    const Index more = batch_in_parallel(s, plan) ? one : plan.worker_elements;
    return static_cast<std::size_t>(one + more * (known(threads) - 1)) * sizeof(T);
  }

  void run(const T* a, const T* b, T* c, RowsDone done, void* scratch, int threads) const {
    if (s.batch == 0 || s.m == 0) return;
    threads = known(threads);
    T* const space = static_cast<T*>(scratch);
    if (!batch_in_parallel(s, plan)) {
      for (Index i = 0; i < s.batch; ++i)
        run_matmul(plan, kernels, a + i * s.a_batch, b + i * s.b_batch, c + i * s.c_batch, done, i * s.m, space, threads, 0);
      return;
    }
    const Index one = plan.shared_elements + plan.worker_elements, group = products_per_task(s), tasks = (s.batch + group - 1) / group;
    parallel_for(
        tasks,
        [&](Index task, int worker) {
          for (Index i = task * group; i < s.batch && i < (task + 1) * group; ++i)
            run_matmul(plan, kernels, a + i * s.a_batch, b + i * s.b_batch, c + i * s.c_batch, done, i * s.m, space + worker * one, 1, worker);
        },
        threads);
  }

  MatmulShape s;
  Plan plan;
  const MatmulKernels<T>& kernels;
};

template <class T>
MatmulKernel<T>::MatmulKernel(const MatmulShape& shape, bool keep)
    : planned_(std::make_unique<const PlannedMatmul<T>>(shape, kernels_of<T>(PLAIT_PICK(matmul_table)), keep)) {}
template <class T>
MatmulKernel<T>::~MatmulKernel() = default;
template <class T>
MatmulKernel<T>::MatmulKernel(MatmulKernel&&) noexcept = default;
template <class T>
MatmulKernel<T>& MatmulKernel<T>::operator=(MatmulKernel&&) noexcept = default;

template <class T>
std::size_t MatmulKernel<T>::scratch_bytes(int threads) const {
  return planned_->scratch_bytes(threads);
}
template <class T>
void MatmulKernel<T>::run(const T* a, const T* b, T* c, RowsDone done, void* scratch, int threads) const {
  planned_->run(a, b, c, done, scratch, threads);
}

template class MatmulKernel<float>;
template class MatmulKernel<double>;

template <class T>
std::size_t matmul_scratch_bytes(const MatmulShape& shape, int threads, const MatmulKernels<T>& kernels, bool keep) {
  return PlannedMatmul<T>(shape, kernels, keep).scratch_bytes(threads);
}

template <class T>
void matmul(const MatmulShape& shape, const T* a, const T* b, T* c, RowsDone done, void* scratch, int threads, const MatmulKernels<T>& kernels,
            bool keep) {
  PlannedMatmul<T>(shape, kernels, keep).run(a, b, c, done, scratch, threads);
}

template <class T>
std::size_t matmul_scratch_bytes(const MatmulShape& shape, int threads) {
  return matmul_scratch_bytes(shape, threads, kernels_of<T>(PLAIT_PICK(matmul_table)));
}

template <class T>
void matmul(const MatmulShape& shape, const T* a, const T* b, T* c, RowsDone done, void* scratch, int threads) {
  matmul(shape, a, b, c, done, scratch, threads, kernels_of<T>(PLAIT_PICK(matmul_table)));
}

#define PLAIT_INSTANCES(T)                                                                                                  \
  template std::size_t matmul_scratch_bytes<T>(const MatmulShape&, int, const MatmulKernels<T>&, bool);                     \
  template void matmul<T>(const MatmulShape&, const T*, const T*, T*, RowsDone, void*, int, const MatmulKernels<T>&, bool); \
  template std::size_t matmul_scratch_bytes<T>(const MatmulShape&, int);                                                    \
  template void matmul<T>(const MatmulShape&, const T*, const T*, T*, RowsDone, void*, int);
PLAIT_INSTANCES(float)
PLAIT_INSTANCES(double)
#undef PLAIT_INSTANCES

}  // namespace plait::tensor
