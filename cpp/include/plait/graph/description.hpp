// A plan as plain data: its steps with their operands, lane programs and attributes, and the memory layout. For exporters to other languages; running
// a program does not use it.
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

/// A value that a step reads or writes: element (i0, i1, …) is at `bytes` + Σ ik strides[k] elements from the start of its memory.
struct StepOperand {
  enum class Memory : std::uint8_t { feed, parameter, constant, arena, output };
  Memory memory = Memory::arena;
  int index = 0;    ///< which feed, parameter, constant or output
  Index bytes = 0;  ///< offset
  Spec spec;
  Shape strides;  ///< in elements
};

/// A loop: `body` is run once for each step. Input numbers refer to the inputs of the step that runs the loop.
struct LoopDescription {
  /// A state: feed `feed` of the body (-1: never read), output `output` after the step.
  struct State {
    int input = 0, feed = -1, output = 0;
    Index bytes = 0;
    Index last = -1;  ///< offset of the last value in the loop's buffer, -1: not stored
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
  Shape space;  ///< lanes, and the epilogue of a product
  /// lanes, and the epilogue of a product; of an epilogue the first input is the product, the others follow the product's two operands
  LaneProgram program;
  std::vector<LaneOutput> stores;  ///< how the program's outputs, the last of `outputs`, are stored or reduced
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
