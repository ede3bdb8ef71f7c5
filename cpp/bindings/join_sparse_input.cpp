// Sparse inputs of graphs: connects sparse and graph, which do not depend on each other. The leaf's value is a sparse::RowsView; its spec is that of
// the dense matrix. A batch is a view with other row offsets: no data are copied.
//   sparse_matmul(x, w): (n, d) times (d, m). sparse_transposed_matmul(x, g): xᵀ (d, n) times (n, m); each is the other's gradient.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "graph.hpp"
#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"
#include "plait/sparse/rows.hpp"
#include "plait/train/rows.hpp"

namespace plait::bindings {
namespace joined_ops {
extern const Op sparse_input, sparse_matmul, sparse_transposed_matmul;
}  // namespace joined_ops

namespace {

using Gradients = std::vector<NodeRef>;
using Specs = std::span<const Spec>;
using SharedRows = std::shared_ptr<const sparse::Rows>;

Spec product_spec(Specs in, const char* name, std::size_t axis) {
  PLAIT_REQUIRE_AS(DTypeError, in[0].dtype == in[1].dtype, name, ": a sparse input of ", name_of(in[0].dtype), " and an array of ",
                   name_of(in[1].dtype));
  const Shape &x = in[0].shape, &w = in[1].shape;
  PLAIT_REQUIRE_AS(ShapeError, x.size() == 2 && w.size() == 2, name, ": expected two dimensions, got ", to_string(x), " and ", to_string(w));
  PLAIT_REQUIRE_AS(ShapeError, x[axis] == w[0] || x[axis] == kAny || w[0] == kAny, name, ": shapes ", to_string(x), " and ", to_string(w),
                   " do not chain: ", x[axis], " and ", w[0], " should be equal");
  return {{x[1 - axis], w[1]}, in[0].dtype};
}
Spec product_rule(Specs in, const Attributes&) { return product_spec(in, "matmul", 1); }
Spec transposed_rule(Specs in, const Attributes&) { return product_spec(in, "sparse_transposed_matmul", 0); }

// The gradient with respect to x is dense; it is computed only if it is needed.
Gradients d_product(const NodeRef& n, const NodeRef& g) {
  const NodeRef x = n->input_ref(0), w = n->input_ref(1);
  return {build::matmul(g, build::swap_last(w)), apply(joined_ops::sparse_transposed_matmul, {x, g})};
}
Gradients d_transposed(const NodeRef& n, const NodeRef& h) {
  const NodeRef x = n->input_ref(0), g = n->input_ref(1);
  return {build::matmul(g, build::swap_last(h)), apply(joined_ops::sparse_matmul, {x, h})};
}

constexpr double kUsualRow = 32;  // assumed values per row for cost estimates, before the data are known

class ProductKernel final : public Kernel {
 public:
  ProductKernel(const Spec& x, const Spec& w, bool transposed) : m_(w.shape[1]), rows_(x.shape[0]), transposed_(transposed) {}
  void run(const void* const* inputs, void* const* outputs, void*, const RunContext& context) const override {
    const auto& view = *static_cast<const sparse::RowsView*>(inputs[0]);
    if (transposed_) sparse::transposed_times_dense(view, inputs[1], m_, outputs[0], context.threads);
    else sparse::times_dense(view, inputs[1], m_, outputs[0], context.threads);
  }
  [[nodiscard]] double flops() const override { return 2 * kUsualRow * static_cast<double>(rows_) * static_cast<double>(m_); }
  [[nodiscard]] double cost_ns() const override { return 0.25 * flops(); }

