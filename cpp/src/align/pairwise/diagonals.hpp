// Alignment with scores that no small integer type represents.
#pragma once

#include "align/pairwise/diagonal_kernel.hpp"
#include "plait/align/pairwise.hpp"

namespace plait::align::detail {

double diagonal_score(const PairwiseOptions& options, const PairwiseDiagonalTable& table, const Sequence& x, const Sequence& y, Workspace& workspace);
Path diagonal_path(const PairwiseOptions& options, const PairwiseDiagonalTable& table, const Sequence& x, const Sequence& y, std::size_t memory_limit,
                   Workspace& workspace);

}  // namespace plait::align::detail
