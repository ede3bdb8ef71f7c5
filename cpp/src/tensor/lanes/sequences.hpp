// Instruction sequences of lane programs that run as one loop with all intermediate values in registers: mainly optimiser updates, which read and
// write several arrays once with little arithmetic per element. One row here gives both the pattern that the binder matches (match.cpp) and the loop
// (isa/sequences.cpp). Results are bit-equal to single instructions.
#pragma once

#include "plait/tensor/lanes.hpp"

namespace plait::tensor {

/// Registers 0 … blocks - 1 are the operands that vary over elements, then the uniform ones, then one register per instruction. The last instruction
/// is the last output and depends on all others.
struct LaneSequence {
  static constexpr int kMostCode = 13, kMostOutputs = 3, kMostRegisters = 24;
  struct Code {
    LaneOp op;
    int a = 0, b = 0;
  };
  int blocks = 0, uniforms = 0, length = 0, outputs = 0;
  Code code[kMostCode] = {};
  int output[kMostOutputs] = {};

  [[nodiscard]] constexpr int first() const { return blocks + uniforms; }
  [[nodiscard]] constexpr int registers() const { return first() + length; }
};

namespace lane_sequences {

using enum LaneOp;

/// x0 u0 + x1 u1: a moving average.
inline constexpr LaneSequence kAverage{2, 2, 3, 1, {{mul, 0, 2}, {mul, 1, 3}, {add, 4, 5}}, {6}};
/// x0 u0 + x1² u1: a moving average of squares.
inline constexpr LaneSequence kAverageOfSquares{2, 2, 4, 1, {{mul, 0, 2}, {square, 1}, {mul, 5, 3}, {add, 4, 6}}, {7}};
/// x0 x1 + x2 x3, as in the state of an LSTM.
inline constexpr LaneSequence kTwoProducts{4, 0, 3, 1, {{mul, 0, 1}, {mul, 2, 3}, {add, 4, 5}}, {6}};
/// Momentum: v = u0 v + g; w - u1 v. Blocks w, v, g.
inline constexpr LaneSequence kMomentum{3, 2, 4, 2, {{mul, 1, 3}, {add, 5, 2}, {mul, 4, 6}, {sub, 0, 7}}, {6, 8}};
/// AdaGrad: s = s + g²; w - u0 g / (√s + u1). Blocks w, s, g.
inline constexpr LaneSequence kAdaGrad{3,      2, 7, 2, {{square, 2}, {add, 1, 5}, {sqrt, 6}, {add, 7, 4}, {mul, 3, 2}, {div, 9, 8}, {sub, 0, 10}},
                                       {6, 11}};
/// RMSProp: s = u0 s + u1 g²; w - u2 (g / (√s + u3)). Blocks w, s, g.
inline constexpr LaneSequence kRmsProp{
    3, 4, 9, 2, {{mul, 1, 3}, {square, 2}, {mul, 8, 4}, {add, 7, 9}, {sqrt, 10}, {add, 11, 6}, {div, 2, 12}, {mul, 5, 13}, {sub, 0, 14}}, {10, 15}};
/// Adam: m = u0 m + u1 g; s = u2 s + u3 g²; w - u4 m / (√s u5 + u6). Blocks w, m, s, g.
inline constexpr LaneSequence kAdam{4,
                                    7,
                                    13,
                                    3,
                                    {{mul, 2, 6},
                                     {square, 3},
                                     {mul, 12, 7},
                                     {add, 11, 13},
                                     {mul, 1, 4},
                                     {mul, 3, 5},
                                     {add, 15, 16},
                                     {sqrt, 14},
                                     {mul, 18, 9},
                                     {add, 19, 10},
                                     {mul, 8, 17},
                                     {div, 21, 20},
                                     {sub, 0, 22}},
                                    {14, 17, 23}};

}  // namespace lane_sequences

/// All of them, the longest first.
#define PLAIT_LANE_SEQUENCES(X) X(kAdam) X(kRmsProp) X(kAdaGrad) X(kMomentum) X(kAverageOfSquares) X(kAverage) X(kTwoProducts)

}  // namespace plait::tensor
