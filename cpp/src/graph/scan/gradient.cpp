// The backward loop of a loop: its step is the symbolic gradient of the step, so it is a loop like any other and can be differentiated
// again.
// It runs in the opposite direction. Its states are the gradients of the states, and sums over steps for captures; its
// xs are those of the loop, its residuals, and the gradients of its ys. The gradient of a weight is a sum of products
// over steps, Σ aᵀ b: both factors are stacked as ys and one product over all steps follows the loop. That costs memory
// for the factors but makes recurrences with small batches fast; a loop that recomputes to save memory accumulates
// instead.
#include "plait/graph/gradient.hpp"

#include <algorithm>
#include <functional>
#include <limits>

#include "graph/core/chosen.hpp"
#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/ops.hpp"
#include "plait/graph/scan.hpp"

namespace plait::graph {
namespace {

using namespace build;
using Stack = ScanGradient::Stack;
using Term = ScanGradient::Term;

// gradient() gives zeros where no output depends on a node.
bool is_zero(const NodeRef& node) {
  NodeRef at = node;
  while (is_op(at, ops::broadcast_like)) at = at->input_ref(0);
  return is_op(at, ops::constant) && at->value()->count() == 1 && element_as_double(at->value()->data.get(), at->spec.dtype, 0) == 0;
}

bool swaps_last_of_two(const NodeRef& node) { return is_op(node, ops::transpose) && node->attributes.as<Permutation>().swaps_two(); }

std::vector<NodeRef> terms_of(const NodeRef& sum) {
  std::vector<NodeRef> open = {sum}, terms;
  while (!open.empty()) {
    const NodeRef node = open.back();
    open.pop_back();
    if (is_op(node, ops::add) || is_op(node, ops::sum_n))
      for (std::size_t i = node->input_count(); i-- > 0;) open.push_back(node->input_ref(i));
    else terms.push_back(node);
  }
  return terms;
}

class Differentiation {
 public:
  using AddResidual = std::function<int(const NodeRef&)>;
  Differentiation(const StepGraph& forward, std::vector<NodeRef> stacked_outputs, const std::vector<char>& seeded, AddResidual add_residual)
      : f_(forward), stacked_outputs_(std::move(stacked_outputs)), seeded_(seeded), add_residual_(std::move(add_residual)) {
    for (const auto* list : {&f_.next, &stacked_outputs_}) outputs_.insert(outputs_.end(), list->begin(), list->end());
    for (Node* node : ancestors(outputs_)) forward_nodes_.insert(node);
  }

  ScanGradient run() {
    const BackwardScope scope;
    seed();
    std::vector<NodeRef> grads = gradient(floating_outputs_, wrt_, seeds_);
    for (NodeRef& grad : grads)
      if (is_zero(grad)) grad = NodeRef();
    find_residuals(grads);
    std::vector<NodeRef> present;
    for (const NodeRef& grad : grads)
      if (grad) present.push_back(grad);
    const std::vector<NodeRef> rebuilt = replace_nodes(present, replaced_);
    for (std::size_t i = 0, k = 0; i < grads.size(); ++i)
      if (grads[i]) grads[i] = rebuilt[k++];
    collect(grads);
    return std::move(result_);
  }

 private:
  // Every floating-point output receives a gradient from the following step (states) or from outside (ys).
  void seed() {
    for (std::size_t i = 0; i < f_.states.size(); ++i) {
      result_.state_of.push_back(-1);
      if (!is_float(f_.states[i]->spec.dtype)) continue;
      result_.state_of[i] = static_cast<int>(b_.states.size());
      b_.states.push_back(make_input("gradient of " + f_.states[i]->label(), f_.states[i]->spec));
      floating_outputs_.push_back(f_.next[i]);
      seeds_.push_back(b_.states.back());
      wrt_.push_back(f_.states[i]);
    }
    for (std::size_t k = 0; k < seeded_.size(); ++k) {
      const NodeRef& row = stacked_outputs_.at(k);
      if (seeded_[k] == 0 || !is_float(row->spec.dtype)) continue;
      result_.seeded.push_back(static_cast<int>(f_.next.size() + k));
      seed_xs_.push_back(make_input("gradient of " + row->label(), row->spec));
      floating_outputs_.push_back(row);
      seeds_.push_back(k < f_.ys.size() ? seed_xs_.back() : where_it_counts(seed_xs_.back(), row));
    }
    for (const auto* list : {&f_.xs, &f_.captures})
      for (const NodeRef& node : *list)
        if (is_float(node->spec.dtype)) wrt_.push_back(node);
  }

