// The recurrence of lanes.cpp with masks looked up for each lane.
#include "align/edit/text_lanes.hpp"

#include "column.hpp"

namespace plait::align::detail {
namespace PLAIT_ISA_NS {

using namespace tensor;
using namespace tensor::PLAIT_ISA_NS;
namespace {

typedef std::uint64_t Words __attribute__((vector_size(kVectorBytes)));
constexpr int kWords = kVectorBytes / 8, kRegisters = kTextLanes / kWords;

#define PLAIT_EACH_REGISTER _Pragma("GCC unroll 4") for (int r = 0; r < kRegisters; ++r)

template <bool restricted>
void run(const std::uint64_t* masks, const std::uint8_t* const* texts, Index columns, TextLanes* out) {
  Words plus[kRegisters], minus[kRegisters], diagonal[kRegisters], before[kRegisters];
  PLAIT_EACH_REGISTER plus[r] = ~Words{}, minus[r] = diagonal[r] = before[r] = Words{};
  const std::uint8_t* text[kTextLanes];
  for (int s = 0; s < kTextLanes; ++s) text[s] = texts[s];
  for (Index j = 0; j < columns; ++j) {
    PLAIT_EACH_REGISTER {
      Words mask;
#pragma GCC unroll 8
      for (int w = 0; w < kWords; ++w) mask[w] = masks[text[r * kWords + w][j]];
      next_column<restricted>(mask, plus[r], minus[r], diagonal[r], before[r]);
    }
  }
  PLAIT_EACH_REGISTER {
    store(out->plus + r * kWords, plus[r]);
    store(out->minus + r * kWords, minus[r]);
    store(out->diagonal + r * kWords, diagonal[r]);
    store(out->before + r * kWords, before[r]);
  }
}

#undef PLAIT_EACH_REGISTER

}  // namespace

const TextTable& text_table() {
  static constexpr TextTable table = {run<false>, run<true>};
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::align::detail
