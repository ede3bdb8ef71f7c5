// The plainest twin of a lane kernel: one element at a time, one instruction at a time, results of reductions in long double.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <variant>
#include <vector>

#include "plait/tensor/lanes.hpp"
#include "tensor/lanes/table.hpp"

namespace lanes_reference {

using namespace plait;
using namespace plait::tensor;

template <class T>
T wrap(std::uint64_t x) {
  return static_cast<T>(x);
}

inline bool fuses([[maybe_unused]] Isa level) {
#if defined(__x86_64__)
  return level != Isa::v2;
#else
  return true;
#endif
}

/// One instruction on one element, for the operations whose results are exact.
template <class T>
T apply(LaneOp op, T a, T b, T c, bool fused) {
  constexpr bool integer = std::is_same_v<T, std::int64_t>;
  const auto word = [](T x) { return static_cast<std::uint64_t>(static_cast<std::int64_t>(x)); };
  switch (op) {
    case LaneOp::copy: return a;
    case LaneOp::neg:
      if constexpr (integer) return wrap<T>(0 - word(a));
      else return -a;
    case LaneOp::abs:
      if constexpr (integer) return a < 0 ? wrap<T>(0 - word(a)) : a;
      else return std::fabs(a);
    case LaneOp::sign: return a != a ? a : static_cast<T>((a > 0) - (a < 0));
    case LaneOp::square: return apply<T>(LaneOp::mul, a, a, c, fused);
    case LaneOp::sqrt: return static_cast<T>(std::sqrt(a));
    case LaneOp::reciprocal: return static_cast<T>(1) / a;
    case LaneOp::relu: return a < 0 ? 0 : a;
    case LaneOp::floor: return integer ? a : static_cast<T>(std::floor(a));
    case LaneOp::truncate: return integer ? a : static_cast<T>(std::trunc(a));
    case LaneOp::to_bool: return a != 0;
    case LaneOp::logical_not: return a == 0;
    case LaneOp::add:
      if constexpr (integer) return wrap<T>(word(a) + word(b));
      else return a + b;
    case LaneOp::sub:
      if constexpr (integer) return wrap<T>(word(a) - word(b));
      else return a - b;
    case LaneOp::mul:
      if constexpr (integer) return wrap<T>(word(a) * word(b));
      else return a * b;
    case LaneOp::div:
      if constexpr (integer) {
        if (b == 0 || (b == -1 && a == std::numeric_limits<T>::min())) return 0;
      }
      return a / b;
    case LaneOp::minimum: return a != a ? a : b != b ? b : a < b ? a : b;
    case LaneOp::maximum: return a != a ? a : b != b ? b : a > b ? a : b;
    case LaneOp::less: return a < b;
    case LaneOp::less_equal: return a <= b;
    case LaneOp::equal: return a == b;
    case LaneOp::not_equal: return a != b;
    case LaneOp::logical_and: return a != 0 && b != 0;
    case LaneOp::logical_or: return a != 0 || b != 0;
    case LaneOp::select: return a != 0 ? b : c;
    case LaneOp::multiply_add:
      if constexpr (integer) return wrap<T>(word(a) * word(b) + word(c));
      else {
        const volatile T product = a * b;
        return fused ? std::fma(a, b, c) : product + c;
      }
    default: return std::numeric_limits<T>::quiet_NaN();
  }
}

template <class To, class From>
To integer_of(From x) {
  if constexpr (std::is_same_v<From, std::int64_t>) return static_cast<To>(x);
  else {
    constexpr auto low = static_cast<From>(std::numeric_limits<To>::min());
    return x >= low && x < -low ? static_cast<To>(x) : std::numeric_limits<To>::min();
  }
}

template <class T>
T load(DType dtype, const void* base, Index i) {
  const auto convert = [](auto x) {
    if constexpr (std::is_same_v<T, std::int64_t>)
      return integer_of<T>(static_cast<std::conditional_t<std::is_integral_v<decltype(x)>, T, decltype(x)>>(x));
    else return static_cast<T>(x);
  };
  switch (dtype) {
    case DType::boolean: return static_cast<const std::uint8_t*>(base)[i] != 0;
    case DType::int32: return convert(static_cast<const std::int32_t*>(base)[i]);
    case DType::int64: return convert(static_cast<const std::int64_t*>(base)[i]);
    case DType::float32: return convert(static_cast<const float*>(base)[i]);
    case DType::float64: return convert(static_cast<const double*>(base)[i]);
  }
  return 0;
}

template <class T>
void store(DType dtype, void* base, Index i, T x) {
  switch (dtype) {
    case DType::boolean: static_cast<std::uint8_t*>(base)[i] = x != 0; break;
    case DType::int32: static_cast<std::int32_t*>(base)[i] = integer_of<std::int32_t>(x); break;
    case DType::int64: static_cast<std::int64_t*>(base)[i] = integer_of<std::int64_t>(x); break;
    case DType::float32: static_cast<float*>(base)[i] = static_cast<float>(x); break;
    case DType::float64: static_cast<double*>(base)[i] = static_cast<double>(x); break;
  }
}

/// Every output register for every element: values[output][element].
template <class T>
std::vector<std::vector<T>> evaluate(const LaneProgram& program, const Shape& space, const std::vector<LaneInput>& inputs,
                                     const std::vector<const void*>& data, Isa level) {
  const Index count = count_of(space);
  std::vector<std::vector<T>> values(program.outputs.size(), std::vector<T>(static_cast<std::size_t>(count)));
  for (Index e = 0; e < count; ++e) {
    std::vector<T> registers;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      Index offset = 0, rest = e;
      for (std::size_t d = space.size(); d-- > 0; rest /= space[d]) offset += rest % space[d] * inputs[k].strides[d];
      registers.push_back(load<T>(inputs[k].dtype, data[k], offset));
    }
    for (const double c : program.constants) registers.push_back(static_cast<T>(c));
    for (const LaneInstruction& i : program.code) registers.push_back(apply<T>(i.op, registers[i.a], registers[i.b], registers[i.c], fuses(level)));
    for (std::size_t k = 0; k < program.outputs.size(); ++k) values[k][static_cast<std::size_t>(e)] = registers[program.outputs[k]];
  }
  return values;
}

}  // namespace lanes_reference
