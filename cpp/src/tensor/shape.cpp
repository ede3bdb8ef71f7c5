#include "plait/tensor/shape.hpp"

#include <algorithm>

#include "plait/base/error.hpp"

namespace plait::tensor {

std::string to_string(const Shape& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += shape[i] == kAny ? "None" : std::to_string(shape[i]);
  }
  text += shape.size() == 1 ? ",)" : ")";
  return text;
}

bool is_known(const Shape& shape) { return std::find(shape.begin(), shape.end(), kAny) == shape.end(); }

Index count_of(const Shape& shape) {
  Index n = 1;
  for (const Index d : shape) {
    PLAIT_ASSERT(d >= 0);
    PLAIT_REQUIRE_AS(ShapeError, !__builtin_mul_overflow(n, d, &n), "shape ", to_string(shape), " has too many elements");
  }
  return n;
}

Shape broadcast(const Shape& a, const Shape& b, const char* what) {
  const std::size_t rank = std::max(a.size(), b.size());
  Shape out(rank);
  for (std::size_t i = 0; i < rank; ++i) {
    const Index x = i < rank - a.size() ? 1 : a[i - (rank - a.size())];
    const Index y = i < rank - b.size() ? 1 : b[i - (rank - b.size())];
    if (x == y || y == 1) out[i] = x;
    else if (x == 1) out[i] = y;
    else if (x == kAny || y == kAny) out[i] = std::max(x, y);
    else throw ShapeError(message(what, ": shapes ", to_string(a), " and ", to_string(b), " do not broadcast"));
  }
  return out;
}

Shape contiguous_strides(const Shape& shape) {
  Shape strides(shape.size());
  Index step = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

int normalize_axis(Index axis, std::size_t rank, const char* what) {
  const Index r = static_cast<Index>(rank);
  PLAIT_REQUIRE_AS(ShapeError, axis >= -r && axis < r, what, ": axis ", axis, " is out of range for ", rank, " dimensions");
  return static_cast<int>(axis < 0 ? axis + r : axis);
}

}  // namespace plait::tensor
