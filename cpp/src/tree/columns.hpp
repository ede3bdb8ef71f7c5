// Features in the form used for growing: ranks of numeric values, bins, codes of categories.
#pragma once

#include <cstdint>
#include <vector>

#include "work.hpp"

namespace plait::tree {

/// A row and its value as an integer in the order of the doubles.
class Keyed {
 public:
  Keyed() = default;
  Keyed(std::uint64_t key, std::uint32_t row_of) : high_(static_cast<std::uint32_t>(key >> 32)), low_(static_cast<std::uint32_t>(key)), row(row_of) {}
  [[nodiscard]] std::uint64_t key() const { return std::uint64_t{high_} << 32 | low_; }

 private:
  std::uint32_t high_ = 0, low_ = 0;  // in halves, for a size of 12 bytes

 public:
  std::uint32_t row = 0;
};
/// Workspace of one thread that sorts columns.
struct SortSpace {
  std::vector<Keyed> items, other;
};

/// The cases of all rows by the value of one numeric feature, missing ones last; writes the distinct values, ascending, to `values`.
std::vector<Ranked> presort(const Samples& samples, std::int32_t feature, Levels& values, SortSpace& space);

/// At most `bins` bins of similar size for a numeric feature: bin b has the values above borders[b - 1] and up to borders[b], which are values
/// of the data; values above the last border belong to the last bin. Computed from a sample for large columns.
std::vector<double> bin_borders(const Samples& samples, std::int32_t feature, int bins);

/// The bin of x: the number of borders below it, without the last.
std::uint16_t locate(const std::vector<double>& borders, double x);

}  // namespace plait::tree
