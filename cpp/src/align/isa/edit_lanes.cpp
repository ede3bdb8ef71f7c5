// The recurrences of edit_strips.cpp for patterns of one word (Hyyrö 2003 and 2004), a pattern a lane.
#include "align/edit_lanes.hpp"

namespace plait {
namespace PLAIT_ISA_NS {
namespace {

using align::edit::kLaneBytes;
using align::edit::Lanes;

template <class T>
struct LanesOf {
  typedef T type __attribute__((vector_size(kLaneBytes)));
};
template <class T>
constexpr int kCount = kLaneBytes / static_cast<int>(sizeof(T));

/// Bits set in a lane, added up in steps of 1, 2, 4, … bits.
#define PLAIT_COUNT_BITS(v)                                                                                     \
  v -= v >> 1 & (V{} + static_cast<T>(0x5555555555555555));                                                     \
  v = (v & (V{} + static_cast<T>(0x3333333333333333))) + (v >> 2 & (V{} + static_cast<T>(0x3333333333333333))); \
  v = (v + (v >> 4)) & (V{} + static_cast<T>(0x0F0F0F0F0F0F0F0F));                                              \
  for (unsigned shift = 8; shift < 8 * sizeof(T); shift *= 2) v += v >> shift

/// Counts are in the low byte of a lane.
template <class T>
[[gnu::always_inline]] inline void finish(const typename LanesOf<T>::type& counts, double base, const Lanes& lanes) {
  T wide[kCount<T>];
  __builtin_memcpy(wide, &counts, kLaneBytes);
  const double unit = lanes.unit;
  double* const out = lanes.out;
#pragma GCC ivdep
  for (int k = 0; k < kCount<T>; ++k) out[k] = unit * (base + static_cast<double>(static_cast<std::int8_t>(wide[k])));
}

template <class T, bool restricted>
void distance(const Lanes& lanes) {
  using V = typename LanesOf<T>::type;
  const char* const masks = static_cast<const char*>(lanes.masks);
  V plus = ~V{}, minus = {}, diagonal = {}, before = {};
  for (Index i = 0; i < lanes.length; ++i) {
    V mask;
    __builtin_memcpy(&mask, masks + static_cast<std::size_t>(lanes.text[i]) * kLaneBytes, kLaneBytes);
    V d = (((mask & plus) + plus) ^ plus) | mask | minus;
    if (restricted) {
      const V half = ~diagonal & mask;
      d |= (half + half) & before;
      diagonal = d;
      before = mask;
    }
    V right = minus | ~(d | plus), left = d & plus;
    right = (right + right) | (V{} + 1);
    left = left + left;
    plus = left | ~(d | right);
    minus = right & d;
  }
  // The last column's top is the text's length; its vertical differences lead down to the distance.
  V pattern;
  __builtin_memcpy(&pattern, lanes.patterns, kLaneBytes);
  plus &= pattern;
  minus &= pattern;
  PLAIT_COUNT_BITS(plus);
  PLAIT_COUNT_BITS(minus);
  plus -= minus;
  finish<T>(plus, static_cast<double>(lanes.length), lanes);
}

template <class T>
void common(const Lanes& lanes) {
  using V = typename LanesOf<T>::type;
  const char* const masks = static_cast<const char*>(lanes.masks);
  V same = ~V{};
  for (Index i = 0; i < lanes.length; ++i) {
    V mask;
    __builtin_memcpy(&mask, masks + static_cast<std::size_t>(lanes.text[i]) * kLaneBytes, kLaneBytes);
    const V both = same & mask;
    same = (same + both) | (same ^ both);
  }
  V pattern;
  __builtin_memcpy(&pattern, lanes.patterns, kLaneBytes);
  same = ~same & pattern;
  PLAIT_COUNT_BITS(same);
  finish<T>(same, 0, lanes);
}

#undef PLAIT_COUNT_BITS

}  // namespace

const align::edit::LanesTable& edit_lanes_table() {
  static constexpr align::edit::LanesTable table = {
      {distance<std::uint8_t, false>, distance<std::uint16_t, false>, distance<std::uint32_t, false>, distance<std::uint64_t, false>},
      {distance<std::uint8_t, true>, distance<std::uint16_t, true>, distance<std::uint32_t, true>, distance<std::uint64_t, true>},
      {common<std::uint8_t>, common<std::uint16_t>, common<std::uint32_t>, common<std::uint64_t>}};
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait
