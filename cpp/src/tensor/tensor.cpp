#include "plait/tensor/tensor.hpp"

namespace plait::tensor {

double element_as_double(const void* data, DType dtype, Index i) {
  switch (dtype) {
    case DType::boolean: return static_cast<const bool*>(data)[i] ? 1.0 : 0.0;
    case DType::int32: return static_cast<const std::int32_t*>(data)[i];
    case DType::int64: return static_cast<double>(static_cast<const std::int64_t*>(data)[i]);
    case DType::float32: return static_cast<double>(static_cast<const float*>(data)[i]);
    case DType::float64: return static_cast<const double*>(data)[i];
  }
  return 0;
}

void set_element(void* data, DType dtype, Index i, double value) {
  switch (dtype) {
    case DType::boolean: static_cast<bool*>(data)[i] = value != 0; break;
    case DType::int32: static_cast<std::int32_t*>(data)[i] = static_cast<std::int32_t>(value); break;
    case DType::int64: static_cast<std::int64_t*>(data)[i] = static_cast<std::int64_t>(value); break;
    case DType::float32: static_cast<float*>(data)[i] = static_cast<float>(value); break;
    case DType::float64: static_cast<double*>(data)[i] = value; break;
  }
}

TensorRef scalar_tensor(double value, DType dtype) {
  auto t = std::make_shared<Tensor>(Spec{{}, dtype});
  set_element(t->data.get(), dtype, 0, value);
  return t;
}

}  // namespace plait::tensor
