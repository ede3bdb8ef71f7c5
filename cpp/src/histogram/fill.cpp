// Many values at once. Values are located in blocks, and cells counted in several arrays in turn: if consecutive values have the same bin, an
// addition would otherwise wait for store-to-load forwarding of the previous one, four to five cycles.
#include <algorithm>
#include <cmath>
#include <limits>

#include "histogram/cells.hpp"
#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"
#include "plait/base/thread_pool.hpp"
#include "plait/histogram/accumulator.hpp"

namespace plait::histogram {
namespace {

constexpr Index kTask = Index{1} << 17;          // values, where task borders do not affect the result
constexpr Index kMostAtOnce = Index{1} << 31;    // values between two commits: counts have 32 bits
constexpr Index kLeastBlock = Index{1} << 16;    // values, of weighted sums
constexpr Index kMostBlocks = 64;                //
constexpr Index kMostPartials = Index{1} << 22;  // cells of all blocks together

/// Number of alternating arrays: as many as leave space for data in the first-level cache; at least two for weights, whose chain of additions is
/// longer.
int copies_for(Index cells, Index cell_bytes) {
  int copies = 8;
  while (copies > 1 && copies * cells * cell_bytes > (cell_bytes > 4 && copies == 2 ? 96 << 10 : 24 << 10)) copies /= 2;
  return copies;
}
/// A little more than the cells, so that the same cell of two copies does not map to the same cache set.
Index stride_for(Index cells) { return (cells + 15) / 16 * 16 + 16; }

template <int copies>
void count(const Slot* cells, Index n, std::uint32_t* counts, Index stride) {
  Index i = 0;
  for (; i + copies <= n; i += copies)
    for (int k = 0; k < copies; ++k) ++counts[k * stride + cells[i + k]];
  for (; i < n; ++i) ++counts[cells[i]];
}

void count(int copies, const Slot* cells, Index n, std::uint32_t* counts, Index stride) {
  switch (copies) {
    case 1: return count<1>(cells, n, counts, stride);
    case 2: return count<2>(cells, n, counts, stride);
    case 4: return count<4>(cells, n, counts, stride);
    default: return count<8>(cells, n, counts, stride);
  }
}

/// A weight and its square side by side: one load, one addition, one store.
struct alignas(16) Pair {
  double sum = 0, square = 0;
  void operator+=(const Pair& other) {
    sum += other.sum;
    square += other.square;
  }
};

template <int copies>
void add_weights(const Slot* cells, const double* weights, Index n, Pair* pairs, Index stride) {
  Index i = 0;
  for (; i + copies <= n; i += copies)
    for (int k = 0; k < copies; ++k) pairs[k * stride + cells[i + k]] += Pair{weights[i + k], weights[i + k] * weights[i + k]};
  for (; i < n; ++i) pairs[cells[i]] += Pair{weights[i], weights[i] * weights[i]};
}

void add_weights(int copies, const Slot* cells, const double* weights, Index n, Pair* pairs, Index stride) {
  switch (copies) {
    case 1: return add_weights<1>(cells, weights, n, pairs, stride);
    case 2: return add_weights<2>(cells, weights, n, pairs, stride);
    case 4: return add_weights<4>(cells, weights, n, pairs, stride);
    default: return add_weights<8>(cells, weights, n, pairs, stride);
  }
}

bool finite(const Pair& pair) { return std::isfinite(pair.sum) && std::isfinite(pair.square); }

void require_finite(const double* weights, Index n) {
  for (Index i = 0; i < n; ++i) {
    PLAIT_REQUIRE(std::isfinite(weights[i]), "weights: element ", i, " is ", weights[i], ", expected a finite number");
  }
}

struct NotFinite {};

}  // namespace

/// cells[i]: of entry begin + i, or cells_ where a coordinate is NaN. n <= kBlock; scratch holds as many.
void Accumulator::locate(std::span<const Column> columns, Index begin, Index n, Slot* cells, Slot* scratch) const {
  for (std::size_t axis = 0; axis < columns.size(); ++axis) {
    Slot* const slots = axis == 0 ? cells : scratch;
    const Column& column = columns[axis];
    if (column.single) {
      locators_[axis].locate(static_cast<const float*>(column.data) + begin, n, slots);
    } else {
      locators_[axis].locate(static_cast<const double*>(column.data) + begin, n, slots);
    }
    const Slot of_nan = locators_[axis].nan_slot();
    if (axis == 0) {
      if (columns.size() > 1)
        for (Index i = 0; i < n; ++i) cells[i] = cells[i] == of_nan ? cells_ : cells[i];
      continue;
    }
    for (Index i = 0; i < n; ++i) {
      const Slot cell = cells[i] * of_nan + slots[i];  // of_nan = slots of the axis
      cells[i] = cells[i] == cells_ || slots[i] == of_nan ? cells_ : cell;
    }
  }
}

void Accumulator::fill(std::span<const Column> columns, Index n, const double* weights, double weight, int threads) {
  PLAIT_REQUIRE(columns.size() == locators_.size(), "fill: expected values for ", locators_.size(), " axes, got ", columns.size());
  PLAIT_REQUIRE(std::isfinite(weight), "weights: expected a finite number, got ", weight);
  if (n <= std::max<Index>(64, cells_ / 8)) return fill_directly(columns, n, weights, weight);
  if (n <= kMostAtOnce || weights != nullptr)
    return add(weights == nullptr ? counted(columns, n, weight, threads) : weighed(columns, n, weights, threads));
  for (Index at = 0; at < n; at += kMostAtOnce) {
    std::vector<Column> rest(columns.begin(), columns.end());
    for (Column& column : rest)
      column.data = static_cast<const char*>(column.data) + at * static_cast<Index>(column.single ? sizeof(float) : sizeof(double));
    add(counted(rest, std::min(kMostAtOnce, n - at), weight, threads));
  }
}

/// Few values relative to the cells: separate arrays would cost more than they save.
void Accumulator::fill_directly(std::span<const Column> columns, Index n, const double* weights, double weight) {
  if (weights != nullptr) require_finite(weights, n);
  const bool weighted = weights != nullptr || weight != 1;
  std::vector<Slot> cells(static_cast<std::size_t>(n) + kBlock);
  for (Index at = 0; at < n; at += kBlock) {
    poll_interrupt();
    Slot scratch[kBlock];
    locate(columns, at, std::min(kBlock, n - at), cells.data() + at, scratch);
  }
  const std::lock_guard lock(mutex_);
  if (!weighted && !contents_.squares) {
    for (Index i = 0; i < n; ++i) {
      if (cells[static_cast<std::size_t>(i)] == cells_) ++contents_.invalid;
      else ++contents_.sums[cells[static_cast<std::size_t>(i)]];
    }
    return;
  }
  Contents before;  // of the changed cells, restored if a sum overflows
  if (!contents_.squares) contents_.squares = contents_.sums;
  std::vector<double>& squares = *contents_.squares;
  before.sums.reserve(static_cast<std::size_t>(n));
  before.squares.emplace().reserve(static_cast<std::size_t>(n));
  std::uint64_t invalid = 0;
  bool finite = true;
  for (Index i = 0; i < n; ++i) {
    const Slot cell = cells[static_cast<std::size_t>(i)];
    if (cell == cells_) {
      ++invalid;
      before.sums.push_back(0);
      before.squares->push_back(0);
      continue;
    }
    const double w = weights == nullptr ? weight : weights[i];
    before.sums.push_back(contents_.sums[cell]);
    before.squares->push_back(squares[cell]);
    contents_.sums[cell] += w;
    squares[cell] += w * w;
    finite &= std::isfinite(contents_.sums[cell]) && std::isfinite(squares[cell]);
  }
  if (finite) {
    contents_.invalid += invalid;
    return;
  }
  for (Index i = n - 1; i >= 0; --i) {
    const std::size_t k = static_cast<std::size_t>(i);
    if (cells[k] == cells_) continue;
    contents_.sums[cells[k]] = before.sums[k];
    squares[cells[k]] = (*before.squares)[k];
  }
  throw std::invalid_argument("weights: the sums of a bin, or of their squares, are no longer finite");
}

/// Counts are exact, so that the assignment to tasks does not matter.
Contents Accumulator::counted(std::span<const Column> columns, Index n, double weight, int threads) const {
  const Index stride = stride_for(Index{cells_} + 1);
  const int copies = copies_for(stride, 4);
  const Index tasks = (n + kTask - 1) / kTask;
  const int workers = static_cast<int>(std::min<Index>(threads > 0 ? threads : get_num_threads(), tasks));
  std::vector<std::vector<std::uint32_t>> counts(static_cast<std::size_t>(workers));
  parallel_for(
      tasks,
      [&](Index task, int worker) {
        std::vector<std::uint32_t>& own = counts[static_cast<std::size_t>(worker)];
        if (own.empty()) own.assign(static_cast<std::size_t>(copies * stride), 0);
        Slot cells[kBlock], scratch[kBlock];
        const Index end = std::min(n, (task + 1) * kTask);
        for (Index at = task * kTask; at < end; at += kBlock) {
          const Index size = std::min(kBlock, end - at);
          locate(columns, at, size, cells, scratch);
          count(copies, cells, size, own.data(), stride);
        }
      },
      workers);
  Contents out;
  std::vector<std::uint64_t> totals(static_cast<std::size_t>(cells_) + 1, 0);
  for (const std::vector<std::uint32_t>& own : counts) {
    if (own.empty()) continue;
    for (int k = 0; k < copies; ++k)
      for (std::size_t cell = 0; cell <= cells_; ++cell) totals[cell] += own[static_cast<std::size_t>(k * stride) + cell];
  }
  out.invalid = totals[cells_];
  out.sums.resize(cells_);
  for (Slot cell = 0; cell < cells_; ++cell) out.sums[cell] = static_cast<double>(totals[cell]) * weight;
  if (weight != 1) {
    out.squares.emplace(cells_);
    for (Slot cell = 0; cell < cells_; ++cell) (*out.squares)[cell] = static_cast<double>(totals[cell]) * (weight * weight);
  }
  return out;
}

Contents Accumulator::weighed(std::span<const Column> columns, Index n, const double* weights, int threads) const {
  const Index stride = stride_for(Index{cells_} + 1);
  const int copies = copies_for(stride, sizeof(Pair));
  // Neither bound may depend on the number of threads.
  const Index most_blocks = std::clamp<Index>(kMostPartials / stride, 1, kMostBlocks);
  const Index least = std::max({kLeastBlock, 8 * Index{cells_}, (n + most_blocks - 1) / most_blocks});
  const Index block = (least + kBlock - 1) / kBlock * kBlock, blocks = (n + block - 1) / block;
  const int workers = static_cast<int>(std::min<Index>(threads > 0 ? threads : get_num_threads(), blocks));
  std::vector<std::vector<Pair>> scratch_of(static_cast<std::size_t>(workers)), partials(static_cast<std::size_t>(blocks));
  std::vector<std::uint64_t> invalid(static_cast<std::size_t>(blocks), 0);
  try {
    parallel_for(
        blocks,
        [&](Index task, int worker) {
          std::vector<Pair>& own = scratch_of[static_cast<std::size_t>(worker)];
          own.assign(static_cast<std::size_t>(copies * stride), Pair{});
          Slot cells[kBlock], scratch[kBlock];
          const Index end = std::min(n, (task + 1) * block);
          std::uint64_t without_place = 0;
          for (Index at = task * block; at < end; at += kBlock) {
            const Index size = std::min(kBlock, end - at);
            locate(columns, at, size, cells, scratch);
            Slot lost = 0;
            for (Index i = 0; i < size; ++i) lost += static_cast<Slot>(cells[i] == cells_);
            without_place += lost;
            add_weights(copies, cells, weights + at, size, own.data(), stride);
            if ((at / kBlock) % 64 == 63) poll_interrupt();
          }
          std::vector<Pair>& sums = partials[static_cast<std::size_t>(task)];
          sums.assign(own.begin(), own.begin() + Index{cells_} + 1);
          for (int k = 1; k < copies; ++k)
            for (std::size_t cell = 0; cell <= cells_; ++cell) sums[cell] += own[static_cast<std::size_t>(k * stride) + cell];
          // Weights of entries outside all cells must be finite, but not their squares.
          if (!std::all_of(sums.begin(), sums.end() - 1, finite) || !std::isfinite(sums.back().sum)) throw NotFinite{};
          invalid[static_cast<std::size_t>(task)] = without_place;
        },
        workers);
  } catch (const NotFinite&) {
    require_finite(weights, n);  // throws with the index
    throw std::invalid_argument("weights: the sums of a bin, or of their squares, are no longer finite");
  }
  Contents out;
  out.sums.assign(cells_, 0.0);
  out.squares.emplace(cells_, 0.0);
  for (std::size_t k = 0; k < partials.size(); ++k) {
    out.invalid += invalid[k];
    for (Slot cell = 0; cell < cells_; ++cell) {
      out.sums[cell] += partials[k][cell].sum;
      (*out.squares)[cell] += partials[k][cell].square;
    }
  }
  return out;
}

}  // namespace plait::histogram
