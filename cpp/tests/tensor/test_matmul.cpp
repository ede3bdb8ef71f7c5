// The dense product beside the plainest triple loop, on every instruction set this machine has.
#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

#include "plait/tensor/buffer.hpp"
#include "plait/tensor/matmul.hpp"
#include "tensor/matmul/internal.hpp"

using namespace plait;
using namespace plait::tensor;

namespace {

template <class T>
const MatmulKernels<T>& part(const MatmulTable& table) {
  if constexpr (std::is_same_v<T, float>) return table.f32;
  else return table.f64;
}

template <class T>
std::vector<const MatmulKernels<T>*> levels() {
  std::vector<const MatmulKernels<T>*> all{&part<T>(v2::matmul_table())};
#if defined(__x86_64__)
  if (isa_supported(Isa::v3)) all.push_back(&part<T>(v3::matmul_table()));
  if (isa_supported(Isa::v4)) all.push_back(&part<T>(v4::matmul_table()));
#endif
  return all;
}

/// The slow twin: sums in double and, for the bound on the error, the sum of absolute values.
template <class T>
void reference(const MatmulShape& s, const T* a, const T* b, std::vector<double>& sums, std::vector<double>& sizes) {
  for (Index p = 0; p < s.batch; ++p)
    for (Index i = 0; i < s.m; ++i)
      for (Index j = 0; j < s.n; ++j) {
        double sum = 0, size = 0;
        for (Index l = 0; l < s.k; ++l) {
          const double product = double(a[p * s.a_batch + i * s.a_row + l * s.a_col]) * double(b[p * s.b_batch + l * s.b_row + j * s.b_col]);
          sum += product;
          size += std::abs(product);
        }
        sums.push_back(sum);
        sizes.push_back(size);
      }
}

struct Rows {
  const MatmulShape* shape;
  std::size_t element;
  int threads;
  std::vector<std::atomic<int>>* seen;
  std::vector<std::byte>* copies;  // of the rows as the epilogue found them
  std::atomic<int> wrong{0};
};

void note_ahead(void* context, Index begin, Index end) {
  auto& rows = *static_cast<Rows*>(context);
  if (begin < 0 || begin > end || end > rows.shape->batch * rows.shape->m * rows.shape->n) ++rows.wrong;
  for (Index i = begin; i < end && rows.wrong == 0; ++i)
    if ((*rows.seen)[static_cast<std::size_t>(i / rows.shape->n)] != 0) ++rows.wrong;  // too late
}

void note_rows(void* context, Index begin, Index end, int worker, const void* at) {
  auto& rows = *static_cast<Rows*>(context);
  const MatmulShape& s = *rows.shape;
  if (worker < 0 || worker >= rows.threads || begin < 0 || begin >= end || end > s.batch * s.m) {
    ++rows.wrong;
    return;
  }
  const auto offset_of = [&](Index row) { return row / s.m * s.c_batch + row % s.m * s.ldc; };
  for (Index row = begin; row < end; ++row) {
    ++(*rows.seen)[static_cast<std::size_t>(row)];
    const std::size_t bytes = static_cast<std::size_t>(s.n) * rows.element;
    if (bytes > 0)
      std::memcpy(rows.copies->data() + static_cast<std::size_t>(row) * bytes,
                  static_cast<const std::byte*>(at) + static_cast<std::size_t>(offset_of(row) - offset_of(begin)) * rows.element, bytes);
  }
}

Index extent(Index batch, Index batch_stride, Index rows, Index row, Index columns, Index column) {
  if (batch == 0 || rows == 0 || columns == 0) return 0;
  return (batch - 1) * batch_stride + (rows - 1) * row + (columns - 1) * column + 1;
}

/// Everything that must hold for one shape. The arrays end where the operands end, so that a sanitizer sees any read past them, and what
/// lies between the rows of A and B is NaN, between the rows of C a mark.
template <class T>
void check(const MatmulShape& s, std::mt19937& random) {
  CAPTURE(s.m);
  CAPTURE(s.n);
  CAPTURE(s.k);
  CAPTURE(s.batch);
  CAPTURE(s.accumulate);
  CAPTURE(s.a_row);
  CAPTURE(s.a_col);
  CAPTURE(s.b_row);
  CAPTURE(s.b_col);
  CAPTURE(s.ldc);
  CAPTURE(s.a_batch);
  CAPTURE(s.b_batch);
  CAPTURE(s.c_batch);
  CAPTURE(sizeof(T));
  std::uniform_real_distribution<double> uniform(-1, 1);
  constexpr T kMark = T(12345);
  std::vector<T> a(extent(s.batch, s.a_batch, s.m, s.a_row, s.k, s.a_col), std::numeric_limits<T>::quiet_NaN());
  std::vector<T> b(extent(s.batch, s.b_batch, s.k, s.b_row, s.n, s.b_col), std::numeric_limits<T>::quiet_NaN());
  std::vector<T> c0(extent(s.batch, s.c_batch, s.m, s.ldc, s.n, 1), kMark);
  for (Index p = 0; p < s.batch; ++p) {
    for (Index l = 0; l < s.k; ++l) {
      for (Index i = 0; i < s.m; ++i) a[p * s.a_batch + i * s.a_row + l * s.a_col] = T(uniform(random));
      for (Index j = 0; j < s.n; ++j) b[p * s.b_batch + l * s.b_row + j * s.b_col] = T(uniform(random));
    }
    for (Index i = 0; i < s.m; ++i)
      for (Index j = 0; j < s.n; ++j) c0[p * s.c_batch + i * s.ldc + j] = T(uniform(random));
  }
  std::vector<double> sums, sizes;
  reference(s, a.data(), b.data(), sums, sizes);
  const double unit = std::numeric_limits<T>::epsilon();

  for (const MatmulKernels<T>* kernels : levels<T>()) {
    CAPTURE(kernels->lanes);
    std::vector<T> first;
    for (const int threads : {1, 2, 3}) {
      CAPTURE(threads);
      std::vector<T> c = c0;
      const std::size_t bytes = matmul_scratch_bytes<T>(s, threads, *kernels);
      const Bytes scratch = allocate_bytes(bytes);
      const std::size_t rows_count = static_cast<std::size_t>(s.batch * s.m);
      std::vector<std::atomic<int>> seen(rows_count);
      std::vector<std::byte> copies(rows_count * static_cast<std::size_t>(s.n) * sizeof(T));
      Rows rows{&s, sizeof(T), threads, &seen, &copies};
      matmul<T>(s, a.data(), b.data(), c.data(), {note_rows, note_ahead, &rows}, scratch.get(), threads, *kernels);

      bool once = rows.wrong == 0;
      for (const auto& count : seen) once = once && count == 1;
      CHECK(once);
      double worst = 0;
      bool complete = true;
      std::size_t at = 0;
      std::vector<bool> inside(c.size());
      for (Index p = 0; p < s.batch; ++p)
        for (Index i = 0; i < s.m; ++i)
          for (Index j = 0; j < s.n; ++j, ++at) {
            const std::size_t where = static_cast<std::size_t>(p * s.c_batch + i * s.ldc + j);
            inside[where] = true;
            const double before = s.accumulate ? double(c0[where]) : 0.0;
            const double bound = unit * (double(s.k) + 2) * (sizes[at] + std::abs(before)) + 1e-300;
            const double error = std::abs(double(c[where]) - (sums[at] + before)) / bound;
            worst = error <= worst ? worst : error;  // NaN stays
            T copy;
            std::memcpy(&copy, copies.data() + at * sizeof(T), sizeof(T));
            complete = complete && (copy == c[where] ? std::signbit(copy) == std::signbit(c[where]) : std::isnan(copy) && std::isnan(c[where]));
          }
      CHECK(worst <= 1.0);
      CHECK(complete);
      bool untouched = true;
      for (std::size_t i = 0; i < c.size(); ++i) untouched = untouched && (inside[i] || c[i] == kMark);
      CHECK(untouched);
      // Where the rows are for the epilogue alone, it finds the same.
      std::vector<std::atomic<int>> seen_again(rows_count);
      std::vector<std::byte> found(copies.size());
      std::vector<T> elsewhere = c0;
      Rows again{&s, sizeof(T), threads, &seen_again, &found};
      const Bytes more = allocate_bytes(matmul_scratch_bytes<T>(s, threads, *kernels, false));
      matmul<T>(s, a.data(), b.data(), elsewhere.data(), {note_rows, note_ahead, &again}, more.get(), threads, *kernels, false);
      CHECK(again.wrong == 0);
      CHECK(found == copies);
      if (threads == 1) first = c;
      else CHECK((c.empty() || std::memcmp(first.data(), c.data(), c.size() * sizeof(T)) == 0));
    }
  }
}

/// Strides for a product: each operand plain or transposed, its lines `pad` longer than they need be, or (spread) with no unit stride.
MatmulShape shape_of(Index m, Index n, Index k, bool turn_a, bool turn_b, Index pad, Index spread = 1) {
  MatmulShape s;
  s.m = m, s.n = n, s.k = k;
  s.a_row = turn_a ? spread : (k + pad) * spread, s.a_col = turn_a ? (m + pad) * spread : spread;
  s.b_row = turn_b ? spread : (n + pad) * spread, s.b_col = turn_b ? (k + pad) * spread : spread;
  s.ldc = n + pad;
  s.a_batch = (turn_a ? k * (m + pad) : m * (k + pad)) * spread, s.b_batch = (turn_b ? n * (k + pad) : k * (n + pad)) * spread;
  s.c_batch = m * s.ldc;
  return s;
}

}  // namespace

