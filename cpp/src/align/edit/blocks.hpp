// Blocks of rows that pass one row from each block to the next, and the traceback through them.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "align/core/checkpoints.hpp"

namespace plait::align::detail {

/// Traceback through blocks from the last to the first, with the moves of one block in memory.
///
/// `row`, of `bytes` bytes, is the current one; run(block, moves) advances it from above the block to below, optionally with moves;
/// back(block, above) gets the row above, and is false once the start of the path is found. Rows above all blocks are saved if `memory_limit`
/// allows, which runs each block twice; else those above groups of sqrt(blocks) and within the current group, which runs it three times.
/// scratch(bytes) allocates memory.
template <class Scratch, class Run, class Back>
void back_by_block(Index blocks, std::uint8_t* row, std::size_t bytes, std::size_t memory_limit, Scratch&& scratch, Run&& run, Back&& back) {
  const bool all = static_cast<double>(blocks) * static_cast<double>(bytes) <= static_cast<double>(memory_limit);
  const Checkpoints groups(blocks, all ? blocks : static_cast<Index>(std::sqrt(static_cast<double>(blocks))) + 1);
  std::uint8_t* const rows = scratch(static_cast<std::size_t>(groups.blocks() + groups.every()) * bytes);
  const auto row_at = [&](Index at) { return rows + static_cast<std::size_t>(at) * bytes; };
  const auto keep = [&](Index at) { std::memcpy(row_at(at), row, bytes); };
  const auto restore = [&](Index at) { std::memcpy(row, row_at(at), bytes); };
  groups.forward(keep, [&](Index g, bool last) {
    for (Index b = groups.begin(g); b < groups.end(g) && !last; ++b) run(b, false);
  });
  groups.backward(
      groups.last(), true, restore, [](Index, bool) {},
      [&](Index g) {
        const Index first = groups.begin(g), above = groups.blocks();
        const Checkpoints within(groups.end(g) - first, 1);
        bool more = true;
        within.forward([&](Index b) { keep(above + b); }, [&](Index b, bool moves) { run(first + b, moves); });
        within.backward(
            within.last(), true, [&](Index b) { restore(above + b); }, [&](Index b, bool moves) { run(first + b, moves); },
            [&](Index b) { return more = back(first + b, row_at(above + b)); });
        return more;
      });
}

}  // namespace plait::align::detail
