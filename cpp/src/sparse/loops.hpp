// The loops over positions that are compiled for each instruction set.
#pragma once

#include <cstdint>

#include "plait/base/isa.hpp"

namespace plait::sparse {

/// For one type of positions and one of values.
template <class I, class T>
struct DotLoops {
  /// Σ x · y over common positions, blocks of positions at a time.
  double (*merge)(const I* a, const T* x, std::int64_t n, const I* b, const T* y, std::int64_t m);
  /// Σ x[i] · dense[a[i]]
  double (*dense)(const I* a, const T* x, std::int64_t n, const T* dense);
};

/// Rows times a dense matrix with m columns.
template <class I, class T>
struct RowLoops {
  /// Row i of out = Σ x[k] · row a[k] of dense, over k from begin[i] to end[i].
  void (*times)(const std::int64_t* begin, const std::int64_t* end, std::int64_t rows, const I* a, const T* x, const T* dense, std::int64_t m,
                T* out);
  /// Row a[k] of out += x[k] · row i of dense.
  void (*transposed_times)(const std::int64_t* begin, const std::int64_t* end, std::int64_t rows, const I* a, const T* x, const T* dense,
                           std::int64_t m, T* out);
};

/// Loops of the top-k search over its accumulators.
template <class T>
struct ScoreLoops {
  /// scores += Σ_c weights[c] · columns[c], in this order, for `count` columns of n numbers.
  void (*add_columns)(T* scores, const T* const* columns, const T* weights, std::int64_t count, std::int64_t n);
  /// The first place from `from` on with a score above the bound; n if there is none.
  std::int64_t (*next_above)(const T* scores, std::int64_t from, std::int64_t n, T bound);
};

struct DotTable {
  DotLoops<std::int32_t, float> narrow_float;
  DotLoops<std::int32_t, double> narrow_double;
  DotLoops<std::int64_t, float> wide_float;
  DotLoops<std::int64_t, double> wide_double;
};

struct RowTable {
  RowLoops<std::int32_t, float> narrow_float;
  RowLoops<std::int32_t, double> narrow_double;
  RowLoops<std::int64_t, float> wide_float;
  RowLoops<std::int64_t, double> wide_double;
};

struct ScoreTable {
  ScoreLoops<float> on_float;
  ScoreLoops<double> on_double;
};

using SparseDotTable = sparse::DotTable;
using SparseRowTable = sparse::RowTable;
using SparseScoreTable = sparse::ScoreTable;
PLAIT_DECLARE_TABLE(SparseDotTable, sparse_dots)
PLAIT_DECLARE_TABLE(SparseRowTable, sparse_row_loops)
PLAIT_DECLARE_TABLE(SparseScoreTable, sparse_scores)

/// The entry of a table for one type of positions and one of values.
template <class I, class T, class Table>
const auto& entry(const Table& table) {
  if constexpr (sizeof(I) == 4) {
    if constexpr (sizeof(T) == 4) return table.narrow_float;
    else return table.narrow_double;
  } else {
    if constexpr (sizeof(T) == 4) return table.wide_float;
    else return table.wide_double;
  }
}

template <class I, class T>
const DotLoops<I, T>& dot_loops() {
  static const DotTable& table = PLAIT_PICK(sparse_dots);
  return entry<I, T>(table);
}

template <class I, class T>
const RowLoops<I, T>& row_loops() {
  static const RowTable& table = PLAIT_PICK(sparse_row_loops);
  return entry<I, T>(table);
}

template <class T>
const ScoreLoops<T>& score_loops() {
  static const ScoreTable& table = PLAIT_PICK(sparse_scores);
  if constexpr (sizeof(T) == 4) return table.on_float;
  else return table.on_double;
}

/// A dot product, by the algorithm for the two sizes; dot.cpp.
template <class I, class T>
double dot_of(const I* a, const T* x, std::int64_t n, const I* b, const T* y, std::int64_t m);

}  // namespace plait::sparse
