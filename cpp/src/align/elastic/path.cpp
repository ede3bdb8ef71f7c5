// The path of one pair, from two bits of moves per cell. If these do not fit into memory, the matrix is cut into blocks of tiles (checkpoints.hpp);
// the state between two blocks is one row.
#include <algorithm>

#include "align/core/checkpoints.hpp"
#include "align/core/traceback.hpp"
#include "align/elastic/pair.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align::detail {
namespace {

/// Traces back to the row above the tile, or to the left border.
void back(Traceback& traceback, const TilePlace& place, const std::uint64_t* moves, Index lanes) {
  while (traceback.i() >= place.first && traceback.j() > 0) {
    const Index p = traceback.i() - place.first, s = traceback.j() - place.column + p;
    const std::uint64_t word = moves[(s / kMovesSteps * place.registers + p / lanes) * lanes + p % lanes];
    traceback.step(static_cast<Move>(word >> (2 * (kMovesSteps - 1 - s % kMovesSteps)) & 3));
  }
}

}  // namespace

Path pair_path(const Measure& measure, const ElasticTable& table, const Sequence& x, const Sequence& y, std::size_t memory_limit,
               Workspace& workspace) {
  const Index n = x.length, m = y.length;
  PairRun run(measure, table, x, y, workspace);
  run.begin();
  std::vector<TilePlace> tiles;
  double move_bytes = 0;
  for (Index first = 1; first <= n && m > 0; first += tiles.back().rows) {
    tiles.push_back(run.place(first));
    move_bytes += 8.0 * static_cast<double>(tiles.back().moves);
  }
  const std::size_t length = static_cast<std::size_t>(m) + 1;
  const Checkpoints checkpoints = Checkpoints::within(memory_limit, static_cast<Index>(tiles.size()), move_bytes, 8.0 * static_cast<double>(length));
  const auto tile = [&](Index k) -> const TilePlace& { return tiles[static_cast<std::size_t>(k)]; };

  std::vector<double> kept;  // the row before each block but the first
  std::uint64_t* moves = nullptr;
  Index last_column = m;
  const auto run_block = [&](Index block, bool keeps) {
    std::size_t words = 0;
    for (Index k = checkpoints.begin(block); k < checkpoints.end(block); ++k) words += tile(k).moves;
    if (keeps) moves = workspace.take_as<std::uint64_t>(words, 3);
    std::uint64_t* at = moves;
    for (Index k = checkpoints.begin(block); k < checkpoints.end(block); ++k) {
      run.run(tile(k), last_column, keeps ? at : nullptr);
      if (keeps) at += tile(k).moves;
      poll_interrupt();
    }
  };
  checkpoints.forward(
      [&](Index block) {
        if (block > 0) kept.insert(kept.end(), run.row(), run.row() + length);
      },
      run_block);

  Path out;
  const Index end = n > 0 && m > 0 ? run.end_column() : m;
  out.score = m == 0 ? run.left(n) : run.row()[end];
  if (!(out.score < kUnreachable)) return out;
  out.score = measure.of_weight(out.score, n, end);
  Traceback traceback(n, end, measure.gaps() ? Traceback::Columns::gaps : Traceback::Columns::cells);
  checkpoints.backward(
      checkpoints.last(), true,
      [&](Index block) {
        run.begin();
        if (block > 0) std::copy_n(kept.data() + static_cast<std::size_t>(block - 1) * length, length, run.row());
        last_column = traceback.j();  // the path does not return to columns further right
      },
      run_block,
      [&](Index block) {
        const std::uint64_t* at = moves;
        for (Index k = checkpoints.begin(block); k < checkpoints.end(block); ++k) at += tile(k).moves;
        for (Index k = checkpoints.end(block); k-- > checkpoints.begin(block);) {
          at -= tile(k).moves;
          back(traceback, tile(k), at, table.lanes);
        }
        return traceback.j() > 0;
      });
  out.pairs = traceback.finish({.y_begin = measure.open_begin});
  return out;
}

}  // namespace plait::align::detail
