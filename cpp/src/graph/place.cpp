// Pass 3a, place: views become strides over somebody's memory; a copy goes in where the reader cannot follow strides.
#include <algorithm>

#include "lowered.hpp"
#include "product.hpp"

namespace plait {
namespace {

class Placer {
 public:
  explicit Placer(Lowered in) : in_(std::move(in)) {}

  Placed run() {
    new_of_.reserve(in_.values.size());
    for (Value& value : in_.values) {
      for (int& input : value.inputs) input = new_of_[input];
      if (value.op->kind == OpKind::view) {
        new_of_.push_back(view(std::move(value)));
        continue;
      }
      if (value.op->kind == OpKind::other && is_product(value)) {
        arrange_product(value);
      } else if (value.op->kind == OpKind::other) {
        for (int& input : value.inputs) input = whole(input);
      }
      new_of_.push_back(push(std::move(value)));
    }
    for (const int output : in_.outputs) out_.graph.outputs.push_back(new_of_[output]);
    for (const Update& update : in_.updates) out_.graph.updates.push_back({new_of_[update.parameter], new_of_[update.value]});
    return std::move(out_);
  }

 private:
  const Spec& spec(int v) const { return out_.graph.values[v].spec; }
  const Place& at(int v) const { return out_.places[v]; }

  int push(Value value) {
    const int v = static_cast<int>(out_.graph.values.size());
    out_.places.push_back({v, {0, contiguous_strides(value.spec.shape)}});
    out_.graph.values.push_back(std::move(value));
    return v;
  }

  [[nodiscard]] Value made(const char* op, std::vector<Index> ints, Spec result, int input) const {
    Value value;
    value.op = &find_op(op);
    value.attributes.ints = std::move(ints);
    value.spec = std::move(result);
    value.inputs = {input};
    value.node = out_.graph.values[input].node;
    return value;
  }

  int view(Value value) {
    int input = value.inputs[0];
    auto seen = value.op->view(spec(input), value.spec, value.attributes, at(input).view);
    if (!seen) {
      input = whole(input);
      seen = value.op->view(spec(input), value.spec, value.attributes, at(input).view);
    }
    value.inputs[0] = input;
    const int root = at(input).root;
    const int v = push(std::move(value));
    out_.places[v] = {root, *std::move(seen)};
    return v;
  }

  // The same value, contiguous in memory of its own.
  int whole(int v) {
    if (is_whole(at(v), spec(v))) return v;
    const auto [found, inserted] = copies_.emplace(v, 0);
    if (inserted) {
      const Spec s = spec(v);
      found->second = push(made("cast", {static_cast<Index>(s.dtype)}, s, v));
    }
    return found->second;
  }

  // A product follows any strides of the last two axes, and one stride over all leading ones.
  void arrange_product(Value& value) {
    for (int& input : value.inputs) {
      if (leading_stride(value.spec.shape, spec(input).shape, at(input).view.strides)) continue;
      input = whole(input);
      if (leading_stride(value.spec.shape, spec(input).shape, at(input).view.strides)) continue;
      Shape shape(value.spec.shape.begin(), value.spec.shape.end() - 2);
      shape.insert(shape.end(), spec(input).shape.end() - 2, spec(input).shape.end());
      const DType dtype = spec(input).dtype;
      input = whole(view(made("broadcast_to", shape, {shape, dtype}, input)));
    }
  }

  Lowered in_;
  Placed out_;
  std::vector<int> new_of_;
  std::unordered_map<int, int> copies_;
};

}  // namespace

Placed place(Lowered in) { return Placer(std::move(in)).run(); }

bool is_whole(const Place& place, const Spec& spec) {
  if (place.view.offset != 0) return false;
  Index step = 1;
  for (std::size_t i = spec.shape.size(); i-- > 0;) {
    if (spec.shape[i] != 1 && place.view.strides[i] != step) return false;
    step *= spec.shape[i];
  }
  return true;
}

Shape strides_over(const Shape& space, const Shape& shape, const Shape& strides) {
  Shape result(space.size(), 0);
  const std::size_t lead = space.size() - shape.size();
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] != 1) result[lead + i] = strides[i];
  return result;
}

}  // namespace plait
