// Linear algebra over the last two axes: cholesky(A), triangular_solve(L, B), linear_solve(A, B) and slogdet(A). Leading axes are batches.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"
#include "plait/graph/ops.hpp"

namespace plait::graph {
namespace ops {
extern const Op linear_solve;
}
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

// A matrix with `below` below the diagonal, `diagonal` on it and zeros above.
NodeRef lower_constant(Index n, double below, double diagonal, DType dtype) {
  auto tensor = std::make_shared<Tensor>(Spec{{n, n}, dtype});
  const auto fill = [&](auto* x) {
    for (Index i = 0; i < n; ++i)
      for (Index j = 0; j < n; ++j) x[i * n + j] = static_cast<std::remove_reference_t<decltype(*x)>>(j < i ? below : j == i ? diagonal : 0.0);
  };
  if (dtype == DType::float32) fill(reinterpret_cast<float*>(tensor->data.get()));
  else fill(reinterpret_cast<double*>(tensor->data.get()));
  return make_constant(tensor);
}
NodeRef lower_mask(Index n, double diagonal, DType dtype) { return lower_constant(n, 1.0, diagonal, dtype); }
NodeRef identity(Index n, DType dtype) { return lower_constant(n, 0.0, 1.0, dtype); }

NodeRef solve(const NodeRef& l, const NodeRef& b, bool transposed) { return apply(ops::triangular_solve, {l, b}, TriangularSide{transposed}); }

// ---- cholesky: the lower factor L of A = L Lᵀ; only the lower triangle of A is read. NaN where A is not positive definite. ----

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

// ---- triangular_solve(L, B): L⁻¹ B, or Lᵀ⁻¹ B; only the lower triangle of L is read. One L may be used for a batch of B. ----

// Unknown batch sizes are compared when shapes are bound.
Spec system_rule(Specs in, const char* name) {
  require_square(in[0], name);
  const Shape &l = in[0].shape, &b = in[1].shape;
  PLAIT_REQUIRE_AS(DTypeError, in[0].dtype == in[1].dtype, name, ": dtypes ", name_of(in[0].dtype), " and ", name_of(in[1].dtype), " differ");
  PLAIT_REQUIRE_AS(ShapeError, b.size() >= 2 && last(b, 2) == last(l, 1), name, ": shapes ", to_string(l), " and ", to_string(b), " do not chain");
  const auto alike = [](Index m, Index n) { return m == n || m == kAny || n == kAny; };
  PLAIT_REQUIRE_AS(ShapeError, l.size() == 2 || std::equal(l.begin(), l.end() - 2, b.begin(), b.end() - 2, alike), name, ": stacks of shapes ",
                   to_string(l), " and ", to_string(b), " differ");
  return in[1];
}
Spec triangular_rule(Specs in, const Attributes&) { return system_rule(in, "triangular_solve"); }
Gradients d_triangular(const NodeRef& x, const NodeRef& g) {
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

class TriangularKernel final : public Kernel {
 public:
  TriangularKernel(const Spec& l, const Spec& b, bool transposed)
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
std::unique_ptr<Kernel> triangular_kernel(Specs in, const Spec&, const Attributes& a) {
  return std::make_unique<TriangularKernel>(in[0], in[1], a.as<TriangularSide>().transposed);
}

// ---- linear_solve(A, B): A⁻¹ B by Gaussian elimination with partial pivoting. NaN where A is singular. One A may be used for a batch of B. ----

Spec linear_rule(Specs in, const Attributes&) { return system_rule(in, "solve"); }
NodeRef linear(const NodeRef& a, const NodeRef& b) { return apply(ops::linear_solve, {a, b}); }
Gradients d_linear(const NodeRef& x, const NodeRef& g) {
  const NodeRef a = x->input_ref(0), to_b = linear(swap_last(a), g);
  return {sum_to_like(negate(matmul(to_b, swap_last(x))), a), to_b};
}

// LU factorisation of the n x n matrix in place, multipliers below the diagonal; `rows` gets the same row operations. Returns the number of
// exchanges.
template <class T>
Index eliminate(T* a, T* rows, Index n, Index m) {
  Index exchanges = 0;
  for (Index k = 0; k < n; ++k) {
    Index pivot = k;
    for (Index i = k + 1; i < n; ++i)
      if (std::abs(a[i * n + k]) > std::abs(a[pivot * n + k])) pivot = i;
    if (pivot != k) {
      ++exchanges;
      std::swap_ranges(a + k * n, a + (k + 1) * n, a + pivot * n);
      std::swap_ranges(rows + k * m, rows + (k + 1) * m, rows + pivot * m);
    }
    const T head = a[k * n + k];
    if (head == 0) continue;
    const T* const upper = a + k * n;
    const T* const above = rows + k * m;
    for (Index i = k + 1; i < n; ++i) {
      const T f = a[i * n + k] / head;
      if (f == 0) continue;
      T* const row = a + i * n;
      for (Index c = k + 1; c < n; ++c) row[c] -= f * upper[c];
      for (Index c = 0; c < m; ++c) rows[i * m + c] -= f * above[c];
    }
  }
  return exchanges;
}

template <class T>
void back_substitute(const T* u, T* x, Index n, Index m) {
  for (Index i = n; i-- > 0;) {
    for (Index k = i + 1; k < n; ++k)
      for (Index c = 0; c < m; ++c) x[i * m + c] -= u[i * n + k] * x[k * m + c];
    for (Index c = 0; c < m; ++c) x[i * m + c] /= u[i * n + i];
  }
}

double elimination_ns(Index n, Index m) { return static_cast<double>(n * n) * (2.0 + 0.2 * static_cast<double>(n) + 0.3 * static_cast<double>(m)); }

class LinearKernel final : public Kernel {
 public:
  LinearKernel(const Spec& a, const Spec& b)
      : n_(last(a.shape, 1)),
        m_(last(b.shape, 1)),
        stack_(n_ * m_ == 0 ? 0 : count_of(b.shape) / (n_ * m_)),
        step_(a.shape.size() == 2 ? 0 : n_ * n_),
        dtype_(b.dtype) {}
  void run(const void* const* inputs, void* const* outputs, void* scratch, const RunContext&) const override {
    const auto all = [&](auto zero) {
      using T = decltype(zero);
      T* const u = static_cast<T*>(scratch);
      for (Index s = 0; s < stack_; ++s) {
        T* const x = static_cast<T*>(outputs[0]) + s * n_ * m_;
        std::copy_n(static_cast<const T*>(inputs[0]) + s * step_, n_ * n_, u);
        std::copy_n(static_cast<const T*>(inputs[1]) + s * n_ * m_, n_ * m_, x);
        eliminate(u, x, n_, m_);
        bool regular = true;
        for (Index i = 0; i < n_; ++i) regular = regular && u[i * n_ + i] != 0;
        if (regular) back_substitute(u, x, n_, m_);
        else std::fill_n(x, n_ * m_, std::numeric_limits<T>::quiet_NaN());
      }
    };
    if (dtype_ == DType::float32) all(0.0F);
    else all(0.0);
  }
  [[nodiscard]] std::size_t scratch_bytes(int) const override { return static_cast<std::size_t>(n_ * n_) * size_of(dtype_); }
  [[nodiscard]] double cost_ns() const override { return static_cast<double>(stack_) * elimination_ns(n_, m_); }

 private:
  Index n_, m_, stack_, step_;
  DType dtype_;
};
std::unique_ptr<Kernel> linear_kernel(Specs in, const Spec&, const Attributes&) { return std::make_unique<LinearKernel>(in[0], in[1]); }

// ---- slogdet(A): along a new last axis sign(det A) and log |det A|; 0 and -inf where A is singular. ----

Spec slogdet_rule(Specs in, const Attributes&) {
  require_square(in[0], "slogdet");
  Shape shape(in[0].shape.begin(), in[0].shape.end() - 2);
  shape.push_back(2);
  return {shape, in[0].dtype};
}
// The sign has no gradient; that of the logarithm is A⁻ᵀ.
Gradients d_slogdet(const NodeRef& y, const NodeRef& g) {
  const NodeRef a = y->input_ref(0);
  const auto axis = static_cast<Index>(y->spec.shape.size()) - 1;
  const NodeRef each = expand_dims(expand_dims(apply(ops::index, {g}, IndexAt{axis, 1}), axis), axis);
  return {linear(swap_last(a), multiply(each, identity(last(a->spec.shape, 1), a->spec.dtype)))};
}

class SlogdetKernel final : public Kernel {
 public:
  explicit SlogdetKernel(const Spec& a, const Spec& out) : n_(last(a.shape, 1)), stack_(count_of(out.shape) / 2), dtype_(a.dtype) {}
  void run(const void* const* inputs, void* const* outputs, void* scratch, const RunContext&) const override {
    const auto all = [&](auto zero) {
      using T = decltype(zero);
      T* const u = static_cast<T*>(scratch);
      for (Index s = 0; s < stack_; ++s) {
        std::copy_n(static_cast<const T*>(inputs[0]) + s * n_ * n_, n_ * n_, u);
        T sign = eliminate<T>(u, u, n_, 0) % 2 == 0 ? T{1} : T{-1}, size = 0;
        for (Index i = 0; i < n_; ++i) {
          const T head = u[i * n_ + i];
          sign = head == 0 ? T{0} : head < 0 ? -sign : head > 0 ? sign : head;
          size += std::log(std::abs(head));
        }
        static_cast<T*>(outputs[0])[2 * s] = sign;
        static_cast<T*>(outputs[0])[2 * s + 1] = sign == 0 ? -std::numeric_limits<T>::infinity() : size;
      }
    };
    if (dtype_ == DType::float32) all(0.0F);
    else all(0.0);
  }
  [[nodiscard]] std::size_t scratch_bytes(int) const override { return static_cast<std::size_t>(n_ * n_) * size_of(dtype_); }
  [[nodiscard]] double cost_ns() const override { return static_cast<double>(stack_) * elimination_ns(n_, 0); }

 private:
  Index n_, stack_;
  DType dtype_;
};
std::unique_ptr<Kernel> slogdet_kernel(Specs in, const Spec& out, const Attributes&) { return std::make_unique<SlogdetKernel>(in[0], out); }

}  // namespace

namespace ops {
constinit const Op cholesky =
    entry({.name = "cholesky", .kind = OpKind::other, .inputs = 1, .infer = cholesky_rule, .gradient = d_cholesky, .kernel = cholesky_kernel});
constinit const Op triangular_solve = entry({.name = "triangular_solve",
                                             .kind = OpKind::other,
                                             .inputs = 2,
                                             .infer = triangular_rule,
                                             .gradient = d_triangular,
                                             .kernel = triangular_kernel,
                                             .attributes = TriangularSide::read});
constinit const Op linear_solve =
    entry({.name = "linear_solve", .kind = OpKind::other, .inputs = 2, .infer = linear_rule, .gradient = d_linear, .kernel = linear_kernel});
constinit const Op slogdet =
    entry({.name = "slogdet", .kind = OpKind::other, .inputs = 1, .infer = slogdet_rule, .gradient = d_slogdet, .kernel = slogdet_kernel});
}  // namespace ops

void add_linalg_ops(OpList& list) { list.insert(list.end(), {&ops::cholesky, &ops::triangular_solve, &ops::linear_solve, &ops::slogdet}); }

}  // namespace plait::graph
