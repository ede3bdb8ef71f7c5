// Symbols of a pair as small numbers: 1, 2, … in order of first occurrence in x; symbols only in y are 0.
#pragma once

#include <cstdint>

#include "plait/align/method.hpp"

namespace plait::align::detail {

/// Writes the numbers of x and y to `a` and `b` and returns the number of different symbols of x. Expected time O(n + m).
Index encode(const Sequence& x, const Sequence& y, std::uint32_t* a, std::uint32_t* b);

/// Numbers 32-bit symbols in order of first occurrence, from 1.
class SymbolIds {
 public:
  /// Capacity for `most` different symbols.
  explicit SymbolIds(Index most);
  /// The symbol's number; a new one if `add`, else 0.
  std::uint32_t of(std::uint32_t symbol, bool add);
  [[nodiscard]] Index count() const { return count_; }

 private:
  struct Slot {
    std::uint32_t symbol = 0, number = 0;
  };
  std::vector<Slot> slots_;
  int shift_;
  std::uint32_t count_ = 0;
};

}  // namespace plait::align::detail
