// The distance, the common subsequence and the traceback from block to block.
// Between two blocks there is one byte for each column: the horizontal differences of the last row of the upper block.
// A block spans the whole width of the matrix, or of a band around its diagonal (Ukkonen 1985):
// left of the band cells are assumed to grow by 1 from row to row, above it by 1 from column to column,
// which is the cost of some path.
#include "align/edit/bits.hpp"

#include <algorithm>
#include <bit>

#include "align/core/traceback.hpp"
#include "align/edit/blocks.hpp"
#include "align/edit/codes.hpp"
#include "align/edit/forms.hpp"
#include "align/tuning.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align::detail {
namespace {

using tuning::kFewSymbols;
enum Slots { kCodesX, kCodesY, kMasks, kRows, kEdge, kSaved, kKept };

class BitBlocks {
 public:
  BitBlocks(const Sequence& x, const Sequence& y, DiagonalBand band, Workspace& workspace)
      : table_(PLAIT_PICK(bit_block_table)), band_(band), n_(x.length), m_(y.length) {
    a_ = workspace.take_as<std::uint32_t>(static_cast<std::size_t>(n_), kCodesX);
    b_ = workspace.take_as<std::uint32_t>(static_cast<std::size_t>(m_), kCodesY);
    symbols_ = encode(x, y, a_, b_);
    const std::size_t words = static_cast<std::size_t>(table_.words), width = static_cast<std::size_t>(m_) + 2 * words;
    masks_ = workspace.take_as<std::uint64_t>(static_cast<std::size_t>(std::min(symbols_, std::max(kFewSymbols, height())) + 1) * words, kMasks);
    std::uint16_t* padded = workspace.take_as<std::uint16_t>(width, kRows);
    std::fill_n(padded, width, std::uint16_t{0});
    rows_ = padded + words;
    edge_ = workspace.take_as<std::uint8_t>(width, kEdge);
    if (symbols_ > kFewSymbols) row_of_.assign(static_cast<std::size_t>(symbols_ + 1), 0);
    if (symbols_ <= kFewSymbols) std::copy(b_, b_ + m_, rows_);
  }

  [[nodiscard]] Index height() const { return 64 * Index{table_.words}; }
  [[nodiscard]] Index count() const { return (n_ + height() - 1) / height(); }
  [[nodiscard]] Index top(Index block) const { return block * height(); }
  [[nodiscard]] Index bottom(Index block) const { return std::min(n_, top(block) + height()); }
  [[nodiscard]] Index begin(Index block) const { return std::max<Index>(0, top(block) - band_.left); }
  [[nodiscard]] Index end(Index block) const { return std::min(m_, top(block) + height() + band_.right); }
  [[nodiscard]] const BitBlockTable& table() const { return table_; }
  [[nodiscard]] std::uint8_t* edge() const { return edge_; }
  [[nodiscard]] bool same(Index i, Index j) const { return a_[i] == b_[j]; }
  [[nodiscard]] const std::uint64_t* plus() const { return plus_; }
  [[nodiscard]] const std::uint64_t* minus() const { return minus_; }

  void set_edge(std::uint8_t value) { std::fill_n(edge_, m_ + 2 * table_.words, value); }

  /// Columns [begin, end) of a block; overwrites the edge above it with the edge below.
  void run(void (*kernel)(const BitBlock&), Index block, Index end, std::uint64_t* diagonal = nullptr, std::uint64_t* right = nullptr) {
    poll_interrupt();
    const Index first = begin(block);
    set_masks(block, first, end);
    // Lanes that still run after the last column must have empty masks.
    std::uint16_t saved[16];
    std::copy_n(rows_ + end, table_.words, saved);
    std::fill_n(rows_ + end, table_.words, std::uint16_t{0});
    kernel({masks_, rows_ + first, end - first, edge_ + first, edge_ + first, plus_, minus_, diagonal, right, poll_interrupt});
    std::copy_n(saved, table_.words, rows_ + end);
  }

  /// Sum of the differences in the last column of the block just run, over its rows inside the matrix.
  [[nodiscard]] Index down(Index block, const std::uint64_t* bits) const {
    Index sum = 0;
    for (Index left = bottom(block) - top(block), w = 0; left > 0; left -= 64, ++w) {
      sum += std::popcount(left >= 64 ? bits[w] : bits[w] & ((std::uint64_t{1} << left) - 1));
    }
    return sum;
  }

 private:
  void set_masks(Index block, Index first, Index end) {
    const std::size_t words = static_cast<std::size_t>(table_.words);
    const Index low = top(block), high = bottom(block);
    const bool few = symbols_ <= kFewSymbols;
    std::fill_n(masks_, few ? static_cast<std::size_t>(symbols_ + 1) * words : words, std::uint64_t{0});
    std::uint16_t used = 0;
    for (Index i = low; i < high; ++i) {
      std::uint32_t row = a_[i];
      if (!few) {
        if (row_of_[row] == 0) {
          row_of_[row] = ++used;
          std::fill_n(masks_ + used * words, words, std::uint64_t{0});
        }
        row = row_of_[row];
      }
      masks_[row * words + static_cast<std::size_t>((i - low) / 64)] |= std::uint64_t{1} << ((i - low) % 64);
    }
    if (few) return;
    for (Index j = first; j < end; ++j) rows_[j] = row_of_[b_[j]];
    for (Index i = low; i < high; ++i) row_of_[a_[i]] = 0;
  }

