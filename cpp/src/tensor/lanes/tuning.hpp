// All thresholds of lane programs except the costs of operations, which are in lane_ops.hpp, with their reasons and the command that measures them.
// `./dev bench graph --only math` has loops over arrays of all sizes, the sections a, c and d of `./dev bench graph` training steps. None depends on
// the number of threads; those for tasks and widths change the order of sums.
#pragma once

#include "plait/tensor/shape.hpp"

namespace plait::tensor::tuning {

// ---- blocks ----

/// Bytes of a first-level cache that the blocks in use at one time may fill: of 32 KiB, the rest for pointers, constants and accumulators.
/// Measure: ./dev bench graph --only math.
constexpr Index kLevelOneBytes = 28 << 10;
/// Elements of a block. Below 128 calling the loops costs more than a cache miss, above 1024 the calls are negligible. Found by trying. Measure:
/// ./dev bench graph --only math.
constexpr Index kSmallestBlock = 128, kLargestBlock = 1024;
/// Elements of a block for column sums of an input in place: many rows at once, with the column sums in registers. Measure: ./dev bench graph
/// --only math.
constexpr Index kPlainBlock = 16384;
/// Smallest number of elements of a stripe, so that few long columns give work to several threads. Found by trying. Measure: ./dev bench graph --only
/// math,a (sums over the batch).
constexpr Index kSmallestStripe = 256;
/// Bytes streamed by a program from which on its arrays are assumed to come from memory: larger than a core's share of the last-level cache. Blocks
/// are then 1 KiB: short pieces of each array in turn come close to the bandwidth of one pass over all. Measure: ./dev bench graph --only math
/// (largest arrays).
constexpr Index kCacheBytes = 16 << 20, kFarBlockBytes = 1024;

// ---- inputs ----

/// Longest periodic row (elements) that is buffered with a block of repetitions; a longer one is copied block by block, or read in place. Equal to
/// the largest block, so that the buffer at most doubles. Measure: ./dev bench graph --only a (biases).
constexpr Index kLongestPeriod = 1024;
/// Row length from which on blocks often lie inside one row and are read in place. Found by trying. Measure: ./dev bench graph --only a,c.
constexpr Index kLongRow = 256;

// ---- sums ----

/// Columns up to which several short rows are accumulated side by side in a sum over rows: four registers of 64 bytes of doubles, four times over.
/// Found by trying. Measure: ./dev bench graph --only math,a.
constexpr Index kWideEnough = 128;
/// Columns from which a sum over rows runs by stripes, each task over all rows of its columns, with nothing to combine: twice the largest block.
constexpr Index kStripedColumns = 2048;

// ---- tasks ----

/// Nanoseconds of estimated work of a task: about 20 times the dispatch overhead. Measure: ./dev bench graph --threads 1,2.
constexpr double kTaskNs = 12000;
/// Largest number of tasks of a program: 16 for each of 16 cores.
constexpr Index kMostTasks = 256;
/// Nanoseconds of estimated work from which a program runs in parallel: below, waking threads costs more than they save. Measure: ./dev bench graph
/// --threads 1,2.
constexpr double kWorthThreads = 20000;

// ---- costs, in nanoseconds for an element on one thread ----

/// Of a float32 array that is read or written in place; twice that for 8 bytes. Measure: ./dev bench graph --only math (copies and
/// sums).
constexpr double kStreamNs = 0.1;
/// Of an array that is converted, gathered or scattered (for either width); of a periodic row; of a reduction. Found by
/// trying.
constexpr double kConvertNs = 0.3, kPeriodicNs = 0.06, kReduceNs = 0.1;

}  // namespace plait::tensor::tuning
