// A loop as one node. The step is a graph of its own, the body; the node that runs it T times produces one buffer with all outputs of the loop that
// are read, side by side. Users get views of that buffer, "scan_output" nodes.
//
// Inputs of the scan node, in this order: a first value for each state, the xs (sequences, time on axis 0), and the captures (outside values that the
// step reads, the same at every step). Outputs by number: the last states, then the ys (one row for each step), then the residuals (values of every
// step that the backward loop reads). Which of them are computed is decided when a graph is lowered, by their consumers: a loop that is not
// differentiated has no residuals, and a backward loop computes only the gradients that are read.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "plait/graph/node.hpp"

namespace plait::graph {

class ScanBody;

/// The graph of one step: inputs (input nodes) and outputs.
struct StepGraph {
  std::vector<NodeRef> states{}, xs{}, captures{};
  std::vector<NodeRef> next{};  ///< of the states, in their order
  std::vector<NodeRef> ys{};    ///< one row each for every step
  bool reverse = false;         ///< the last row first
  bool recompute = false;       ///< only states are residuals; the backward loop recomputes the rest of the step
};

/// Where the gradients of a loop's inputs come from: sums over all steps, accumulated by the backward loop or computed as products of stacked rows.
struct ScanGradient {
  struct Stack {
    enum class Kind : std::uint8_t { x, residual, y } kind = Kind::x;
    int index = 0;  ///< number of an x or output of the forward loop, or of a y of the backward loop
  };
  struct Term {
    enum class Kind : std::uint8_t { state, product, sum } kind = Kind::state;
    int state = 0;   ///< state: its number in the backward loop
    Stack a{}, b{};  ///< product: Σ aᵀ b over steps; sum: Σ of a, summed down to the input's shape
  };
  std::shared_ptr<ScanBody> body;           ///< of the backward loop
  std::vector<int> residuals;               ///< outputs of the forward loop that are xs of the backward loop, after the forward loop's own xs
  std::vector<int> seeded;                  ///< outputs whose gradients are the backward loop's last xs
  std::vector<int> state_of;                ///< per state: its state number in the backward loop, -1 without gradient
  std::vector<int> y_of;                    ///< per x: the y that is its gradient, -1 without
  std::vector<std::vector<Term>> captures;  ///< per captured value
};

class ScanBody {
 public:
  /// `residuals`: those listed in a file, in order.
  explicit ScanBody(StepGraph graph, std::vector<NodeRef> residuals = {});

  const StepGraph graph;

  [[nodiscard]] std::size_t input_count() const { return graph.states.size() + graph.xs.size() + graph.captures.size(); }
  [[nodiscard]] const NodeRef& input(std::size_t i) const;
  [[nodiscard]] int output_count() const;     ///< residuals among them
  [[nodiscard]] NodeRef output(int k) const;  ///< the node of the step behind output k
  [[nodiscard]] bool is_stacked(int k) const { return k >= static_cast<int>(graph.states.size()); }
  [[nodiscard]] DType buffer_type() const { return buffer_type_; }
  [[nodiscard]] std::vector<NodeRef> residuals() const;

  /// The states and inputs needed to compute these outputs.
  struct Demand {
    std::vector<char> live;   ///< per state
    std::vector<int> inputs;  ///< inputs whose values are read
  };
  [[nodiscard]] Demand demand(std::span<const int> outputs) const;

  /// The backward loop, given which ys and residuals receive gradients (one flag each; missing: none). Built once, then cached.
  std::shared_ptr<const ScanGradient> gradient(std::vector<char> seeded);

 private:
  int add_residual(const NodeRef& node);
  std::shared_ptr<const ScanGradient> differentiate(const std::vector<char>& seeded);

  DType buffer_type_ = DType::float32;
  mutable std::mutex mutex_;
  std::vector<NodeRef> residuals_;
  std::mutex gradient_mutex_;
  std::map<std::vector<char>, std::shared_ptr<const ScanGradient>> gradients_;
};

/// The attribute of scan ops: the body, and once shapes are bound, which outputs the loop computes and at which offsets.
struct Scan {
  struct Section {
    NodeRef node;            ///< of the body
    Spec spec;               ///< of one step
    bool stacked = false;    ///< one row for each step
    std::size_t offset = 0;  ///< bytes from the start of the buffer
  };
  std::shared_ptr<ScanBody> body;
  bool bound = false;
  Index steps = 0;
  std::vector<Spec> inputs;  ///< of all inputs of the node
  std::vector<int> passed;   ///< inputs that the kernel gets
  std::vector<char> live;    ///< per state
  std::vector<Spec> specs;   ///< per output, of one step: also of outputs of which only the shape is read
  std::vector<Section> sections;
  std::vector<int> section_of;  ///< per output: which section, -1 if it is not computed
  Index size = 0;               ///< of the buffer, in elements

  /// Whether the loop computes output k.
  [[nodiscard]] bool has(int k) const { return k < static_cast<int>(section_of.size()) && section_of[static_cast<std::size_t>(k)] >= 0; }
  /// The spec of output k; sizes of an unbound loop may be kAny.
  [[nodiscard]] Spec output(int k, Index any_steps) const;
};

/// The loop with shapes. Without `outputs`: every output requested so far, and all inputs are passed (for Table).
std::shared_ptr<const Scan> bind_scan(const std::shared_ptr<ScanBody>& body, std::vector<Spec> inputs, std::optional<std::vector<int>> outputs);

/// Which nodes must be computed for `wanted`, and which outputs of the scans among them. Nodes of which only the shape is read need not be computed.
class Demands {
 public:
  explicit Demands(std::span<const NodeRef> wanted);
  [[nodiscard]] bool contains(const Node* node) const { return needed_.count(node) > 0; }
  [[nodiscard]] std::vector<int> outputs(const Node* scan) const;
  [[nodiscard]] const std::vector<Node*>& order() const { return order_; }

 private:
  std::vector<Node*> order_;
  std::unordered_set<const Node*> needed_;
  std::unordered_map<const Node*, std::vector<int>> outputs_;
};

/// The scan node whose buffer this node reads, or whose layout it has; null for scan nodes themselves.
const Node* loop_behind(const Node& node);

/// A scan node on a body and its outputs so far: last states and stacked ys.
std::vector<NodeRef> apply_scan(const std::shared_ptr<ScanBody>& body, std::span<const NodeRef> inputs);
/// Output k of a scan node.
NodeRef scan_output(const NodeRef& scan, int k);

/// Gradients of a scan node's inputs, given those of its outputs (empty where there is none).
std::vector<NodeRef> scan_gradient(const NodeRef& scan, const std::vector<NodeRef>& outputs);

/// A loop as it was traced: a step built on `step_states` and `step_xs` (input nodes made just before it) that may also read any other node.
struct TracedScan {
  std::vector<NodeRef> states, sequences;
  std::vector<NodeRef> step_states, step_xs;
  std::vector<NodeRef> next, ys;
  bool reverse = false;
  std::optional<Index> checkpoint;  ///< steps in a segment of which only the first state is kept; 0: √T
};

/// The last states, then the ys, stacked.
std::vector<NodeRef> scan(const TracedScan& traced);

/// A node of the same operation on other inputs.
NodeRef clone_node(const Node& node, std::span<const NodeRef> inputs);
/// The outputs with some nodes replaced: every node that depends on a replaced one is rebuilt, all others are kept.
std::vector<NodeRef> replace_nodes(std::span<const NodeRef> outputs, std::unordered_map<const Node*, NodeRef>& replaced);

}  // namespace plait::graph
