// Soft-DTW as an operation of graphs: connects align and graph, which do not depend on each other.
//   soft_dtw(x, y): (…, n, d) against (…, m, d), the leading dimensions equal, or against one (m, d) for all; gives (…).
//   soft_dtw_gradient(x, y, g): both gradients times g, concatenated along time: (…, n + m, d). It has no gradient.
#include <cmath>
#include <tuple>

#include "align.hpp"
#include "graph.hpp"
#include "plait/align/soft.hpp"
#include "plait/base/error.hpp"
#include "plait/base/thread_pool.hpp"
#include "plait/graph/build.hpp"
#include "plait/tensor/buffer.hpp"

namespace plait::bindings {
namespace joined_ops {
extern const Op soft_dtw, soft_dtw_gradient;
}  // namespace joined_ops

void add_solution_ops(OpList& ops);  // join_solution.cpp

namespace {

using Gradients = std::vector<NodeRef>;
using Specs = std::span<const Spec>;

Index joined(Index a, Index b, const char* what, Specs in) {
  PLAIT_REQUIRE_AS(ShapeError, a == b || a == kAny || b == kAny, "soft_dtw: the ", what, " of x ", to_string(in[0].shape), " and y ",
                   to_string(in[1].shape), " differ");
  return a == kAny ? b : a;
}

/// gamma, and the cells and band of a window.
struct Softness {
  align::SoftOptions options;
  bool operator==(const Softness& other) const {
    const auto key = [](const align::SoftOptions& o) {
      return std::tuple(o.gamma, o.window ? o.window->cells : -1, o.window ? o.window->fraction : 0, o.slanted);
    };
    return key(options) == key(other.options);
  }
  static void fields(const Softness& self, AttributeWriter& f) {
    f.real(self.options.gamma);
    if (!self.options.window) return;
    f.number(self.options.window->cells);
    f.flag(self.options.slanted);
    f.real(self.options.window->fraction);
  }
  static void fields(Softness& self, AttributeReader& f) {
    self.options = {1, std::nullopt, false};
    f.real(self.options.gamma);
    if (!f.whole_numbers_left()) return;
    align::Window window{};
    f.number(window.cells);
    f.flag(self.options.slanted);
    f.real(window.fraction);
    self.options.window = window;
  }
  static Attributes read(AttributeReader& r) {
    const auto taken = r.take<Softness>();
    r.require(taken.options.gamma > 0 && std::isfinite(taken.options.gamma));
    if (const auto& window = taken.options.window)
      r.require(window->cells >= 0 && (window->fraction == -1 || (window->fraction >= 0 && window->fraction <= 1)));
    return taken;
  }
};

Spec score_rule(Specs in, const Attributes& a) {
  const Shape &x = in[0].shape, &y = in[1].shape;
  PLAIT_REQUIRE_AS(DTypeError, is_float(in[0].dtype) && in[0].dtype == in[1].dtype, "soft_dtw: expected two float32 or two float64 arrays, got ",
                   name_of(in[0].dtype), " and ", name_of(in[1].dtype));
  PLAIT_REQUIRE_AS(ShapeError, x.size() >= 2 && (x.size() == y.size() || y.size() == 2),
                   "soft_dtw: expected series of shapes (…, n, d) and (…, m, d) or (m, d), got ", to_string(x), " and ", to_string(y));
  joined(x.back(), y.back(), "widths", in);
  PLAIT_REQUIRE_AS(ShapeError, x[x.size() - 2] != 0 && y[y.size() - 2] != 0 && x.back() != 0, "soft_dtw: series of no elements: ", to_string(x),
                   " and ", to_string(y));
  const Index n = x[x.size() - 2], m = y[y.size() - 2];
  const align::SoftOptions options = a.as<Softness>().options;
  PLAIT_REQUIRE(n == kAny || m == kAny || align::soft_path_fits(options, n, m), "soft_dtw: a window of ", options.window->of(n, m),
                " cells is narrower than the difference of the lengths ", n, " and ", m,
                "; no path fits into it, but one does about the stretched diagonal (band='slanted')");
  Shape shape;
  for (std::size_t k = 0; k + 2 < x.size(); ++k) shape.push_back(x.size() == y.size() ? joined(x[k], y[k], "leading dimensions", in) : x[k]);
  return {shape, in[0].dtype};
}

Spec gradient_rule(Specs in, const Attributes& a) {
  Shape shape = score_rule(in.first(2), a).shape;
  const Index n = in[0].shape[shape.size()], m = in[1].shape[in[1].shape.size() - 2];
  shape.push_back(n == kAny || m == kAny ? kAny : n + m);
  shape.push_back(joined(in[0].shape.back(), in[1].shape.back(), "widths", in));
  return {shape, in[0].dtype};
}

Gradients d_score(const NodeRef& n, const NodeRef& g) {
  const NodeRef x = n->input_ref(0), y = n->input_ref(1), both = apply(joined_ops::soft_dtw_gradient, {x, y, g}, n->attributes);
  const auto time = static_cast<Index>(x->spec.shape.size()) - 2;
  return {apply(ops::head_like, {both, x}, OneAxis{time}), build::sum_to_like(apply(ops::tail_like, {both, x}, OneAxis{time}), y)};
}
Gradients no_second(const NodeRef&, const NodeRef&) { throw GraphError("gradient: soft_dtw has a first derivative, but no second one"); }

/// One pair, in float64 for either dtype of the tensors.
class PairKernel : public Kernel {
 public:
  PairKernel(Specs in, const Attributes& a)
      : dtype_(in[0].dtype),
        options_(a.as<Softness>().options),
        width_(in[0].shape.back()),
        n_(in[0].shape[in[0].shape.size() - 2]),
        m_(in[1].shape[in[1].shape.size() - 2]) {
    const Index each = n_ * width_;
    pairs_ = each == 0 ? 0 : count_of(in[0].shape) / each;
    shared_ = in[1].shape.size() < in[0].shape.size();
  }
  [[nodiscard]] double cost_ns() const override { return 2.0 * static_cast<double>(pairs_) * static_cast<double>(n_) * static_cast<double>(m_); }

