// Element types. float32 by default, float64 everywhere, integers for indices, booleans from comparisons.
#pragma once

#include <cstddef>
#include <cstdint>

namespace plait::tensor {

enum class DType : std::uint8_t { boolean, int32, int64, float32, float64 };

constexpr std::size_t size_of(DType t) {
  switch (t) {
    case DType::boolean: return 1;
    case DType::int32:
    case DType::float32: return 4;
    case DType::int64:
    case DType::float64: return 8;
  }
  return 0;
}
constexpr const char* name_of(DType t) {
  switch (t) {
    case DType::boolean: return "bool";
    case DType::int32: return "int32";
    case DType::int64: return "int64";
    case DType::float32: return "float32";
    case DType::float64: return "float64";
  }
  return "?";
}
constexpr bool is_float(DType t) { return t == DType::float32 || t == DType::float64; }

/// NumPy's promotion for this set: int32 and int64 with float32 give float64.
constexpr DType promote(DType a, DType b) {
  if (a == b) return a;
  const DType low = a < b ? a : b, high = a < b ? b : a;
  if (high == DType::float32 && (low == DType::int32 || low == DType::int64)) return DType::float64;
  return high;
}

template <class T>
struct dtype_of;
template <>
struct dtype_of<bool> {
  static constexpr DType value = DType::boolean;
};
template <>
struct dtype_of<std::int32_t> {
  static constexpr DType value = DType::int32;
};
template <>
struct dtype_of<std::int64_t> {
  static constexpr DType value = DType::int64;
};
template <>
struct dtype_of<float> {
  static constexpr DType value = DType::float32;
};
template <>
struct dtype_of<double> {
  static constexpr DType value = DType::float64;
};

}  // namespace plait::tensor
