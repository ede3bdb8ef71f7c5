// Gradients of branches: zero where where(), maximum and the like did not choose the branch.
// The gradient of where(c, f(x), y) with respect to f(x) is where(c, g, 0). Times f'(x) this is NaN where
// f'(x) is infinite (0 * inf), although f was not chosen there. So the mask c is propagated beside the
// gradient through the operations of the branch, and applied after their derivatives: where(c, g f'(x),
// 0).
#pragma once

#include <span>
#include <vector>

#include "plait/graph/node.hpp"

namespace plait::graph {

/// g where the mask holds (of the shape of g; empty: everywhere), else 0.
struct Cotangent {
  NodeRef g, mask;
  bool strong = false;  ///< from a where, not from an extreme: carried through products, too
};

/// The gradient with the mask applied.
NodeRef realised(const Cotangent& c);
/// Splits a gradient whose outermost op is a choice into mask and gradient.
Cotangent taken_apart(const NodeRef& part, bool strong);
/// The sum of the cotangents that a node received.
Cotangent total(const std::vector<Cotangent>& parts);

/// True if the derivatives of an operation are not finite everywhere.
bool is_steep(const Node* node);

/// Which nodes have derivatives that need not be finite, or propagate to such nodes; added from inputs to consumers, by position in [0, count).
class Fragile {
 public:
  explicit Fragile(std::size_t count) : any_(count, 0), steep_(count, 0) {}
  /// wanted: the inputs of the node that receive a gradient.
  void add(int at, const Node* node, std::span<const int> wanted);
  /// True if a mask should be carried through the node.
  [[nodiscard]] bool carries(int at, bool strong) const { return (strong ? any_ : steep_)[at] != 0; }

 private:
  std::vector<char> any_, steep_;
};

/// The gradient rule of a node applied to a masked cotangent: one cotangent per input.
std::vector<Cotangent> carried(const NodeRef& node, const Cotangent& c);

}  // namespace plait::graph
