// An input in the row-major numbering of the iteration space: block loads read elements [begin, begin + n).
#pragma once

#include "plait/tensor/lanes.hpp"
#include "table.hpp"

namespace plait::tensor {

/// Dimensions, outermost first, without those of size one and with adjacent ones merged where one stride spans both; possibly none.
struct LaneView {
  Index element = 0;  ///< bytes
  Shape sizes, strides;

  LaneView() = default;
  LaneView(const Shape& space, const LaneInput& input) : LaneView(space, input.strides, input.dtype) {}
  LaneView(const Shape& space, const Shape& strides_over_space, DType dtype);

  [[nodiscard]] bool contiguous() const { return sizes.empty() || (sizes.size() == 1 && strides[0] == 1); }
  [[nodiscard]] bool uniform() const { return sizes.size() == 1 && strides[0] == 0; }
  /// The period of the input in elements; 0 if it is not periodic.
  [[nodiscard]] Index period() const;

  /// Elements [begin, begin + n) to destination, converted by `load` to elements of `width` bytes.
  void read(const void* base, Index begin, Index n, LaneLoad load, void* destination, Index width) const;
  /// The inverse: n elements of `width` bytes from source to the elements [begin, begin + n), converted by `store`.
  void write(void* base, Index begin, Index n, LaneStore store, const void* source, Index width) const;
  /// The address of element `begin` if the n elements from there are contiguous; else null.
  [[nodiscard]] const void* in_place(const void* base, Index begin, Index n) const;

 private:
  template <class F>
  void pieces(Index begin, Index n, F f) const;
};

}  // namespace plait::tensor
