// Loads and stores of lane programs: strided access, and conversions between element types and computation types.
#include "tensor/lanes/table.hpp"

namespace plait::tensor {
namespace PLAIT_ISA_NS {
namespace {

using Boolean = std::uint8_t;  // a bool with a byte other than 0 or 1 is undefined behaviour

template <class To>
struct Convert {
  template <class From>
  static To of(From x) {
    return static_cast<To>(x);
  }
};
template <>
struct Convert<Boolean> {
  template <class From>
  static Boolean of(From x) {
    return x != From(0) ? 1 : 0;
  }
};

// Values out of range, NaN included, become the smallest integer: as on x86 and in NumPy, without undefined behaviour.
template <class To, class From>
inline To to_integer(From x, To lowest) {
  const From low = static_cast<From>(lowest);
  return (x >= low) & (x < -low) ? static_cast<To>(x) : lowest;
}
template <>
struct Convert<std::int32_t> {
  static std::int32_t of(float x) { return to_integer<std::int32_t>(x, INT32_MIN); }
  static std::int32_t of(double x) { return to_integer<std::int32_t>(x, INT32_MIN); }
  static std::int32_t of(std::int64_t x) { return static_cast<std::int32_t>(x); }
};
template <>
struct Convert<std::int64_t> {
  static std::int64_t of(float x) { return to_integer<std::int64_t>(x, INT64_MIN); }
  static std::int64_t of(double x) { return to_integer<std::int64_t>(x, INT64_MIN); }
  static std::int64_t of(std::int64_t x) { return x; }
  static std::int64_t of(std::int32_t x) { return x; }
  static std::int64_t of(Boolean x) { return x != 0; }
};

template <class From, class To>
inline To loaded(From x) {
  if constexpr (sizeof(From) == 1) return static_cast<To>(x != 0);
  else return Convert<To>::of(x);
}

template <class From, class To>
void load(const void* source, Index row_stride, Index column_stride, void* destination, Index rows, Index columns) {
  const From* x = static_cast<const From*>(source);
  To* y = static_cast<To*>(destination);
  for (Index r = 0; r < rows; ++r, x += row_stride, y += columns) {
    if (column_stride == 1) {
#pragma GCC ivdep
      for (Index c = 0; c < columns; ++c) y[c] = loaded<From, To>(x[c]);
    } else if (column_stride == 0) {
      const To same = loaded<From, To>(x[0]);
#pragma GCC ivdep
      for (Index c = 0; c < columns; ++c) y[c] = same;
    } else {
#pragma GCC ivdep
      for (Index c = 0; c < columns; ++c) y[c] = loaded<From, To>(x[c * column_stride]);
    }
  }
}

template <class From, class To>
void store(const void* source, void* destination, Index row_stride, Index column_stride, Index rows, Index columns) {
  const From* x = static_cast<const From*>(source);
  To* y = static_cast<To*>(destination);
  for (Index r = 0; r < rows; ++r, x += columns, y += row_stride) {
    if (column_stride == 1) {
#pragma GCC ivdep
      for (Index c = 0; c < columns; ++c) y[c] = Convert<To>::of(x[c]);
    } else {
#pragma GCC ivdep
      for (Index c = 0; c < columns; ++c) y[c * column_stride] = Convert<To>::of(x[c]);
    }
  }
}

}  // namespace

const LaneConversions& lane_conversions() {
  static constexpr LaneConversions table = {
      {{load<Boolean, float>, load<Boolean, double>, load<Boolean, Index>},
       {load<std::int32_t, float>, load<std::int32_t, double>, load<std::int32_t, Index>},
       {load<std::int64_t, float>, load<std::int64_t, double>, load<std::int64_t, Index>},
       {load<float, float>, load<float, double>, load<float, Index>},
       {load<double, float>, load<double, double>, load<double, Index>}},
      {{store<float, Boolean>, store<float, std::int32_t>, store<float, std::int64_t>, store<float, float>, store<float, double>},
       {store<double, Boolean>, store<double, std::int32_t>, store<double, std::int64_t>, store<double, float>, store<double, double>},
       {store<Index, Boolean>, store<Index, std::int32_t>, store<Index, std::int64_t>, store<Index, float>, store<Index, double>}}};
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
