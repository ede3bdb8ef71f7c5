// Eigen's sparse dot product behind a C function, built when the bench runs: Eigen has no Python interface for it.
#include <Eigen/SparseCore>
#include <cstdint>

using Vector = Eigen::SparseVector<double, 0, std::int32_t>;

extern "C" {
void* make(const std::int32_t* positions, const double* values, std::int64_t n, std::int32_t size) {
  auto* v = new Vector(size);
  v->reserve(static_cast<int>(n));
  for (std::int64_t i = 0; i < n; ++i) v->insertBack(positions[i]) = values[i];
  return v;
}
double dot(const void* a, const void* b) { return static_cast<const Vector*>(a)->dot(*static_cast<const Vector*>(b)); }
void destroy(void* v) { delete static_cast<Vector*>(v); }
}
