// Gradients that flow only where a branch was chosen.
//
// The gradient of where(c, f(x), y) comes to f(x) as where(c, g, 0). Multiplied by the slope of f that is NaN where f has none (0 * inf), although
// nothing of f was chosen there. So the choice travels beside the gradient, through the operations of the branch, and is made after their slopes
// have been taken: where(c, g f'(x), 0).
#pragma once

#include <span>
#include <vector>

#include "plait/graph/node.hpp"

namespace plait::graph {

/// g where the mask holds (of the shape of g; empty: everywhere), else 0.
struct Cotangent {
  NodeRef g, mask;
  bool strong = false;  ///< chosen by a where, not by an extreme: worth to be carried through products, too
};

/// The gradient itself.
NodeRef realised(const Cotangent& c);
/// What a gradient rule gave, with its outermost choice taken apart.
Cotangent taken_apart(const NodeRef& part, bool strong);
/// The sum of what has come to a node.
Cotangent total(const std::vector<Cotangent>& parts);

/// Whether the slopes of an operation are not finite everywhere.
bool is_steep(const Node* node);

/// Which nodes have slopes that need not be finite, or hand on to such; from inputs to consumers. Nodes go by their positions among `count`.
class Fragile {
 public:
  explicit Fragile(std::size_t count) : any_(count, 0), steep_(count, 0) {}
  /// wanted: the inputs of the node that a gradient goes to.
  void add(int at, const Node* node, std::span<const int> wanted);
  /// Whether a choice should be carried through the node.
  [[nodiscard]] bool carries(int at, bool strong) const { return (strong ? any_ : steep_)[at] != 0; }

 private:
  std::vector<char> any_, steep_;
};

/// The gradient rule of a node that carries a choice: one cotangent per input.
std::vector<Cotangent> carried(const NodeRef& node, const Cotangent& c);

}  // namespace plait::graph
