// The thresholds of this module, except those of loop shapes (registers, words, rows of a tile), which are in the isa/ folders; with
// their reasons and the command that measures them. `--match TEXT` selects the benches of a family whose name contains the text. None changes a
// result.
#pragma once

#include <cstddef>

#include "plait/tensor/shape.hpp"

namespace plait::align::tuning {

using tensor::Index;

// ---- all methods ----

/// Nanoseconds of estimated work of a task: about 30 times the dispatch overhead. Measure: ./dev bench align --only edit,dtw (all pairs, 2
/// threads).
constexpr double kTaskNs = 20'000;
/// Nanoseconds for a cell on one thread (AVX-512, Zen 4), only for the size of tasks; 2 for a pair. Measure: ./dev bench align, whose GCUPS are the
/// reciprocals: bit vectors, integer weights, other weights; DTW; integer scores by vectors, others; a traced rank; a user's distance.
constexpr double kPairNs = 2;
constexpr double kBitsNs = 0.02, kIntegerWeightsNs = 0.1, kWeightsNs = 0.5, kElasticNs = 0.3, kIntegerScoresNs = 0.1, kScoresNs = 0.4, kRankNs = 2,
                 kMetricNs = 5;
/// Ratio of the times of soft-DTW and DTW. Measure: ./dev bench align --only custom --match soft.
constexpr double kSoftToHard = 7;
/// Side of the tiles in which the upper triangle of a matrix of all pairs is copied to the lower one: 8 KiB of doubles. Measure: ./dev bench align
/// --only edit (all pairs of short words).
constexpr Index kMirrorTile = 32;

// ---- cells between two polls for Ctrl-C, which must be noticed within 100 ms: tests/align/test_custom_interrupt.py ----

constexpr Index kPollRankCells = 1 << 12;  ///< of a rank in Python: 2.5 µs a cell
constexpr Index kPollSoftCells = 1 << 16;
constexpr Index kPollDiagonalCells = 1 << 20;
constexpr Index kPollStripedCells = 1 << 23;
constexpr Index kPollLaneVectors = 1 << 16;  ///< vectors of cells

// ---- edit ----

/// Symbols up to which a pair has masks for all of them in every block of rows; beyond, only for those of the block. 512 masks of 8 words are 32
/// KiB, one first-level cache. Measure: ./dev bench align --only edit --match symbols.
constexpr Index kFewSymbols = 512;
/// Edits up to which any pair uses the diagonal algorithm, and one of more than a word; beyond, similar pairs try it up to 2 sqrt(n) edits.
/// Found by trying. Measure: ./dev bench align --only words.
constexpr Index kFewEdits = 3, kSomeEdits = 16;
/// Rows from which tiles of them are used: below, their layout takes longer than the recursion row by row.
/// Found by trying.
/// Measure: ./dev bench align --only edit --match weight.
constexpr Index kFewRows = 12;
/// Rows of a tile of integers: their anti-diagonals stay in a first-level cache (5 diagonals of 512 numbers of 32 bits are 10 KiB).
/// Measure: ./dev bench align --only edit --match weight.
constexpr Index kEditTileRows = 512;
/// Rows of a block of integer weights: enough for the stores of one step to be complete before the next step loads them.
/// Found by trying.
/// Measure: ./dev bench align --only edit --match weight.
constexpr Index kMostWeightedLanes = 512;
/// Most symbols of the prefix by which an index of words finds candidates: with three deletions, 24 symbols have 2,024 variants. Measure: ./dev
/// bench align --only words.
constexpr Index kLongestPrefix = 24;

// ---- elastic ----

/// Bytes that lanes of pairs may take: half of a second-level cache of 1 MiB. Beyond, one pair after the other is faster. Measure: ./dev bench align
/// --only dtw (all pairs of long series).
constexpr double kManyBytes = 512 << 10;
/// Bytes of moves to find the end of an open path whose paths are counted.
constexpr std::size_t kCountMemory = std::size_t{1} << 28;
/// Bytes of a user's distances that the thread keeps; a larger matrix is freed after its pair.
constexpr std::size_t kKeptBytes = std::size_t{1} << 23;
/// Cells of soft-DTW whose proportions are stored in the first pass (4 MiB: a share of a third-level cache; n = 500 takes .6 of the time then, four
/// as much gains nothing), and of a block before them (512 KiB: half of a second-level cache). Measure: ./dev bench align --only custom --match soft.
constexpr Index kSoftValues = 1 << 18, kSoftBlockValues = 1 << 15;

/// Number of remaining candidates from which 16-bit bounds are computed for a group of them; and units of these sums to a row, below
/// which they would be too imprecise. Measure: ./dev bench align --only dtw --match 1-NN.
constexpr Index kCoarseLeast = 8;
constexpr double kCoarsePrecision = 16;

// ---- pairwise ----

/// Rows of a striped block: its profile and state stay in a second-level cache. Measure: ./dev bench align --only pairwise --match 3000.
constexpr Index kBlockRows = 4096;
/// Columns of a reference that shares a vector with others: longer ones are fast by themselves. Found by trying. Measure: ./dev bench align
/// --only pairwise (one against many).
constexpr Index kLongestInLane = 1 << 16;
/// A local score that may overflow 8 or 16 bits is tried if the offset leaves more than this of their range for scores.
/// Found by trying.
/// Measure: ./dev bench align --only pairwise --match SW.
constexpr Index kWorthTrying8 = 80, kWorthTrying16 = 8000;

}  // namespace plait::align::tuning
