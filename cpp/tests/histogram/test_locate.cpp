// Slots on every instruction set and by every index, against counting borders one by one.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>

#include "histogram/cells.hpp"
#include "plait/histogram/locate.hpp"

using namespace plait;
using namespace plait::histogram;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kLargest = std::numeric_limits<double>::max();
constexpr double kTiny = std::numeric_limits<double>::denorm_min();

/// The definition.
Slot counted(const std::vector<double>& borders, double x, Closed closed, Ends ends) {
  if (std::isnan(x)) return static_cast<Slot>(borders.size()) + 1;
  Slot slot = 0;
  for (const double b : borders) slot += static_cast<Slot>(closed == Closed::left ? b <= x : b < x);
  if (ends == Ends::closed && closed == Closed::left && x == borders.back()) --slot;
  if (ends == Ends::closed && closed == Closed::right && x == borders.front()) ++slot;
  return slot;
}

const LocateTable& table_of(Isa level) {
#if defined(__x86_64__)
  if (level == Isa::v4) return v4::locate_table();
  if (level == Isa::v3) return v3::locate_table();
#endif
  (void)level;
  return v2::locate_table();
}

std::vector<double> increasing(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

struct Case {
  std::string name;
  std::vector<double> borders;
  Lookup::Kind kind;
};

std::vector<Case> cases() {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> unit(0, 1);
  std::normal_distribution<double> normal(0, 1);
  const auto made = [](int n, auto f) {
    std::vector<double> values;
    for (int i = 0; i < n; ++i) values.push_back(f(i));
    return increasing(values);
  };
  std::vector<double> clustered = made(3000, [&](int i) { return 1 + i * 0x1p-52; });
  for (const double far : {-1e300, 1e-300, 1e300}) clustered.push_back(far);
  return {
      {"tenths", made(11, [](int i) { return i / 10.0; }), Lookup::Kind::uniform},
      {"even", made(1001, [](int i) { return -4 + 8.0 * i / 1000; }), Lookup::Kind::uniform},
      {"huge", made(9, [](int i) { return (i - 4) * (kLargest / 16); }), Lookup::Kind::uniform},
      {"random", made(1000, [&](int) { return unit(random); }), Lookup::Kind::linear},
      {"normal", made(300, [&](int) { return normal(random); }), Lookup::Kind::linear},
      {"decades", made(1001, [](int i) { return std::pow(10.0, -30 + 60.0 * i / 1000); }), Lookup::Kind::bits},
      {"both signs", made(401, [](int i) { return (i < 200 ? -1 : 1) * (i == 200 ? 0 : std::pow(10.0, std::abs(i - 200) / 20.0 - 5)); }),
       Lookup::Kind::bits},
      {"clustered", increasing(clustered), Lookup::Kind::tree},
      {"subnormal", made(300, [](int i) { return i * kTiny; }), Lookup::Kind::tree},
      {"infinite ends", {-kInfinity, -1, 0, 0.5, 7, kInfinity}, Lookup::Kind::linear},
      {"largest", {-kLargest, -1, 0, 1, kLargest}, Lookup::Kind::bits},
      {"one", {3}, Lookup::Kind::bits},
      {"infinities alone", {-kInfinity, kInfinity}, Lookup::Kind::tree},
      {"two", {0, 1}, Lookup::Kind::linear},
  };
}

/// Borders, their neighbours, what lies between, and what has no place.
std::vector<double> questions(const std::vector<double>& borders) {
  std::vector<double> x = {kNan, -kNan, kInfinity, -kInfinity, kLargest, -kLargest, kTiny, -kTiny, 0.0, -0.0, 1.0, -1.0};
  for (const double b : borders) {
    x.insert(x.end(), {b, std::nextafter(b, kInfinity), std::nextafter(b, -kInfinity), b + std::abs(b) * 1e-9, b - std::abs(b) * 1e-9});
  }
  std::mt19937_64 random(3);
  const double low = std::max(borders.front(), -1e300), high = std::min(borders.back(), 1e300), spread = high - low;
  std::uniform_real_distribution<double> around(low - spread / 10 - 1e-300, high + spread / 10 + 1e-300);
  for (int i = 0; i < 3000; ++i) x.push_back(around(random));
  for (std::uint64_t i = 0; i < 1000; ++i) x.push_back(std::bit_cast<double>(random()));  // any double whatever
  return x;
}

}  // namespace

TEST_CASE("slots are those of counting, on every level, closed on either side") {
  for (const Case& c : cases()) {
    const std::vector<double> x = questions(c.borders);
    const Index n = static_cast<Index>(x.size());
    std::vector<float> single(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) single[i] = std::abs(x[i]) > 3e38 && std::isfinite(x[i]) ? 1.0F : static_cast<float>(x[i]);
    for (const Closed closed : {Closed::left, Closed::right}) {
      for (const Ends ends : {Ends::open, Ends::closed}) {
        CAPTURE(c.name);
        CAPTURE(static_cast<int>(closed));
        CAPTURE(static_cast<int>(ends));
        const Locator made(c.borders, closed, ends);
        const Locator locator(made);  // NOLINT(performance-unnecessary-copy-initialization): a copy finds its own tables
        if (closed == Closed::left && ends == Ends::open) CHECK(static_cast<int>(locator.lookup().kind) == static_cast<int>(c.kind));
        std::vector<Slot> expected(x.size()), of_single(x.size()), found(x.size());
        for (std::size_t i = 0; i < x.size(); ++i) expected[i] = counted(c.borders, x[i], closed, ends);
        for (std::size_t i = 0; i < x.size(); ++i) of_single[i] = counted(c.borders, static_cast<double>(single[i]), closed, ends);
        for (std::size_t i = 0; i < x.size(); ++i) found[i] = locator(x[i]);
        CHECK(found == expected);
        for (const Isa level : {Isa::v2, Isa::v3, Isa::v4}) {
          if (!isa_supported(level)) continue;
          CAPTURE(isa_name(level));
          table_of(level).of_double(locator.lookup(), x.data(), n, found.data());
          CHECK(found == expected);
          table_of(level).of_float(locator.lookup(), single.data(), n, found.data());
          CHECK(found == of_single);
        }
        if (ends == Ends::open) {
          for (std::size_t i = 0; i < x.size(); ++i) found[i] = locate(c.borders, x[i], closed);
          CHECK(found == expected);
        }
      }
    }
  }
}

TEST_CASE("codes of 8 and 16 bits") {
  const std::vector<double> borders = {1, 2, 4, 8};
  const Locator locator(borders, Closed::right);
  const std::vector<double> x = {0, 1, 1.5, 2, 9, kNan};
  std::vector<std::uint8_t> small(6);
  std::vector<std::uint16_t> wide(6);
  locator.locate(x.data(), 6, small.data());
  locator.locate(x.data(), 6, wide.data());
  CHECK(small == std::vector<std::uint8_t>{0, 0, 1, 1, 4, 5});
  CHECK(wide == std::vector<std::uint16_t>{0, 0, 1, 1, 4, 5});
  std::vector<double> many(255);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<double>(i);
  CHECK_THROWS_AS(Locator(many).locate(x.data(), 6, small.data()), std::invalid_argument);
  Locator(many).locate(x.data(), 6, wide.data());
  CHECK(wide[4] == 10);
}

TEST_CASE("borders that are no borders") {
  for (const std::vector<double>& wrong : {std::vector<double>{}, {1, 1}, {2, 1}, {0, kNan, 1}, {kNan}, {0.0, -0.0}}) {
    CHECK_THROWS_AS(Locator{wrong}, std::invalid_argument);
  }
}
