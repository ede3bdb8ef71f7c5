// What the files of the edit distances share.
#pragma once

#include <cstdint>
#include <vector>

#include "plait/align/edit.hpp"

namespace plait::align::edit {

/// The symbols of a sequence as 32-bit numbers.
std::vector<std::uint32_t> symbols_of(const Sequence& s);

// --- row after row in doubles: any weights, any transposition (edit_rows.cpp) ----------------------------------------------------------

double rows_score(const EditOptions& options, const Sequence& x, const Sequence& y);
double rows_count(const EditOptions& options, const Sequence& x, const Sequence& y);
/// Keeps a byte a cell if that is within `memory_limit`, else rows to start again from.
Path rows_path(const EditOptions& options, const Sequence& x, const Sequence& y, std::size_t memory_limit);

}  // namespace plait::align::edit
