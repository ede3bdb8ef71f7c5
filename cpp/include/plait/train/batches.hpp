// Data cut into batches: which rows, in which order, and pointers that a program can be fed with.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "plait/train/rows.hpp"

namespace plait::train {

/// Arrays with one common number of rows, cut into batches of `batch_size` rows; the last one holds what is left.
/// Rows are gathered on the spot; where nothing is shuffled or converted the pointers lead into the data themselves.
class Batches {
 public:
  /// types[i] is what feed i must be. ShapeError names two arrays with different numbers of rows, or no rows at all.
  Batches(std::vector<Rows> arrays, std::vector<DType> types, std::vector<std::string> names, Index batch_size);

  [[nodiscard]] Index rows() const { return rows_; }
  [[nodiscard]] Index count() const { return (rows_ + batch_size_ - 1) / batch_size_; }
  [[nodiscard]] Index first(Index batch) const { return batch * batch_size_; }
  [[nodiscard]] Index size(Index batch) const { return batch + 1 < count() ? batch_size_ : rows_ - batch * batch_size_; }
  /// The specs of the feeds of a batch of n rows.
  [[nodiscard]] std::vector<Spec> specs(Index n) const;

  /// The order of the rows becomes a pure function of (seed, stream), whatever it was before.
  void shuffle(std::uint64_t seed, std::uint64_t stream);
  /// The rows as they stand.
  void keep_order() { order_.clear(); }
  /// Row at place i of the order.
  [[nodiscard]] Index row(Index i) const { return order_.empty() ? i : order_[static_cast<std::size_t>(i)]; }

  /// One pointer per array; they hold until the next call.
  const void* const* feeds(Index batch, int threads = 0);

 private:
  std::vector<Rows> arrays_;
  std::vector<DType> types_;
  Index rows_ = kAny, batch_size_;
  std::vector<std::int64_t> order_;  // empty: as they stand
  std::vector<Bytes> buffers_;       // one per array; empty until one is needed
  std::vector<const void*> pointers_;
};

}  // namespace plait::train
