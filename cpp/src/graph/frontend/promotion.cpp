// NumPy's dtype promotion of operands.
#include <algorithm>
#include <limits>

#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/frontend.hpp"

namespace plait::graph::frontend {
namespace {

using Weak = Operand::Weak;

NodeRef integer_constant(std::int64_t value, DType dtype) {
  PLAIT_REQUIRE_AS(std::overflow_error,
                   dtype != DType::int32 || (value >= std::numeric_limits<std::int32_t>::min() && value <= std::numeric_limits<std::int32_t>::max()),
                   "the Python integer ", value, " does not fit into int32");
  auto tensor = std::make_shared<Tensor>(Spec{{}, dtype});
  if (dtype == DType::int32) *reinterpret_cast<std::int32_t*>(tensor->data.get()) = static_cast<std::int32_t>(value);
  else if (dtype == DType::int64) *reinterpret_cast<std::int64_t*>(tensor->data.get()) = value;
  else set_element(tensor->data.get(), dtype, 0, static_cast<double>(value));
  return make_constant(std::move(tensor));
}

TensorRef cast_tensor(const TensorRef& tensor, DType dtype) {
  if (tensor->spec.dtype == dtype) return tensor;
  auto result = std::make_shared<Tensor>(Spec{tensor->spec.shape, dtype});
  const Index n = tensor->count();
  if (tensor->spec.dtype == DType::int32 && dtype == DType::int64) {  // exact: the only integer conversion must not go through double
    std::copy_n(reinterpret_cast<const std::int32_t*>(tensor->data.get()), n, reinterpret_cast<std::int64_t*>(result->data.get()));
    return result;
  }
  for (Index i = 0; i < n; ++i) set_element(result->data.get(), dtype, i, element_as_double(tensor->data.get(), tensor->spec.dtype, i));
  return result;
}

DType own_dtype(const Operand& o) {
  if (o.node) return o.node->spec.dtype;
  if (o.tensor) return o.tensor->spec.dtype;
  return o.weak == Weak::boolean ? DType::boolean : o.weak == Weak::integer ? DType::int64 : DType::float64;
}

}  // namespace

DType common_dtype(std::span<const Operand> operands) {
  std::optional<DType> strong;
  bool narrow = false, weak_int = false, weak_real = false;
  for (const Operand& o : operands) {
    if (o.weak != Weak::no) {
      weak_int = weak_int || o.weak == Weak::integer;
      weak_real = weak_real || o.weak == Weak::real;
    } else if (o.narrow) {
      narrow = true;
    } else {
      strong = strong ? promote(*strong, own_dtype(o)) : own_dtype(o);
    }
  }
  if (narrow && (!strong || *strong == DType::boolean))
    for (const Operand& o : operands)
      if (o.narrow) strong = strong ? promote(*strong, own_dtype(o)) : own_dtype(o);
  if (!strong) return weak_real ? DType::float64 : weak_int ? DType::int64 : DType::boolean;
  if (weak_real && !is_float(*strong)) return DType::float64;
  if (weak_int && *strong == DType::boolean) return DType::int64;
  return *strong;
}

NodeRef realise(const Operand& o, DType dtype) {
  if (o.node) return build::cast(o.node, dtype);
  if (o.tensor) return make_constant(cast_tensor(o.tensor, dtype));
  if (o.weak == Weak::real) return build::constant(o.real, dtype);
  return integer_constant(o.integer, dtype);
}

NodeRef realise(const Operand& o) { return realise(o, own_dtype(o)); }

std::vector<NodeRef> realise_all(std::span<const Operand> operands) {
  const DType dtype = common_dtype(operands);
  std::vector<NodeRef> nodes;
  for (const Operand& o : operands) nodes.push_back(realise(o, dtype));
  return nodes;
}

}  // namespace plait::graph::frontend
