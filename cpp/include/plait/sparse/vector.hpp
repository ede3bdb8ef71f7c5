// A sparse vector: sorted distinct positions and their values. Its products visit only positions that both operands have, so a NaN or an infinity at
// a position of only one operand does not affect the result.
#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

namespace plait::sparse {

using Index = std::int64_t;
/// The open size, compatible with any other.
constexpr Index kOpen = -1;

/// 32 bits wherever every position fits.
using Positions = std::variant<std::vector<std::int32_t>, std::vector<std::int64_t>>;
using Values = std::variant<std::vector<float>, std::vector<double>>;

/// The treatment of repeated positions.
enum class Repeated : std::uint8_t { refused, summed };

/// Invariant: positions ascend strictly, are at least 0 and below `size` where that is known. Immutable.
class Vector {
 public:
  /// Positions in any order. std::invalid_argument names a position that is negative, beyond the size, or repeated where that is refused.
  Vector(std::span<const Index> positions, Values values, Index size, Repeated repeated = Repeated::refused);
  /// From parts that satisfy the invariant.
  static Vector trusted(Positions positions, Values values, Index size);
  /// The elements that are not zero (a NaN is not).
  static Vector from_dense(std::span<const float> dense);
  static Vector from_dense(std::span<const double> dense);

  [[nodiscard]] const Positions& positions() const { return positions_; }
  [[nodiscard]] const Values& values() const { return values_; }
  [[nodiscard]] Index size() const { return size_; }  ///< or kOpen
  [[nodiscard]] Index count() const;                  ///< of stored values
  [[nodiscard]] bool wide() const { return positions_.index() == 1; }
  [[nodiscard]] bool is_double() const { return values_.index() == 1; }
  /// The number of elements of the shortest dense vector that holds it: the size, or where it is open the last position plus one.
  [[nodiscard]] Index extent() const;

  /// With positions of 64 bits, or values of double precision.
  [[nodiscard]] Vector widened(bool wide, bool is_double) const;

 private:
  Vector() = default;
  Positions positions_;
  Values values_;
  Index size_ = kOpen;
};

/// The element at a position that is at least 0; 0 where nothing is stored.
double element(const Vector& v, Index position);
/// Elements start, start + step, …, `length` of them, as a vector of that size. length kOpen: all that come, the size stays open.
Vector slice(const Vector& v, Index start, Index step, Index length);
/// out[position] = value; what lies between is left as it is.
void scatter(const Vector& v, float* out);
void scatter(const Vector& v, double* out);

/// The common size of two vectors; std::invalid_argument where both are known and differ. `what` begins the message.
Index common_size(const Vector& a, const Vector& b, const char* what);

/// Σ over common positions, in double precision whatever the values are. O(n + m) with blocks of positions compared at once; O(n log m) where one
/// has many times the other's.
double dot(const Vector& a, const Vector& b);
/// Against a dense vector with at least a.extent() elements.
double dot(const Vector& a, const float* dense);
double dot(const Vector& a, const double* dense);

/// a + sign · b; positions where the result is exactly zero are dropped, as SciPy drops them.
Vector add(const Vector& a, const Vector& b, double sign);
/// Element by element: common positions only.
Vector multiply(const Vector& a, const Vector& b);
Vector scaled(const Vector& v, double factor);
/// value / divisor, which is not value · (1 / divisor) in the last bit.
Vector divided(const Vector& v, double divisor);

double sum(const Vector& v);
/// 1, 2, or infinity for the largest magnitude. Without overflow or underflow on the way.
double norm(const Vector& v, double order);
/// dot(a, b) / (norm(a) norm(b)), within [-1, 1]; 0 where one of the norms is.
double cosine(const Vector& a, const Vector& b);

}  // namespace plait::sparse
