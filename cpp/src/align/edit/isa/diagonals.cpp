#include "align/edit/diagonals.hpp"

namespace plait::align::detail {
namespace PLAIT_ISA_NS {

using namespace tensor;
namespace {

template <class T, class Symbol, bool keeps>
void run_as(const DifferenceBlock& s) {
  const Symbol* const x = static_cast<const Symbol*>(s.x);
  T* const u = static_cast<T*>(s.u);
  const T insert = static_cast<T>(s.weights.insert), remove = static_cast<T>(s.weights.remove), substitute = static_cast<T>(s.weights.substitute);
  const Index steps = s.columns + s.last, lanes = s.lanes;
  std::uint8_t* moves = s.moves;
  for (Index t = 0; t < steps; ++t) {
    const Symbol* const y = static_cast<const Symbol*>(s.y) + (lanes + s.columns - 1 - t);
    T* const v = static_cast<T*>(s.v) + (lanes + s.columns - 1 - t);
    for (Index group = 0; group < lanes; group += kLaneGroup) {
#pragma GCC ivdep
      for (Index i = group; i < group + kLaneGroup; ++i) {
        const T match = x[i] == y[i] ? T{0} : substitute;
        const T left = static_cast<T>(u[i] + insert), above = static_cast<T>(v[i] + remove);
        const T least = left < above ? left : above, z = match < least ? match : least;
        const T down = static_cast<T>(z - v[i]), right = static_cast<T>(z - u[i]);
        u[i] = down;
        v[i] = right;
        if constexpr (keeps) {
          moves[i] = static_cast<std::uint8_t>(z == match ? Move::match : z == left ? Move::deletion : Move::insertion);
        }
      }
    }
    if constexpr (keeps) moves += lanes;
    if (s.bottom != nullptr && t >= s.last) static_cast<T*>(s.bottom)[t - s.last] = v[s.last];
    if ((t & 0xFFF) == 0xFFF) s.poll();
  }
}

template <class T, class Symbol>
void run(const DifferenceBlock& s) {
  if (s.moves != nullptr) return run_as<T, Symbol, true>(s);
  run_as<T, Symbol, false>(s);
}

}  // namespace

const DifferenceTable& difference_table() {
  static constexpr DifferenceTable table = {{run<std::int8_t, std::uint8_t>, run<std::int16_t, std::uint16_t>, run<std::int32_t, std::uint32_t>}};
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::align::detail