TEST_CASE_TEMPLATE("matmul: every small size with every kind of stride", T, float, double) {
  std::mt19937 random(1);
  for (const Index m : {0, 1, 2, 3, 5, 12, 13})
    for (const Index n : {0, 1, 2, 3, 7, 8, 15, 16, 17, 33, 50})
      for (const Index k : {0, 1, 2, 9, 17, 33}) {
        const auto kind = random();
        MatmulShape s = shape_of(m, n, k, kind & 1, kind & 2, kind & 4 ? 3 : 0, kind % 7 == 0 ? 2 : 1);
        s.accumulate = kind & 8;
        check<T>(s, random);
      }
}

TEST_CASE_TEMPLATE("matmul: shapes that take each way, plain and transposed", T, float, double) {
  std::mt19937 random(2);
  const Index sizes[][3] = {{64, 256, 784}, {784, 256, 64},  {130, 70, 200},   {300, 3, 100},  {100, 3, 300},  {300, 100, 2}, {2, 100, 300},
                            {129, 65, 1},   {33, 128, 1600}, {140, 300, 1100}, {1, 512, 128},  {1, 1000, 300}, {3, 200, 150}, {500, 1, 300},
                            {1, 1, 100},    {260, 33, 40},   {1, 2100, 1003},  {97, 270, 300}, {25, 31, 1030}};
  for (const auto& size : sizes)
    for (unsigned kind = 0; kind < 4; ++kind) {
      MatmulShape s = shape_of(size[0], size[1], size[2], kind & 1, kind & 2, kind == 3 ? 5 : 0);
      s.accumulate = kind == 1;
      check<T>(s, random);
    }
}

