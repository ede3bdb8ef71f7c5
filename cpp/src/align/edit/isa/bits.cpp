// The recurrences on bit vectors, one word a lane.
#include "align/edit/bits.hpp"

#include "plait/base/isa.hpp"
#include "plait/tensor/vector.hpp"

namespace plait::align::detail {
namespace PLAIT_ISA_NS {

using namespace tensor;
using namespace tensor::PLAIT_ISA_NS;
namespace {

using Word = std::uint64_t;

constexpr int kWords = kVectorBytes / 8;
typedef Word Words __attribute__((vector_size(kVectorBytes)));
typedef std::int64_t Signs __attribute__((vector_size(kVectorBytes)));

#if defined(__AVX512F__)
constexpr Signs kUp = {8, 0, 1, 2, 3, 4, 5, 6};
constexpr Signs kLane = {0, 1, 2, 3, 4, 5, 6, 7};
#elif defined(__AVX2__)
constexpr Signs kUp = {4, 0, 1, 2};
constexpr Signs kLane = {0, 1, 2, 3};
#else
constexpr Signs kUp = {2, 0};
constexpr Signs kLane = {0, 1};
#endif

/// Moves each lane's value to the next lane; `in` enters the first.
PLAIT_INLINE Words up(Words v, Word in) {
  const Words first = {in};
  return shuffle(v, first, kUp);
}

PLAIT_INLINE Words blend(Signs which, Words yes, Words no) { return which ? yes : no; }

/// A delay line of masks: lane w gets its word of a column's masks w steps after lane 0.
struct Delay {
  Words waiting[kWords] = {};  // [k]: the words of lanes w >= k in k steps

  PLAIT_INLINE Words next(const Word* row) {
    Words now;
    __builtin_memcpy(&now, row, sizeof now);
#pragma GCC unroll 8
    for (int k = 0; k + 1 < kWords; ++k) waiting[k] = blend(kLane == Signs{} + k, now, waiting[k + 1]);
    waiting[kWords - 1] = now;
    return waiting[0];
  }
};

template <bool crossing>
struct Distance {
  Words plus = ~Words{}, minus = {};  // vertical differences
  // Carries of a word into the next one: whether its last row does not go up, goes down. (Complements are used where that saves
  // an inversion.)
  Words carry_flat = Words{} + 1, carry_minus = {};
  Words before = {}, diagonal = {}, crossed = {};  // masks and diagonal bits of the previous column; transpositions that cross into the next word
  Words flat = {};                                 // cells that are not one above their left neighbour

  PLAIT_INLINE void step(Words mask, std::uint8_t in) {
    const Words in_flat = up(carry_flat, ~in & 1), in_minus = up(carry_minus, in >> 1 & 1);
    const Words equal = mask | in_minus;
    Words d = (((equal & plus) + plus) ^ plus) | equal | minus;
    if constexpr (crossing) {
      const Words half = ~diagonal & mask;
      d |= ((half << 1) | up(crossed, in >> 2)) & before;
      crossed = half >> 63;
      before = mask;
    }
    diagonal = d;
    flat = (d ^ minus) | plus;
    const Words left = d & plus;
    const Words down_flat = (flat << 1) | in_flat, down_minus = (left << 1) | in_minus;
    carry_flat = flat >> 63;
    carry_minus = left >> 63;
    plus = down_minus | (down_flat & ~d);
    minus = d & ~down_flat;
  }
  PLAIT_INLINE void hold(Signs active, const Distance& old) {
    plus = blend(active, plus, old.plus);
    minus = blend(active, minus, old.minus);
  }
  [[nodiscard]] PLAIT_INLINE std::uint8_t out() const {
    const Words all = carry_flat | (carry_minus << 1);
    return static_cast<std::uint8_t>((crossing ? (all | (crossed << 2))[kWords - 1] : all[kWords - 1]) ^ 1);
  }
};

/// The common subsequence grows at the rows with a zero in `plus`.
struct Common {
  Words plus = ~Words{}, minus = {};
  Words carry = {}, diagonal = {}, flat = {};

  PLAIT_INLINE void step(Words mask, std::uint8_t in) {
    const Words add = up(carry, in);
    const Words both = plus & mask;
    const Words sum = plus + both;
    const Words total = sum + add;
    carry = ((Words)(sum < both) | (Words)(total < add)) & (Words{} + 1);
    plus = total | (plus & ~mask);
  }
  PLAIT_INLINE void hold(Signs active, const Common& old) { plus = blend(active, plus, old.plus); }
  [[nodiscard]] PLAIT_INLINE std::uint8_t out() const { return static_cast<std::uint8_t>(carry[kWords - 1]); }
};

PLAIT_INLINE void keep(Word* at, Words v) { __builtin_memcpy(at, &v, sizeof v); }

template <class Machine, bool keeps>
PLAIT_INLINE void run(const BitBlock& s) {
  Machine machine;
  Delay delay;
  const Word* const masks = s.masks;  // local copies: the compiler must assume that stores may alias the block
  const std::uint16_t* const rows = s.rows;
  const std::uint8_t* const above = s.above;
  std::uint8_t* const below = s.below;
  constexpr Index kLag = kWords - 1, kPiece = 1 << 14;
  const auto step = [&](Index t) __attribute__((always_inline)) {
    machine.step(delay.next(masks + static_cast<std::size_t>(rows[t]) * kWords), above[t]);
    if constexpr (keeps) {
      keep(s.diagonal + t * kWords, machine.diagonal);
      keep(s.right + t * kWords, ~machine.flat);
    }
  };
  // A lane that has not begun has an empty mask and no carry, so its state does not change.
  Index t = 0;
  for (; t < kLag && t < s.columns; ++t) step(t);
  while (t < s.columns) {
    const Index end = s.columns - t < kPiece ? s.columns : t + kPiece;
    for (; t < end; ++t) {
      step(t);
      below[t - kLag] = machine.out();
    }
    s.poll();
  }
  // A lane that has finished its columns must keep its state.
  for (; t < s.columns + kLag; ++t) {
    const Machine old = machine;
    step(t);
    machine.hold(kLane > Signs{} + (t - s.columns), old);
    if (t >= kLag) below[t - kLag] = machine.out();
  }
  keep(s.plus, machine.plus);
  keep(s.minus, machine.minus);
}

template <class Machine>
void run_either(const BitBlock& s) {
  if (s.diagonal != nullptr) return run<Machine, true>(s);
  run<Machine, false>(s);
}

}  // namespace

const BitBlockTable& bit_block_table() {
  static constexpr BitBlockTable table = {kWords, run_either<Distance<false>>, run_either<Distance<true>>, run<Common, false>};
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::align::detail
