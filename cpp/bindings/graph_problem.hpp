// Graphs as a Problem: connects graph and optimize, which do not depend on each other. Values and derivatives are programs over the variables' nodes;
// a solver's loop runs without Python.
#pragma once

#include <memory>
#include <vector>

#include "modules.hpp"
#include "plait/graph/program.hpp"
#include "plait/optimize/problem.hpp"

namespace plait::bindings {

/// The programs, shared by all solves.
struct ProblemPrograms {
  std::vector<NodeRef> variables;        ///< float inputs or parameters of known shapes; x is their concatenation
  std::vector<NodeRef> parameters;       ///< inputs whose values are set before a solve
  std::vector<NodeRef> directions;       ///< for curvature: one like each variable
  NodeRef multipliers;                   ///< for curvature: (m,)
  std::shared_ptr<Program> values;       ///< f (), c (m,)
  std::shared_ptr<Program> derivatives;  ///< f, c, for each variable df (size,), for each variable dc (m, size)
  std::shared_ptr<Program> curvature;    ///< for each variable its part of the Hessian-vector product (size,); or null
  Index m = 0;
};

class GraphProblem final : public optimize::Problem {
 public:
  explicit GraphProblem(std::shared_ptr<const ProblemPrograms> programs);
  ~GraphProblem() override;

  /// The same programs, limits and parameter values with separate memory, for another thread. Not possible if a variable is a parameter node, whose
  /// value is shared.
  [[nodiscard]] std::unique_ptr<GraphProblem> clone() const;
  [[nodiscard]] const ProblemPrograms& programs() const { return *programs_; }
  /// data: contiguous, of the node's dtype.
  void set_parameter(std::size_t k, const Shape& shape, const void* data);

  void values(const double* x, double& f, double* c) override;
  void derivatives(const double* x, double* gradient, double* jacobian) override;
  bool curvature(const double* x, const double* multipliers, const double* v, double* out) override;

 private:
  class Runner;
  [[nodiscard]] TensorRef tensor_of(const Node& node) const;
  Runner& runner(std::unique_ptr<Runner>& which, const std::shared_ptr<Program>& program);
  void put(const std::vector<TensorRef>& to, const double* x) const;

  std::shared_ptr<const ProblemPrograms> programs_;
  std::vector<TensorRef> x_, parameters_, directions_;
  TensorRef multipliers_;
  std::unique_ptr<Runner> values_, derivatives_, curvature_;
  std::vector<double> last_;  ///< x of the last run of derivatives_
  bool known_ = false;
};

}  // namespace plait::bindings