  const BitBlockTable& table_;
  DiagonalBand band_;
  Index n_, m_, symbols_ = 0;
  std::uint32_t *a_, *b_;
  std::uint64_t* masks_;
  std::uint16_t* rows_;
  std::uint8_t* edge_;
  std::vector<std::uint16_t> row_of_;  // of a symbol: its row of this block's masks
  std::uint64_t plus_[16], minus_[16];
};

/// The sum of a row's horizontal differences over some columns.
Index along(const std::uint8_t* edge, Index columns) {
  Index sum = 0;
  for (Index j = 0; j < columns; ++j) sum += (edge[j] & kPlus) - (edge[j] >> 1 & 1);
  return sum;
}

/// Traceback through one block. `edge` is the edge above it, from its first column on; diagonal and right are the kernel's outputs.
void back(Traceback& traceback, const BitBlocks& blocks, Index block, bool restricted, const std::uint8_t* edge, const std::uint64_t* diagonal,
          const std::uint64_t* right) {
  const Index low = blocks.top(block), first = blocks.begin(block), words = blocks.table().words;
  const auto bit = [&](const std::uint64_t* bits, Index i, Index j) {
    const Index row = i - 1 - low, word = row / 64, step = j - 1 - first + word;
    return (bits[step * words + word] >> (row % 64) & 1) != 0;
  };
  while (traceback.i() > low && traceback.j() > 0) {
    const Index i = traceback.i(), j = traceback.j();
    if (blocks.same(i - 1, j - 1) || !bit(diagonal, i, j)) {
      traceback.step(Move::match);
    } else if (restricted && i > 1 && j > 1 && blocks.same(i - 1, j - 2) && blocks.same(i - 2, j - 1) &&
               (i - 1 == low ? (edge[j - 1 - first] & kCrossed) != 0 : !bit(diagonal, i - 1, j - 1))) {
      traceback.step(Move::match);
      traceback.step(Move::match);
    } else {
      traceback.step(bit(right, i, j) ? Move::deletion : Move::insertion);
    }
  }
}

}  // namespace

Index blocks_distance(const Sequence& x, const Sequence& y, bool restricted, DiagonalBand band, Workspace& workspace) {
  BitBlocks blocks(x, y, band, workspace);
  const auto kernel = restricted ? blocks.table().restricted : blocks.table().levenshtein;
  blocks.set_edge(kPlus);
  Index corner = 0;  // the distance at the corner above and left of the block
  for (Index s = 0;; ++s) {
    const Index begin = blocks.begin(s), height = blocks.bottom(s) - blocks.top(s);
    if (s + 1 == blocks.count()) {
      const Index above = corner + along(blocks.edge() + begin, y.length - begin);
      blocks.run(kernel, s, y.length);
      return above + blocks.down(s, blocks.plus()) - blocks.down(s, blocks.minus());
    }
    blocks.run(kernel, s, blocks.end(s));
    corner += height + along(blocks.edge() + begin, blocks.begin(s + 1) - begin);
  }
}

Index blocks_common(const Sequence& x, const Sequence& y, Workspace& workspace) {
  BitBlocks blocks(x, y, {x.length, y.length}, workspace);
  blocks.set_edge(0);
  Index length = 0;
  for (Index s = 0; s < blocks.count(); ++s) {
    blocks.run(blocks.table().lcs, s, y.length);
    length += blocks.bottom(s) - blocks.top(s) - blocks.down(s, blocks.plus());
  }
  return length;
}

std::vector<Index> blocks_path(const Sequence& x, const Sequence& y, bool restricted, DiagonalBand band, std::size_t memory_limit,
                               Workspace& workspace) {
  BitBlocks blocks(x, y, band, workspace);
  const auto kernel = restricted ? blocks.table().restricted : blocks.table().levenshtein;
  const std::size_t width = static_cast<std::size_t>(y.length), words = static_cast<std::size_t>(blocks.table().words);
  const std::size_t bits = (width + words) * words;
  std::uint64_t* const diagonal = workspace.take_as<std::uint64_t>(2 * bits, kKept);
  std::uint64_t* const right = diagonal + bits;
  Traceback traceback(x.length, y.length);
  blocks.set_edge(kPlus);
  back_by_block(
      blocks.count(), blocks.edge(), width, memory_limit, [&](std::size_t bytes) { return workspace.take_as<std::uint8_t>(bytes, kSaved); },
      [&](Index s, bool moves) {
        if (!moves) return blocks.run(kernel, s, blocks.end(s));
        blocks.run(kernel, s, std::max(blocks.begin(s), std::min(traceback.j(), blocks.end(s))), diagonal, right);
      },
      [&](Index s, const std::uint8_t* edge) {
        back(traceback, blocks, s, restricted, edge + blocks.begin(s), diagonal, right);
        return traceback.j() > 0;
      });
  return traceback.finish();
}

}  // namespace plait::align::detail
