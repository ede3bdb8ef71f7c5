// Rule of batch_matmuls: concatenations that are parts of others. A value can be computed inside one concatenation only; where two have the same
// pieces in the same order (the gates of all steps for the input weights, of all but the first for the recurrent weights), the smaller becomes a
// slice of the larger.
#include <algorithm>

#include "batch_matmuls.hpp"

namespace plait::graph {

bool share_concatenations(Rewriter& graph) {
  struct Spot {
    int whole;
    std::size_t at;
  };
  std::vector<int> stacks;
  std::unordered_map<int, std::vector<Spot>> spots;  // of each piece
  for (const auto live = graph.live(); const int v : *live) {
    if (!graph.is(v, ops::concatenate) || graph.at(v).inputs.size() < 2) continue;
    stacks.push_back(v);
    for (std::size_t i = 0; i < graph.at(v).inputs.size(); ++i) spots[graph.input(v, i)].push_back({v, i});
  }
  bool changed = false;
  for (const int v : stacks) {
    const std::size_t n = graph.at(v).inputs.size();
    const Index axis = graph.at(v).attributes.as<OneAxis>().axis;
    for (const auto& [whole, at] : spots[graph.input(v, 0)]) {
      if (graph.now(whole) != whole || graph.at(whole).inputs.size() <= n || at + n > graph.at(whole).inputs.size()) continue;
      if (graph.at(whole).attributes.as<OneAxis>().axis != axis) continue;
      bool same = true;
      for (std::size_t i = 0; same && i < n; ++i) same = graph.input(whole, at + i) == graph.input(v, i);
      if (!same || graph.depend_on_each_other({v, whole})) continue;
      Index begin = 0;
      for (std::size_t i = 0; i < at; ++i) begin += graph.at(graph.input(whole, i)).spec.shape[static_cast<std::size_t>(axis)];
      graph.replace(v, graph.slice(whole, axis, begin, begin + graph.at(v).spec.shape[static_cast<std::size_t>(axis)]));
      changed = true;
      break;
    }
  }
  return changed;
}

}  // namespace plait::graph