TEST_CASE_TEMPLATE("matmul: random shapes", T, float, double) {
  std::mt19937 random(3);
  const auto below = [&](Index n) { return static_cast<Index>(random() % static_cast<unsigned>(n)); };
  const auto size = [&] { return below(3) == 0 ? below(4) : below(3) == 0 ? below(200) : below(40); };
  for (int round = 0; round < 150; ++round) {
    MatmulShape s = shape_of(size(), size(), size(), below(2), below(2), below(3) == 0 ? below(20) : 0, below(8) == 0 ? 3 : 1);
    s.batch = below(3) == 0 ? below(6) : 1;
    if (below(3) == 0) s.a_batch = 0;
    if (below(3) == 0) s.b_batch = 0;
    if (below(4) == 0) s.c_batch += 7;
    s.accumulate = below(2);
    check<T>(s, random);
  }
}

TEST_CASE_TEMPLATE("matmul: batches, large and small, with shared operands", T, float, double) {
  std::mt19937 random(4);
  for (unsigned kind = 0; kind < 16; ++kind) {
    MatmulShape s = shape_of(kind % 3 == 0 ? 1 : 20, 40, 30, kind & 1, kind & 2, 0);
    s.batch = 70;
    if (kind & 4) s.b_batch = 0;
    if (kind & 8) s.a_batch = 0;
    check<T>(s, random);
  }
  MatmulShape s = shape_of(150, 160, 170, false, true, 0);
  s.batch = 3;
  check<T>(s, random);
}

