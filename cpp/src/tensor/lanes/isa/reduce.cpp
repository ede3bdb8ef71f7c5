// Reductions of blocks: along contiguous runs, and down the columns of a few rows. Both keep several vectors of partial results, so that the rounding
// error of a block's sum grows with a fraction of its length; across blocks the caller accumulates in double.
#include "tensor/lanes/table.hpp"

namespace plait::tensor {
namespace PLAIT_ISA_NS {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif
constexpr int kVectors = 4;          // independent chains, to hide the latency of an addition
constexpr Index kRowsPerFlush = 32;  // rows summed in the element type before they are added to the accumulators
constexpr Index kColumnsPerBand = 512;

template <class T, int bytes>
struct Vector {
  static constexpr Index lanes = bytes / static_cast<int>(sizeof(T));
  typedef T type __attribute__((vector_size(bytes)));
  typedef T unaligned __attribute__((vector_size(bytes), aligned(alignof(T)), may_alias));
  static type load(const T* x) { return *reinterpret_cast<const unaligned*>(x); }
  static void store(T* x, type v) { *reinterpret_cast<unaligned*>(x) = v; }
};

// For scalars and vectors. Sums and products of integers use unsigned words: they wrap.
struct Sum {
  template <class T>
  static T of(T a, T b) {
    return a + b;
  }
};
struct Product {
  template <class T>
  static T of(T a, T b) {
    return a * b;
  }
};
// The inner choice is the max instruction, which returns its second operand, a, if either is NaN: a NaN in a propagates, and the outer choice handles
// a NaN in b.
struct Maximum {
  template <class T>
  static T of(T a, T b) {
    const T greater = b > a ? b : a;
    return b != b ? b : greater;
  }
};
struct Minimum {
  template <class T>
  static T of(T a, T b) {
    const T less = b < a ? b : a;
    return b != b ? b : less;
  }
};

template <class T>
struct Accumulator {
  using type = T;
};
template <>
struct Accumulator<float> {
  using type = double;
};

/// Reduces the lanes of v by halving.
template <class T, class Op, int bytes>
inline T reduce_vector(typename Vector<T, bytes>::type v) {
  if constexpr (bytes > 16) {
    typename Vector<T, bytes / 2>::type half[2];
    __builtin_memcpy(half, &v, sizeof v);
    return reduce_vector<T, Op, bytes / 2>(Op::of(half[0], half[1]));
  } else if constexpr (sizeof(T) == 4) {
    return Op::of(Op::of(v[0], v[2]), Op::of(v[1], v[3]));
  } else {
    return Op::of(v[0], v[1]);
  }
}

/// Runs shorter than a vector of that many bytes use shorter vectors.
template <class T, class Op, int bytes>
inline T reduce_run(const T* x, Index n) {
  using V = Vector<T, bytes>;
  constexpr Index lanes = V::lanes;
  Index i = 1;
  T result = x[0];
  if (n >= lanes) {
    auto v = V::load(x);
    i = lanes;
    if (n >= kVectors * lanes) {
      auto v1 = V::load(x + lanes), v2 = V::load(x + 2 * lanes), v3 = V::load(x + 3 * lanes);
      for (i = kVectors * lanes; i + kVectors * lanes <= n; i += kVectors * lanes) {
        v = Op::of(v, V::load(x + i));
        v1 = Op::of(v1, V::load(x + i + lanes));
        v2 = Op::of(v2, V::load(x + i + 2 * lanes));
        v3 = Op::of(v3, V::load(x + i + 3 * lanes));
      }
      v = Op::of(Op::of(v, v1), Op::of(v2, v3));
    }
    for (; i + lanes <= n; i += lanes) v = Op::of(v, V::load(x + i));
    result = reduce_vector<T, Op, bytes>(v);
  } else if constexpr (bytes > 16) {
    if (n * static_cast<Index>(sizeof(T)) >= 16) return reduce_run<T, Op, 16>(x, n);
  }
  for (; i < n; ++i) result = Op::of(result, x[i]);
  return result;
}

template <class T, class Op>
void runs(const void* px, Index n, Index count, void* results) {
  using A = typename Accumulator<T>::type;
  const T* x = static_cast<const T*>(px);
  A* y = static_cast<A*>(results);
  for (Index r = 0; r < count; ++r, x += n) y[r] = static_cast<A>(reduce_run<T, Op, kVectorBytes>(x, n));
}

/// Columns [j, j + k * lanes) of a few rows, kept in k registers.
template <class T, class Op, int k>
inline void reduce_columns(const T* x, Index rows, Index stride, T* sums) {
  using V = Vector<T, kVectorBytes>;
  typename V::type v[k];
  for (int i = 0; i < k; ++i) v[i] = V::load(x + i * V::lanes);
  for (Index r = 1; r < rows; ++r) {
    x += stride;
    for (int i = 0; i < k; ++i) v[i] = Op::of(v[i], V::load(x + i * V::lanes));
  }
  for (int i = 0; i < k; ++i) V::store(sums + i * V::lanes, v[i]);
}

/// `rows` rows of `width` columns, both small; rows are `stride` apart.
template <class T, class Op>
void column_band(typename Accumulator<T>::type* accumulators, const T* x, Index rows, Index width, Index stride) {
  using A = typename Accumulator<T>::type;
  constexpr Index lanes = Vector<T, kVectorBytes>::lanes;
  alignas(64) T buffer[kColumnsPerBand];
  const T* sums = x;
  if (rows > 1) {
    sums = buffer;
    Index j = 0;
    for (; j + kVectors * lanes <= width; j += kVectors * lanes) reduce_columns<T, Op, kVectors>(x + j, rows, stride, buffer + j);
    for (; j + lanes <= width; j += lanes) reduce_columns<T, Op, 1>(x + j, rows, stride, buffer + j);
    // The last vector overlaps finished columns, and stores the same sums there again.
    if (j < width && width >= lanes) reduce_columns<T, Op, 1>(x + width - lanes, rows, stride, buffer + width - lanes), j = width;
    for (; j < width; ++j) {
      T s = x[j];
      for (Index r = 1; r < rows; ++r) s = Op::of(s, x[r * stride + j]);
      buffer[j] = s;
    }
  }
#pragma GCC ivdep
  for (Index j = 0; j < width; ++j) accumulators[j] = Op::of(accumulators[j], static_cast<A>(sums[j]));
}

template <class T, class Op>
void columns(void* accumulators, const void* px, Index rows, Index width, Index count) {
  auto* a = static_cast<typename Accumulator<T>::type*>(accumulators);
  const T* x = static_cast<const T*>(px);
  if (width < 16 / static_cast<Index>(sizeof(T)) * 2 && rows <= kRowsPerFlush) {  // too small for vectors
    for (Index k = 0; k < count; ++k, a += width, x += rows * width)
      for (Index j = 0; j < width; ++j) {
        T s = x[j];
        for (Index r = 1; r < rows; ++r) s = Op::of(s, x[r * width + j]);
        a[j] = Op::of(a[j], static_cast<typename Accumulator<T>::type>(s));
      }
    return;
  }
  for (Index k = 0; k < count; ++k, a += width)
    for (Index r = 0; r < rows; r += kRowsPerFlush) {
      const Index some = rows - r < kRowsPerFlush ? rows - r : kRowsPerFlush;
      for (Index j = 0; j < width; j += kColumnsPerBand)
        column_band<T, Op>(a + j, x + j, some, width - j < kColumnsPerBand ? width - j : kColumnsPerBand, width);
      x += some * width;
    }
}

using Word = std::uint64_t;

}  // namespace

const LaneReductions& lane_reductions() {
  static constexpr LaneReductions table = {{{runs<float, Sum>, runs<float, Product>, runs<float, Maximum>, runs<float, Minimum>},
                                            {runs<double, Sum>, runs<double, Product>, runs<double, Maximum>, runs<double, Minimum>},
                                            {runs<Word, Sum>, runs<Word, Product>, runs<Index, Maximum>, runs<Index, Minimum>}},
                                           {{columns<float, Sum>, columns<float, Product>, columns<float, Maximum>, columns<float, Minimum>},
                                            {columns<double, Sum>, columns<double, Product>, columns<double, Maximum>, columns<double, Minimum>},
                                            {columns<Word, Sum>, columns<Word, Product>, columns<Index, Maximum>, columns<Index, Minimum>}}};
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
