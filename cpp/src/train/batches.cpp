#include "plait/train/batches.hpp"

#include <algorithm>
#include <numeric>

#include "plait/base/error.hpp"
#include "plait/base/random.hpp"

namespace plait::train {

Batches::Batches(std::vector<Rows> arrays, std::vector<DType> types, std::vector<std::string> names, Index batch_size)
    : arrays_(std::move(arrays)), types_(std::move(types)), batch_size_(batch_size), buffers_(arrays_.size()), pointers_(arrays_.size()) {
  PLAIT_REQUIRE(types_.size() == arrays_.size() && names.size() == arrays_.size(), "batches: ", arrays_.size(), " arrays for ", types_.size(),
                " inputs");
  PLAIT_REQUIRE(batch_size >= 1, "batch_size: expected at least 1, got ", batch_size);
  std::size_t first = 0;
  for (std::size_t i = 0; i < arrays_.size(); ++i) {
    if (arrays_[i].count == kAny) continue;
    if (rows_ == kAny) first = i;
    if (rows_ == kAny) rows_ = arrays_[i].count;
    PLAIT_REQUIRE_AS(ShapeError, arrays_[i].count == rows_, "data: '", names[first], "' has ", rows_, " rows and '", names[i], "' has ",
                     arrays_[i].count);
  }
  PLAIT_REQUIRE_AS(ShapeError, rows_ != kAny, "data: no array with rows to cut into batches");
  PLAIT_REQUIRE_AS(ShapeError, rows_ > 0, "data: '", names[first], "' has no rows");
  batch_size_ = std::min(batch_size_, rows_);
}

std::vector<Spec> Batches::specs(Index n) const {
  std::vector<Spec> found;
  for (std::size_t i = 0; i < arrays_.size(); ++i) {
    Shape shape = arrays_[i].shape;
    if (arrays_[i].count != kAny) shape.insert(shape.begin(), n);
    found.push_back({std::move(shape), types_[i]});
  }
  return found;
}

void Batches::shuffle(std::uint64_t seed, std::uint64_t stream) {
  order_.resize(static_cast<std::size_t>(rows_));
  std::iota(order_.begin(), order_.end(), std::int64_t{0});
  shuffle_indices(order_.data(), rows_, seed, stream);
}

const void* const* Batches::feeds(Index batch, int threads) {
  const Index begin = first(batch), n = size(batch);
  for (std::size_t i = 0; i < arrays_.size(); ++i) {
    const Rows& rows = arrays_[i];
    if (rows.source) {
      pointers_[i] = rows.source->gather(order_.empty() ? nullptr : order_.data() + begin, begin, n);
      continue;
    }
    const bool fixed = rows.count == kAny, converted = rows.type != source_type(types_[i]);
    if (!converted && (fixed || order_.empty())) {
      const Index offset = fixed ? 0 : begin * rows.width();
      pointers_[i] = static_cast<const std::byte*>(rows.data) + static_cast<std::size_t>(offset) * size_of(rows.type);
      continue;
    }
    if (buffers_[i] == nullptr) buffers_[i] = allocate_bytes(static_cast<std::size_t>((fixed ? 1 : batch_size_) * rows.width()) * size_of(types_[i]));
    if (fixed) gather_rows(buffers_[i].get(), types_[i], rows, nullptr, 0, 1, 1);
    else gather_rows(buffers_[i].get(), types_[i], rows, order_.empty() ? nullptr : order_.data() + begin, begin, n, threads);
    pointers_[i] = buffers_[i].get();
  }
  return pointers_.data();
}

}  // namespace plait::train
