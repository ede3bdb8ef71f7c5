// Rows of sparse vectors of one size, one after the other in memory (compressed sparse rows), and their products.
#pragma once

#include "plait/sparse/vector.hpp"

namespace plait::sparse {

/// A non-owning view of rows, read by products: row i has positions and values [begin[i], end[i]).
struct RowsView {
  Index rows = 0, columns = 0;
  const Index *begin = nullptr, *end = nullptr;
  const void *positions = nullptr, *values = nullptr;
  bool wide = false;       ///< positions have 64 bits
  bool is_double = false;  ///< values have
};

/// Invariant: offsets ascend from 0 to the number of values; within a row positions ascend strictly and lie in [0, columns). Immutable.
class Rows {
 public:
  /// Positions in any order within a row; std::invalid_argument names a row whose positions are out of range or, where that is refused, repeated.
  Rows(std::vector<Index> offsets, std::vector<Index> positions, Values values, Index columns, Repeated repeated);
  /// From parts that satisfy the invariant.
  static Rows trusted(std::vector<Index> offsets, Positions positions, Values values, Index columns);

  [[nodiscard]] Index rows() const { return static_cast<Index>(offsets_.size()) - 1; }
  [[nodiscard]] Index columns() const { return columns_; }
  [[nodiscard]] Index count() const { return offsets_.back(); }  ///< of stored values
  [[nodiscard]] const std::vector<Index>& offsets() const { return offsets_; }
  [[nodiscard]] const Positions& positions() const { return positions_; }
  [[nodiscard]] const Values& values() const { return values_; }
  [[nodiscard]] bool wide() const { return positions_.index() == 1; }
  [[nodiscard]] bool is_double() const { return values_.index() == 1; }
  [[nodiscard]] RowsView view() const;

  [[nodiscard]] Rows converted(bool is_double) const;

 private:
  Rows() = default;
  std::vector<Index> offsets_;
  Positions positions_;
  Values values_;
  Index columns_ = 0;
};

/// f(positions, values) with the vectors of the types that rows have.
template <class F>
decltype(auto) with_types(const Rows& r, F&& f) {
  return std::visit([&](const auto& p, const auto& x) -> decltype(auto) { return f(p, x); }, r.positions(), r.values());
}

Vector row(const Rows& r, Index i);
/// The rows of these numbers, each in [0, rows), in this order.
Rows take(const Rows& r, std::span<const Index> numbers);
/// Column j as row j.
Rows transposed(const Rows& r);
Rows add(const Rows& a, const Rows& b, double sign);
Rows scaled(const Rows& r, double factor);
Rows divided(const Rows& r, double divisor);
/// Row i times factors[i].
Rows rows_scaled(const Rows& r, std::span<const double> factors);
std::vector<double> norms(const Rows& r, double order);
bool all_finite(const Rows& r);
void scatter(const Rows& r, void* out);  ///< into zeros, of the type of the values

// ---- products; threads 0: as many as the pool has. Results do not depend on it. ----

/// out[i] = row i · v
void dots(const Rows& r, const Vector& v, double* out, int threads = 0);
/// out (rows, m) = r times `dense` (columns, m), all of the values' type.
void times_dense(const RowsView& r, const void* dense, Index m, void* out, int threads = 0);
/// out (columns, m) = rᵀ times `dense` (rows, m).
void transposed_times_dense(const RowsView& r, const void* dense, Index m, void* out, int threads = 0);
/// Sparse times sparse (Gustavson 1978): row by row, the rows of b selected by a row of a are summed in a dense accumulator.
Rows product(const Rows& a, const Rows& b, int threads = 0);

}  // namespace plait::sparse
