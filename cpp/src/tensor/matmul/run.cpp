// Runs one product by its plan.
#include <algorithm>
#include <cstdint>

#include "internal.hpp"

namespace plait::tensor {
namespace {

// A register read across two lines counts twice. Where tiles are low, and so read B often, that costs more than copies which are aligned, from so
// many rows on: 512³ rises by it from 86 to 107 GFLOP/s on AVX2 (float, Zen 4, B at 16 bytes from a line, as NumPy's arrays are). Tiles of 12 rows
// hide it.
constexpr Index kRowsThatPayAlignment = 48;

template <class T>
bool crosses_lines(const Plan& plan, const MatmulKernels<T>& kernels, const T* b) {
  const Product& p = plan.p;
  if (kernels.tile_rows >= 12 || p.b_col != 1 || p.m < kRowsThatPayAlignment) return false;
  const Index bytes = static_cast<Index>(sizeof(T));
  return ((reinterpret_cast<std::uintptr_t>(b) | static_cast<std::uintptr_t>(p.b_row * bytes)) &
          static_cast<std::uintptr_t>(kernels.lanes * bytes - 1)) != 0;
}

template <class T>
class Run {
 public:
  Run(const Plan& plan, const MatmulKernels<T>& kernels, const T* a, const T* b, T* c, RowsDone done, Index first_row, T* scratch, int threads,
      int worker)
      : plan_(plan),
        p_(plan.p),
        kernels_(kernels),
        a_(plan.p.transposed ? b : a),
        b_(plan.p.transposed ? a : b),
        c_(c),
        done_(done),
        first_row_(first_row),
        shared_(scratch),
        workers_(scratch + plan.shared_elements),
        threads_(threads),
        worker_(worker),
        pack_b_(plan.pack_b || crosses_lines(plan, kernels, b_)) {}

  void run() {
    if (p_.m == 0 || p_.n == 0) rows_done(0, caller_rows(), worker_);
    else if (plan_.order == Order::by_rows) by_rows();
    else by_columns();
  }

 private:
  Index caller_rows() const { return p_.transposed ? p_.n : p_.m; }

  void rows_done(Index begin, Index end, int worker) const { rows_done(begin, end, worker, c_ + begin * (p_.transposed ? p_.c_col : p_.c_row)); }
  void rows_done(Index begin, Index end, int worker, const T* rows) const {
    if (done_.call != nullptr && begin < end) done_.call(done_.context, first_row_ + begin, first_row_ + end, worker, rows);
  }

  template <class F>
  void for_each(Index tasks, F f) {
    if (threads_ > 1 && plan_.parallel && tasks > 1) parallel_for(tasks, f, threads_);
    else
      for (Index task = 0; task < tasks; ++task) f(task, worker_);
  }

  // Scratch is one region per worker; a serial run has one, whatever its worker number.
  T* scratch_of(int worker) const { return workers_ + (worker == worker_ ? 0 : worker) * plan_.worker_elements; }

  void by_columns() {
    const bool by_row = plan_.row_kernel != RowKernel::none;
    if (by_row && plan_.shared_elements > 0) kernels_.pack(p_.m, p_.k, p_.k, a_, p_.a_row, p_.a_col, shared_, p_.k);
    // On one thread it is faster to stream whole rows; the sums are the same.
    const bool whole = plan_.row_kernel == RowKernel::streams && (threads_ == 1 || !plan_.parallel);
    const Index block = whole ? p_.n : plan_.block;
    for_each((p_.n + block - 1) / block, [&](Index task, int worker) {
      const Index begin = task * block, end = std::min(begin + block, p_.n);
      if (by_row) without_panels(begin, end);
      else columns(begin, end, scratch_of(worker));
      if (p_.transposed) rows_done(begin, end, worker);
    });
    if (!p_.transposed) all_rows_done();
  }

  // Every task writes to every row of C, so rows are complete only now.
  void all_rows_done() {
    if (done_.call == nullptr) return;
    constexpr Index kRows = 16;
    for_each((p_.m + kRows - 1) / kRows, [&](Index task, int worker) { rows_done(task * kRows, std::min((task + 1) * kRows, p_.m), worker); });
  }

