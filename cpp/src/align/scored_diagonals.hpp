// Alignment with scores that no small integer holds.
#pragma once

#include "align/scored_diagonal_internal.hpp"
#include "plait/align/scored.hpp"

namespace plait::align {

double diagonal_score(const ScoredOptions& options, const ScoredDiagonalTable& table, const Sequence& x, const Sequence& y, Workspace& workspace);
Path diagonal_path(const ScoredOptions& options, const ScoredDiagonalTable& table, const Sequence& x, const Sequence& y, std::size_t memory_limit,
                   Workspace& workspace);

}  // namespace plait::align