  // A zero gradient of a residual that is not finite (of a branch that was not chosen) is masked by where(): 0 times the derivative would be NaN.
  static NodeRef where_it_counts(const NodeRef& gradient, const NodeRef& row) {
    if (!is_steep(row.get())) return gradient;
    const NodeRef zero = constant_like(row, 0), infinity = constant_like(row, std::numeric_limits<double>::infinity());
    const NodeRef counts = apply(ops::logical_or, {apply(ops::not_equal, {gradient, zero}), less(unary(ops::abs, row), infinity)});
    return select(counts, gradient, zero);
  }

  // The forward values that backward nodes read: the residuals, or, where the step is recomputed, only the states.
  void find_residuals(const std::vector<NodeRef>& grads) {
    std::vector<NodeRef> open, read;
    std::unordered_set<const Node*> seen;
    const auto visit = [&](const NodeRef& node) {
      if (!seen.insert(node.get()).second) return;
      const bool of_inner_loop = is_op(node, ops::scan_output) && forward_nodes_.count(node->input(0)) > 0;  // its own residuals
      if (forward_nodes_.count(node.get()) > 0 || (of_inner_loop && !f_.recompute)) read.push_back(node);
      else open.push_back(node);
    };
    for (const NodeRef& grad : grads)
      if (grad) visit(grad);
    while (!open.empty()) {
      const NodeRef node = open.back();
      open.pop_back();
      for (std::size_t k = 0; k < node->input_count(); ++k)
        if (!shape_only(*node->op, k)) visit(node->input_ref(k));
    }
    if (f_.recompute) read = f_.states;
    std::sort(read.begin(), read.end(), [](const NodeRef& a, const NodeRef& b) { return a->id < b->id; });
    std::unordered_set<const Node*> free, constant;  // not residuals: inputs except states, views of them, and constants
    for (Node* node : ancestors(outputs_)) {
      bool all_free = true, all_constant = true;
      for (const Edge& edge : node->inputs()) {
        all_free = all_free && free.count(edge.input) > 0;
        all_constant = all_constant && constant.count(edge.input) > 0;
      }
      if (node->op->kind == OpKind::leaf) all_constant = node->op == &ops::constant;
      if (all_constant) constant.insert(node);
      if (all_constant || (node->op->kind == OpKind::leaf ? !is_state(node) : all_free && node->op->kind == OpKind::view)) free.insert(node);
    }
    for (const NodeRef& node : read) {
      if (free.count(node.get()) > 0) continue;
      result_.residuals.push_back(add_residual_(node));
      residuals_.push_back(make_input(node->label(), node->spec));
      replaced_.emplace(node.get(), residuals_.back());
    }
  }

  bool is_state(const Node* node) const {
    return std::any_of(f_.states.begin(), f_.states.end(), [&](const NodeRef& state) { return state.get() == node; });
  }

  void collect(const std::vector<NodeRef>& grads) {
    std::size_t at = 0;
    for (const int state : result_.state_of)
      if (state >= 0) {
        const NodeRef& grad = grads[at++];
        b_.next.push_back(grad ? grad : zeros_like(b_.states[static_cast<std::size_t>(state)]));
      }
    for (const NodeRef& x : f_.xs) {
      result_.y_of.push_back(-1);
      if (!is_float(x->spec.dtype)) continue;
      if (const NodeRef& grad = grads[at++]) {
        result_.y_of.back() = static_cast<int>(b_.ys.size());
        b_.ys.push_back(grad);
      }
    }
    result_.captures.resize(f_.captures.size());
    const std::size_t first = at;
    if (!f_.recompute)
      for (std::size_t j = 0; j < f_.captures.size(); ++j)
        if (is_float(f_.captures[j]->spec.dtype))
          if (const NodeRef& grad = grads[at++]) products(grad, result_.captures[j]);
    at = first;
    for (std::size_t j = 0; j < f_.captures.size(); ++j)
      if (is_float(f_.captures[j]->spec.dtype))
        if (const NodeRef& grad = grads[at++]) sums(f_.captures[j], grad, result_.captures[j]);
    finish();
  }

