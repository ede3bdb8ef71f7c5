// What a plan does, as plain data: its steps with their operands, lane programs and attributes, and where everything stands in memory. For whoever
// writes a program down in another language; running it needs none of this.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "plait/graph/op.hpp"
#include "plait/tensor/lanes.hpp"
#include "plait/tensor/matmul.hpp"

namespace plait::graph {

struct Description;

/// A value that a step reads or writes: element (i0, i1, …) stands `bytes` + Σ ik strides[k] elements from the begin of its memory.
struct StepOperand {
  enum class Memory : std::uint8_t { feed, parameter, constant, arena, output };
  Memory memory = Memory::arena;
  int index = 0;    ///< of feeds, parameters, constants, outputs: which
  Index bytes = 0;  ///< offset
  Spec spec;
  Shape strides;  ///< in elements
};

/// A loop: `body` is run once for each step. Numbers of inputs are those of the step that runs the loop.
struct LoopDescription {
  /// A state: read by the body as feed `feed` (-1: by no step), left by it in output `output`.
  struct State {
    int input = 0, feed = -1, output = 0;
    Index bytes = 0;
    Index last = -1;  ///< where the last value goes in the loop's buffer, -1: nowhere
  };
  struct Sliced {
    int input = 0, feed = 0;
    Index bytes = 0;
  };
  struct Captured {
    int input = 0, feed = 0;
  };
  struct Stacked {
    int output = 0;
    Index begin = 0, bytes = 0;
  };
  Index steps = 0;
  bool reverse = false;
  std::vector<State> states;
  std::vector<Sliced> xs;
  std::vector<Captured> captures;
  std::vector<Stacked> ys;
  std::shared_ptr<const Description> body;
};

struct StepDescription {
  enum class Kind : std::uint8_t { lanes, product, copy, op, loop };
  Kind kind = Kind::op;
  std::string op;    ///< op: its name
  std::string node;  ///< label of the node that it computes
  std::vector<StepOperand> inputs, outputs;
  Shape space;  ///< lanes, and those behind a product
  /// lanes, and those behind a product: inputs after the product's two operands, whose first is then the product itself
  LaneProgram program;
  std::vector<LaneOutput> stores;  ///< what becomes of the program's outputs, which are the last of `outputs`
  MatmulShape product;             ///< product: inputs 0 and 1, output 0
  std::vector<Index> ints;         ///< op: attributes
  std::vector<double> reals;
  Index begin = 0;  ///< of scan_cotangent: where in the buffer, in bytes
  std::shared_ptr<const LoopDescription> loop;
};

struct Description {
  std::vector<Spec> inputs, outputs;
  std::vector<NodeRef> feeds;  ///< the inputs' nodes
  std::vector<TensorRef> constants;
  std::vector<NodeRef> parameters;
  std::vector<StepDescription> steps;
  struct Deferred {
    StepOperand from;
    int parameter = 0;
  };
  std::vector<Deferred> deferred;  ///< after all steps: copied into parameters
  std::size_t arena_bytes = 0;
};

}  // namespace plait::graph
