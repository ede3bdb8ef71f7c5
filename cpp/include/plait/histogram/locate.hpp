// Binning: the slot of a value among borders, for filling a histogram, binning a column for a tree, and predicting with a binned tree.
//
// For `count` increasing borders a value has a slot in [0, count]: the number of borders at or below it (Closed::left, so that bins are
// [b[i], b[i+1]), as numpy.searchsorted(side="right")) or below it (Closed::right, bins (b[i], b[i+1]], side="left"). NaN has slot count + 1.
// Comparisons are of doubles and exact: the index only proposes, the borders decide.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace plait::histogram {

using Index = std::int64_t;
using Slot = std::uint32_t;

enum class Closed { left, right };
/// open: as above. closed: the outermost border belongs to the outermost bin, the last one with Closed::left (as in numpy.histogram), the
/// first one with Closed::right.
enum class Ends { open, closed };

/// The slot of one value by binary search: O(log n) and no preparation.
Slot locate(std::span<const double> borders, double x, Closed closed = Closed::left);

/// The data of the kernels; see Locator.
struct Lookup {
  enum class Kind { uniform, linear, bits, tree };
  Kind kind = Kind::tree;
  Slot count = 0;                      // of borders
  const double* thresholds = nullptr;  // slot(x) = number of thresholds <= x; NaN, which is never <= x, after the last one
  // Cells: a monotone function of x, so that only the thresholds of x's own cell need comparing: 2^steps - 1 at most.
  const Slot* start = nullptr;   // number of thresholds in the cells before
  Slot cells = 0;                // numbered from 0
  int steps = 0;                 // of the binary search within a cell
  double low = 0, scale = 0;     // linear: cell = (x - low) * scale
  double edge_low = 0;           // uniform: threshold i is next to i + 1 = (x - edge_low) * scale, and in the middle of its cell
  int fraction = 0;              // uniform: bits after the point in which that fits into 31 bits; 0 if they are too few to decide
  int shift = 0;                 // bits: cell = (key(x) >> shift) - first_key, where key orders the upper halves of doubles
  std::int32_t first_key = 0;    //
  const double* tree = nullptr;  // Eytzinger's order: the children of node k >= 1 are 2k and 2k + 1
  int levels = 0;
};

/// Borders with an index over them: a slot in constant time for evenly spaced, logarithmic and most other borders (cells that are even in
/// x or in the double's bits), by Eytzinger's search where no index of moderate size separates the borders.
class Locator {
 public:
  /// Borders are strictly increasing and not NaN; the outer ones may be infinite. At least one, at most 2^31 - 8.
  explicit Locator(std::span<const double> borders, Closed closed = Closed::left, Ends ends = Ends::open);
  Locator(const Locator& other) : Locator(other.borders_, other.closed_, other.ends_) {}
  Locator(Locator&&) noexcept = default;  // the arrays that lookup_ points to move along
  Locator& operator=(const Locator&) = delete;
  Locator& operator=(Locator&&) noexcept = default;
  ~Locator() = default;

  [[nodiscard]] Slot operator()(double x) const;
  /// out[i] = slot of x[i]; float values are compared as the doubles that they are. Codes of 8 and 16 bits hold the slots of up to 254 and
  /// 65534 borders. Not parallel: callers cut the work.
  void locate(const double* x, Index n, Slot* out) const;
  void locate(const float* x, Index n, Slot* out) const;
  void locate(const double* x, Index n, std::uint8_t* out) const;
  void locate(const double* x, Index n, std::uint16_t* out) const;

  [[nodiscard]] std::span<const double> borders() const { return borders_; }
  [[nodiscard]] Slot count() const { return static_cast<Slot>(borders_.size()); }
  [[nodiscard]] Slot nan_slot() const { return count() + 1; }
  [[nodiscard]] Closed closed() const { return closed_; }
  [[nodiscard]] Ends ends() const { return ends_; }
  [[nodiscard]] const Lookup& lookup() const { return lookup_; }

 private:
  bool make_uniform();
  void make_cells();
  void make_tree();

  std::vector<double> borders_;
  Closed closed_;
  Ends ends_;
  std::vector<double> thresholds_, tree_;
  std::vector<Slot> start_;
  Lookup lookup_;
};

}  // namespace plait::histogram
