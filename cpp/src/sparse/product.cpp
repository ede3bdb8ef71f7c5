// Products of rows: with a vector, with a dense matrix, with other rows.
#include <algorithm>
#include <cmath>
#include <memory>

#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"
#include "plait/base/thread_pool.hpp"
#include "plait/sparse/rows.hpp"
#include "sparse/loops.hpp"

namespace plait::sparse {
namespace {

// Multiplications of a task: some tens of microseconds, well above the dispatch overhead.
constexpr Index kPerTask = Index{1} << 16;

template <class F>
void with_types(const RowsView& r, F&& f) {
  const auto values = [&](auto position) {
    using I = decltype(position);
    if (r.is_double) f(static_cast<const I*>(r.positions), static_cast<const double*>(r.values));
    else f(static_cast<const I*>(r.positions), static_cast<const float*>(r.values));
  };
  if (r.wide) values(std::int64_t{});
  else values(std::int32_t{});
}

Index count_of(const RowsView& r) {
  Index count = 0;
  for (Index i = 0; i < r.rows; ++i) count += r.end[i] - r.begin[i];
  return count;
}

}  // namespace

void times_dense(const RowsView& r, const void* dense, Index m, void* out, int threads) {
  if (r.rows == 0 || m == 0) return;
  with_types(r, [&]<class I, class T>(const I* p, const T* x) {
    const Index work = count_of(r) * m, per_task = std::max<Index>(1, kPerTask * r.rows / std::max<Index>(work, 1));
    const auto& loops = row_loops<I, T>();
    parallel_for((r.rows + per_task - 1) / per_task,
                 [&](std::int64_t task, int) {
                   const Index first = task * per_task, rows = std::min(per_task, r.rows - first);
                   loops.times(r.begin + first, r.end + first, rows, p, x, static_cast<const T*>(dense), m, static_cast<T*>(out) + first * m);
                   poll_interrupt();
                 },
                 threads);
  });
}

void transposed_times_dense(const RowsView& r, const void* dense, Index m, void* out, int threads) {
  with_types(r, [&]<class I, class T>(const I* p, const T* x) {
    T* const to = static_cast<T*>(out);
    const auto& loops = row_loops<I, T>();
    const Index work = count_of(r) * m;
    const Index tasks = std::min<Index>({work / (2 * kPerTask), r.columns, threads == 0 ? get_num_threads() : threads});
    if (tasks < 2) {
      std::fill(to, to + r.columns * m, T{0});
      loops.transposed_times(r.begin, r.end, r.rows, p, x, static_cast<const T*>(dense), m, to);
      return;
    }
    // Each task sums a range of columns, over the rows in order, so that the result does not depend on the ranges.
    parallel_for(
        tasks,
        [&](std::int64_t task, int) {
          const Index low = task * r.columns / tasks, high = (task + 1) * r.columns / tasks;
          std::vector<Index> begin(static_cast<std::size_t>(r.rows)), end(begin.size());
          for (Index i = 0; i < r.rows; ++i) {
            begin[i] = std::lower_bound(p + r.begin[i], p + r.end[i], low) - p;
            end[i] = std::lower_bound(p + begin[i], p + r.end[i], high) - p;
          }
          std::fill(to + low * m, to + high * m, T{0});
          loops.transposed_times(begin.data(), end.data(), r.rows, p, x, static_cast<const T*>(dense), m, to);
          poll_interrupt();
        },
        threads);
  });
}

void dots(const Rows& r, const Vector& given, double* out, int threads) {
  PLAIT_REQUIRE_AS(ShapeError, given.size() == kOpen ? given.extent() <= r.columns() : given.size() == r.columns(), "dot: rows of size ", r.columns(),
                   " and a vector of ",
                   given.size() == kOpen ? message("open size with a value at position ", given.extent() - 1) : message("size ", given.size()));
  if (given.is_double() && !r.is_double()) return dots(r.converted(true), given, out, threads);
  const Vector v = given.widened(r.wide(), r.is_double());
  with_types(r, [&]<class I, class T>(const std::vector<I>& p, const std::vector<T>& x) {
    // The vector is scattered into a dense one, for direct access; not where one of its zeros would be multiplied by an infinity or a NaN.
    const bool spread = r.columns() <= 4 * r.count() + 4096 && all_finite(r);
    std::vector<T> dense(spread ? static_cast<std::size_t>(r.columns()) : 0);
    if (spread) scatter(v, dense.data());
    const auto& q = std::get<std::vector<I>>(v.positions());
    const auto& y = std::get<std::vector<T>>(v.values());
    const Index per_task = std::max<Index>(1, kPerTask * r.rows() / std::max<Index>(1, r.count() + (spread ? 0 : r.rows() * v.count())));
    parallel_for((r.rows() + per_task - 1) / per_task,
                 [&](std::int64_t task, int) {
                   for (Index i = task * per_task; i < std::min(r.rows(), (task + 1) * per_task); ++i) {
                     const Index begin = r.offsets()[i], n = r.offsets()[i + 1] - begin;
                     out[i] = spread ? dot_loops<I, T>().dense(p.data() + begin, x.data() + begin, n, dense.data())
                                     : dot_of(p.data() + begin, x.data() + begin, n, q.data(), y.data(), v.count());
                   }
                   poll_interrupt();
                 },
                 threads);
  });
}

namespace {

/// Sums rows of b in a dense accumulator with a list of the places in use (Gustavson 1978).
template <class I, class T>
class DenseSum {
 public:
  explicit DenseSum(Index columns) : sums_(static_cast<std::size_t>(columns)), used_(static_cast<std::size_t>(columns)) {}
  void add(const I* p, const T* x, Index n, T factor) {
    for (Index k = 0; k < n; ++k) {
      const auto c = static_cast<std::size_t>(p[k]);
      if (used_[c] == 0) {
        used_[c] = 1;
        places_.push_back(p[k]);
        sums_[c] = factor * x[k];
      } else {
        sums_[c] += factor * x[k];
      }
    }
  }
  void flush(std::vector<I>& positions, std::vector<T>& values) {
    std::sort(places_.begin(), places_.end());
    for (const I c : places_) {
      positions.push_back(c);
      values.push_back(sums_[static_cast<std::size_t>(c)]);
      used_[static_cast<std::size_t>(c)] = 0;
    }
    places_.clear();
  }

