// Pass batch_matmuls: equal operations on several pieces become one operation on the stacked pieces, e.g. over the time steps of an unrolled loop.
// Needs and leaves values ordered by depth, with outputs of their own (simplify). Stacking is free where the pieces are computed in place
// (materialize_views.cpp). Each rule is an identity of matrices:
//   A1 W, A2 W        = rows of [A1; A2] W          (the inputs of all steps through one weight)
//   A W1, A W2        = columns of A [W1 W2]        (four gates)
//   A1 B1 + A2 B2     = [A1 A2] [B1; B2]            (the gradient of a shared weight)
//   f(x1), f(x2)      = pieces of f([x1; x2])       for elementwise f
#include "batch_matmuls.hpp"

#include "pipeline.hpp"
#include "tuning.hpp"

namespace plait::graph {
Module batch_matmuls(Module in) {
  if (in.values.size() > tuning::kLargestBatched) return in;
  Rewriter graph(std::move(in));
  for (int round = 0; round < tuning::kMostRounds; ++round) {
    bool more = join_scattered(graph);
    more = join_same_left(graph) || more;
    more = join_same_right(graph) || more;
    more = join_slices(graph) || more;
    more = join_sums(graph) || more;
    if (!more) break;
  }
  share_concatenations(graph);
  narrow_products(graph);  // last: before, a product with the same operand may turn up that is read as a whole
  return graph.changed() ? simplify(graph.take()) : graph.release();
}

}  // namespace plait::graph
