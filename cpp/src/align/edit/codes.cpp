#include "align/edit/codes.hpp"

#include <bit>

namespace plait::align::detail {
namespace {

template <class T, class F>
void each(const Sequence& s, F&& f) {
  const T* data = static_cast<const T*>(s.data);
  for (Index i = 0; i < s.length; ++i) f(i, data[i]);
}

template <class F>
void each(const Sequence& s, F&& f) {
  switch (s.kind) {
    case Sequence::Kind::u8: return each<std::uint8_t>(s, f);
    case Sequence::Kind::u16: return each<std::uint16_t>(s, f);
    default: return each<std::uint32_t>(s, f);
  }
}

}  // namespace

SymbolIds::SymbolIds(Index most) : slots_(std::bit_ceil(static_cast<std::size_t>(2 * most + 2))), shift_(64 - std::countr_zero(slots_.size())) {}

std::uint32_t SymbolIds::of(std::uint32_t symbol, bool add) {
  std::size_t at = symbol * 0x9E3779B97F4A7C15u >> shift_;
  while (slots_[at].number != 0 && slots_[at].symbol != symbol) at = (at + 1) & (slots_.size() - 1);
  if (add && slots_[at].number == 0) slots_[at] = {symbol, ++count_};
  return slots_[at].number;
}

Index encode(const Sequence& x, const Sequence& y, std::uint32_t* a, std::uint32_t* b) {
  if (x.kind == Sequence::Kind::u8 && y.kind == Sequence::Kind::u8) {
    std::uint32_t number[256] = {};
    std::uint32_t count = 0;
    each<std::uint8_t>(x, [&](Index i, std::uint8_t symbol) {
      if (number[symbol] == 0) number[symbol] = ++count;
      a[i] = number[symbol];
    });
    each<std::uint8_t>(y, [&](Index j, std::uint8_t symbol) { b[j] = number[symbol]; });
    return count;
  }
  SymbolIds ids(x.length);
  each(x, [&](Index i, std::uint32_t symbol) { a[i] = ids.of(symbol, true); });
  each(y, [&](Index j, std::uint32_t symbol) { b[j] = ids.of(symbol, false); });
  return ids.count();
}

}  // namespace plait::align::detail