 private:
  std::vector<T> sums_;
  std::vector<char> used_;
  std::vector<I> places_;
};

/// The same by sorting, for so many columns that a dense accumulator would dominate the work or not fit.
template <class I, class T>
class SortedSum {
 public:
  explicit SortedSum(Index) {}
  void add(const I* p, const T* x, Index n, T factor) {
    for (Index k = 0; k < n; ++k) terms_.emplace_back(p[k], factor * x[k]);
  }
  void flush(std::vector<I>& positions, std::vector<T>& values) {
    std::stable_sort(terms_.begin(), terms_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t k = 0; k < terms_.size(); ++k) {
      if (k > 0 && terms_[k].first == terms_[k - 1].first) {
        values.back() += terms_[k].second;
        continue;
      }
      positions.push_back(terms_[k].first);
      values.push_back(terms_[k].second);
    }
    terms_.clear();
  }

 private:
  std::vector<std::pair<I, T>> terms_;
};

template <class Sum, class I, class T, class J>
Rows product_with(const Rows& a, const std::vector<J>& q, const std::vector<T>& y, const Rows& b, const std::vector<I>& p, const std::vector<T>& x,
                  int threads) {
  double work = 0;
  for (const J c : q) work += static_cast<double>(b.offsets()[static_cast<std::size_t>(c) + 1] - b.offsets()[static_cast<std::size_t>(c)]);
  const Index tasks =
      std::clamp<Index>(static_cast<Index>(work / static_cast<double>(kPerTask)), 1, std::max<Index>(1, std::min<Index>(a.rows(), 256)));
  struct Part {
    std::vector<I> positions;
    std::vector<T> values;
  };
  std::vector<Part> parts(static_cast<std::size_t>(tasks));
  std::vector<Index> offsets(static_cast<std::size_t>(a.rows()) + 1);
  const int workers = threads == 0 ? get_num_threads() : threads;
  std::vector<std::unique_ptr<Sum>> sums(static_cast<std::size_t>(workers));
  parallel_for(
      tasks,
      [&](std::int64_t task, int worker) {
        auto& sum = sums[static_cast<std::size_t>(worker)];
        if (!sum) sum = std::make_unique<Sum>(b.columns());
        Part& part = parts[static_cast<std::size_t>(task)];
        for (Index i = task * a.rows() / tasks; i < (task + 1) * a.rows() / tasks; ++i) {
          for (Index k = a.offsets()[i]; k < a.offsets()[i + 1]; ++k) {
            const Index begin = b.offsets()[static_cast<std::size_t>(q[k])], n = b.offsets()[static_cast<std::size_t>(q[k]) + 1] - begin;
            sum->add(p.data() + begin, x.data() + begin, n, y[k]);
          }
          const auto before = static_cast<Index>(part.positions.size());
          sum->flush(part.positions, part.values);
          offsets[static_cast<std::size_t>(i) + 1] = static_cast<Index>(part.positions.size()) - before;
          if (i % 64 == 0) poll_interrupt();
        }
      },
      workers);
  for (std::size_t i = 1; i < offsets.size(); ++i) offsets[i] += offsets[i - 1];
  Part all;
  all.positions.reserve(static_cast<std::size_t>(offsets.back()));
  all.values.reserve(static_cast<std::size_t>(offsets.back()));
  for (Part& part : parts) {
    all.positions.insert(all.positions.end(), part.positions.begin(), part.positions.end());
    all.values.insert(all.values.end(), part.values.begin(), part.values.end());
    part = {};
  }
  return Rows::trusted(std::move(offsets), std::move(all.positions), std::move(all.values), b.columns());
}

}  // namespace

Rows product(const Rows& a, const Rows& b, int threads) {
  PLAIT_REQUIRE_AS(ShapeError, a.columns() == b.rows(), "matmul: rows of the shapes (", a.rows(), ", ", a.columns(), ") and (", b.rows(), ", ",
                   b.columns(), ") do not chain");
  if (a.is_double() != b.is_double()) return product(a.converted(true), b.converted(true), threads);
  return with_types(b, [&]<class I, class T>(const std::vector<I>& p, const std::vector<T>& x) {
    const auto& y = std::get<std::vector<T>>(a.values());
    return std::visit(
        [&](const auto& q) {
          if (b.columns() > 4 * b.count() + (Index{1} << 22)) return product_with<SortedSum<I, T>, I, T>(a, q, y, b, p, x, threads);
          return product_with<DenseSum<I, T>, I, T>(a, q, y, b, p, x, threads);
        },
        a.positions());
  });
}

}  // namespace plait::sparse
