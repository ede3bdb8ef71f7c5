#include "plait/tensor/matmul.hpp"

namespace plait {

template <class T>
std::size_t matmul_scratch_bytes(const MatmulShape&, int) {
  return 0;
}

template <class T>
void matmul(const MatmulShape& s, const T* a, const T* b, T* c, RowsDone done, void*, int) {
  for (Index batch = 0; batch < s.batch; ++batch)
    for (Index i = 0; i < s.m; ++i) {
      T* row = c + batch * s.c_batch + i * s.ldc;
      if (!s.accumulate)
        for (Index j = 0; j < s.n; ++j) row[j] = T(0);
      for (Index p = 0; p < s.k; ++p) {
        const T x = a[batch * s.a_batch + i * s.a_row + p * s.a_col];
        const T* y = b + batch * s.b_batch + p * s.b_row;
        for (Index j = 0; j < s.n; ++j) row[j] += x * y[j * s.b_col];
      }
    }
  if (done.call != nullptr && s.batch * s.m > 0) done.call(done.context, 0, s.batch * s.m, 0);
}

template std::size_t matmul_scratch_bytes<float>(const MatmulShape&, int);
template std::size_t matmul_scratch_bytes<double>(const MatmulShape&, int);
template void matmul<float>(const MatmulShape&, const float*, const float*, float*, RowsDone, void*, int);
template void matmul<double>(const MatmulShape&, const double*, const double*, double*, RowsDone, void*, int);

}  // namespace plait
