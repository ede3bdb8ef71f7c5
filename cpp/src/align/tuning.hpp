// The thresholds of this module, except those of loop shapes (registers, words, rows of a tile), which are in the isa/ folders; with
// their reasons and the command that measures them. `--match TEXT` takes the works of a family whose name holds the text. None changes a
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
/// Nanoseconds for a cell on one thread (AVX-512, Zen 4), for the size of tasks alone; 2 for a pair. Measure: ./dev bench align, of whose GCUPS these
/// are the reciprocals: words of bits, whole weights, other weights; DTW; whole scores by vectors, others; a traced rank; a distance of the user's.
constexpr double kPairNs = 2;
constexpr double kBitsNs = 0.02, kWholeWeightsNs = 0.1, kWeightsNs = 0.5, kElasticNs = 0.3, kWholeScoresNs = 0.1, kScoresNs = 0.4, kRankNs = 2,
                 kMetricNs = 5;
/// Soft-DTW takes as many times what DTW takes. Measure: ./dev bench align --only custom --match soft.
constexpr double kSoftToHard = 7;
/// Side of the tiles in which the lower half of a matrix of all pairs is copied from the upper one: 8 KiB of doubles. Measure: ./dev bench align
/// --only edit (all pairs of short words).
constexpr Index kMirrorTile = 32;

// ---- cells between two polls for Ctrl-C, which must be noticed within 100 ms: tests/align/test_custom_interrupt.py ----

constexpr Index kPollRankCells = 1 << 12;  ///< of a rank in Python: 2.5 µs a cell
constexpr Index kPollSoftCells = 1 << 16;
constexpr Index kPollDiagonalCells = 1 << 20;
constexpr Index kPollStripedCells = 1 << 23;
constexpr Index kPollLaneVectors = 1 << 16;  ///< vectors of cells

// ---- edit ----

/// Symbols up to which a pair has masks for all of them in every block of rows; with more, only for those of the block. 512 masks of 8 words are 32
/// KiB, one first-level cache. Measure: ./dev bench align --only edit --match symbols.
constexpr Index kFewSymbols = 512;
/// Edits within which any pair goes along its diagonals, and one of more than a word; beyond, a pair that may be alike tries it as far as 2 sqrt(n).
/// Found by trying. Measure: ./dev bench align --only words.
constexpr Index kFewEdits = 3, kSomeEdits = 16;
/// Rows from which strips of them are laid out: below, laying out takes longer than the recursion row by row. Found by trying. Measure: ./dev bench
/// align
/// --only edit --match weight.
constexpr Index kFewRows = 12;
/// Rows of a strip of whole numbers: their anti-diagonals stay in a first-level cache (5 diagonals of 512 numbers of 32 bits are 10 KiB).
/// Measure: ./dev bench align --only edit --match weight.
constexpr Index kStripRows = 512;
/// Rows that whole weights take at once: enough for what one step writes to have left the core before the next one reads it. Found by trying.
/// Measure:
/// ./dev bench align --only edit --match weight.
constexpr Index kMostWeightedLanes = 512;
/// Symbols of the prefix by which an index of words finds candidates, at most: with three edits left out of 24 there are 2,024 ways. Measure: ./dev
/// bench align --only words.
constexpr Index kLongestPrefix = 24;

// ---- elastic ----

/// Bytes that lanes of pairs may take: half of a second-level cache of 1 MiB. Beyond, one pair after the other is quicker. Measure: ./dev bench align
/// --only dtw (all pairs of long series).
constexpr double kManyBytes = 512 << 10;
/// Bytes of moves for the end of an open path whose paths are counted.
constexpr std::size_t kCountMemory = std::size_t{1} << 28;
/// Bytes of distances of the user's that stay with the thread; a larger matrix is given back after its pair.
constexpr std::size_t kKeptBytes = std::size_t{1} << 23;
/// Cells of soft-DTW whose parts are kept from the first pass (4 MiB: a share of a third-level cache; n = 500 takes .6 of the time then, four times
/// as much gains nothing), and of a block before them (512 KiB: half of a second-level cache). Measure: ./dev bench align --only custom --match soft.
constexpr Index kSoftValues = 1 << 18, kSoftBlockValues = 1 << 15;

/// Series that may still be the nearest from which bounds in 16 bits are computed for a group of them; and units of these sums to a row, beneath
/// which they would tell too little. Measure: ./dev bench align --only dtw --match 1-NN.
constexpr Index kCoarseLeast = 8;
constexpr double kCoarsePrecision = 16;

// ---- pairwise ----

/// Rows of a striped block: its profile and state stay in a second-level cache. Measure: ./dev bench align --only pairwise --match 3000.
constexpr Index kBlockRows = 4096;
/// Columns of a reference that shares a vector with others: what is longer is quick enough by itself. Found by trying. Measure: ./dev bench align
/// --only pairwise (one against many).
constexpr Index kLongestInLane = 1 << 16;
/// A local score that may leave 8 or 16 bits is tried where that leaves so much of their range. Found by trying. Measure: ./dev bench align --only
/// pairwise
/// --match SW.
constexpr Index kWorthTrying8 = 80, kWorthTrying16 = 8000;

}  // namespace plait::align::tuning
