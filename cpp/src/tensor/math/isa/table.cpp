// One loop per function, compiled once per instruction set.
#include "math.hpp"
#include "tensor/math/internal.hpp"

namespace plait::tensor {
namespace PLAIT_ISA_NS {
namespace {

using math::kPiece;

// Elements are independent, also if y is x: without ivdep the compiler would test for overlap at run
// time and fall back to scalar code for y == x. In pieces, so that one large argument (of a sine, of
// a quotient) slows down only its neighbours, and the arguments are still in cache for the second
// pass.
#define PLAIT_UNARY_plain(name) _Pragma("GCC ivdep") for (Index i = 0; i < n; ++i) y[i] = math::name##_(x[i])
#define PLAIT_UNARY_scalar(name) PLAIT_UNARY_plain(name)
#define PLAIT_UNARY_pieces(name) \
  for (; n > 0; x += kPiece, y += kPiece, n -= kPiece) math::name##_array(x, y, n < kPiece ? n : kPiece)
#define PLAIT_BINARY_plain(name) _Pragma("GCC ivdep") for (Index i = 0; i < n; ++i) z[i] = math::name##_(x[i], y[i])
#define PLAIT_BINARY_pieces(name) \
  for (; n > 0; x += kPiece, y += kPiece, z += kPiece, n -= kPiece) math::name##_array(x, y, z, n < kPiece ? n : kPiece)

#define PLAIT_UNARY_LOOP(name, cost, loop)      \
  template <class T>                            \
  void loop_##name(const T* x, T* y, Index n) { \
    PLAIT_UNARY_##loop(name);                   \
  }
#define PLAIT_BINARY_LOOP(name, cost, loop, integers)       \
  template <class T>                                        \
  void loop_##name(const T* x, const T* y, T* z, Index n) { \
    PLAIT_BINARY_##loop(name);                              \
  }
PLAIT_UNARY_MATH(PLAIT_UNARY_LOOP)
PLAIT_BINARY_MATH(PLAIT_BINARY_LOOP)

}  // namespace

const MathTable& math_table() {
#define PLAIT_FLOAT(name, ...) loop_##name<float>,
#define PLAIT_DOUBLE(name, ...) loop_##name<double>,
  static constexpr MathTable table = {
      {PLAIT_UNARY_MATH(PLAIT_FLOAT)}, {PLAIT_UNARY_MATH(PLAIT_DOUBLE)}, {PLAIT_BINARY_MATH(PLAIT_FLOAT)}, {PLAIT_BINARY_MATH(PLAIT_DOUBLE)}};
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
