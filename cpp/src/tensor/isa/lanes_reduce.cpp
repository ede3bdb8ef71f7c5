// Reductions of blocks: along contiguous runs, and down the columns of a few rows. Both keep several vectors of partial results, so that
// the error of a sum over a block grows with a small part of its length; across blocks the caller accumulates in double.
#include "tensor/lanes_table.hpp"

namespace plait {
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
constexpr Index kRowsPerFlush = 32;  // rows of a column sum taken in the element type before they go to the accumulators

template <class T>
struct Vector {
  typedef T type __attribute__((vector_size(kVectorBytes)));
  typedef T unaligned __attribute__((vector_size(kVectorBytes), aligned(alignof(T)), may_alias));
};
template <class T>
inline typename Vector<T>::type load(const T* x) {
  return *reinterpret_cast<const typename Vector<T>::unaligned*>(x);
}

// For scalars and vectors alike. Sums and products of integers come as unsigned words: they wrap.
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
struct Maximum {
  template <class T>
  static T of(T a, T b) {
    return (a > b) | (a != a) ? a : b;
  }
};
struct Minimum {
  template <class T>
  static T of(T a, T b) {
    return (a < b) | (a != a) ? a : b;
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

template <class T, class Op>
inline T reduce_vector(typename Vector<T>::type v) {
  constexpr int lanes = kVectorBytes / static_cast<int>(sizeof(T));
  T t[lanes];
  __builtin_memcpy(t, &v, sizeof v);
  for (int half = lanes / 2; half > 0; half /= 2)
    for (int i = 0; i < half; ++i) t[i] = Op::of(t[i], t[i + half]);
  return t[0];
}

template <class T, class Op>
inline T reduce_run(const T* x, Index n) {
  constexpr Index lanes = kVectorBytes / static_cast<int>(sizeof(T));
  Index i = 0;
  T result;
  if (n >= lanes) {
    auto v = load(x);
    i = lanes;
    if (n >= kVectors * lanes) {
      auto v1 = load(x + lanes), v2 = load(x + 2 * lanes), v3 = load(x + 3 * lanes);
      for (i = kVectors * lanes; i + kVectors * lanes <= n; i += kVectors * lanes) {
        v = Op::of(v, load(x + i));
        v1 = Op::of(v1, load(x + i + lanes));
        v2 = Op::of(v2, load(x + i + 2 * lanes));
        v3 = Op::of(v3, load(x + i + 3 * lanes));
      }
      v = Op::of(Op::of(v, v1), Op::of(v2, v3));
    }
    for (; i + lanes <= n; i += lanes) v = Op::of(v, load(x + i));
    result = reduce_vector<T, Op>(v);
  } else {
    result = x[0];
    i = 1;
  }
  for (; i < n; ++i) result = Op::of(result, x[i]);
  return result;
}

template <class T, class Op>
void runs(const void* px, Index n, Index count, void* results) {
  using A = typename Accumulator<T>::type;
  const T* x = static_cast<const T*>(px);
  A* y = static_cast<A*>(results);
  for (Index r = 0; r < count; ++r, x += n) y[r] = static_cast<A>(reduce_run<T, Op>(x, n));
}

/// Takes lanes [from, …) of v, the reduction of columns j, j + 1, …, into the accumulators.
template <class T, class Op>
inline void flush(typename Accumulator<T>::type* accumulators, typename Vector<T>::type v, int from = 0) {
  using A = typename Accumulator<T>::type;
  constexpr int lanes = kVectorBytes / static_cast<int>(sizeof(T));
  T t[lanes];
  __builtin_memcpy(t, &v, sizeof v);
#pragma GCC ivdep
  for (int i = from; i < lanes; ++i) accumulators[i] = Op::of(accumulators[i], static_cast<A>(t[i]));
}

template <class T, class Op>
inline typename Vector<T>::type column_vector(const T* x, Index rows, Index width) {
  auto v = load(x);
  for (Index r = 1; r < rows; ++r) v = Op::of(v, load(x + r * width));
  return v;
}

template <class T, class Op>
inline void column_band(typename Accumulator<T>::type* accumulators, const T* x, Index rows, Index width) {
  constexpr Index lanes = kVectorBytes / static_cast<int>(sizeof(T));
  Index j = 0;
  for (; j + kVectors * lanes <= width; j += kVectors * lanes) {
    const T* p = x + j;
    auto v0 = load(p), v1 = load(p + lanes), v2 = load(p + 2 * lanes), v3 = load(p + 3 * lanes);
    for (Index r = 1; r < rows; ++r) {
      p += width;
      v0 = Op::of(v0, load(p));
      v1 = Op::of(v1, load(p + lanes));
      v2 = Op::of(v2, load(p + 2 * lanes));
      v3 = Op::of(v3, load(p + 3 * lanes));
    }
    flush<T, Op>(accumulators + j, v0);
    flush<T, Op>(accumulators + j + lanes, v1);
    flush<T, Op>(accumulators + j + 2 * lanes, v2);
    flush<T, Op>(accumulators + j + 3 * lanes, v3);
  }
  for (; j + lanes <= width; j += lanes) flush<T, Op>(accumulators + j, column_vector<T, Op>(x + j, rows, width));
  if (j == width) return;
  if (width >= lanes) {  // the last vector overlaps columns already taken, and gives up only the new ones
    const Index last = width - lanes;
    flush<T, Op>(accumulators + last, column_vector<T, Op>(x + last, rows, width), static_cast<int>(j - last));
    return;
  }
  for (; j < width; ++j) {
    T s = x[j];
    for (Index r = 1; r < rows; ++r) s = Op::of(s, x[r * width + j]);
    accumulators[j] = Op::of(accumulators[j], static_cast<typename Accumulator<T>::type>(s));
  }
}

template <class T, class Op>
void columns(void* accumulators, const void* x, Index rows, Index width) {
  for (Index r = 0; r < rows; r += kRowsPerFlush)
    column_band<T, Op>(static_cast<typename Accumulator<T>::type*>(accumulators), static_cast<const T*>(x) + r * width,
                       rows - r < kRowsPerFlush ? rows - r : kRowsPerFlush, width);
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
}  // namespace plait
