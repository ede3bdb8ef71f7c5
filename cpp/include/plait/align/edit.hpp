// Edit distances on symbols: the least cost of transforming x into y by insertions, deletions, substitutions and transpositions of symbols, and the
// longest common subsequence.
//
//   D(i, j) = min(D(i-1, j-1) + [x_i != y_j] * substitute, D(i, j-1) + insert, D(i-1, j) + remove, transpositions)
//
// A transposition exchanges two symbols and costs as much as a substitution:
//   restricted (optimal string alignment)  x_{i-1} x_i = y_j y_{j-1}, neighbours on both sides, from D(i-2, j-2)
//   unrestricted (Damerau)                 neighbours on one side; on the other side symbols between them may be inserted or deleted
// The unrestricted recursion is right where 2 * substitute >= insert + remove (Lowrance and Wagner 1975); the factory refuses other weights.
//
// Ties, seen from the end: match, transposition, deletion (adds a symbol of y), insertion (drops one of x).
#pragma once

#include <memory>

#include "plait/align/method.hpp"

namespace plait::align {

enum class Transposition : std::uint8_t { none, restricted, unrestricted };

/// Weights are finite and not negative.
struct EditOptions {
  double insert = 1;      ///< adds a symbol of y
  double remove = 1;      ///< drops a symbol of x
  double substitute = 1;  ///< replaces one; also the cost of a transposition
  Transposition transposition = Transposition::none;
};

std::unique_ptr<Method> make_levenshtein(const EditOptions& options);
/// The length of the longest common subsequence; unequal symbols are never matched.
std::unique_ptr<Method> make_lcs();

}  // namespace plait::align
