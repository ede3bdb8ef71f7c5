#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "plait/base/random.hpp"

using namespace plait;

TEST_CASE("Philox known answers (Random123 kat_vectors)") {
  using Block = std::array<std::uint32_t, 4>;
  CHECK(Philox{0, 0}.block(0) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(Philox{~0ULL, ~0ULL}.block(~0ULL) == Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  // The digits of pi: counter 243f6a88 85a308d3 13198a2e 03707344, key a4093822 299f31d0.
  CHECK(Philox{0x299f31d0a4093822, 0x0370734413198a2e}.block(0x85a308d3243f6a88) == Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("uniform numbers from words: the ends") {
  CHECK(uniform_float(0) == 0);
  CHECK(uniform_float(~0U) == 1 - 0x1p-24F);
  CHECK(uniform_double(0, 0) == 0);
  CHECK(uniform_double(~0U, ~0U) == 1 - 0x1p-53);
}

TEST_CASE("mix_seed keeps tags and seeds apart") {
  std::vector<std::uint64_t> seen;
  for (std::uint64_t seed = 0; seed < 50; ++seed)
    for (std::uint64_t tag = 0; tag < 50; ++tag) seen.push_back(mix_seed(seed, tag));
  std::sort(seen.begin(), seen.end());
  CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
}

TEST_CASE("shuffle_indices: a permutation, repeatable, different in each stream") {
  std::vector<std::int64_t> a(1000), sorted(1000);
  std::iota(sorted.begin(), sorted.end(), 0);
  a = sorted;
  std::vector<std::int64_t> b = a, c = a;
  shuffle_indices(a.data(), 1000, 5, 1);
  shuffle_indices(b.data(), 1000, 5, 1);
  shuffle_indices(c.data(), 1000, 5, 2);
  CHECK(a == b);
  CHECK(a != c);
  CHECK(std::is_permutation(a.begin(), a.end(), sorted.begin()));
  shuffle_indices(a.data(), 0, 5, 1);
  shuffle_indices(a.data(), 1, 5, 1);
  CHECK(a == b);
}

TEST_CASE("shuffle_indices: every order of five is as likely (chi-squared, 119 degrees of freedom)") {
  const int rounds = 60000;
  std::vector<int> hits(120);
  for (int round = 0; round < rounds; ++round) {
    std::int64_t x[5] = {0, 1, 2, 3, 4};
    shuffle_indices(x, 5, 77, static_cast<std::uint64_t>(round));
    int rank = 0;  // Lehmer code
    for (int i = 0; i < 5; ++i) {
      int smaller = 0;
      for (int j = i + 1; j < 5; ++j) smaller += x[j] < x[i];
      rank = rank * (5 - i) + smaller;
    }
    ++hits[static_cast<std::size_t>(rank)];
  }
  const double expected = rounds / 120.0;
  double chi = 0;
  for (const int h : hits) chi += (h - expected) * (h - expected) / expected;
  CHECK(std::abs(chi - 119) < 4 * std::sqrt(2 * 119.0));
}
