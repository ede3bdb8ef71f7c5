// From a dtype to the C++ type of its elements.
#pragma once

#include <cstdint>

#include "plait/tensor/dtype.hpp"

namespace plait::tensor {

/// f(T{}) with the type T of an element of that dtype.
template <class F>
void with_type(DType t, F&& f) {
  switch (t) {
    case DType::boolean: f(bool{}); break;
    case DType::int32: f(std::int32_t{}); break;
    case DType::int64: f(std::int64_t{}); break;
    case DType::float32: f(float{}); break;
    case DType::float64: f(double{}); break;
  }
}

}  // namespace plait::tensor