 protected:
  template <class F>
  void each_pair(const void* const* inputs, const RunContext& context, F&& f) const {
    parallel_for(
        pairs_, [&](std::int64_t k, int) { f(k, series(inputs[0], k, n_), series(inputs[1], shared_ ? 0 : k, m_)); },
        cost_ns() > 20e3 ? context.threads : 1);
  }

  struct Series {
    align::Sequence sequence;
    Bytes converted;
  };
  [[nodiscard]] Series series(const void* data, Index k, Index length) const {
    const Index count = length * width_;
    if (dtype_ == DType::float64) return {{static_cast<const double*>(data) + k * count, length, width_}, {}};
    Bytes converted = allocate_bytes(static_cast<std::size_t>(count) * sizeof(double));
    auto* const to = reinterpret_cast<double*>(converted.get());
    const auto* const from = static_cast<const float*>(data) + k * count;
    std::copy(from, from + count, to);
    return {{to, length, width_}, std::move(converted)};
  }
  [[nodiscard]] double number(const void* data, Index k) const {
    return dtype_ == DType::float64 ? static_cast<const double*>(data)[k] : static_cast<const float*>(data)[k];
  }
  void put(void* data, Index k, double value) const {
    if (dtype_ == DType::float64) static_cast<double*>(data)[k] = value;
    else static_cast<float*>(data)[k] = static_cast<float>(value);
  }

  DType dtype_;
  align::SoftOptions options_;
  Index width_, n_, m_, pairs_;
  bool shared_;  // one y for all
};

class ScoreKernel final : public PairKernel {
 public:
  using PairKernel::PairKernel;
  void run(const void* const* inputs, void* const* outputs, void*, const RunContext& context) const override {
    each_pair(inputs, context, [&](Index k, const Series& x, const Series& y) {
      put(outputs[0], k, align::soft_dtw(x.sequence, y.sequence, options_, {}, align::thread_workspace()));
    });
  }
};

class GradientKernel final : public PairKernel {
 public:
  using PairKernel::PairKernel;
  void run(const void* const* inputs, void* const* outputs, void*, const RunContext& context) const override {
    each_pair(inputs, context, [&](Index k, const Series& x, const Series& y) {
      const Index nx = n_ * width_, all = nx + m_ * width_;
      const double g = number(inputs[2], k);
      std::vector<double> both(static_cast<std::size_t>(all));
      align::soft_dtw(x.sequence, y.sequence, options_, {both.data(), both.data() + nx}, align::thread_workspace());
      for (Index t = 0; t < all; ++t) put(outputs[0], k * all + t, g * both[static_cast<std::size_t>(t)]);
    });
  }
};

}  // namespace

namespace joined_ops {
constinit const Op soft_dtw =
    entry({.name = "soft_dtw",
           .kind = OpKind::other,
           .inputs = 2,
           .infer = score_rule,
           .gradient = d_score,
           .kernel = [](Specs in, const Spec&, const Attributes& a) -> std::unique_ptr<Kernel> { return std::make_unique<ScoreKernel>(in, a); },
           .attributes = Softness::read});
constinit const Op soft_dtw_gradient =
    entry({.name = "soft_dtw_gradient",
           .kind = OpKind::other,
           .inputs = 3,
           .infer = gradient_rule,
           .gradient = no_second,
           .kernel = [](Specs in, const Spec&, const Attributes& a) -> std::unique_ptr<Kernel> { return std::make_unique<GradientKernel>(in, a); },
           .attributes = Softness::read});
}  // namespace joined_ops

namespace {

void add_soft_dtw_ops(OpList& list) { list.insert(list.end(), {&joined_ops::soft_dtw, &joined_ops::soft_dtw_gradient}); }

NodeObject soft_dtw_node(const py::object& x, const py::object& y, double gamma, const py::object& window, bool slanted) {
  PLAIT_REQUIRE(gamma > 0 && std::isfinite(gamma), "soft_dtw: gamma: expected a positive number, got ", gamma);
  const Operand operands[] = {require_operand(x, "soft_dtw: x"), require_operand(y, "soft_dtw: y")};
  const DType together = common_dtype(operands), dtype = is_float(together) ? together : DType::float64;
  return to_python(
      apply(joined_ops::soft_dtw, {realise(operands[0], dtype), realise(operands[1], dtype)}, Softness{{gamma, as_window(window), slanted}}));
}

}  // namespace
}  // namespace plait::bindings

void join_modules() {
  plait::graph::join_ops(plait::bindings::add_soft_dtw_ops);
  plait::graph::join_ops(plait::bindings::add_solution_ops);
  join_sparse_input();
}

void bind_joined(py::module_& m) {
  bind_sparse_input(m);
  m.def("soft_dtw", &plait::bindings::soft_dtw_node, py::arg("x"), py::arg("y"), py::arg("gamma"), py::arg("window"), py::arg("slanted"),
        py::pos_only());
}
