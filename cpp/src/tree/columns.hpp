// Features as growing needs them: ranks of numeric values, bins of them, codes of categories.
#pragma once

#include <cstdint>
#include <vector>

#include "work.hpp"

namespace plait::tree {

/// The cases of all rows by the value of one numeric feature, missing ones last; `values` becomes its distinct values, rising.
std::vector<Ranked> presort(const Samples& samples, std::int32_t feature, Levels& values);

/// At most `bins` bins of about equal size for a numeric feature: bin b holds values above borders[b - 1] and up to borders[b], which are values
/// of the data; what lies above the last border belongs to the last bin. Of a large column a sample decides.
std::vector<double> bin_borders(const Samples& samples, std::int32_t feature, int bins);

/// The bin of x: how many borders, the last one left out, lie below it.
std::uint16_t locate(const std::vector<double>& borders, double x);

}  // namespace plait::tree
