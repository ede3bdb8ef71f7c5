// The best rows by an inverted index: for each column its rows. Columns that many rows have are also stored densely, and added to the
// scores of all rows at once; with the frequent words of texts that is most of the work. Rows are cut into blocks whose scores stay in cache.
#include "plait/sparse/top_k.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>

#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"
#include "plait/base/thread_pool.hpp"
#include "sparse/loops.hpp"

namespace plait::sparse {
namespace {

// Columns of at least 1 / kDenseShare of the rows are stored densely: contiguous additions are that much faster than scattered ones.
constexpr Index kDenseShare = 8;
constexpr std::size_t kDenseBytes = std::size_t{1} << 28;  // for all dense columns together
constexpr Index kBlockRows = 8192;
// From this share of a block's rows on, the scores of all rows are cleared and scanned instead of those touched.
constexpr Index kTouchedShare = 16;

/// Rows of queries and of the index, with columns renumbered among those of the index.
template <class T>
struct Entries {
  std::vector<Index> offsets{0};
  std::vector<std::int32_t> columns;
  std::vector<T> values;
};

/// Columns with a nonzero value in some row, ascending.
class Columns {
 public:
  explicit Columns(const Rows& r) {
    with_types(r, [&](const auto& p, const auto& x) {
      for (std::size_t k = 0; k < p.size(); ++k)
        if (x[k] != 0) used_.push_back(static_cast<Index>(p[k]));
    });
    std::sort(used_.begin(), used_.end());
    used_.erase(std::unique(used_.begin(), used_.end()), used_.end());
    if (r.columns() <= 8 * r.count() + 65536) {
      table_.assign(static_cast<std::size_t>(r.columns()), -1);
      for (std::size_t k = 0; k < used_.size(); ++k) table_[static_cast<std::size_t>(used_[k])] = static_cast<std::int32_t>(k);
    }
  }
  [[nodiscard]] Index count() const { return static_cast<Index>(used_.size()); }
  /// -1: in no row.
  [[nodiscard]] std::int32_t number(Index column) const {
    if (!table_.empty()) return table_[static_cast<std::size_t>(column)];
    const auto found = std::lower_bound(used_.begin(), used_.end(), column);
    return found != used_.end() && *found == column ? static_cast<std::int32_t>(found - used_.begin()) : -1;
  }

 private:
  std::vector<Index> used_;
  std::vector<std::int32_t> table_;
};

template <class T>
Entries<T> entries(const Rows& r, const Columns& columns, Metric metric) {
  Entries<T> e;
  std::vector<double> lengths;
  if (metric == Metric::cosine) lengths = norms(r, 2);
  with_types(r, [&](const auto& p, const auto& x) {
    e.columns.reserve(p.size());
    e.values.reserve(p.size());
    for (Index i = 0; i < r.rows(); ++i) {
      const double length = lengths.empty() ? 1.0 : lengths[i];
      for (Index k = r.offsets()[i]; k < r.offsets()[i + 1]; ++k) {
        const std::int32_t column = x[k] == 0 ? -1 : columns.number(static_cast<Index>(p[k]));
        if (column < 0) continue;
        e.columns.push_back(column);
        e.values.push_back(static_cast<T>(static_cast<double>(x[k]) / length));
      }
      e.offsets.push_back(static_cast<Index>(e.columns.size()));
    }
  });
  return e;
}

/// A block of consecutive rows, by columns.
template <class T>
struct Block {
  Index first = 0, count = 0;
  std::vector<Index> offsets;      // by column
  std::vector<std::int32_t> rows;  // from `first` on
  std::vector<T> values;
  std::vector<T> dense_values;  // `count` for each dense column
};

/// For each column its number among the dense ones; -1: sparse. The same for all blocks, so that equal rows have equal scores in every block.
template <class T>
std::vector<std::int32_t> dense_columns(const Entries<T>& e, Index columns) {
  const auto rows = static_cast<Index>(e.offsets.size()) - 1;
  std::vector<Index> counts(static_cast<std::size_t>(columns));
  for (const std::int32_t c : e.columns) ++counts[static_cast<std::size_t>(c)];
  const auto most =
      static_cast<std::int32_t>(std::min<std::size_t>(kDenseBytes / (sizeof(T) * static_cast<std::size_t>(std::max<Index>(rows, 1))), 1 << 30));
  std::vector<std::int32_t> numbers(counts.size(), -1);
  std::int32_t number = 0;
  for (std::size_t c = 0; c < counts.size() && number < most; ++c)
    if (counts[c] * kDenseShare >= rows) numbers[c] = number++;
  return numbers;
}

template <class T>
Block<T> make_block(const Entries<T>& e, Index first, Index count, const std::vector<std::int32_t>& dense) {
  Block<T> b;
  b.first = first;
  b.count = count;
  const auto columns = static_cast<Index>(dense.size());
  b.offsets.assign(static_cast<std::size_t>(columns) + 1, 0);
  const Index begin = e.offsets[first], end = e.offsets[first + count];
  for (Index k = begin; k < end; ++k) ++b.offsets[static_cast<std::size_t>(e.columns[k]) + 1];
  std::partial_sum(b.offsets.begin(), b.offsets.end(), b.offsets.begin());
  b.rows.resize(static_cast<std::size_t>(end - begin));
  b.values.resize(b.rows.size());
  std::vector<Index> next(b.offsets.begin(), b.offsets.end() - 1);
  for (Index i = 0; i < count; ++i)
    for (Index k = e.offsets[first + i]; k < e.offsets[first + i + 1]; ++k) {
      const Index to = next[static_cast<std::size_t>(e.columns[k])]++;
      b.rows[to] = static_cast<std::int32_t>(i);
      b.values[to] = e.values[k];
    }
  const Index number = columns == 0 ? 0 : *std::max_element(dense.begin(), dense.end()) + 1;
  b.dense_values.assign(static_cast<std::size_t>(number * count), T{0});
  for (Index c = 0; c < columns; ++c)
    for (Index k = b.offsets[c]; dense[c] >= 0 && k < b.offsets[c + 1]; ++k) b.dense_values[dense[c] * count + b.rows[k]] = b.values[k];
  return b;
}

/// The k best so far: a heap with the worst on top.
template <class T>
class Best {
 public:
  explicit Best(Index k) : k_(static_cast<std::size_t>(k)) { found_.reserve(k_); }
  struct Found {
    T score;
    Index row;
  };
  static bool better(const Found& a, const Found& b) { return a.score > b.score || (a.score == b.score && a.row < b.row); }
  [[nodiscard]] bool full() const { return found_.size() == k_; }
  [[nodiscard]] T worst() const { return found_.front().score; }
  void offer(T score, Index row) {
    const Found one{score, row};
    if (full()) {
      if (!better(one, found_.front())) return;
      std::pop_heap(found_.begin(), found_.end(), better);
      found_.pop_back();
    }
    found_.push_back(one);
    std::push_heap(found_.begin(), found_.end(), better);
  }
  std::vector<Found>& sorted() {
    std::sort_heap(found_.begin(), found_.end(), better);
    return found_;
  }
  void clear() { found_.clear(); }

