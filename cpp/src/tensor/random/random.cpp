#include "plait/tensor/random.hpp"

#include <algorithm>

#include "internal.hpp"

namespace plait::tensor {
namespace {

template <class T>
using GroupKernel = void (*)(T*, std::uint64_t, Index, std::uint64_t, std::uint64_t);

template <class T>
void fill(GroupKernel<T> kernel, T* out, Index begin, Index n, std::uint64_t key, std::uint64_t stream) {
  constexpr Index kGroup = kRandomGroup<T>;
  while (n > 0) {
    const Index group = begin / kGroup, inside = begin % kGroup;
    Index done;
    if (inside == 0 && n >= kGroup) {
      done = n / kGroup * kGroup;
      kernel(out, static_cast<std::uint64_t>(group), n / kGroup, key, stream);
    } else {
      T whole[kGroup];
      kernel(whole, static_cast<std::uint64_t>(group), 1, key, stream);
      done = std::min(n, kGroup - inside);
      std::copy_n(whole + inside, done, out);
    }
    out += done;
    begin += done;
    n -= done;
  }
}

}  // namespace

void random_normal(float* out, Index begin, Index n, std::uint64_t key, std::uint64_t stream) {
  fill(PLAIT_PICK(random_table).normal_f32, out, begin, n, key, stream);
}
void random_normal(double* out, Index begin, Index n, std::uint64_t key, std::uint64_t stream) {
  fill(PLAIT_PICK(random_table).normal_f64, out, begin, n, key, stream);
}
void random_uniform(float* out, Index begin, Index n, std::uint64_t key, std::uint64_t stream) {
  fill(PLAIT_PICK(random_table).uniform_f32, out, begin, n, key, stream);
}
void random_uniform(double* out, Index begin, Index n, std::uint64_t key, std::uint64_t stream) {
  fill(PLAIT_PICK(random_table).uniform_f64, out, begin, n, key, stream);
}

}  // namespace plait::tensor
