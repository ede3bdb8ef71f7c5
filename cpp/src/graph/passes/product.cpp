#include "product.hpp"

#include <cstring>

namespace plait::graph {

bool is_product(const Value& value) { return value.op == &ops::matmul; }

std::optional<Index> leading_stride(const Shape& result, const Shape& operand, const Shape& strides) {
  const Shape leading(result.begin(), result.end() - 2);
  const Shape over = strides_over(leading, Shape(operand.begin(), operand.end() - 2), Shape(strides.begin(), strides.end() - 2));
  std::optional<Index> stride;
  Index inside = 1;  // elements of the leading space below the current axis
  for (std::size_t i = leading.size(); i-- > 0;) {
    if (leading[i] == 1) continue;
    if (!stride) stride = over[i];
    else if (over[i] != *stride * inside) return {};
    inside *= leading[i];
  }
  return stride.value_or(0);
}

MatmulShape product_shape(const Spec& result, const Spec& a, const View& a_view, const Spec& b, const View& b_view) {
  const auto last = [](const Shape& s, std::size_t k) { return s[s.size() - k]; };
  MatmulShape p;
  p.m = last(result.shape, 2);
  p.n = p.ldc = last(result.shape, 1);
  p.k = last(a.shape, 1);
  p.a_row = last(a_view.strides, 2);
  p.a_col = last(a_view.strides, 1);
  p.b_row = last(b_view.strides, 2);
  p.b_col = last(b_view.strides, 1);
  p.batch = count_of(Shape(result.shape.begin(), result.shape.end() - 2));
  p.a_batch = leading_stride(result.shape, a.shape, a_view.strides).value();
  p.b_batch = leading_stride(result.shape, b.shape, b_view.strides).value();
  p.c_batch = p.m * p.n;
  // (…, m, k) with one (k, n): if the rows of all batches follow each other, it is one product.
  const bool rows_follow = p.m == 1 || p.a_batch == p.m * p.a_row;
  if (p.batch > 1 && p.b_batch == 0 && rows_follow) {
    if (p.m == 1) p.a_row = p.a_batch;
    p.m *= p.batch;
    p.batch = 1;
  }
  return p;
}

}  // namespace plait::graph