 private:
  std::size_t k_;
  std::vector<Found> found_;
};

/// Workspace of a thread.
template <class T>
struct Scratch {
  Scratch(Index rows, Index k) : scores(static_cast<std::size_t>(rows)), stamps(static_cast<std::size_t>(rows), -1), best(k) {}
  std::vector<T> scores;
  std::vector<Index> stamps;  // of the search that last touched a row
  Index stamp = 0;
  std::vector<std::int32_t> touched;
  std::vector<const T*> columns;
  std::vector<T> weights;
  Best<T> best;
};

template <class T>
class Search {
 public:
  Search(const std::vector<Block<T>>& blocks, const std::vector<std::int32_t>& dense, const Entries<T>& queries, double least)
      : blocks_(blocks), dense_(dense), queries_(queries), least_(least) {}

  void run(Index query, Scratch<T>& s) const {
    s.best.clear();
    bool all = true;
    for (const Block<T>& block : blocks_) all = search_block(block, query, s, true) && all;
    if (all || s.best.full() || least_ > 0) return;
    // Fewer than k rows have scores above zero: of the others only those count that share a position, so all of these are offered.
    s.best.clear();
    for (const Block<T>& block : blocks_) search_block(block, query, s, false);
  }

 private:
  /// True if every row that shares a position has been offered; false if only those with scores above zero have.
  bool search_block(const Block<T>& block, Index query, Scratch<T>& s, bool dense_allowed) const {
    const Index begin = queries_.offsets[query], end = queries_.offsets[query + 1];
    Index listed = 0;
    s.columns.clear();
    s.weights.clear();
    for (Index k = begin; k < end; ++k) {
      const std::int32_t c = queries_.columns[k];
      if (dense_allowed && dense_[c] >= 0) {
        s.columns.push_back(block.dense_values.data() + dense_[c] * block.count);
        s.weights.push_back(queries_.values[k]);
      } else {
        listed += block.offsets[c + 1] - block.offsets[c];
      }
    }
    if (dense_allowed && (!s.columns.empty() || listed * kTouchedShare >= block.count)) {
      search_all(block, begin, end, s);
      return false;
    }
    search_touched(block, begin, end, s);
    return true;
  }

  void search_all(const Block<T>& block, Index begin, Index end, Scratch<T>& s) const {
    T* const scores = s.scores.data();
    std::fill(scores, scores + block.count, T{0});
    score_loops<T>().add_columns(scores, s.columns.data(), s.weights.data(), static_cast<Index>(s.columns.size()), block.count);
    for (Index k = begin; k < end; ++k) {
      const std::int32_t c = queries_.columns[k];
      if (dense_[c] >= 0) continue;
      const T weight = queries_.values[k];
      for (Index l = block.offsets[c]; l < block.offsets[c + 1]; ++l) scores[block.rows[l]] += weight * block.values[l];
    }
    for (Index i = 0;; ++i) {
      const T bound = s.best.full() ? std::max(s.best.worst(), T{0}) : T{0};
      i = score_loops<T>().next_above(scores, i, block.count, bound);
      if (i == block.count) break;
      if (static_cast<double>(scores[i]) >= least_) s.best.offer(scores[i], block.first + i);
    }
  }