  // Terms that are products of two matrices which both vary from step to step.
  void products(const NodeRef& grad, std::vector<Term>& terms) {
    for (const NodeRef& term : terms_of(grad)) {
      if (!is_product(term)) continue;
      const NodeRef left = term->input_ref(0);
      terms.push_back(
          {.kind = Term::Kind::product, .a = stack(swaps_last_of_two(left) ? left->input_ref(0) : swap_last(left)), .b = stack(term->input_ref(1))});
    }
  }
  bool is_product(const NodeRef& term) const { return !f_.recompute && is_op(term, ops::matmul) && term->spec.shape.size() == 2; }

  // Other terms are accumulated step by step, or summed after the loop where they are stacked as ys anyway.
  void sums(const NodeRef& capture, const NodeRef& grad, std::vector<Term>& terms) {
    NodeRef sum;
    for (const NodeRef& term : terms_of(grad)) {
      if (is_product(term)) continue;
      if (is_op(term, ops::sum_to_like)) {
        if (const auto ready = stacked(term->input_ref(0)); ready && ready->kind == Stack::Kind::y) {
          terms.push_back({.kind = Term::Kind::sum, .a = *ready});
          continue;
        }
      }
      sum = sum ? add(sum, term) : term;
    }
    if (!sum) return;
    terms.push_back({.kind = Term::Kind::state, .state = static_cast<int>(b_.states.size())});
    const NodeRef total = make_input("sum for " + capture->label(), capture->spec);
    b_.states.push_back(total);
    b_.next.push_back(add(total, sum));
  }

  std::optional<Stack> stacked(const NodeRef& node) const {
    const auto find = [&](const std::vector<NodeRef>& list) { return std::find(list.begin(), list.end(), node) - list.begin(); };
    if (const auto i = find(f_.xs); i < static_cast<std::ptrdiff_t>(f_.xs.size())) return Stack{Stack::Kind::x, static_cast<int>(i)};
    if (const auto i = find(residuals_); i < static_cast<std::ptrdiff_t>(residuals_.size()))
      return Stack{Stack::Kind::residual, result_.residuals[static_cast<std::size_t>(i)]};
    if (const auto i = find(b_.ys); i < static_cast<std::ptrdiff_t>(b_.ys.size())) return Stack{Stack::Kind::y, static_cast<int>(i)};
    return {};
  }
  Stack stack(const NodeRef& node) {
    if (const auto ready = stacked(node)) return *ready;
    b_.ys.push_back(node);
    return {Stack::Kind::y, static_cast<int>(b_.ys.size()) - 1};
  }

  void finish() {
    b_.xs = f_.xs;
    b_.xs.insert(b_.xs.end(), residuals_.begin(), residuals_.end());
    b_.xs.insert(b_.xs.end(), seed_xs_.begin(), seed_xs_.end());
    b_.captures = f_.captures;
    b_.captures.insert(b_.captures.end(), f_.states.begin(), f_.states.end());  // for their shapes only
    b_.reverse = !f_.reverse;
    result_.body = std::make_shared<ScanBody>(std::move(b_));
  }

