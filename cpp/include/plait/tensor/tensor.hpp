// An array with a shape and a dtype, row-major and contiguous, shared by reference.
#pragma once

#include <cstring>
#include <memory>

#include "plait/tensor/buffer.hpp"
#include "plait/tensor/dtype.hpp"
#include "plait/tensor/shape.hpp"

namespace plait::tensor {

/// Shape and dtype of an array.
struct Spec {
  Shape shape;
  DType dtype = DType::float32;
  bool operator==(const Spec&) const = default;
};

struct Tensor {
  Spec spec;
  Bytes data;

  Tensor() = default;
  explicit Tensor(Spec s) : spec(std::move(s)), data(allocate_bytes(bytes())) {}
  [[nodiscard]] Index count() const { return count_of(spec.shape); }
  [[nodiscard]] std::size_t bytes() const { return static_cast<std::size_t>(count_of(spec.shape)) * size_of(spec.dtype); }
};
using TensorRef = std::shared_ptr<Tensor>;

/// A scalar of any dtype from a double.
TensorRef scalar_tensor(double value, DType dtype);
/// Element i as a double.
double element_as_double(const void* data, DType dtype, Index i);
/// Writes value into element i, converted to dtype.
void set_element(void* data, DType dtype, Index i, double value);

}  // namespace plait::tensor
