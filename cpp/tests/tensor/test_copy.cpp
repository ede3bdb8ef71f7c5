#include <doctest/doctest.h>

#include <cstring>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "plait/base/random.hpp"
#include "plait/tensor/copy.hpp"

using namespace plait;
using namespace plait::tensor;

namespace {

// One element at a time, by the definition.
void copy_plain(std::byte* to, const Shape& to_strides, const std::byte* from, const Shape& from_strides, const Shape& space, std::size_t bytes) {
  const Index n = count_of(space);
  for (Index i = 0; i < n; ++i) {
    Index rest = i, to_offset = 0, from_offset = 0;
    for (std::size_t k = space.size(); k-- > 0;) {
      to_offset += rest % space[k] * to_strides[k];
      from_offset += rest % space[k] * from_strides[k];
      rest /= space[k];
    }
    std::memcpy(to + to_offset * static_cast<Index>(bytes), from + from_offset * static_cast<Index>(bytes), bytes);
  }
}

// Two buffers around the ranges that the strides reach, filled with different patterns.
struct Case {
  Shape space, to_strides, from_strides;
  std::size_t bytes;
};

void reach(const Shape& space, const Shape& strides, Index& low, Index& high) {
  low = high = 0;
  for (std::size_t k = 0; k < space.size(); ++k) (strides[k] < 0 ? low : high) += (space[k] - 1) * strides[k];
}

void check_case(const Case& c) {
  CAPTURE(to_string(c.space));
  CAPTURE(to_string(c.to_strides));
  CAPTURE(to_string(c.from_strides));
  CAPTURE(c.bytes);
  Index to_low, to_high, from_low, from_high;
  reach(c.space, c.to_strides, to_low, to_high);
  reach(c.space, c.from_strides, from_low, from_high);
  const auto bytes = static_cast<Index>(c.bytes);
  // Exactly as long as needed, so that the address sanitizer sees every step beyond.
  std::vector<std::byte> from(static_cast<std::size_t>((from_high - from_low + 1) * bytes));
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<std::byte>(i * 7 + (i >> 8) * 13 + 1);
  std::vector<std::byte> to(static_cast<std::size_t>((to_high - to_low + 1) * bytes), std::byte{0xEE}), expected = to;
  copy_plain(expected.data() - to_low * bytes, c.to_strides, from.data() - from_low * bytes, c.from_strides, c.space, c.bytes);
  copy_strided(to.data() - to_low * bytes, c.to_strides, from.data() - from_low * bytes, c.from_strides, c.space, c.bytes);
  CHECK(to == expected);
}

}  // namespace

TEST_CASE("copy_strided: contiguous, transposed, broadcast, reversed, sliced") {
  for (const std::size_t bytes : {1U, 4U, 8U}) {
    check_case({{}, {}, {}, bytes});
    check_case({{1, 1}, {5, 7}, {0, -3}, bytes});
    check_case({{1000}, {1}, {1}, bytes});
    check_case({{3, 4, 5}, {20, 5, 1}, {20, 5, 1}, bytes});
    for (const Index rows : {1, 2, 3, 4, 7, 31, 32, 33, 67, 100})
      for (const Index columns : {1, 2, 5, 8, 32, 35, 64, 71}) {
        check_case({{rows, columns}, {columns, 1}, {1, rows}, bytes});
        check_case({{rows, columns}, {1, rows}, {columns, 1}, bytes});
        check_case({{rows, columns}, {columns + 3, 1}, {2, 2 * rows + 1}, bytes});
      }
    check_case({{5, 33, 9, 40}, {33 * 9 * 40, 9 * 40, 40, 1}, {1, 5 * 9, 5, 5 * 33 * 9}, bytes});
    check_case({{6, 33, 40}, {33 * 40, 40, 1}, {40 * 33, 1, 33}, bytes});
    check_case({{6, 9}, {9, 1}, {0, 1}, bytes});
    check_case({{6, 9}, {9, 1}, {1, 0}, bytes});
    check_case({{6, 9}, {9, 1}, {0, 0}, bytes});
    check_case({{6, 9}, {9, 1}, {-9, -1}, bytes});
    check_case({{40, 50}, {50, 1}, {1, -40}, bytes});
    check_case({{40, 50}, {-50, 1}, {1, 40}, bytes});
    check_case({{6, 9}, {9, 1}, {36, 2}, bytes});
    check_case({{4, 6, 9}, {200, 20, 2}, {9, 36, 1}, bytes});
  }
}

TEST_CASE("copy_strided: nothing to do, and sizes that it has no code for") {
  std::byte here{7};
  copy_strided(&here, {3, 1}, nullptr, {3, 1}, {0, 3}, 4);
  copy_strided(&here, {1, 1}, nullptr, {1, 1}, {3, 0}, 8);
  CHECK(here == std::byte{7});
  CHECK_THROWS_AS(copy_strided(&here, {1}, &here, {1}, {1}, 3), std::invalid_argument);
}

TEST_CASE("copy_strided against the definition on random permutations, steps and broadcasts") {
  Index draw = 0;
  const Philox random{2024, 0};
  const auto below = [&](Index n) { return static_cast<Index>(random.block(static_cast<std::uint64_t>(draw++))[0] % static_cast<std::uint64_t>(n)); };
  for (int round = 0; round < 400; ++round) {
    const auto rank = static_cast<std::size_t>(below(5));
    Case c;
    c.bytes = std::size_t{1} << (below(3) == 0 ? 0 : 2 + below(2));
    for (std::size_t k = 0; k < rank; ++k) c.space.push_back(1 + below(rank < 3 ? 70 : 9));
    const auto strides = [&](bool source) {
      std::vector<std::size_t> order(rank);
      std::iota(order.begin(), order.end(), 0U);
      for (std::size_t k = rank; k > 1; --k) std::swap(order[k - 1], order[static_cast<std::size_t>(below(static_cast<Index>(k)))]);
      Shape s(rank);
      Index step = 1 + (below(4) == 0);
      for (const std::size_t k : order) {
        s[k] = below(6) == 0 ? -step : step;
        step = step * c.space[k] + (below(4) == 0);
        if (source && below(5) == 0) s[k] = 0;
      }
      return s;
    };
    c.to_strides = strides(false);
    c.from_strides = strides(true);
    check_case(c);
  }
}
