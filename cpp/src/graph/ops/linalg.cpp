// Triangular linear algebra over the last two axes: cholesky(A) and triangular_solve(L, B). Axes before them are a stack.
#include <algorithm>
#include <cmath>
#include <limits>

#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/ops.hpp"

namespace plait::graph {
namespace {

using namespace build;
using Specs = std::span<const Spec>;
using Gradients = std::vector<NodeRef>;

Index last(const Shape& s, std::size_t back) { return s[s.size() - back]; }

void require_square(const Spec& a, const char* name) {
  PLAIT_REQUIRE_AS(DTypeError, is_float(a.dtype), name, ": expected float32 or float64, got ", name_of(a.dtype));
  PLAIT_REQUIRE_AS(ShapeError, a.shape.size() >= 2 && last(a.shape, 1) != kAny && last(a.shape, 1) == last(a.shape, 2), name,
                   ": expected square matrices of known size along the last two axes, got shape ", to_string(a.shape));
}

// Ones on and below the diagonal, `diagonal` on it.
NodeRef lower_mask(Index n, double diagonal, DType dtype) {
  auto tensor = std::make_shared<Tensor>(Spec{{n, n}, dtype});
  const auto fill = [&](auto* x) {
    for (Index i = 0; i < n; ++i)
      for (Index j = 0; j < n; ++j) x[i * n + j] = static_cast<std::remove_reference_t<decltype(*x)>>(j < i ? 1.0 : j == i ? diagonal : 0.0);
  };
  if (dtype == DType::float32) fill(static_cast<float*>(static_cast<void*>(tensor->data.get())));
  else fill(static_cast<double*>(static_cast<void*>(tensor->data.get())));
  return make_constant(tensor);
}

NodeRef solve(const NodeRef& l, const NodeRef& b, bool transposed) { return apply(ops::triangular_solve, {l, b}, TriangularSide{transposed}); }

// ---- cholesky: the lower factor L of A = L Lᵀ; of A the lower triangle is read. NaN where A is not positive definite. ----

Spec cholesky_rule(Specs in, const Attributes&) {
  require_square(in[0], "cholesky");
  return in[0];
}
// Murray (2016), Differentiation of the Cholesky decomposition: Lᵀ⁻¹ Φ(Lᵀ g) L⁻¹, made symmetric; Φ keeps the lower triangle and halves the diagonal.
Gradients d_cholesky(const NodeRef& l, const NodeRef& g) {
  const Index n = last(l->spec.shape, 1);
  const NodeRef lower = multiply(g, lower_mask(n, 1.0, l->spec.dtype));
  const NodeRef phi = multiply(matmul(swap_last(l), lower), lower_mask(n, 0.5, l->spec.dtype));
  const NodeRef half = solve(l, swap_last(solve(l, phi, true)), true);
  return {scale(add(half, swap_last(half)), 0.5)};
}

template <class T>
void factor(const T* a, T* l, Index n) {
  bool good = true;
  for (Index j = 0; j < n; ++j) {
    for (Index i = 0; i < j; ++i) l[i * n + j] = 0;
    T d = a[j * n + j];
    for (Index k = 0; k < j; ++k) d -= l[j * n + k] * l[j * n + k];
    good = good && d > 0;
    const T root = std::sqrt(d);
    l[j * n + j] = root;
    for (Index i = j + 1; i < n; ++i) {
      T sum = a[i * n + j];
      for (Index k = 0; k < j; ++k) sum -= l[i * n + k] * l[j * n + k];
      l[i * n + j] = sum / root;
    }
  }
  if (!good)
    for (Index k = 0; k < n * n; ++k) l[k] = std::numeric_limits<T>::quiet_NaN();
}

class CholeskyKernel final : public Kernel {
 public:
  explicit CholeskyKernel(const Spec& s) : n_(last(s.shape, 1)), stack_(n_ == 0 ? 0 : count_of(s.shape) / (n_ * n_)), dtype_(s.dtype) {}
  void run(const void* const* inputs, void* const* outputs, void*, const RunContext&) const override {
    const auto all = [&](auto zero) {
      using T = decltype(zero);
      for (Index s = 0; s < stack_; ++s) factor(static_cast<const T*>(inputs[0]) + s * n_ * n_, static_cast<T*>(outputs[0]) + s * n_ * n_, n_);
    };
    if (dtype_ == DType::float32) all(0.0F);
    else all(0.0);
  }
  [[nodiscard]] double cost_ns() const override {
    return static_cast<double>(stack_) * static_cast<double>(n_ * n_) * (5.0 + static_cast<double>(n_) / 3);
  }