  void without_panels(Index begin, Index end) const {
    const T* b = b_ + begin * p_.b_col;
    T* c = c_ + begin * p_.c_col;
    if (plan_.row_kernel == RowKernel::times) {
      kernels_.row_times(p_.k, end - begin, a_, p_.a_col, b, p_.b_row, c, p_.c_col, p_.accumulate);
      return;
    }
    if (plan_.row_kernel == RowKernel::streams) {
      kernels_.row_streams(p_.k, end - begin, a_, p_.a_col, b, p_.b_row, c, p_.accumulate);
      return;
    }
    const bool copied = plan_.shared_elements > 0;
    kernels_.dots(
        {p_.m, end - begin, p_.k, copied ? shared_ : a_, copied ? p_.k : p_.a_row, 1, b, 1, p_.b_col, c, p_.c_row, p_.c_col, p_.accumulate});
  }

  /// Columns [at, at + width) and their packed form. Where n is not a multiple of a panel, either the last panel overlaps columns that are already
  /// done (with equal results), or a remainder of less than a register is computed with padding or by dots.
  struct Panel {
    Index at, width, slot;
    bool rest;
  };

  Panel panel_at(Index j, Index begin, Index end) const {
    const Index left = end - j, lanes = kernels_.lanes;
    if (left >= plan_.panel) return {j, plan_.panel, j, false};
    const Index width = left <= lanes ? lanes : left <= 2 * lanes ? 2 * lanes : plan_.panel, tail = left % lanes;
    const bool narrow = tail <= plan_.narrow_rest;
    if (tail != 0 && !narrow && plan_.overlap && end - width >= begin) return {end - width, width, j, false};
    if (left >= 2 * lanes) return {j, 2 * lanes, j, false};
    if (left >= lanes) return {j, lanes, j, false};
    return {j, left, j, left != kernels_.half_lanes};
  }

  bool in_place(const Panel& q) const { return q.rest ? plan_.rest_by_dots && p_.b_row == 1 : !pack_b_; }

  void pack(const Panel& q, Index from, Index k, T* to) const {
    const T* b = b_ + from * p_.b_row + q.at * p_.b_col;
    if (in_place(q)) return;
    const Index padded = kernels_.padded(q.width);
    if (q.rest && plan_.rest_by_dots) kernels_.pack(q.width, k, k, b, p_.b_col, p_.b_row, to, k);
    else kernels_.pack(k, q.width, padded, b, p_.b_row, p_.b_col, to, padded);
  }

  /// c: the first of the rows.
  void multiply(const Panel& q, T* c, Index rows, Index from, Index k, const T* a, Index a_row, Index a_col, const T* packed) const {
    c += q.at * p_.c_col;
    const bool here = in_place(q), add = p_.accumulate || from > 0;
    const T* b = here ? b_ + from * p_.b_row + q.at * p_.b_col : packed;
    if (q.rest && plan_.rest_by_dots) kernels_.dots({rows, q.width, k, a, a_row, 1, b, 1, here ? p_.b_col : k, c, p_.c_row, p_.c_col, add});
    else kernels_.panel_product({rows, q.width, k, a, a_row, a_col, b, here ? p_.b_row : kernels_.padded(q.width), 1, c, p_.c_row, p_.c_col, add});
  }

  /// Tile by tile, prefetching elements [from_element, to_element) of the block a little at a time.
  void multiply_and_prefetch(const Panel& q, T* c, Index begin, Index rows, Index from, Index k, const T* a, Index a_row, Index a_col,
                             const T* packed, Index from_element, Index to_element) const {
    const Index tiles = (rows + kernels_.tile_rows - 1) / kernels_.tile_rows, first = (first_row_ + begin) * p_.n;
    for (Index t = 0; t < tiles; ++t) {
      const Index row = rows * t / tiles, end = rows * (t + 1) / tiles;
      const Index begun = from_element + (to_element - from_element) * t / tiles, more = from_element + (to_element - from_element) * (t + 1) / tiles;
      done_.ahead(done_.context, first + begun, first + more);
      multiply(q, c + row * p_.c_row, end - row, from, k, a + row * a_row, a_row, a_col, packed);
    }
  }

