// What lane programs decide by numbers: all thresholds of this folder but the costs of operations, which stand beside their rows in lane_ops.hpp; why
// they are what they are, and what to run after changing one. `./dev bench graph --only math` has loops over arrays of all sizes, the sections a, c
// and d of `./dev bench graph` training steps. None depends on the number of threads; those of tasks and of widths change the order of sums.
#pragma once

#include "plait/tensor/shape.hpp"

namespace plait::tensor::tuning {

// ---- blocks ----

/// Bytes of a first-level cache that the blocks in use at one time may fill: of 32 KiB, the rest for pointers, constants and accumulators.
/// Measure: ./dev bench graph --only math.
constexpr Index kLevelOneBytes = 28 << 10;
/// Elements of a block. Below 128 the calls of loops cost more than a miss, above 1024 they cost nothing any more. Found by trying. Measure: ./dev
/// bench graph --only math.
constexpr Index kSmallestBlock = 128, kLargestBlock = 1024;
/// Elements of a block where columns are summed over memory as it is: many rows at once, whose columns stay in registers. Measure: ./dev bench graph
/// --only math.
constexpr Index kPlainBlock = 16384;
/// Elements of a stripe at least, so that few long columns give work to several threads. Found by trying. Measure: ./dev bench graph --only math,a
/// (sums over the batch).
constexpr Index kSmallestStripe = 256;
/// Bytes that stream through a program from which its arrays come from memory: no core has a larger share of a last-level cache. Blocks are then 1
/// KiB, since short pieces of each array in turn come close to what one pass over all would get. Measure: ./dev bench graph --only math (largest
/// arrays).
constexpr Index kCacheBytes = 16 << 20, kFarBlockBytes = 1024;

// ---- inputs ----

/// Elements of a row that repeats itself up to which it is kept twice side by side; a longer one is copied block by block, or read in place. Equal to
/// the largest block, so that it takes at most as much again. Measure: ./dev bench graph --only a (biases).
constexpr Index kLongestPeriod = 1024;
/// Elements of a row from which on blocks often lie inside of one, and are read in place. Found by trying. Measure: ./dev bench graph --only a,c.
constexpr Index kLongRow = 256;

// ---- sums ----

/// Columns up to which several short rows stand side by side in the accumulators of a sum over rows: four registers of 64 bytes of doubles, four
/// times over. Found by trying. Measure: ./dev bench graph --only math,a.
constexpr Index kWideEnough = 128;
/// Columns from which a sum over rows goes by stripes, each task down all rows of its own, with nothing to combine: twice the largest block.
constexpr Index kStripedColumns = 2048;

// ---- tasks ----

/// Nanoseconds of estimated work of a task: about 20 times what handing it out takes. Measure: ./dev bench graph --threads 1,2.
constexpr double kTaskNs = 12000;
/// Tasks of a program at most: 16 for each of 16 cores.
constexpr Index kMostTasks = 256;
/// Nanoseconds of estimated work from which a program goes parallel: below, waking threads costs more than they give. Measure: ./dev bench graph
/// --threads 1,2.
constexpr double kWorthThreads = 20000;

// ---- costs, in nanoseconds for an element on one thread ----

/// Of a float32 array that comes from or goes to memory where it stands; twice that for 8 bytes. Measure: ./dev bench graph --only math (copies and
/// sums).
constexpr double kStreamNs = 0.1;
/// Of one that is converted, gathered or scattered; of a row that repeats itself; of a reduction. Of these the first is for either width. Found by
/// trying.
constexpr double kConvertNs = 0.3, kPeriodicNs = 0.06, kReduceNs = 0.1;

}  // namespace plait::tensor::tuning
