// Pass simplify: folds constants, merges common subexpressions, applies identities, moves elementwise work before broadcasts and removes dead values.
// Needs values (lower); leaves values ordered by depth, all of them live, with every output and update a value of its own that is neither a leaf nor
// a view.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <string>

#include "plait/base/error.hpp"
#include "product.hpp"
#include "rewriter.hpp"
#include "tuning.hpp"

namespace plait::graph {
namespace {

using tuning::kFewRows, tuning::kFoldLimit;
constexpr int kNone = -1;

bool is_op(const Value& value, const Op& op) { return value.op == &op; }

class Simplifier {
 public:
  explicit Simplifier(Module in) : in_(std::move(in)) {}

  Module run() {
    std::vector<int> new_of;
    rewrite(std::move(in_), out_, new_of, [&](int, Value value) { return reduce(std::move(value)); });
    return std::move(out_);
  }

 private:
  const Value& at(int v) const { return out_.values[v]; }

  // The simplified form of a value, as an index of out_.
  int reduce(Value value) {
    if (value.op->kind == OpKind::leaf) return value.constant ? constant(std::move(value)) : out_.add(std::move(value));
    if (value.op->kind == OpKind::elementwise) {
      if (const int lifted = lift_above_broadcasts(value); lifted != kNone) return lifted;
      if (const int same = identity(value); same != kNone) return same;
    }
    if (value.op->kind == OpKind::view) {
      if (const int same = view_identity(value); same != kNone) return same;
    }
    if (value.op->kind == OpKind::reduction) {
      if (const int same = reduction_identity(value); same != kNone) return same;
    }
    if (is_product(value)) {
      if (const int same = product_identity(value); same != kNone) return same;
    }
    if (const int folded = fold(value); folded != kNone) return folded;
    return shared(std::move(value));
  }

  // Common subexpressions: a value equal to an earlier one in op, attributes, spec and inputs.
  int shared(Value value) {
    if (2 * (count_ + 1) > known_.size()) grow();
    const auto hash = static_cast<std::uint32_t>(hash_of(value));
    std::size_t slot = hash & (known_.size() - 1);
    for (; known_[slot].value != kNone; slot = (slot + 1) & (known_.size() - 1))
      if (known_[slot].hash == hash && is_same(at(known_[slot].value), value)) return known_[slot].value;
    ++count_;
    known_[slot] = {out_.add(std::move(value)), hash};
    return known_[slot].value;
  }

  static bool is_same(const Value& a, const Value& b) {
    return a.op == b.op && a.inputs == b.inputs && a.spec == b.spec && a.attributes == b.attributes;
  }
  static std::uint64_t hash_of(const Value& value) {
    std::uint64_t hash = reinterpret_cast<std::uintptr_t>(value.op) + static_cast<std::uint64_t>(value.spec.dtype);
    const auto mix = [&hash](std::uint64_t x) { hash = (hash ^ (hash >> 29) ^ x) * 0x9E3779B97F4A7C15U; };
    for (const int input : value.inputs) mix(static_cast<std::uint64_t>(input));
    for (const Index n : value.spec.shape) mix(static_cast<std::uint64_t>(n));
    if (!value.attributes.empty())
      for (const Index n : value.attributes.lists().ints) mix(static_cast<std::uint64_t>(n));
    return hash ^ (hash >> 32);
  }
  // Linear probing at a load of at most one half. Hashes are stored in the table: a value is read only if its hash is
  // equal.
  void grow() {
    std::vector<Known> old(std::max<std::size_t>(64, 2 * known_.size()));
    old.swap(known_);
    for (const Known& known : old) {
      if (known.value == kNone) continue;
      std::size_t slot = known.hash & (known_.size() - 1);
      while (known_[slot].value != kNone) slot = (slot + 1) & (known_.size() - 1);
      known_[slot] = known;
    }
  }

  // Equal scalars are one value.
  int constant(Value value) {
    if (value.spec.shape.empty()) {
      std::string key(reinterpret_cast<const char*>(value.constant->data.get()), value.constant->bytes());
      key += static_cast<char>(value.spec.dtype);
      const auto [found, inserted] = scalars_.emplace(std::move(key), static_cast<int>(out_.values.size()));
      if (!inserted) return found->second;
    }
    return out_.add(std::move(value));
  }