  void search_touched(const Block<T>& block, Index begin, Index end, Scratch<T>& s) const {
    const Index stamp = ++s.stamp;
    s.touched.clear();
    // Dense columns first, in the order in which they are added to all rows: both ways give a row the same score.
    for (const bool dense : {true, false})
      for (Index k = begin; k < end; ++k) {
        const std::int32_t c = queries_.columns[k];
        if ((dense_[c] >= 0) != dense) continue;
        const T weight = queries_.values[k];
        for (Index l = block.offsets[c]; l < block.offsets[c + 1]; ++l) {
          const std::int32_t i = block.rows[l];
          if (s.stamps[i] != stamp) {
            s.stamps[i] = stamp;
            s.scores[i] = T{0};
            s.touched.push_back(i);
          }
          s.scores[i] += weight * block.values[l];
        }
      }
    for (const std::int32_t i : s.touched)
      if (static_cast<double>(s.scores[i]) >= least_) s.best.offer(s.scores[i], block.first + i);
  }

  const std::vector<Block<T>>& blocks_;
  const std::vector<std::int32_t>& dense_;
  const Entries<T>& queries_;
  double least_;
};

template <class T>
TopK top_k_as(const Rows& r, const Rows& q, Index k, Metric metric, double least, int threads) {
  const Columns columns(r);
  const Entries<T> index = entries<T>(r, columns, metric);
  // The norm of a query covers all of its positions, also those that are in no row: norms() reads the original rows.
  const Entries<T> queries = entries<T>(q, columns, metric);
  // Rows are cut into blocks only if each column has several rows in a block; otherwise looking up columns would dominate.
  const Index n = r.rows(), used = std::max<Index>(columns.count(), 1);
  const Index blocks = std::max<Index>(1, std::min((n + kBlockRows - 1) / kBlockRows, static_cast<Index>(index.columns.size()) / used / 4));
  const std::vector<std::int32_t> dense = dense_columns(index, columns.count());
  std::vector<Block<T>> parts;
  for (Index b = 0; b < blocks; ++b) {
    const Index first = b * n / blocks, last = (b + 1) * n / blocks;
    parts.push_back(make_block(index, first, last - first, dense));
  }
  const Index most_rows = n / blocks + 1, kept = std::min(k, std::max<Index>(n, 1));

  TopK result;
  result.rows.assign(static_cast<std::size_t>(q.rows() * k), -1);
  result.scores.assign(result.rows.size(), std::numeric_limits<double>::quiet_NaN());
  const Search<T> search(parts, dense, queries, least);
  const int workers = threads == 0 ? get_num_threads() : threads;
  std::vector<std::unique_ptr<Scratch<T>>> scratch(static_cast<std::size_t>(workers));
  constexpr Index kQueries = 16;
  parallel_for((q.rows() + kQueries - 1) / kQueries,
               [&](std::int64_t task, int worker) {
                 auto& s = scratch[static_cast<std::size_t>(worker)];
                 if (!s) s = std::make_unique<Scratch<T>>(most_rows, kept);
                 for (Index i = task * kQueries; i < std::min(q.rows(), (task + 1) * kQueries); ++i) {
                   search.run(i, *s);
                   const auto& found = s->best.sorted();
                   for (std::size_t j = 0; j < found.size(); ++j) {
                     result.rows[static_cast<std::size_t>(i * k) + j] = found[j].row;
                     result.scores[static_cast<std::size_t>(i * k) + j] = static_cast<double>(found[j].score);
                   }
                   poll_interrupt();
                 }
               },
               workers);
  return result;
}

}  // namespace

TopK top_k(const Rows& r, const Rows& q, Index k, Metric metric, std::optional<double> min_score, int threads) {
  PLAIT_REQUIRE_AS(ShapeError, r.columns() == q.columns(), "top_k: rows of size ", r.columns(), " and queries of size ", q.columns());
  PLAIT_REQUIRE(k >= 1, "top_k: k: expected at least 1, got ", k);
  PLAIT_REQUIRE(k < std::numeric_limits<std::int32_t>::max(), "top_k: k: expected less than 2^31, got ", k);
  PLAIT_REQUIRE(!min_score || !std::isnan(*min_score), "top_k: min_score is NaN");
  PLAIT_REQUIRE(r.rows() < std::numeric_limits<std::int32_t>::max(), "top_k: ", r.rows(), " rows; fewer than 2^31 are possible");
  PLAIT_REQUIRE(all_finite(r), "top_k: a value of the rows is NaN or infinite");
  PLAIT_REQUIRE(all_finite(q), "top_k: a value of the queries is NaN or infinite");
  const double least = min_score.value_or(-std::numeric_limits<double>::infinity());
  if (r.is_double() || q.is_double()) return top_k_as<double>(r, q, k, metric, least, threads);
  return top_k_as<float>(r, q, k, metric, least, threads);
}

}  // namespace plait::sparse
