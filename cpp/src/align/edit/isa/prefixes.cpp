#include "align/edit/prefixes.hpp"

#include "plait/tensor/vector.hpp"

namespace plait::align::detail {
namespace PLAIT_ISA_NS {

using namespace tensor;
using namespace tensor::PLAIT_ISA_NS;
namespace {

typedef std::uint8_t V __attribute__((vector_size(kVectorBytes)));
typedef std::int8_t Flags __attribute__((vector_size(kVectorBytes)));

constexpr int kRegisters = kPrefixLanes / kVectorBytes;
/// A cell outside the matrix: greater than any limit, and sums over a whole prefix do not overflow.
constexpr std::uint8_t kNone = 128;
constexpr Index kRowsBetweenLooks = 4;
static_assert(kNone > kPrefixLimit && kNone + kPrefix < 256);

PLAIT_INLINE V least(V a, V b) { return a < b ? a : b; }

PLAIT_INLINE std::uint64_t bits_of(V within) {
  std::uint64_t bits = 0;
  std::uint8_t bytes[kVectorBytes];
  __builtin_memcpy(bytes, &within, sizeof within);
  for (int k = 0; k < kVectorBytes; ++k) bits |= static_cast<std::uint64_t>(bytes[k] & 1) << k;
  return bits;
}

PLAIT_INLINE bool any(V flags) {
  std::uint64_t words[kVectorBytes / 8], all = 0;
  __builtin_memcpy(words, &flags, sizeof flags);
  for (const std::uint64_t word : words) all |= word;
  return all != 0;
}

/// One register of lanes.
std::uint64_t within_register(const PrefixLanes& s, Index offset) {
  V cells[kPrefixBand + 1];
  const Index width = s.left + s.right + 1;
  const std::uint8_t most = static_cast<std::uint8_t>(s.limit);
  const V one = V{} + 1, limit = V{} + most;
  for (Index d = 0; d <= width; ++d) {
    const std::uint8_t edits = d < s.left || d == width ? kNone : static_cast<std::uint8_t>(d - s.left);
    cells[d] = V{} + edits;
  }
  V inside = V{};
  for (Index i = 0; i < s.rows;) {
    const Index end = s.rows - i < kRowsBetweenLooks ? s.rows : i + kRowsBetweenLooks;
    V best = V{};
    for (; i < end; ++i) {
      const V symbol = V{} + s.text[i];
      const std::uint8_t* column = s.symbols + (i - s.left) * kPrefixLanes + offset;
      V before = V{} + kNone;  // the cell to the left
      best = before;
      for (Index d = 0; d < width; ++d, column += kPrefixLanes) {
        const V other = load<V>(column);
        const V across = cells[d] + one + (V)(other == symbol);  // equal: one less
        before = least(least(cells[d + 1], before) + one, across);
        cells[d] = before;
        best = least(best, before);
      }
    }
    inside = (V)(best <= limit);
    if (!any(inside)) return 0;
  }
  return bits_of(inside);
}

std::uint64_t within(const PrefixLanes& s) {
  std::uint64_t bits = 0;
  for (int r = 0; r < kRegisters; ++r) bits |= within_register(s, r * kVectorBytes) << (r * kVectorBytes % 64);
  return bits;
}

typedef std::uint8_t Tile __attribute__((vector_size(16)));
constexpr Tile kLow = {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23};
constexpr Tile kHigh = {8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};

/// Transposes tiles of 16 by 16 bytes: four times, rows k and k + 8 are interleaved into rows 2 k and 2 k + 1.
void transpose(const std::uint8_t* strings, Index columns, std::uint8_t* symbols) {
  for (Index lane = 0; lane < kPrefixLanes; lane += 16) {
    for (Index column = 0; column < columns; column += 16) {
      Tile rows[16], interleaved[16];
      for (Index k = 0; k < 16; ++k) rows[k] = load<Tile>(strings + (lane + k) * kPrefix + column);
      for (int round = 0; round < 4; ++round) {
        for (Index k = 0; k < 8; ++k) {
          interleaved[2 * k] = shuffle(rows[k], rows[k + 8], kLow);
          interleaved[2 * k + 1] = shuffle(rows[k], rows[k + 8], kHigh);
        }
        for (Index k = 0; k < 16; ++k) rows[k] = interleaved[k];
      }
      for (Index k = 0; k < 16; ++k) store(symbols + (column + k) * kPrefixLanes + lane, rows[k]);
    }
  }
}

}  // namespace

const PrefixTable& prefix_table() {
  static constexpr PrefixTable table = {transpose, within};
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::align::detail