  int scalar(double x, DType dtype) {
    TensorRef number = scalar_tensor(x, dtype);
    return constant({.op = &ops::constant, .spec = number->spec, .constant = number});
  }

  int fold(const Value& value) {
    if (value.op->kind == OpKind::random || is_broadcast(value) || value.inputs.empty() || loop_of(value.attributes)) return kNone;
    Index largest = kFoldLimit;
    std::vector<const Tensor*> inputs;
    for (const int input : value.inputs) {
      if (!at(input).constant) return kNone;
      inputs.push_back(at(input).constant.get());
      largest = std::max(largest, inputs.back()->count());
    }
    if (count_of(value.spec.shape) > largest || value.op->shape_only != 0) return kNone;
    Value folded = value;
    folded.constant = evaluate_op(*value.op, inputs, value.spec, value.attributes, {});
    folded.op = &ops::constant;
    folded.attributes = {};
    folded.inputs.clear();
    return constant(std::move(folded));
  }

  static bool is_broadcast(const Value& value) { return value.op->broadcasts; }

  // The number if all elements of a constant are equal, looking through broadcasts and reshapes.
  std::optional<double> uniform(int v) const {
    while (at(v).op->kind == OpKind::view && !at(v).inputs.empty()) v = at(v).inputs[0];
    const Value& value = at(v);
    if (!value.constant || value.constant->count() != 1) return {};
    return element_as_double(value.constant->data.get(), value.spec.dtype, 0);
  }

  // f(broadcast(x)) = broadcast(f(x)): explicit broadcasts are removed from the inputs (lane programs broadcast implicitly), and applied to the
  // result where no other input has the full shape.
  int lift_above_broadcasts(const Value& value) {
    if (std::none_of(value.inputs.begin(), value.inputs.end(), [&](int input) { return is_broadcast(at(input)); })) return kNone;
    Value lifted = value;
    for (int& input : lifted.inputs)
      while (is_broadcast(at(input))) input = at(input).inputs[0];
    Shape shape;
    for (const int input : lifted.inputs) shape = broadcast(shape, at(input).spec.shape, "simplify");
    lifted.spec.shape = shape;
    const int small = reduce(std::move(lifted));
    return shape == value.spec.shape ? small : broadcast_to(small, value.spec.shape, value.node);
  }

  int broadcast_to(int v, const Shape& shape, const NodeRef& node) {
    if (at(v).spec.shape == shape) return v;
    if (is_broadcast(at(v))) v = at(v).inputs[0];
    Value wide = make_broadcast(out_, v, shape);
    wide.node = node;
    return shared(std::move(wide));
  }

  int unary(const Op& op, int a, const Value& like) { return reduce({.op = &op, .spec = like.spec, .inputs = {a}, .node = like.node}); }
  int binary(const Op& op, int a, int b, const Value& like) { return reduce({.op = &op, .spec = like.spec, .inputs = {a, b}, .node = like.node}); }

  int identity(const Value& value) {
    const auto& in = value.inputs;
    const DType dtype = value.spec.dtype;
    if (is_op(value, ops::cast)) {
      if (at(in[0]).spec.dtype == dtype) return in[0];
      return kNone;
    }
    const auto whole = [&](int v) { return broadcast_to(v, value.spec.shape, value.node); };
    if (is_op(value, ops::negative) && is_op(at(in[0]), ops::negative)) return at(in[0]).inputs[0];
    if (in.size() != 2) return kNone;
    const auto left = uniform(in[0]), right = uniform(in[1]);
    if (is_op(value, ops::add)) {
      if (left && *left == 0) return whole(in[1]);
      if (right && *right == 0) return whole(in[0]);
      if (is_op(at(in[1]), ops::negative)) return binary(ops::subtract, in[0], at(in[1]).inputs[0], value);
      if (is_op(at(in[0]), ops::negative)) return binary(ops::subtract, in[1], at(in[0]).inputs[0], value);
    } else if (is_op(value, ops::subtract)) {
      if (right && *right == 0) return whole(in[0]);
      if (is_op(at(in[1]), ops::negative)) return binary(ops::add, in[0], at(in[1]).inputs[0], value);
    } else if (is_op(value, ops::multiply)) {
      if (left && !right) return binary(ops::multiply, in[1], in[0], value);  // constants on the right
      if (right && *right == 1) return whole(in[0]);
      if (right && *right == -1) return unary(ops::negative, whole(in[0]), value);
      if (right) return merge_factors(value, in[0], *right);
      if (in[0] == in[1]) return unary(ops::square, in[0], value);
    } else if (is_op(value, ops::divide)) {
      if (right && *right == 1) return whole(in[0]);
    } else if (is_op(value, ops::power)) {
      if (right && *right == 1) return whole(in[0]);
      if (right && *right == 2) return unary(ops::square, whole(in[0]), value);
    }
    return kNone;
  }