 private:
  Index m_, rows_;
  bool transposed_;
};

template <bool kTransposed>
std::unique_ptr<Kernel> product_kernel(Specs in, const Spec&, const Attributes&) {
  return std::make_unique<ProductKernel>(in[0], in[1], kTransposed);
}

}  // namespace

namespace joined_ops {
constinit const Op sparse_input =
    entry({.name = "sparse_input", .kind = OpKind::leaf, .inputs = 0, .infer = nullptr, .gradient = nullptr, .opaque = true});
constinit const Op sparse_matmul = entry({.name = "sparse_matmul",
                                          .kind = OpKind::other,
                                          .inputs = 2,
                                          .infer = product_rule,
                                          .gradient = d_product,
                                          .kernel = product_kernel<false>,
                                          .takes_opaque = 1});
constinit const Op sparse_transposed_matmul = entry({.name = "sparse_transposed_matmul",
                                                     .kind = OpKind::other,
                                                     .inputs = 2,
                                                     .infer = transposed_rule,
                                                     .gradient = d_transposed,
                                                     .kernel = product_kernel<true>,
                                                     .takes_opaque = 1});
}  // namespace joined_ops

namespace {

void add_sparse_ops(OpList& list) {
  list.insert(list.end(), {&joined_ops::sparse_input, &joined_ops::sparse_matmul, &joined_ops::sparse_transposed_matmul});
}

PyNode sparse_input(const std::string& name, const py::object& shape, const py::object& dtype) {
  PLAIT_REQUIRE_AS(GraphError, !name.empty(), "sparse_input: the name is empty; feeds and messages need it");
  const Spec spec{parse_shape(shape, "sparse_input", true), parse_dtype(dtype, "sparse_input")};
  PLAIT_REQUIRE_AS(ShapeError, spec.shape.size() == 2, "sparse_input: expected two dimensions, rows and their size, got ", to_string(spec.shape));
  PLAIT_REQUIRE_AS(DTypeError, is_float(spec.dtype), "sparse_input: expected float32 or float64, got ", name_of(spec.dtype));
  return PyNode(make_node(joined_ops::sparse_input, {}, {}, spec, {}, name));
}

/// The tensor of a feed, with its RowsView.
struct FedTensor final : Tensor {
  FedTensor(SharedRows fed, DType dtype) : rows(std::move(fed)) {
    spec = {{rows->rows(), rows->columns()}, dtype};
    data = allocate_bytes(sizeof(sparse::RowsView));
    const sparse::RowsView view = rows->view();
    std::memcpy(data.get(), &view, sizeof view);
  }
  SharedRows rows;
};

/// The Python object that owns it.
struct Fed {
  std::shared_ptr<FedTensor> tensor;
};

SharedRows rows_from(py::handle object, const std::string& what) {
  if (py::isinstance<sparse::Rows>(object)) return object.cast<std::shared_ptr<sparse::Rows>>();
  const py::object type = py::module_::import("plait.sparse").attr("SparseRows");
  const bool ours = py::isinstance(object, type);
  if (!ours && !py::hasattr(object, "tocsr"))
    throw py::type_error(message(what, ": expected plait.SparseRows, or a SciPy sparse array or matrix, got ", Py_TYPE(object.ptr())->tp_name,
                                 "; a dense array becomes one by plait.SparseRows.from_dense"));
  return (ours ? py::reinterpret_borrow<py::object>(object) : type.attr("from_scipy")(object)).attr("_rows").cast<std::shared_ptr<sparse::Rows>>();
}

/// Batches of rows: the offsets of rows.
class Batch final : public RowSource {
 public:
  explicit Batch(SharedRows rows) : rows_(std::move(rows)), view_(rows_->view()) {}
  const void* gather(const std::int64_t* order, Index first, Index n) override {
    const sparse::RowsView whole = rows_->view();
    view_.rows = n;
    view_.begin = whole.begin + first;
    view_.end = whole.end + first;
    if (order == nullptr) return &view_;
    begin_.resize(static_cast<std::size_t>(n));
    end_.resize(static_cast<std::size_t>(n));
    for (Index k = 0; k < n; ++k) {
      begin_[static_cast<std::size_t>(k)] = whole.begin[order[k]];
      end_[static_cast<std::size_t>(k)] = whole.end[order[k]];
    }
    view_.begin = begin_.data();
    view_.end = end_.data();
    return &view_;
  }

