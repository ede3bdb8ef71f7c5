#include "columns.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "plait/base/interrupt.hpp"

namespace plait::tree {
namespace {

// Unsigned integers in the order of the doubles.
std::uint64_t key_of(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x + 0.0);  // -0 is 0
  return (bits >> 63) != 0 ? ~bits : bits | 0x8000000000000000ULL;
}
double value_of(std::uint64_t key) { return std::bit_cast<double>((key >> 63) != 0 ? key & 0x7FFFFFFFFFFFFFFFULL : ~key); }

// LSD radix sort, 11 bits at a time; a digit that all keys share is skipped.
void radix_sort(std::vector<Keyed>& items, std::vector<Keyed>& other) {
  constexpr int kBits = 11, kPasses = 6;
  constexpr std::size_t kSize = 1U << kBits;
  std::vector<std::array<std::uint32_t, kSize>> counts(kPasses);
  for (auto& c : counts) c.fill(0);
  for (const Keyed& item : items)
    for (int p = 0; p < kPasses; ++p) ++counts[static_cast<std::size_t>(p)][(item.key() >> (kBits * p)) & (kSize - 1)];
  other.resize(items.size());
  for (int p = 0; p < kPasses; ++p) {
    poll_interrupt();
    auto& count = counts[static_cast<std::size_t>(p)];
    if (count[(items[0].key() >> (kBits * p)) & (kSize - 1)] == items.size()) continue;
    std::uint32_t sum = 0;
    for (auto& c : count) {
      const std::uint32_t here = c;
      c = sum;
      sum += here;
    }
    for (const Keyed& item : items) other[count[(item.key() >> (kBits * p)) & (kSize - 1)]++] = item;
    items.swap(other);
  }
}

void sort_keys(std::vector<Keyed>& items, std::vector<Keyed>& other) {
  if (items.size() < 2000)
    std::sort(items.begin(), items.end(), [](const Keyed& a, const Keyed& b) { return a.key() != b.key() ? a.key() < b.key() : a.row < b.row; });
  else radix_sort(items, other);
}

}  // namespace

std::vector<Ranked> presort(const Samples& samples, std::int32_t feature, Levels& values, SortSpace& space) {
  std::vector<Keyed>& known = space.items;
  known.clear();
  std::vector<Ranked> order;
  known.reserve(static_cast<std::size_t>(samples.rows));
  std::vector<std::uint32_t> missing;
  for (Index i = 0; i < samples.rows; ++i) {
    const double x = samples.values[i * samples.features + feature];
    if (x == x) known.push_back({key_of(x), static_cast<std::uint32_t>(i)});
    else missing.push_back(static_cast<std::uint32_t>(i));
  }
  sort_keys(known, space.other);
  std::size_t distinct = known.empty() ? 0 : 1;
  for (std::size_t i = 1; i < known.size(); ++i) distinct += known[i].key() != known[i - 1].key() ? 1 : 0;
  values = {{}, {}, samples.values + feature, samples.features};
  values.rows.reserve(distinct);
  order.reserve(static_cast<std::size_t>(samples.rows));
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (i == 0 || known[i].key() != known[i - 1].key()) values.rows.push_back(known[i].row);
    order.push_back({known[i].row, static_cast<std::uint32_t>(values.rows.size() - 1)});
  }
  for (const std::uint32_t row : missing) order.push_back({row, kMissingRank});
  return order;
}

std::vector<double> bin_borders(const Samples& samples, std::int32_t feature, int bins) {
  constexpr Index kSample = 1 << 17;
  std::vector<Keyed> seen, other;
  std::uint64_t state = 0x9E3779B97F4A7C15ULL;
  const Index step = std::max<Index>(1, samples.rows / kSample);
  for (Index begin = 0; begin < samples.rows; begin += step) {  // stratified sample: one row of each stretch, chosen by a fixed generator
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    const Index i = std::min(samples.rows - 1, begin + static_cast<Index>((state >> 33) % static_cast<std::uint64_t>(step)));
    const double x = samples.values[i * samples.features + feature];
    if (x == x) seen.push_back({key_of(x), static_cast<std::uint32_t>(i)});
  }
  std::vector<double> borders;
  if (seen.empty()) return borders;
  sort_keys(seen, other);
  std::size_t distinct = 1;
  for (std::size_t i = 1; i < seen.size(); ++i) distinct += seen[i].key() != seen[i - 1].key() ? 1 : 0;
  const auto wanted = static_cast<std::size_t>(bins);
  if (distinct <= wanted) {
    for (const Keyed& item : seen)
      if (borders.empty() || value_of(item.key()) != borders.back()) borders.push_back(value_of(item.key()));
    return borders;
  }
  for (std::size_t b = 1; b <= wanted; ++b) {
    const double x = value_of(seen[b * seen.size() / wanted - 1].key());
    if (borders.empty() || x > borders.back()) borders.push_back(x);
  }
  return borders;
}

std::uint16_t locate(const std::vector<double>& borders, double x) {
  const double* base = borders.data();
  std::size_t n = borders.size() - 1;
  if (borders.empty() || n == 0) return 0;
  while (n > 1) {  // written so that the comparison becomes a conditional move
    const std::size_t half = n / 2;
    base += static_cast<std::size_t>(base[half - 1] < x) * half;
    n -= half;
  }
  return static_cast<std::uint16_t>((base - borders.data()) + (base[0] < x ? 1 : 0));
}

}  // namespace plait::tree
