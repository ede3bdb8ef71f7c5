// All thresholds of the passes and programs, with their reasons and the command that measures them.
// `./dev bench graph` has training steps (MLP, VAE) and small programs, `./dev bench sequence` recurrent networks, unrolled and as loops; both print
// compile and run times. They change results only by the order of sums.
#pragma once

#include <cstddef>

#include "plait/tensor/shape.hpp"

namespace plait::graph::tuning {

// ---- simplify ----

/// Elements of a result up to which work on constants is folded; a larger one is computed at every run rather than kept. 4096 doubles are 32 KiB, one
/// first-level cache. Measure: ./dev bench graph (compile time and memory).
constexpr Index kFoldLimit = 4096;
/// Equal rows from which a product is computed for one row and broadcast; fewer do not pay for a separate product. Found by trying. Measure: ./dev
/// bench sequence (first step of a recurrence from a constant state).
constexpr Index kFewRows = 8;

// ---- batch_matmuls ----

/// Number of values beyond which the pass is skipped: the dependency search takes time in proportion to groups times values.
/// Measure: cpp/tests/graph/test_program.cpp, the chain of a million nodes.
constexpr std::size_t kLargestBatched = 200000;
/// Rounds of the rules at most, a bound on compile time only: a round without a change is the last. Measure: ./dev bench sequence (compile time).
constexpr int kMostRounds = 8;
/// Rows (or columns) of a product up to which it is worth stacking with others. Found by trying. Measure: ./dev bench sequence, at batches of 1
/// to 64.
constexpr Index kSmallProduct = 64;
/// Elements that may be copied into a stack for each addition that is saved. Found by trying. Measure: ./dev bench sequence (gradients of
/// weights).
constexpr Index kStackedPerSaved = 4;
/// Products that must share stacked weights before stacking those is worth its copy. Found by trying. Measure: ./dev bench sequence (four gates).
constexpr std::size_t kWeightUses = 4;

// ---- materialize_views ----

/// Every product packs a transposed right operand again. One of at most 24 KiB, which would be read in place were it not transposed, is copied once
/// for at least 3 products of 8 rows or more (a product of fewer rows reads it as it is). Found by trying. Measure: ./dev bench sequence (backward
/// pass of small cells).
constexpr Index kTransposedBytes = 24 << 10;
constexpr int kTransposedUses = 3;
constexpr Index kTransposedRows = 8;

// ---- fuse ----

/// Members of a lane program, so that live buffers fit a first-level cache of 32 KiB: 28 blocks of 128 doubles, the shortest (tensor/lanes/cut.cpp).
/// Longer chains continue in another group. Measure: ./dev bench graph.
constexpr std::size_t kMostMembers = 40;
/// Inputs of an epilogue: 40 members of three operands each have at most 120.
constexpr std::size_t kMostOperands = 192;

// ---- programs ----

/// Nanoseconds of estimated work between two polls for Ctrl-C, which must be noticed within 100 ms: 1 ms (cpp/tests/base/test_interrupt.cpp).
constexpr double kPollNs = 1e6;
/// Estimated nanoseconds of a run from which its steps may go parallel: below, waking threads costs more than they give. Measure: ./dev bench graph,
/// 1 and 2 threads.
constexpr double kParallelNs = 1e5;
/// Plans cached for different input shapes; the oldest is dropped.
constexpr std::size_t kMostPlans = 16;
/// For estimates only, of one core of 2023 (AVX-512): flops of products and bytes of memory traffic per nanosecond, and nanoseconds to start a step.
/// Measure: Program.profile() against Step.cost_ns.
constexpr double kProductFlopsPerNs = 60, kBytesPerNs = 20, kStepNs = 100;

}  // namespace plait::graph::tuning
