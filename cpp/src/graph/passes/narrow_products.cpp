// The last rule of batch_matmuls: a product of which only some rows or columns are read is computed for those alone, e.g. the gradient of [x, h] W
// for h if that for x is not needed.
#include <algorithm>
#include <array>
#include <tuple>

#include "batch_matmuls.hpp"

namespace plait::graph {
namespace {

// The range of one axis that the consumers of v read, if all of them read slices along it that do not cover it.
std::optional<Rewriter::Slice> range_read(const Rewriter& graph, int v, std::span<const int> consumers) {
  std::optional<Rewriter::Slice> range;
  for (const int c : consumers) {
    const auto slice = graph.as_slice(c);
    if (!slice || (range && slice->axis != range->axis)) return {};
    if (!range) range = slice;
    range->begin = std::min(range->begin, slice->begin);
    range->end = std::max(range->end, slice->end);
  }
  if (!range || range->end - range->begin == graph.at(v).spec.shape[static_cast<std::size_t>(range->axis)]) return {};
  return range;
}

}  // namespace

bool narrow_products(Rewriter& graph) {
  const auto live = graph.live();
  const auto readers = graph.consumers();
  const Consumers& consumers = *readers;
  std::map<std::tuple<int, Index, Index, Index>, int> narrowed;  // operands, shared by all products that have them
  bool changed = false;
  for (const int v : *live) {
    if (!graph.is(v, ops::matmul) || graph.is_wanted(v) || graph.at(v).spec.shape.size() != 2) continue;
    const auto range = range_read(graph, v, consumers[v]);
    if (!range) continue;
    const auto& [axis, begin, end] = static_cast<const AxisSlice&>(*range);
    std::array<int, 2> operands = {graph.input(v, 0), graph.input(v, 1)};
    int& operand = operands[static_cast<std::size_t>(axis)];
    if (graph.at(operand).spec.shape.size() != 2) continue;
    const auto [found, inserted] = narrowed.emplace(std::tuple(operand, axis, begin, end), -1);
    if (inserted) found->second = graph.slice(operand, axis, begin, end);
    operand = found->second;
    const int product = graph.binary(ops::matmul, operands[0], operands[1]);
    for (const int c : consumers[v]) {
      const auto slice = *graph.as_slice(c);
      const bool all = slice.begin == begin && slice.end == end;
      graph.replace(c, all ? product : graph.slice(product, axis, slice.begin - begin, slice.end - begin));
    }
    changed = true;
  }
  return changed;
}

}  // namespace plait::graph