  void columns(Index begin, Index end, T* packed) const {
    for (Index j = begin; j < end;) {
      const Panel q = panel_at(j, begin, end);
      Index from = 0;
      do {
        const Index k = std::min(plan_.k_chunk, p_.k - from);
        pack(q, from, k, packed);
        multiply(q, c_, p_.m, from, k, a_ + from * p_.a_col, p_.a_row, p_.a_col, packed);
        from += k;
      } while (from < p_.k);
      j = q.at + q.width;
    }
  }

  void by_rows() {
    Index from = 0;
    do {
      const Index k = std::min(plan_.k_chunk, p_.k - from);
      for (Index first = 0; first < p_.n; first += plan_.n_chunk) {
        const Index end = std::min(first + plan_.n_chunk, p_.n);
        pack_b(from, k, first, end);
        const bool last = from + k == p_.k && end == p_.n;
        for_each((p_.m + plan_.block - 1) / plan_.block, [&](Index task, int worker) {
          const Index begin = task * plan_.block, rows = std::min(plan_.block, p_.m - begin);
          T* const space = scratch_of(worker);
          T* const c = plan_.rows_at >= 0 ? space + plan_.rows_at : c_ + begin * p_.c_row;
          row_block(begin, rows, from, k, first, end, space, c, last);
          if (last) rows_done(begin, begin + rows, worker, c);
        });
      }
      from += k;
    } while (from < p_.k);
  }

  void pack_b(Index from, Index k, Index first, Index end) {
    const Index panels = (end - first + plan_.panel - 1) / plan_.panel;
    // A small B is packed faster than a thread wakes up; of a B read in place only the remainder is packed.
    const Index group = !pack_b_ || k * (end - first) < 65536 ? panels : std::max<Index>(1, 16384 / (k * plan_.panel + 1));
    for_each((panels + group - 1) / group, [&](Index task, int) {
      for (Index j = first + task * group * plan_.panel, stop = std::min(j + group * plan_.panel, end); j < stop;) {
        const Panel q = panel_at(j, first, end);
        pack(q, from, k, shared_ + (q.slot - first) * k);
        j = q.at + q.width;
      }
    });
  }

  void row_block(Index begin, Index rows, Index from, Index k, Index first, Index end, T* packed, T* c, bool last) const {
    const T* a = a_ + begin * p_.a_row + from * p_.a_col;
    Index a_row = p_.a_row, a_col = p_.a_col;
    if (plan_.pack_a) {
      // Copied rows keep their order, at a stride that does not map them to the same few cache sets.
      const Index row = k + 2 * kernels_.lanes;
      kernels_.pack(rows, k, k, a, a_row, a_col, packed, row);
      a = packed, a_row = row, a_col = 1;
    }
    for (Index j = first; j < end;) {
      const Panel q = panel_at(j, first, end);
      const T* const b = shared_ + (q.slot - first) * k;
      const Index next = q.at + q.width;
      if (!last || done_.ahead == nullptr) multiply(q, c, rows, from, k, a, a_row, a_col, b);
      else multiply_and_prefetch(q, c, begin, rows, from, k, a, a_row, a_col, b, rows * (j - first), rows * (next - first));
      j = next;
    }
  }

  const Plan& plan_;
  const Product& p_;
  const MatmulKernels<T>& kernels_;
  const T *a_, *b_;
  T* c_;
  RowsDone done_;
  Index first_row_;
  T *shared_, *workers_;
  int threads_, worker_;
  bool pack_b_;  // the sums are the same either way, and scratch for it is there
};

}  // namespace

template <class T>
void run_matmul(const Plan& plan, const MatmulKernels<T>& kernels, const T* a, const T* b, T* c, RowsDone done, Index first_row, T* scratch,
                int threads, int worker) {
  Run<T>(plan, kernels, a, b, c, done, first_row, scratch, threads, worker).run();
}

template void run_matmul<float>(const Plan&, const MatmulKernels<float>&, const float*, const float*, float*, RowsDone, Index, float*, int, int);
template void run_matmul<double>(const Plan&, const MatmulKernels<double>&, const double*, const double*, double*, RowsDone, Index, double*, int,
                                 int);

}  // namespace plait::tensor
