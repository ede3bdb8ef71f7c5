#include <doctest/doctest.h>

#include <compare>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "plait/base/small_vector.hpp"

using namespace plait;

namespace {

using Small = SmallVector<std::int64_t, 2>;
using Plain = std::vector<std::int64_t>;

Plain plain(const Small& list) { return {list.begin(), list.end()}; }

/// 1, 2, …, n. Two stand in the object itself.
Small counted(std::size_t n) {
  Small list;
  for (std::size_t i = 1; i <= n; ++i) list.push_back(static_cast<std::int64_t>(i));
  return list;
}

}  // namespace

TEST_CASE("small vector: copies and moves, of elements inside and outside of the object") {
  for (const std::size_t n : {0U, 1U, 2U, 3U, 7U}) {
    CAPTURE(n);
    const Small from = counted(n);
    const Plain expected = plain(from);
    REQUIRE(expected.size() == n);
    for (const std::size_t before : {0U, 2U, 5U, 9U}) {
      Small copy = counted(before);
      copy = from;
      CHECK(plain(copy) == expected);
      if (n > 0) copy[0] = 100;  // memory of its own
      CHECK(plain(from) == expected);

      Small source = from, moved = counted(before);
      moved = std::move(source);
      CHECK(plain(moved) == expected);
      CHECK(source.empty());  // NOLINT(bugprone-use-after-move, clang-analyzer-cplusplus.Move): empty, and of use again
      source.push_back(5);    // NOLINT(bugprone-use-after-move, clang-analyzer-cplusplus.Move)
      CHECK(plain(source) == Plain{5});
      CHECK(plain(moved) == expected);
    }
    Small source = from;
    const Small made(std::move(source));
    CHECK(plain(made) == expected);
    CHECK(source.empty());     // NOLINT(bugprone-use-after-move, clang-analyzer-cplusplus.Move)
    const Small copied(from);  // NOLINT(performance-unnecessary-copy-initialization): the copy is what is tested
    CHECK(plain(copied) == expected);
  }
}

TEST_CASE("small vector: assigned and moved to itself it stays as it is") {
  for (const std::size_t n : {0U, 2U, 6U}) {
    Small list = counted(n);
    Small& same = list;
    list = same;
    CHECK(plain(list) == plain(counted(n)));
    list = std::move(same);
    CHECK(plain(list) == plain(counted(n)));
  }
}

TEST_CASE("small vector: one whose elements left the object keeps what it holds when it shrinks and grows again") {
  Small list = counted(5);
  list.resize(1);
  CHECK(plain(list) == Plain{1});
  const Small copy = list;  // long in capacity, short in size
  CHECK(plain(copy) == Plain{1});
  list.push_back(8);
  list.push_back(9);
  CHECK(plain(list) == Plain{1, 8, 9});
  list.clear();
  CHECK(list.empty());
  CHECK(list == Small());
  list.assign(4, 3);
  CHECK(plain(list) == Plain{3, 3, 3, 3});
}

TEST_CASE("small vector: an element of its own is pushed, inserted and filled in by its value") {
  for (const std::size_t n : {1U, 2U, 3U, 4U}) {
    Small pushed = counted(n);
    pushed.push_back(pushed[n - 1]);
    CHECK(pushed.back() == static_cast<std::int64_t>(n));
    Small inserted = counted(n);
    inserted.insert(inserted.begin(), inserted.back());
    CHECK(inserted.front() == static_cast<std::int64_t>(n));
    CHECK(inserted.size() == n + 1);
    Small filled = counted(n);
    filled.assign(5, filled[n - 1]);
    CHECK(plain(filled) == Plain(5, static_cast<std::int64_t>(n)));
    Small resized = counted(n);
    resized.resize(9, resized[n - 1]);
    CHECK(resized.back() == static_cast<std::int64_t>(n));
  }
}

TEST_CASE("small vector: made from ranges and lists") {
  const Plain from{4, 5, 6};
  CHECK(Small{4, 5, 6} == Small(from.begin(), from.end()));
  CHECK(Small(from) == Small(std::span<const std::int64_t>(from)));
  CHECK(plain(Small(3)) == Plain{0, 0, 0});
  CHECK(plain(Small(2, 7)) == Plain{7, 7});
}

TEST_CASE("small vector: compares as its elements do") {
  CHECK(Small{1, 2} == Small{1, 2});
  CHECK(Small{1, 2} != Small{1, 2, 3});
  CHECK(Small{} < Small{0});
  CHECK(Small{1, 2} < Small{1, 2, -5});
  CHECK(Small{1, 3} > Small{1, 2, 9});
  CHECK((Small{2} <=> Small{2}) == std::strong_ordering::equal);
  Small shrunk = counted(5);
  shrunk.resize(2);
  CHECK(shrunk == Small{1, 2});
}

TEST_CASE("small vector: random edits beside std::vector") {
  std::mt19937_64 random(1);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  Small small;
  Plain expected;
  for (int step = 0; step < 5000; ++step) {
    const std::size_t at = below(expected.size() + 1);
    const auto value = static_cast<std::int64_t>(random() % 100);
    const auto place = expected.begin() + static_cast<std::ptrdiff_t>(at);
    switch (below(9)) {
      case 0:
      case 1:
        small.push_back(value);
        expected.push_back(value);
        break;
      case 2: {
        const auto* const where = small.insert(small.begin() + at, value);
        CHECK(where == small.begin() + at);
        expected.insert(place, value);
        break;
      }
      case 3: {
        const Plain more(below(4), value);
        small.insert(small.begin() + at, more.begin(), more.end());
        expected.insert(place, more.begin(), more.end());
        break;
      }
      case 4: {
        const std::size_t n = below(4);
        small.insert(small.begin() + at, n, value);
        expected.insert(place, n, value);
        break;
      }
      case 5:
        if (at < expected.size()) {
          const auto* const next = small.erase(small.begin() + at);
          CHECK(next == small.begin() + at);
          expected.erase(place);
        }
        break;
      case 6: {
        const std::size_t last = at + below(expected.size() - at + 1);
        small.erase(small.begin() + at, small.begin() + last);
        expected.erase(place, expected.begin() + static_cast<std::ptrdiff_t>(last));
        break;
      }
      case 7:
        if (!expected.empty()) {
          small.pop_back();
          expected.pop_back();
        }
        break;
      default: {
        const std::size_t n = below(6);
        small.resize(n, value);
        expected.resize(n, value);
      }
    }
    REQUIRE(plain(small) == expected);
  }
}
