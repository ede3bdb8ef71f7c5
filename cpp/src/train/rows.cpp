#include "plait/train/rows.hpp"

#include <algorithm>
#include <cstring>

#include "plait/base/error.hpp"
#include "plait/base/thread_pool.hpp"
#include "plait/tensor/with_type.hpp"

namespace plait::train {
namespace {

// Elements per task: some tens of microseconds of copying, well above the dispatch overhead of a task.
constexpr Index kElementsPerTask = Index{1} << 16;

template <class F>
void with_source(SourceType t, F&& f) {
  switch (t) {
    case SourceType::boolean: f(bool{}); break;
    case SourceType::uint8: f(std::uint8_t{}); break;
    case SourceType::int32: f(std::int32_t{}); break;
    case SourceType::int64: f(std::int64_t{}); break;
    case SourceType::float32: f(float{}); break;
    case SourceType::float64: f(double{}); break;
  }
}

}  // namespace

void gather_rows(void* out, DType type, const Rows& rows, const std::int64_t* order, Index first, Index n, int threads) {
  const Index width = rows.width();
  if (n == 0 || width == 0) return;
  const bool same = rows.type == source_type(type);
  const std::size_t source_row = static_cast<std::size_t>(width) * size_of(rows.type);
  const std::size_t target_row = static_cast<std::size_t>(width) * size_of(type);
  const auto row_of = [&](Index k) { return order == nullptr ? first + k : order[k]; };
  const Index per_task = std::max<Index>(1, kElementsPerTask / width);
  const auto piece = [&](std::int64_t task, int) {
    const Index begin = task * per_task, end = std::min(n, begin + per_task);
    if (same) {
      for (Index k = begin; k < end; ++k)
        std::memcpy(static_cast<std::byte*>(out) + static_cast<std::size_t>(k) * target_row,
                    static_cast<const std::byte*>(rows.data) + static_cast<std::size_t>(row_of(k)) * source_row, source_row);
      return;
    }
    with_source(rows.type, [&](auto from_zero) {
      tensor::with_type(type, [&](auto to_zero) {
        using From = decltype(from_zero);
        using To = decltype(to_zero);
        for (Index k = begin; k < end; ++k) {
          const From* from = static_cast<const From*>(rows.data) + row_of(k) * width;
          To* to = static_cast<To*>(out) + k * width;
          for (Index i = 0; i < width; ++i) to[i] = static_cast<To>(from[i]);
        }
      });
    });
  };
  parallel_for((n + per_task - 1) / per_task, piece, threads);
}

}  // namespace plait::train