 private:
  Index n_, stack_;
  DType dtype_;
};
std::unique_ptr<Kernel> cholesky_kernel(Specs in, const Spec&, const Attributes&) { return std::make_unique<CholeskyKernel>(in[0]); }

// ---- triangular_solve(L, B): L⁻¹ B, or Lᵀ⁻¹ B; of L the lower triangle is read. One L may serve a stack of B. ----

Spec solve_rule(Specs in, const Attributes&) {
  require_square(in[0], "triangular_solve");
  const Shape &l = in[0].shape, &b = in[1].shape;
  PLAIT_REQUIRE_AS(DTypeError, in[0].dtype == in[1].dtype, "triangular_solve: dtypes ", name_of(in[0].dtype), " and ", name_of(in[1].dtype),
                   " differ");
  PLAIT_REQUIRE_AS(ShapeError, b.size() >= 2 && last(b, 2) == last(l, 1), "triangular_solve: shapes ", to_string(l), " and ", to_string(b),
                   " do not chain");
  PLAIT_REQUIRE_AS(ShapeError, l.size() == 2 || std::equal(l.begin(), l.end() - 2, b.begin(), b.end() - 2), "triangular_solve: stacks of shapes ",
                   to_string(l), " and ", to_string(b), " differ");
  return in[1];
}
Gradients d_solve(const NodeRef& x, const NodeRef& g) {
  const NodeRef l = x->input_ref(0);
  const bool transposed = x->attributes.as<TriangularSide>().transposed;
  const NodeRef to_b = solve(l, g, !transposed);
  const NodeRef outer = transposed ? matmul(x, swap_last(to_b)) : matmul(to_b, swap_last(x));
  return {sum_to_like(negate(multiply(outer, lower_mask(last(l->spec.shape, 1), 1.0, l->spec.dtype))), l), to_b};
}

template <class T>
void substitute(const T* l, const T* b, T* x, Index n, Index m, bool transposed) {
  std::copy_n(b, n * m, x);
  for (Index step = 0; step < n; ++step) {
    const Index i = transposed ? n - 1 - step : step;
    const Index begin = transposed ? i + 1 : 0, end = transposed ? n : i;
    for (Index k = begin; k < end; ++k) {
      const T f = transposed ? l[k * n + i] : l[i * n + k];
      for (Index c = 0; c < m; ++c) x[i * m + c] -= f * x[k * m + c];
    }
    for (Index c = 0; c < m; ++c) x[i * m + c] /= l[i * n + i];
  }
}

class SolveKernel final : public Kernel {
 public:
  SolveKernel(const Spec& l, const Spec& b, bool transposed)
      : n_(last(l.shape, 1)),
        m_(last(b.shape, 1)),
        stack_(n_ * m_ == 0 ? 0 : count_of(b.shape) / (n_ * m_)),
        step_(l.shape.size() == 2 ? 0 : n_ * n_),
        dtype_(b.dtype),
        transposed_(transposed) {}
  void run(const void* const* inputs, void* const* outputs, void*, const RunContext&) const override {
    const auto all = [&](auto zero) {
      using T = decltype(zero);
      for (Index s = 0; s < stack_; ++s)
        substitute(static_cast<const T*>(inputs[0]) + s * step_, static_cast<const T*>(inputs[1]) + s * n_ * m_,
                   static_cast<T*>(outputs[0]) + s * n_ * m_, n_, m_, transposed_);
    };
    if (dtype_ == DType::float32) all(0.0F);
    else all(0.0);
  }
  [[nodiscard]] double cost_ns() const override { return static_cast<double>(stack_ * n_ * n_) * (1.0 + 0.3 * static_cast<double>(m_)); }

 private:
  Index n_, m_, stack_, step_;
  DType dtype_;
  bool transposed_;
};
std::unique_ptr<Kernel> solve_kernel(Specs in, const Spec&, const Attributes& a) {
  return std::make_unique<SolveKernel>(in[0], in[1], a.as<TriangularSide>().transposed);
}

}  // namespace

namespace ops {
constinit const Op cholesky =
    entry({.name = "cholesky", .kind = OpKind::other, .inputs = 1, .infer = cholesky_rule, .gradient = d_cholesky, .kernel = cholesky_kernel});
constinit const Op triangular_solve = entry({.name = "triangular_solve",
                                             .kind = OpKind::other,
                                             .inputs = 2,
                                             .infer = solve_rule,
                                             .gradient = d_solve,
                                             .kernel = solve_kernel,
                                             .attributes = TriangularSide::read});
}  // namespace ops

void add_linalg_ops(OpList& list) { list.insert(list.end(), {&ops::cholesky, &ops::triangular_solve}); }

}  // namespace plait::graph
