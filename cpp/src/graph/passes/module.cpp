// Queries on a module that several passes share.
#include "module.hpp"

#include <algorithm>

namespace plait::graph {

bool is_whole(const View& view, const Spec& spec) {
  if (view.offset != 0) return false;
  Index step = 1;
  for (std::size_t i = spec.shape.size(); i-- > 0;) {
    if (spec.shape[i] != 1 && view.strides[i] != step) return false;
    step *= spec.shape[i];
  }
  return true;
}

bool is_root(const Module& module, int v, const Shape& space) {
  const Value &value = module.values[v], &root = module.values[value.root];
  const Shape& shape = value.spec.shape;
  if (shape != space || value.view.offset != 0 || root.view.strides.size() != shape.size()) return false;
  if (value.root == v) return true;
  if (root.spec.shape != shape) return false;
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] != 1 && value.view.strides[i] != root.view.strides[i]) return false;
  return true;
}

Shape strides_over(const Shape& space, const Shape& shape, const Shape& strides) {
  Shape result(space.size(), 0);
  const std::size_t lead = space.size() - shape.size();
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] != 1) result[lead + i] = strides[i];
  return result;
}

std::vector<int> reads_of(const Module& module, int g) {
  const Group& group = module.groups[g];
  std::vector<int> reads;
  const auto add = [&](int v) {
    for (const int u : module.values[v].inputs)
      if (module.group_of_root(u) != g) reads.push_back(module.values[u].root);
  };
  if (group.value >= 0) add(group.value);
  for (const int v : group.members) add(v);
  for (const int v : group.reduced) add(v);
  std::sort(reads.begin(), reads.end());
  reads.erase(std::unique(reads.begin(), reads.end()), reads.end());
  return reads;
}

std::pair<int, std::size_t> buffer_of(const Module& module, int v) {
  std::size_t offset = 0;
  for (; module.values[v].alias.whole >= 0; v = module.values[v].alias.whole)
    offset += static_cast<std::size_t>(module.values[v].alias.offset) * size_of(module.values[v].spec.dtype);
  return {v, offset};
}

std::size_t bytes_of(const Spec& spec) { return static_cast<std::size_t>(count_of(spec.shape)) * size_of(spec.dtype); }

}  // namespace plait::graph