TEST_CASE_TEMPLATE("matmul: NaN and infinities go where plain sums carry them", T, float, double) {
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const Index sizes[][3] = {{5, 19, 23}, {1, 35, 40}, {40, 1, 37}, {2, 5, 70}, {200, 40, 30}, {70, 3, 50}};
  for (const MatmulKernels<T>* kernels : levels<T>())
    for (const auto& size : sizes)
      for (unsigned kind = 0; kind < 4; ++kind) {
        const MatmulShape s = shape_of(size[0], size[1], size[2], kind & 1, kind & 2, 0);
        CAPTURE(s.m);
        CAPTURE(s.n);
        CAPTURE(s.k);
        CAPTURE(kind);
        CAPTURE(kernels->lanes);
        const std::size_t m = s.m, n = s.n, k = s.k;
        for (const T value : {inf, nan}) {
          // 0 * value is NaN in one row of C; every other row is exact.
          std::vector<T> a(m * k, T(0)), b(k * n, T(1)), c(m * n, T(-1)), scratch(matmul_scratch_bytes<T>(s, 1, *kernels) / sizeof(T) + 1);
          a[(s.m - 1) * s.a_row + (s.k - 1) * s.a_col] = value;
          b[(s.k - 1) * s.b_row + (s.n - 1) * s.b_col] = T(0);
          matmul<T>(s, a.data(), b.data(), c.data(), {}, scratch.data(), 1, *kernels);
          bool right = true;
          for (std::size_t i = 0; i < m * n; ++i) {
            const bool last_row = i / n == m - 1, last_column = i % n == n - 1;
            if (!last_row) right = right && c[i] == T(0);
            else if (last_column || std::isnan(value)) right = right && std::isnan(c[i]);
            else right = right && c[i] == value;
          }
          CHECK(right);
        }
      }
}

TEST_CASE_TEMPLATE("a kernel made once gives what a call gives, every time", T, float, double) {
  for (const MatmulShape& s : {shape_of(3, 40, 17, false, true, 0), shape_of(1, 129, 33, false, false, 0), shape_of(200, 64, 70, true, false, 3)}) {
    std::vector<T> a(extent(1, 0, s.m, s.a_row, s.k, s.a_col)), b(extent(1, 0, s.k, s.b_row, s.n, s.b_col));
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = T(static_cast<double>(i % 13) - 6);
    for (std::size_t i = 0; i < b.size(); ++i) b[i] = T(static_cast<double>(i % 7) / 8);
    std::vector<T> expected(extent(1, 0, s.m, s.ldc, s.n, 1)), c(expected.size());
    const MatmulKernel<T> kernel(s);
    REQUIRE(kernel.scratch_bytes(2) == matmul_scratch_bytes<T>(s, 2));
    const Bytes scratch = allocate_bytes(kernel.scratch_bytes(2));
    matmul<T>(s, a.data(), b.data(), expected.data(), {}, scratch.get(), 1);
    for (const int threads : {1, 2}) {
      std::fill(c.begin(), c.end(), T(-1));
      kernel.run(a.data(), b.data(), c.data(), {}, scratch.get(), threads);
      bool same = true;
      for (Index i = 0; i < s.m; ++i) same = same && std::memcmp(&c[i * s.ldc], &expected[i * s.ldc], static_cast<std::size_t>(s.n) * sizeof(T)) == 0;
      CHECK(same);
    }
  }
}

TEST_CASE_TEMPLATE("where an operand stands in memory does not change a bit", T, float, double) {
  for (const MatmulShape& s : {shape_of(60, 64, 70, false, false, 0), shape_of(140, 100, 33, true, false, 0), shape_of(260, 96, 40, false, false, 0),
                               shape_of(150, 40, 1100, false, false, 3), shape_of(70, 64, 64, false, true, 0)}) {
    std::vector<T> a(extent(1, 0, s.m, s.a_row, s.k, s.a_col)), expected(extent(1, 0, s.m, s.ldc, s.n, 1)), c(expected.size());
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = T(1) / T(i % 13 + 1);
    const auto size = static_cast<std::size_t>(extent(1, 0, s.k, s.b_row, s.n, s.b_col));
    const Bytes space = allocate_bytes((size + 16) * sizeof(T));
    for (const MatmulKernels<T>* kernels : levels<T>())
      for (const int threads : {1, 3})
        for (const std::size_t offset : {0, 1, 4, 8}) {
          T* const b = reinterpret_cast<T*>(space.get()) + offset;
          for (std::size_t i = 0; i < size; ++i) b[i] = T(1) / T(i % 7 + 1);
          const Bytes scratch = allocate_bytes(matmul_scratch_bytes<T>(s, threads, *kernels));
          matmul<T>(s, a.data(), b, c.data(), {}, scratch.get(), threads, *kernels);
          if (offset == 0 && threads == 1) expected = c;
          else CHECK(c == expected);
        }
  }
}