  // (x * a) * b = x * (a b), if a b is a normal number of the dtype (no overflow or underflow).
  int merge_factors(const Value& value, int x, double factor) {
    const Value& inner = at(x);
    if (!is_float(value.spec.dtype) || !is_op(inner, ops::multiply) || inner.spec.shape != value.spec.shape) return kNone;
    const auto first = uniform(inner.inputs[1]);
    if (!first) return kNone;
    const double both = *first * factor, size = std::fabs(both);
    const bool ordinary = value.spec.dtype == DType::float32 ? size > 1e-30 && size < 1e30 : size > 1e-290 && size < 1e290;
    if (!ordinary) return kNone;
    const int base = inner.inputs[0];  // adding the scalar may invalidate the reference `inner`
    return binary(ops::multiply, base, scalar(both, value.spec.dtype), value);
  }

  int view_identity(const Value& value) {
    const int input = value.inputs[0];
    const Value& from = at(input);
    if (is_op(value, ops::stop_gradient)) return input;
    if (is_broadcast(value)) {
      if (from.spec.shape == value.spec.shape) return input;
      if (is_broadcast(from)) return broadcast_to(from.inputs[0], value.spec.shape, value.node);
      return kNone;
    }
    if (from.spec.shape != value.spec.shape) return kNone;
    const Shape strides = contiguous_strides(from.spec.shape);
    const auto view = value.op->view(from.spec, value.spec, value.attributes, {0, strides});
    return view && is_whole(*view, value.spec) ? input : kNone;
  }

  // A reduction over axes of size 1 changes at most the shape.
  int reduction_identity(const Value& value) {
    const Value& from = at(value.inputs[0]);
    for (const Index axis : value.attributes.as<ReducedAxes>().axes)
      if (from.spec.shape[axis] != 1) return kNone;
    if (from.spec.shape == value.spec.shape) return value.inputs[0];
    Value reshaped = make_reshape(out_, value.inputs[0], value.spec.shape);
    reshaped.node = value.node;
    return reduce(std::move(reshaped));
  }

  // The row that all rows of a matrix equal, if that is known: a broadcast row, or a constant such as the initial state of a recurrence.
  int repeated_row(int v) {
    const Shape& shape = at(v).spec.shape;
    if (shape.size() != 2 || shape[0] < kFewRows) return kNone;
    if (is_broadcast(at(v))) {
      const int of = at(v).inputs[0];
      const Shape& from = at(of).spec.shape;
      if (from.size() == 2 && from[0] != 1) return kNone;
      return broadcast_to(of, {1, shape[1]}, at(v).node);
    }
    if (!at(v).constant) return kNone;
    const auto [found, inserted] = rows_.emplace(v, kNone);
    if (!inserted) return found->second;
    const Tensor& all = *at(v).constant;
    const std::size_t row = all.bytes() / static_cast<std::size_t>(shape[0]);
    for (Index i = 1; i < shape[0]; ++i)
      if (std::memcmp(all.data.get(), all.data.get() + static_cast<std::size_t>(i) * row, row) != 0) return kNone;
    auto one = std::make_shared<Tensor>(Spec{{1, shape[1]}, at(v).spec.dtype});
    std::memcpy(one->data.get(), all.data.get(), row);
    const int made = out_.add({.op = at(v).op, .spec = {{1, shape[1]}, at(v).spec.dtype}, .constant = one, .node = at(v).node});
    return rows_[v] = made;
  }

