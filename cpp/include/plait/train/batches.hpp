// Data in batches: the order of rows, and feed pointers for a program.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "plait/train/rows.hpp"

namespace plait::train {

/// Arrays with one common number of rows, cut into batches of `batch_size` rows; the last one may be smaller. Rows are gathered when a batch is
/// requested; without shuffling and conversion the pointers point into the data.
class Batches {
 public:
  /// types[i] is the dtype of feed i. ShapeError names two arrays with different numbers of rows, or no rows at all.
  Batches(std::vector<Rows> arrays, std::vector<DType> types, std::vector<std::string> names, Index batch_size);

  [[nodiscard]] Index rows() const { return rows_; }
  [[nodiscard]] Index count() const { return (rows_ + batch_size_ - 1) / batch_size_; }
  [[nodiscard]] Index first(Index batch) const { return batch * batch_size_; }
  [[nodiscard]] Index size(Index batch) const { return batch + 1 < count() ? batch_size_ : rows_ - batch * batch_size_; }
  /// The specs of the feeds of a batch of n rows.
  [[nodiscard]] std::vector<Spec> specs(Index n) const;

  /// The order of the rows becomes a pure function of (seed, stream), whatever it was before.
  void shuffle(std::uint64_t seed, std::uint64_t stream);
  /// Restores the original order of the rows.
  void keep_order() { order_.clear(); }
  /// The row at position i of the order.
  [[nodiscard]] Index row(Index i) const { return order_.empty() ? i : order_[static_cast<std::size_t>(i)]; }

  /// One pointer per array, valid until the next call.
  const void* const* feeds(Index batch, int threads = 0);

 private:
  std::vector<Rows> arrays_;
  std::vector<DType> types_;
  Index rows_ = kAny, batch_size_;
  std::vector<std::int64_t> order_;  // empty: original order
  std::vector<Bytes> buffers_;       // one per array; empty until one is needed
  std::vector<const void*> pointers_;
};

}  // namespace plait::train
