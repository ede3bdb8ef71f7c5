// Arrays whose first axis counts samples, and gathering of rows with conversion to an input's dtype.
#pragma once

#include <cstdint>
#include <span>

#include "plait/tensor/tensor.hpp"

namespace plait::train {

using namespace tensor;

/// Element types of data: those of tensors, and uint8, for images.
enum class SourceType : std::uint8_t { boolean, uint8, int32, int64, float32, float64 };

constexpr std::size_t size_of(SourceType t) {
  switch (t) {
    case SourceType::boolean:
    case SourceType::uint8: return 1;
    case SourceType::int32:
    case SourceType::float32: return 4;
    case SourceType::int64:
    case SourceType::float64: return 8;
  }
  return 0;
}
/// The source type with the same bytes.
constexpr SourceType source_type(DType t) {
  switch (t) {
    case DType::boolean: return SourceType::boolean;
    case DType::int32: return SourceType::int32;
    case DType::int64: return SourceType::int64;
    case DType::float32: return SourceType::float32;
    case DType::float64: return SourceType::float64;
  }
  return SourceType::float32;
}

/// Rows that are not an array: for opaque inputs.
class RowSource {
 public:
  virtual ~RowSource() = default;
  /// Rows order[0], …, order[n - 1], or without an order first, first + 1, …; the pointer is valid until the next call.
  virtual const void* gather(const std::int64_t* order, Index first, Index n) = 0;
};

/// A contiguous array, not owned. Row i begins at element i * width.
struct Rows {
  const void* data = nullptr;
  SourceType type = SourceType::float32;
  Index count = 0;                      ///< rows; kAny for a value that is the same in every batch
  Shape shape;                          ///< of one row
  std::shared_ptr<RowSource> source{};  ///< for rows that are not an array
  [[nodiscard]] Index width() const { return count_of(shape); }
};

/// out[k] = rows[order[k]] as `type`; without an order (nullptr) rows first, first + 1, …  Large gathers use the thread pool.
/// Every order[k] must be in [0, rows.count). Numbers convert as static_cast does, so a float64 beyond float32's range becomes infinite.
void gather_rows(void* out, DType type, const Rows& rows, const std::int64_t* order, Index first, Index n, int threads = 0);

}  // namespace plait::train