  int product(int a, int b, const Value& like) {
    return reduce({.op = like.op, .spec = {{at(a).spec.shape[0], at(b).spec.shape[1]}, like.spec.dtype}, .inputs = {a, b}, .node = like.node});
  }

  // A matrix of equal rows is multiplied once per row, also as the last or first columns of [A1 A2] B = A1 B1 + A2 B2. Zeros are multiplied like
  // other numbers, since 0 * inf is NaN.
  int product_identity(const Value& value) {
    const int a = value.inputs[0], b = value.inputs[1];
    if (at(a).spec.shape.size() != 2 || at(b).spec.shape.size() != 2) return kNone;
    if (const int row = repeated_row(a); row != kNone) return broadcast_to(product(row, b, value), value.spec.shape, value.node);
    if (!is_op(at(a), ops::concatenate) || at(a).attributes.as<OneAxis>().axis != 1 || at(a).inputs.size() != 2) return kNone;
    const int first = at(a).inputs[0], second = at(a).inputs[1];
    const int first_row = repeated_row(first), second_row = repeated_row(second);
    if (first_row == kNone && second_row == kNone) return kNone;
    const Index rows = at(b).spec.shape[0], middle = at(first).spec.shape[1];
    const auto part = [&](Index begin, Index end) { return reduce(make_slice(out_, b, 0, begin, end)); };
    const int upper = part(0, middle), lower = part(middle, rows);
    const int left = product(first_row != kNone ? first_row : first, upper, value);
    return binary(ops::add, left, product(second_row != kNone ? second_row : second, lower, value), value);
  }

  Module in_, out_;
  std::unordered_map<int, int> rows_;  // for constants: their repeated row
  std::unordered_map<std::string, int> scalars_;
  struct Known {
    int value = kNone;
    std::uint32_t hash = 0;
  };
  std::vector<Known> known_;  // a power of two
  std::size_t count_ = 0;     // of values in known_
};

// Every output and update becomes a value with memory of its own: leaves, views and values already used as an output or update are copied.
void own_outputs(Module& module) {
  std::vector<char> promised(module.values.size(), 0);
  const auto own = [&](int v) {
    const OpKind kind = module.values[v].op->kind;
    if (kind != OpKind::leaf && kind != OpKind::view && promised[v] == 0) {
      promised[v] = 1;
      return v;
    }
    promised.push_back(1);
    return module.add(make_copy(module, v));
  };
  for (int& output : module.outputs) output = own(output);
  for (Update& update : module.updates) update.value = own(update.value);
}

// The live values, ordered by depth: shallow ones first, so that operands which were created later can still be fused into a step (the bias
// corrections of an optimiser before the products that they scale).
std::vector<int> needed_by_depth(const Module& in) {
  const std::size_t n = in.values.size();
  std::vector<char> needed(n, 0);
  for (const int output : in.outputs) needed[output] = 1;
  for (const Update& update : in.updates) needed[update.parameter] = needed[update.value] = 1;
  for (std::size_t v = n; v-- > 0;)
    if (needed[v] != 0)
      for (const int input : in.values[v].inputs) needed[input] = 1;
  std::vector<int> depth(n, 0), begin;
  for (std::size_t v = 0; v < n; ++v) {
    if (needed[v] == 0) continue;
    for (const int input : in.values[v].inputs) depth[v] = std::max(depth[v], depth[input] + 1);
    if (static_cast<std::size_t>(depth[v]) + 2 > begin.size()) begin.resize(static_cast<std::size_t>(depth[v]) + 2, 0);
    ++begin[static_cast<std::size_t>(depth[v]) + 1];
  }
  for (std::size_t d = 1; d < begin.size(); ++d) begin[d] += begin[d - 1];  // a counting sort
  std::vector<int> order(begin.empty() ? 0 : static_cast<std::size_t>(begin.back()));
  for (std::size_t v = 0; v < n; ++v)
    if (needed[v] != 0) order[static_cast<std::size_t>(begin[static_cast<std::size_t>(depth[v])]++)] = static_cast<int>(v);
  return order;
}

}  // namespace

Module simplify(Module in) {
  Module module = Simplifier(std::move(in)).run();
  own_outputs(module);
  std::vector<int> order = needed_by_depth(module);
  return reordered(std::move(module), std::move(order));
}

}  // namespace plait::graph
