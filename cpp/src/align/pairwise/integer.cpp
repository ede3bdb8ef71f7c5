// Scores as integers, and the query profile of a block.
#include "align/pairwise/integer.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "align/tuning.hpp"

namespace plait::align::detail {
namespace {

constexpr std::uint32_t kPadding = ~std::uint32_t{0};
constexpr double kLargest = 1 << 20;  // larger scores overflow 32 bits on short sequences

}  // namespace

std::optional<IntegerScores> IntegerScores::of(const PairwiseOptions& options) {
  const Similarity& s = options.similarity;
  if (options.open > options.extend) return std::nullopt;
  std::vector<double> values = s.size > 0 ? s.matrix : std::vector<double>{s.match, s.mismatch};
  values.insert(values.end(), {options.open, options.extend});
  double unit = 1;
  const auto whole = [&unit](double v) { return v / unit == std::nearbyint(v / unit) && std::fabs(v / unit) <= kLargest; };
  while (!std::all_of(values.begin(), values.end(), whole)) {
    unit /= 2;
    if (unit < 1.0 / 1024) return std::nullopt;
  }
  const auto number = [unit](double v) { return static_cast<std::int32_t>(v / unit); };
  IntegerScores out;
  out.unit = unit;
  out.size = s.size;
  out.match = number(s.match);
  out.mismatch = number(s.mismatch);
  out.open = number(options.open);
  out.extend = number(options.extend);
  out.ends = options.ends;
  const auto [least, most] = std::minmax_element(values.begin(), values.end() - 2);
  out.least = number(*least);
  out.most = number(*most);
  out.columns.resize(s.matrix.size());
  out.best_.assign(static_cast<std::size_t>(s.size), out.least);
  for (Index a = 0; a < s.size; ++a) {
    for (Index b = 0; b < s.size; ++b) {
      const std::int32_t v = number(s.matrix[static_cast<std::size_t>(a * s.size + b)]);
      out.columns[static_cast<std::size_t>(b * s.size + a)] = v;
      std::int32_t& best = out.best_[static_cast<std::size_t>(a)];
      best = std::max(best, v);
    }
  }
  return out;
}

std::int32_t IntegerScores::best_of(std::uint32_t symbol) const { return size > 0 ? best_[symbol] : most; }

template <class T>
std::optional<Offset> offset_for(const IntegerScores& scores, Index n, Index m, Index fall, std::int64_t high) {
  const std::int64_t open = scores.open, extend = scores.extend, least = std::min(scores.least, 0), most = std::max(scores.most, 0);
  // The least value of a cell: along the diagonal and then straight, or straight alone; linear between the corners.
  const std::int64_t diagonal = std::max(least, 2 * extend);
  std::int64_t cell = 2 * open + std::min(std::max(n, m) * extend, std::abs(n - m) * extend + std::min(n, m) * diagonal);
  if (scores.ends.local) cell = 0;
  const std::int64_t low = cell + std::min(2 * open + least, open + fall * extend - 1) + open - 4;
  constexpr std::int64_t kLeast = std::numeric_limits<T>::min(), kMost = std::numeric_limits<T>::max();
  if (most > kMost / 2 || least < kLeast / 2 || open < kLeast / 2) return std::nullopt;
  Offset out;
  out.zero = kLeast - low;
  out.lowest = out.zero + cell + open - 1;
  out.proved = out.zero + high <= kMost - most;
  constexpr std::int64_t kWorthTrying = sizeof(T) == 1 ? tuning::kWorthTrying8 : tuning::kWorthTrying16;
  if (!out.proved && !(scores.ends.local && sizeof(T) < 4 && kMost - most - out.zero > kWorthTrying)) return std::nullopt;
  return out;
}
template std::optional<Offset> offset_for<std::int8_t>(const IntegerScores&, Index, Index, Index, std::int64_t);
template std::optional<Offset> offset_for<std::int16_t>(const IntegerScores&, Index, Index, Index, std::int64_t);
template std::optional<Offset> offset_for<std::int32_t>(const IntegerScores&, Index, Index, Index, std::int64_t);

template <class T>
void StripedProfile<T>::prepare(const IntegerScores& scores, const StripedKernels<T>& kernels, const Sequence& x, Index begin, Index segments) {
  if (begin == begin_ && segments == segments_) return;
  const Index lanes = kernels.lanes;
  kernels_ = &kernels;
  begin_ = begin;
  segments_ = segments;
  cells_ = segments * lanes;
  x_.assign(static_cast<std::size_t>(cells_), kPadding);
  const Index count = std::min(cells_, x.length - begin);
  if (scores.size == 0) ids_.emplace(count);
  Index r = 0;
  for (Index lane = 0; lane < lanes && r < count; ++lane) {
    for (Index t = 0; t < segments && r < count; ++t, ++r) {
      const std::uint32_t symbol = x.symbol(begin + r);
      x_[static_cast<std::size_t>(t * lanes + lane)] = scores.size > 0 ? symbol : ids_->of(symbol, true);
    }
  }
  // Without a matrix, row 0 is for symbols that are not in x.
  const std::size_t rows = static_cast<std::size_t>(scores.size > 0 ? scores.size : ids_->count() + 1);
  codes_.clear();
  if (rows < static_cast<std::size_t>(kTableBytes) && scores.least >= -128 && scores.most <= 127) {
    codes_.resize(x_.size());
    std::transform(x_.begin(), x_.end(), codes_.begin(),
                   [](std::uint32_t symbol) { return static_cast<std::uint8_t>(std::min<std::uint32_t>(symbol, kTableBytes - 1)); });
  }
  built_.assign(rows, 0);
  const std::size_t size = rows * static_cast<std::size_t>(cells_) * sizeof(T);
  if (size > size_) {
    rows_.reset();
    rows_ = allocate_bytes(size);
    size_ = size;
  }
}

template <class T>
void StripedProfile<T>::build(const IntegerScores& scores, std::uint32_t row, std::uint32_t symbol) {
  T* out = reinterpret_cast<T*>(rows_.get()) + static_cast<Index>(row) * cells_;
  const T padding = static_cast<T>(std::min(scores.least, 0));
  const std::int32_t* const column = scores.columns.data() + static_cast<Index>(symbol) * scores.size;
  if (!codes_.empty()) {
    std::array<std::int8_t, kTableBytes> table{};
    if (scores.size == 0) {
      table.fill(static_cast<std::int8_t>(scores.mismatch));
      if (row > 0) table[row] = static_cast<std::int8_t>(scores.match);
    } else {
      std::transform(column, column + scores.size, table.begin(), [](std::int32_t score) { return static_cast<std::int8_t>(score); });
    }
    table.back() = static_cast<std::int8_t>(padding);
    kernels_->look_up(codes_.data(), cells_, table.data(), out);
  } else if (scores.size == 0) {
    const T mismatch = static_cast<T>(scores.mismatch), match = static_cast<T>(scores.match);
    const std::uint32_t* const x = x_.data();
    for (Index p = 0; p < cells_; ++p) out[p] = x[p] == kPadding ? padding : x[p] == row ? match : mismatch;
  } else {
    for (Index p = 0; p < cells_; ++p) {
      const std::uint32_t a = x_[static_cast<std::size_t>(p)];
      out[p] = a == kPadding ? padding : static_cast<T>(column[a]);
    }
  }
  built_[row] = 1;
}

template <class T>
void StripedProfile<T>::rows_for(const IntegerScores& scores, const Sequence& y, Index length, std::uint32_t* out) {
  for (Index j = 0; j < length; ++j) {
    const std::uint32_t symbol = y.symbol(j), row = scores.size > 0 ? symbol : ids_->of(symbol, false);
    if (built_[row] == 0) build(scores, row, symbol);
    out[j] = row;
  }
}

template class StripedProfile<std::int8_t>;
template class StripedProfile<std::int16_t>;
template class StripedProfile<std::int32_t>;

}  // namespace plait::align::detail
