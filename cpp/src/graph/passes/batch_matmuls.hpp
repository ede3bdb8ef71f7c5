// The rules of the batch_matmuls pass; each returns true if it changed the graph.
#pragma once

#include "rewriter.hpp"

namespace plait::graph {

bool join_scattered(Rewriter& graph);        ///< sums of slice gradients that tile an axis: one concatenation
bool join_same_right(Rewriter& graph);       ///< products with one right operand: one product over stacked rows
bool join_same_left(Rewriter& graph);        ///< products with one left operand: one product over stacked columns
bool join_slices(Rewriter& graph);           ///< the same elementwise work on every slice of a value: once, on the value
bool join_sums(Rewriter& graph);             ///< sums of products, and of sums: one over stacked terms
bool share_concatenations(Rewriter& graph);  ///< concatenations that are runs of another's pieces: slices of it
bool narrow_products(Rewriter& graph);       ///< products of which only a part is read: computed for that part

}  // namespace plait::graph
