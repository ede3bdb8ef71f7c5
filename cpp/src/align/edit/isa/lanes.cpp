// The recurrences of bits.cpp for patterns of one word (Hyyrö 2003 and 2004), one pattern a lane.
#include "align/edit/lanes.hpp"

#include "column.hpp"

namespace plait::align::detail {
namespace PLAIT_ISA_NS {

using namespace tensor;
using namespace tensor::PLAIT_ISA_NS;
namespace {

/// Independent registers, interleaved: each step depends on the previous one, so a single register would be bound by latency.
constexpr int kRegisters = kLaneBytes / kVectorBytes;

template <class T>
struct RegisterOf {
  typedef T type __attribute__((vector_size(kVectorBytes)));
};

#define PLAIT_EACH_REGISTER _Pragma("GCC unroll 8") for (int r = 0; r < kRegisters; ++r)

/// Population count of each lane, by sums of 1, 2, 4, … bits; the result is in a lane's low byte.
#define PLAIT_COUNT_BITS(v)                                                                                     \
  v -= v >> 1 & (V{} + static_cast<T>(0x5555555555555555));                                                     \
  v = (v & (V{} + static_cast<T>(0x3333333333333333))) + (v >> 2 & (V{} + static_cast<T>(0x3333333333333333))); \
  v = (v + (v >> 4)) & (V{} + static_cast<T>(0x0F0F0F0F0F0F0F0F));                                              \
  for (unsigned shift = 8; shift < 8 * sizeof(T); shift *= 2) v += v >> shift

/// Counts to scores.
template <class T>
[[gnu::always_inline]] inline void finish(const T* counts, double base, const PatternLanes& lanes) {
  const double unit = lanes.unit;
  double* const out = lanes.out;
#pragma GCC ivdep
  for (int k = 0; k < kLaneBytes / static_cast<int>(sizeof(T)); ++k)
    out[k] = unit * (base + static_cast<double>(static_cast<std::int8_t>(counts[k])));
}

template <class T, bool restricted>
void distance(const PatternLanes& lanes) {
  using V = typename RegisterOf<T>::type;
  const char* const masks = static_cast<const char*>(lanes.masks);
  V plus[kRegisters], minus[kRegisters], diagonal[kRegisters], before[kRegisters];
  PLAIT_EACH_REGISTER plus[r] = ~V{}, minus[r] = diagonal[r] = before[r] = V{};
  for (Index i = 0; i < lanes.length; ++i) {
    const char* const row = masks + static_cast<std::size_t>(lanes.text[i]) * kLaneBytes;
    PLAIT_EACH_REGISTER {
      V mask;
      __builtin_memcpy(&mask, row + r * kVectorBytes, kVectorBytes);
      next_column<restricted>(mask, plus[r], minus[r], diagonal[r], before[r]);
    }
  }
  // The top cell of the last column is the text's length; adding its vertical differences gives the distance.
  T counts[kLaneBytes / sizeof(T)];
  PLAIT_EACH_REGISTER {
    V pattern;
    __builtin_memcpy(&pattern, static_cast<const char*>(lanes.patterns) + r * kVectorBytes, kVectorBytes);
    V up = plus[r] & pattern, down = minus[r] & pattern;
    PLAIT_COUNT_BITS(up);
    PLAIT_COUNT_BITS(down);
    up -= down;
    __builtin_memcpy(counts + r * (kVectorBytes / static_cast<int>(sizeof(T))), &up, kVectorBytes);
  }
  finish(counts, static_cast<double>(lanes.length), lanes);
}

template <class T>
void common(const PatternLanes& lanes) {
  using V = typename RegisterOf<T>::type;
  const char* const masks = static_cast<const char*>(lanes.masks);
  V same[kRegisters];
  PLAIT_EACH_REGISTER same[r] = ~V{};
  for (Index i = 0; i < lanes.length; ++i) {
    const char* const row = masks + static_cast<std::size_t>(lanes.text[i]) * kLaneBytes;
    PLAIT_EACH_REGISTER {
      V mask;
      __builtin_memcpy(&mask, row + r * kVectorBytes, kVectorBytes);
      const V both = same[r] & mask;
      same[r] = (same[r] + both) | (same[r] ^ both);
    }
  }
  T counts[kLaneBytes / sizeof(T)];
  PLAIT_EACH_REGISTER {
    V pattern;
    __builtin_memcpy(&pattern, static_cast<const char*>(lanes.patterns) + r * kVectorBytes, kVectorBytes);
    V grown = ~same[r] & pattern;
    PLAIT_COUNT_BITS(grown);
    __builtin_memcpy(counts + r * (kVectorBytes / static_cast<int>(sizeof(T))), &grown, kVectorBytes);
  }
  finish(counts, 0, lanes);
}

#undef PLAIT_COUNT_BITS
#undef PLAIT_EACH_REGISTER

}  // namespace

const PatternTable& pattern_table() {
  static constexpr PatternTable table = {
      {distance<std::uint8_t, false>, distance<std::uint16_t, false>, distance<std::uint32_t, false>, distance<std::uint64_t, false>},
      {distance<std::uint8_t, true>, distance<std::uint16_t, true>, distance<std::uint32_t, true>, distance<std::uint64_t, true>},
      {common<std::uint8_t>, common<std::uint16_t>, common<std::uint32_t>, common<std::uint64_t>}};
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::align::detail
