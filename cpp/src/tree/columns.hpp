// Features as growing needs them: ranks of numeric values, bins of them, codes of categories.
#pragma once

#include <cstdint>
#include <vector>

#include "work.hpp"

namespace plait::tree {

/// A row and its value as an integer that rises as the doubles do.
class Keyed {
 public:
  Keyed() = default;
  Keyed(std::uint64_t key, std::uint32_t row_of) : high_(static_cast<std::uint32_t>(key >> 32)), low_(static_cast<std::uint32_t>(key)), row(row_of) {}
  [[nodiscard]] std::uint64_t key() const { return std::uint64_t{high_} << 32 | low_; }

 private:
  std::uint32_t high_ = 0, low_ = 0;  // in halves, so that all of it takes 12 bytes

 public:
  std::uint32_t row = 0;
};
/// Space of one thread that sorts columns.
struct SortSpace {
  std::vector<Keyed> items, other;
};

/// The cases of all rows by the value of one numeric feature, missing ones last; `values` becomes its distinct values, rising.
std::vector<Ranked> presort(const Samples& samples, std::int32_t feature, Levels& values, SortSpace& space);

/// At most `bins` bins of about equal size for a numeric feature: bin b holds values above borders[b - 1] and up to borders[b], which are values
/// of the data; what lies above the last border belongs to the last bin. Of a large column a sample decides.
std::vector<double> bin_borders(const Samples& samples, std::int32_t feature, int bins);

/// The bin of x: how many borders, the last one left out, lie below it.
std::uint16_t locate(const std::vector<double>& borders, double x);

}  // namespace plait::tree