 private:
  SharedRows rows_;
  sparse::RowsView view_;
  std::vector<Index> begin_, end_;
};

}  // namespace

namespace {

py::object first_not_finite(const Fed& fed) {
  const sparse::Rows& rows = *fed.tensor->rows;
  return std::visit(
      [&](const auto& positions, const auto& values) -> py::object {
        const auto bad = std::find_if(values.begin(), values.end(), [](auto x) { return !std::isfinite(x); });
        if (bad == values.end()) return py::none();
        const auto at = static_cast<Index>(bad - values.begin());
        const auto row = std::upper_bound(rows.offsets().begin(), rows.offsets().end(), at) - rows.offsets().begin() - 1;
        return py::make_tuple(row, positions[static_cast<std::size_t>(at)], static_cast<double>(*bad));
      },
      rows.positions(), rows.values());
}

}  // namespace

SparseFeed sparse_feed(py::handle object, const Node& input, const std::string& what) {
  if (py::isinstance<Fed>(object) && object.cast<const Fed&>().tensor->spec.dtype == input.spec.dtype)
    return {py::reinterpret_borrow<py::object>(object), object.cast<const Fed&>().tensor};
  SharedRows rows = py::isinstance<Fed>(object) ? object.cast<const Fed&>().tensor->rows : rows_from(object, what + " of " + input.label());
  const Shape &shape = input.spec.shape, given{rows->rows(), rows->columns()};
  for (std::size_t i = 0; i < 2; ++i)
    PLAIT_REQUIRE_AS(ShapeError, shape[i] == kAny || shape[i] == given[i], what, " of ", input.label(), ": expected shape ", to_string(shape),
                     ", got ", to_string(given));
  const bool is_double = input.spec.dtype == DType::float64;
  if (rows->is_double() != is_double) rows = std::make_shared<const sparse::Rows>(rows->converted(is_double));
  auto tensor = std::make_shared<FedTensor>(std::move(rows), input.spec.dtype);
  return {py::cast(Fed{tensor}), tensor};
}

Rows sparse_rows(py::handle object, const Node& input) {
  const SparseFeed feed = sparse_feed(object, input, "data");
  const auto& rows = static_cast<const FedTensor&>(*feed.tensor).rows;
  return {.data = nullptr,
          .type = source_type(input.spec.dtype),
          .count = rows->rows(),
          .shape = {rows->columns()},
          .source = std::make_shared<Batch>(rows)};
}

NodeRef sparse_product(const NodeRef& x, const Operand& other) {
  Operand both[] = {{}, other};
  both[0].node = x;
  const DType dtype = common_dtype(both);
  PLAIT_REQUIRE_AS(DTypeError, dtype == x->spec.dtype, "matmul: the sparse input ", x->label(), " is ", name_of(x->spec.dtype), " and the product ",
                   name_of(dtype), "; make the input with dtype=\"", name_of(dtype), "\", or cast what stands beside it");
  NodeRef w = realise(other, dtype);
  const std::size_t rank = w->spec.shape.size();
  PLAIT_REQUIRE_AS(ShapeError, rank == 1 || rank == 2, "matmul: a sparse input ", x->label(), " ", to_string(x->spec.shape),
                   " times an array of shape ", to_string(w->spec.shape), "; expected one or two dimensions");
  if (rank == 1) w = build::expand_dims(w, 1);
  const NodeRef product = apply(joined_ops::sparse_matmul, {x, w});
  return rank == 1 ? apply(ops::squeeze, {product}, OneAxis{-1}) : product;
}

}  // namespace plait::bindings

void join_sparse_input() { plait::graph::join_ops(plait::bindings::add_sparse_ops); }

void bind_sparse_input(py::module_& m) {
  using namespace plait;
  using namespace plait::bindings;
  m.def("sparse_input", &sparse_input, py::arg("name"), py::arg("shape"), py::arg("dtype"), py::pos_only());
  py::class_<Fed>(m, "SparseFeed", "Rows on their way into a graph.")
      .def_property_readonly("ndim", [](const Fed&) { return 2; })
      .def("not_finite", &first_not_finite, "Row, column and value of the first NaN or infinity; None where there is none.");
  m.def(
      "sparse_feed",
      [](const py::object& rows, const py::object& node, const std::string& what) {
        return sparse_feed(rows, *require_node(node, "sparse_feed"), what).owner;
      },
      py::arg("rows"), py::arg("node"), py::arg("what"), py::pos_only());
}
