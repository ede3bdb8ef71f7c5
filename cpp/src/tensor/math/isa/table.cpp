// One loop per function, compiled once per instruction set.
#include "math.hpp"
#include "tensor/math/internal.hpp"

namespace plait::tensor {
namespace PLAIT_ISA_NS {
namespace {

// Elements do not depend on each other, also when y is x: without the promise the compiler would test for overlap at run time and
// fall back to scalar code exactly for y == x.
#define PLAIT_UNARY_LOOP(name)                                                     \
  template <class T>                                                               \
  void loop_##name(const T* x, T* y, Index n) {                                    \
    _Pragma("GCC ivdep") for (Index i = 0; i < n; ++i) y[i] = math::name##_(x[i]); \
  }
PLAIT_UNARY_LOOP(exp)
PLAIT_UNARY_LOOP(expm1)
PLAIT_UNARY_LOOP(log)
PLAIT_UNARY_LOOP(log1p)
PLAIT_UNARY_LOOP(tanh)
PLAIT_UNARY_LOOP(sigmoid)
PLAIT_UNARY_LOOP(softplus)
PLAIT_UNARY_LOOP(erf)
PLAIT_UNARY_LOOP(erfc)
PLAIT_UNARY_LOOP(exp2)
PLAIT_UNARY_LOOP(log2)
PLAIT_UNARY_LOOP(log10)
PLAIT_UNARY_LOOP(sinh)
PLAIT_UNARY_LOOP(cosh)
PLAIT_UNARY_LOOP(expm1mx)
PLAIT_UNARY_LOOP(lgamma)
PLAIT_UNARY_LOOP(digamma)
PLAIT_UNARY_LOOP(trigamma)
#undef PLAIT_UNARY_LOOP

// In pieces, so that one large argument makes only its neighbours slow, and the arguments are still in the cache the second time.
constexpr Index kTrigPiece = 256;
template <class T>
void loop_sin(const T* x, T* y, Index n) {
  for (; n > 0; x += kTrigPiece, y += kTrigPiece, n -= kTrigPiece) math::sin_array(x, y, n < kTrigPiece ? n : kTrigPiece);
}
template <class T>
void loop_cos(const T* x, T* y, Index n) {
  for (; n > 0; x += kTrigPiece, y += kTrigPiece, n -= kTrigPiece) math::cos_array(x, y, n < kTrigPiece ? n : kTrigPiece);
}

template <class T>
void loop_tan(const T* x, T* y, Index n) {
  for (; n > 0; x += kTrigPiece, y += kTrigPiece, n -= kTrigPiece) math::tan_array(x, y, n < kTrigPiece ? n : kTrigPiece);
}

#define PLAIT_BINARY_LOOP(name)                                                          \
  template <class T>                                                                     \
  void loop_##name(const T* x, const T* y, T* z, Index n) {                              \
    _Pragma("GCC ivdep") for (Index i = 0; i < n; ++i) z[i] = math::name##_(x[i], y[i]); \
  }
PLAIT_BINARY_LOOP(pow)
PLAIT_BINARY_LOOP(hypot)
#undef PLAIT_BINARY_LOOP

template <class T>
void loop_logaddexp(const T* x, const T* y, T* z, Index n) {
  constexpr Index kPiece = math::kSumPiece;
  for (; n > 0; x += kPiece, y += kPiece, z += kPiece, n -= kPiece) math::logaddexp_array(x, y, z, n < kPiece ? n : kPiece);
}

// In pieces, as the sines: a pair with a huge quotient makes only its neighbours slow.
template <class T>
void loop_floor_divide(const T* x, const T* y, T* z, Index n) {
  constexpr Index kPiece = math::kQuotientPiece;
  for (; n > 0; x += kPiece, y += kPiece, z += kPiece, n -= kPiece) math::floor_divide_array(x, y, z, n < kPiece ? n : kPiece);
}
template <class T>
void loop_remainder(const T* x, const T* y, T* z, Index n) {
  for (; n > 0; x += kTrigPiece, y += kTrigPiece, z += kTrigPiece, n -= kTrigPiece) math::remainder_array(x, y, z, n < kTrigPiece ? n : kTrigPiece);
}

}  // namespace

const MathTable& math_table() {
  static constexpr MathTable table = {
      {loop_exp<float>,    loop_expm1<float>,   loop_log<float>,      loop_log1p<float>, loop_sin<float>,  loop_cos<float>,
       loop_tanh<float>,   loop_sigmoid<float>, loop_softplus<float>, loop_erf<float>,   loop_erfc<float>, loop_exp2<float>,
       loop_log2<float>,   loop_log10<float>,   loop_tan<float>,      loop_sinh<float>,  loop_cosh<float>, loop_expm1mx<float>,
       loop_lgamma<float>, loop_digamma<float>, loop_trigamma<float>},
      {loop_exp<double>,    loop_expm1<double>,   loop_log<double>,      loop_log1p<double>, loop_sin<double>,  loop_cos<double>,
       loop_tanh<double>,   loop_sigmoid<double>, loop_softplus<double>, loop_erf<double>,   loop_erfc<double>, loop_exp2<double>,
       loop_log2<double>,   loop_log10<double>,   loop_tan<double>,      loop_sinh<double>,  loop_cosh<double>, loop_expm1mx<double>,
       loop_lgamma<double>, loop_digamma<double>, loop_trigamma<double>},
      {loop_pow<float>, loop_logaddexp<float>, loop_hypot<float>, loop_floor_divide<float>, loop_remainder<float>},
      {loop_pow<double>, loop_logaddexp<double>, loop_hypot<double>, loop_floor_divide<double>, loop_remainder<double>}};
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
