#include "chosen.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "plait/graph/build.hpp"
#include "plait/graph/ops.hpp"

namespace plait::graph {
namespace {

using namespace build;

bool is_number(const Node* node) {
  return is_op(node, ops::constant) && node->value()->count() == 1 &&
         std::isfinite(element_as_double(node->value()->data.get(), node->spec.dtype, 0));
}
bool is_zero(const Node* node) { return is_number(node) && element_as_double(node->value()->data.get(), node->spec.dtype, 0) == 0; }

/// True if the gradient rule multiplies by no value that could be infinite or NaN.
bool is_linear(const Node* node) {
  return node->op->linear || (node->op == &ops::multiply && (is_number(node->input(0)) || is_number(node->input(1))));
}
/// Reductions to which every element contributes: if the result was chosen, all elements were.
bool is_choice_of_run(const Node* node) { return node->op->kind == OpKind::reduction && !node->op->passes_gradient; }
/// Ops whose gradient rule only moves and adds gradients: applied to the mask, it gives the mask of the inputs.
bool moves(const Node* node) { return node->op->kind == OpKind::view || node->op->passes_gradient || is_choice_of_run(node); }

NodeRef below_zero(const NodeRef& chosen) { return less(constant_like(chosen, 0), chosen); }

}  // namespace

bool is_steep(const Node* node) { return node->op->steep && !(node->op == &ops::divide && is_number(node->input(1))); }

NodeRef realised(const Cotangent& c) { return c.mask ? select(c.mask, c.g, constant_like(c.g, 0)) : c.g; }

Cotangent taken_apart(const NodeRef& part, bool strong) {
  if (is_op(part.get(), ops::where)) {
    const bool first = is_zero(part->input(2)), second = !first && is_zero(part->input(1));
    if (!first && !second) return {part, {}};
    const NodeRef c = part->input_ref(0), mask = first ? c : apply(ops::logical_not, {c});
    return {broadcast_like(part->input_ref(first ? 1 : 2), part), broadcast_like(mask, part), strong};
  }
  if (is_op(part.get(), ops::sum_to_like)) {
    const Cotangent inner = taken_apart(part->input_ref(0), strong);
    if (inner.mask) return {part, below_zero(sum_to_like(cast(inner.mask, part->spec.dtype), part->input_ref(1))), strong};
  }
  return {part, {}};
}

Cotangent total(const std::vector<Cotangent>& parts) {
  const auto sum = [&](auto of) {
    std::vector<NodeRef> terms;
    for (const Cotangent& part : parts) terms.push_back(of(part));
    return terms.size() == 1 ? terms[0] : terms.size() == 2 ? add(terms[0], terms[1]) : graph::apply(ops::sum_n, terms);
  };
  Cotangent all{{}, parts[0].mask, parts[0].strong};
  bool same = true;
  for (const Cotangent& part : parts) {
    same = same && part.mask == all.mask;
    all.strong = all.strong || part.strong;
  }
  if (same) {
    all.g = sum([](const Cotangent& part) { return part.g; });
    return all;
  }
  all.g = sum([](const Cotangent& part) { return realised(part); });
  const auto opposite = [](const NodeRef& a, const NodeRef& b) { return is_op(a.get(), ops::logical_not) && a->input(0) == b.get(); };
  for (const Cotangent& part : parts) {
    if (!part.mask || opposite(part.mask, parts[0].mask) || opposite(parts[0].mask, part.mask)) return {all.g, {}};
    if (!(part.mask == all.mask)) all.mask = apply(ops::logical_or, {all.mask, part.mask});
  }
  return all;
}

void Fragile::add(int at, const Node* node, std::span<const int> wanted) {
  const bool elementwise = node->op->kind == OpKind::elementwise;
  if (!elementwise && !moves(node)) return;
  const auto leads_to = [&](const std::vector<char>& set) {
    return std::any_of(wanted.begin(), wanted.end(), [&](int input) { return set[input] != 0; });
  };
  if ((elementwise && !is_linear(node)) || leads_to(any_)) any_[at] = 1;
  if (elementwise && (is_steep(node) || (wanted.size() == 1 && leads_to(steep_)))) steep_[at] = 1;
}

std::vector<Cotangent> carried(const NodeRef& node, const Cotangent& c) {
  std::vector<Cotangent> result;
  if (moves(node.get())) {
    const Op& mover = is_choice_of_run(node.get()) ? ops::sum : *node->op;
    const std::vector<NodeRef> parts = node->op->gradient(node, realised(c)), chosen = mover.gradient(node, cast(c.mask, c.g->spec.dtype));
    for (std::size_t k = 0; k < parts.size(); ++k) result.push_back(parts[k] ? Cotangent{parts[k], below_zero(chosen[k]), c.strong} : Cotangent{});
    return result;
  }
  const std::vector<NodeRef> parts = node->op->gradient(node, c.g);
  for (const NodeRef& part : parts) {
    if (!part) {
      result.emplace_back();
    } else if (is_op(part.get(), ops::sum_to_like)) {
      const NodeRef of = part->input_ref(1), inner = realised({part->input_ref(0), c.mask, c.strong});
      result.push_back({sum_to_like(inner, of), below_zero(sum_to_like(cast(c.mask, c.g->spec.dtype), of)), c.strong});
    } else {
      const Cotangent own = taken_apart(part, c.strong);
      result.push_back({own.g, own.mask ? apply(ops::logical_and, {c.mask, own.mask}) : c.mask, c.strong});
    }
  }
  return result;
}

}  // namespace plait::graph