  const StepGraph& f_;
  const std::vector<NodeRef> stacked_outputs_;  // ys and residuals
  const std::vector<char>& seeded_;
  const AddResidual add_residual_;
  std::vector<NodeRef> outputs_, floating_outputs_, seeds_, wrt_, seed_xs_, residuals_;
  std::unordered_set<const Node*> forward_nodes_;
  std::unordered_map<const Node*, NodeRef> replaced_;
  StepGraph b_;
  ScanGradient result_;
};

}  // namespace

std::shared_ptr<const ScanGradient> ScanBody::gradient(std::vector<char> seeded) {
  while (!seeded.empty() && seeded.back() == 0) seeded.pop_back();
  const std::lock_guard lock(gradient_mutex_);
  auto& known = gradients_[seeded];
  if (!known) known = differentiate(seeded);
  return known;
}

std::shared_ptr<const ScanGradient> ScanBody::differentiate(const std::vector<char>& seeded) {
  std::vector<NodeRef> stacked_outputs = graph.ys;
  for (const NodeRef& node : residuals()) stacked_outputs.push_back(node);
  return std::make_shared<ScanGradient>(
      Differentiation(graph, std::move(stacked_outputs), seeded, [this](const NodeRef& node) { return add_residual(node); }).run());
}

std::vector<NodeRef> scan_gradient(const NodeRef& node, const std::vector<NodeRef>& outputs) {
  const std::shared_ptr<ScanBody>& body = loop_of(node->attributes)->body;
  const StepGraph& forward = body->graph;
  const std::size_t n = forward.states.size(), xs = forward.xs.size(), captures = forward.captures.size();
  std::vector<char> seeded;
  for (std::size_t k = n; k < outputs.size(); ++k) seeded.push_back(outputs[k] ? 1 : 0);
  const auto gradient = body->gradient(seeded);
  const StepGraph& backward = gradient->body->graph;

  std::vector<NodeRef> inputs;
  for (std::size_t i = 0; i < n; ++i)
    if (gradient->state_of[i] >= 0) inputs.push_back(outputs[i] ? outputs[i] : zeros_like(node->input_ref(i)));
  for (std::size_t j = 0; j < captures; ++j)
    for (const Term& term : gradient->captures[j])
      if (term.kind == Term::Kind::state) inputs.push_back(zeros_like(node->input_ref(n + xs + j)));
  PLAIT_ASSERT(inputs.size() == backward.states.size());
  for (std::size_t j = 0; j < xs; ++j) inputs.push_back(node->input_ref(n + j));
  std::map<int, NodeRef> residuals;
  for (const int k : gradient->residuals) inputs.push_back(residuals[k] = scan_output(node, k));
  for (const int k : gradient->seeded) inputs.push_back(outputs[static_cast<std::size_t>(k)]);
  for (std::size_t j = 0; j < captures; ++j) inputs.push_back(node->input_ref(n + xs + j));
  for (std::size_t i = 0; i < n; ++i) inputs.push_back(node->input_ref(i));
  const std::vector<NodeRef> found = apply_scan(gradient->body, inputs);

  const auto y = [&](int k) { return found[backward.states.size() + static_cast<std::size_t>(k)]; };
  const auto stack = [&](const Stack& s) {
    switch (s.kind) {
      case Stack::Kind::x: return node->input_ref(n + static_cast<std::size_t>(s.index));
      case Stack::Kind::residual: return residuals.at(s.index);
      case Stack::Kind::y: break;
    }
    return y(s.index);
  };
  const auto matrix = [&](const Stack& s) { return graph::apply(ops::flatten_leading, {stack(s)}); };
  std::vector<NodeRef> gradients(node->input_count());
  for (std::size_t i = 0; i < n; ++i)
    if (gradient->state_of[i] >= 0) gradients[i] = found[static_cast<std::size_t>(gradient->state_of[i])];
  for (std::size_t j = 0; j < xs; ++j)
    if (gradient->y_of[j] >= 0) gradients[n + j] = y(gradient->y_of[j]);
  for (std::size_t j = 0; j < captures; ++j) {
    const NodeRef of = node->input_ref(n + xs + j);
    NodeRef sum;
    for (const Term& term : gradient->captures[j]) {
      NodeRef part;
      if (term.kind == Term::Kind::product) part = matmul(swap_last(matrix(term.a)), matrix(term.b));
      else if (term.kind == Term::Kind::sum) part = sum_to_like(stack(term.a), of);
      else part = found[static_cast<std::size_t>(term.state)];
      sum = sum ? add(sum, part) : part;
    }
    gradients[n + xs + j] = sum;
  }
  return gradients;
}

}  // namespace plait::graph
