// Shared by the files of the edit distances.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "plait/align/edit.hpp"

namespace plait::align::detail {

/// The symbols of a sequence as 32-bit numbers.
std::vector<std::uint32_t> symbols_of(const Sequence& s);

// --- row after row in doubles: any weights, any transposition (rows.cpp) ----------------------------------------------------------

double rows_score(const EditOptions& options, const Sequence& x, const Sequence& y);
double rows_count(const EditOptions& options, const Sequence& x, const Sequence& y);
/// Keeps one byte a cell if they fit into `memory_limit`, else saved rows for recomputation.
Path rows_path(const EditOptions& options, const Sequence& x, const Sequence& y, std::size_t memory_limit);

// --- all weights 1, without transpositions or with those of adjacent symbols (unit.cpp) -----------------------------------------

constexpr Index kNoLimit = std::numeric_limits<Index>::max();

/// The distance, or any number above `limit` if it exceeds the limit.
Index unit_distance(const Sequence& x, const Sequence& y, bool restricted, Index limit, Workspace& workspace);
/// The length of the longest common subsequence.
Index common_length(const Sequence& x, const Sequence& y, Workspace& workspace);
Path unit_path(const Sequence& x, const Sequence& y, bool restricted, std::size_t memory_limit, Workspace& workspace);

// --- integer weights (weighted.cpp) --------------------------------------------------------------------------------------------
// Scores and paths, without transpositions.

/// Weights as integers: weight = integer * multiple / scale.
struct IntegerWeights {
  std::int32_t insert, remove, substitute;
  double multiple, scale;
  [[nodiscard]] double score(std::int64_t sum) const { return static_cast<double>(sum) * multiple / scale; }
  /// A substitution that costs more than a deletion and an insertion is never used.
  [[nodiscard]] EditOptions options(Transposition transposition) const {
    return {static_cast<double>(insert), static_cast<double>(remove), static_cast<double>(std::min(substitute, insert + remove + 1)), transposition};
  }
};
/// For decimal fractions of a few digits, and for multiples of a fraction of the least weight, of limited ratio. Sums are then exact, and so are
/// ties.
std::optional<IntegerWeights> integer_weights(const EditOptions& options);
double weighted_score(const IntegerWeights& weights, const Sequence& x, const Sequence& y, Workspace& workspace);
Path weighted_path(const IntegerWeights& weights, const Sequence& x, const Sequence& y, std::size_t memory_limit, Workspace& workspace);

// --- bit vectors in blocks (bits.cpp) ----------------------------------------------------------------------------------------------

/// Cells (i, j) with i - left <= j <= i + right.
struct DiagonalBand {
  Index left, right;
};
/// The cells on paths of at most k insertions, deletions and substitutions.
inline DiagonalBand band_of(Index n, Index m, Index k) { return {(k - (m - n)) / 2, (k + (m - n)) / 2}; }

/// The distance if it is within the band, else an upper bound of it.
Index blocks_distance(const Sequence& x, const Sequence& y, bool restricted, DiagonalBand band, Workspace& workspace);
Index blocks_common(const Sequence& x, const Sequence& y, Workspace& workspace);
/// A best path; the band must contain all best paths.
std::vector<Index> blocks_path(const Sequence& x, const Sequence& y, bool restricted, DiagonalBand band, std::size_t memory_limit,
                               Workspace& workspace);

}  // namespace plait::align::detail
