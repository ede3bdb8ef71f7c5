// Rows of sparse vectors: the core of plait.SparseRows.
#include <pybind11/stl.h>

#include <algorithm>

#include "plait/base/error.hpp"
#include "plait/sparse/rows.hpp"
#include "plait/sparse/top_k.hpp"
#include "sparse.hpp"

namespace plait::bindings {
namespace {

using sparse::Index;
using sparse::Rows;
using sparse::Vector;

DType rows_dtype(const Rows& r) { return r.is_double() ? DType::float64 : DType::float32; }

Rows make_rows(const py::object& offsets, const py::object& positions, const py::object& values, Index columns, bool summed) {
  const py::array o = whole_numbers(offsets, "offsets"), p = whole_numbers(positions, "positions");
  const auto copy = [](const py::array& array) {
    const auto numbers = numbers_of(array);
    return std::vector<Index>(numbers.begin(), numbers.end());
  };
  sparse::Values x = values_from(values, "values");
  std::vector<Index> os = copy(o), ps = copy(p);
  const py::gil_scoped_release release;
  return {std::move(os), std::move(ps), std::move(x), columns, summed ? sparse::Repeated::summed : sparse::Repeated::refused};
}

Rows join_vectors(const std::vector<const Vector*>& vectors, Index columns) {
  std::vector<Index> offsets{0}, positions;
  const bool is_double = vectors.empty() || std::any_of(vectors.begin(), vectors.end(), [](const Vector* v) { return v->is_double(); });
  std::vector<double> values;
  for (const Vector* v : vectors) {
    const Vector wide = v->widened(true, true);
    const auto& p = std::get<1>(wide.positions());
    const auto& x = std::get<1>(wide.values());
    positions.insert(positions.end(), p.begin(), p.end());
    values.insert(values.end(), x.begin(), x.end());
    offsets.push_back(static_cast<Index>(positions.size()));
  }
  const Rows rows(std::move(offsets), std::move(positions), std::move(values), columns, sparse::Repeated::refused);
  return is_double ? rows : rows.converted(false);
}

Rows from_dense(const py::object& object) {
  const py::array dense = dense_from(object, "from_dense");
  PLAIT_REQUIRE_AS(ShapeError, dense.ndim() == 2, "from_dense: expected two dimensions, got an array of shape ", to_string(array_shape(dense)));
  const Index n = dense.shape(0), m = dense.shape(1);
  const auto read = [&](auto zero) {
    using T = decltype(zero);
    const T* const data = static_cast<const T*>(dense.data());
    std::vector<Index> offsets{0}, positions;
    std::vector<T> values;
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < m; ++j) {
        if (data[i * m + j] == zero) continue;
        positions.push_back(j);
        values.push_back(data[i * m + j]);
      }
      offsets.push_back(static_cast<Index>(positions.size()));
    }
    return Rows(std::move(offsets), std::move(positions), std::move(values), m, sparse::Repeated::refused);
  };
  return dense.itemsize() == 4 ? read(0.0F) : read(0.0);
}

py::object to_dense(const Rows& r) {
  const py::object out = py::module_::import("numpy").attr("zeros")(py::make_tuple(r.rows(), r.columns()), numpy_dtype(rows_dtype(r)));
  scatter(r, array_data(out));
  return out;
}

// (rows, m) from a dense (columns, m), in the wider of the two types.
py::object times_dense(const Rows& given, const py::object& object, int threads) {
  const py::array read = dense_from(object, "matmul: dense");
  PLAIT_REQUIRE_AS(ShapeError, (read.ndim() == 1 || read.ndim() == 2) && read.shape(0) == given.columns(), "matmul: rows of shape (", given.rows(),
                   ", ", given.columns(), ") and a dense array of shape ", to_string(array_shape(read)), " do not chain");
  const bool is_double = given.is_double() || read.itemsize() == 8;
  const py::array dense = py::reinterpret_borrow<py::array>(array_as(read, "matmul: dense", is_double ? DType::float64 : DType::float32));
  const Rows converted = given.is_double() == is_double ? Rows(given) : given.converted(true);
  const Index m = read.ndim() == 1 ? 1 : read.shape(1);
  const py::object out = new_array(read.ndim() == 1 ? Shape{given.rows()} : Shape{given.rows(), m}, is_double ? DType::float64 : DType::float32);
  void* const to = array_data(out);
  const void* const from = dense.data();
  const py::gil_scoped_release release;
  times_dense(converted.view(), from, m, to, threads);
  return out;
}

py::object dots_with(const Rows& r, const Vector& v, int threads) {
  const py::object out = new_array({r.rows()}, DType::float64);
  auto* const to = static_cast<double*>(array_data(out));
  const py::gil_scoped_release release;
  dots(r, v, to, threads);
  return out;
}

Rows take_rows(const Rows& r, const py::object& numbers) {
  const py::array array = whole_numbers(numbers, "rows");
  for (const Index i : numbers_of(array))
    if (i < 0 || i >= r.rows()) throw py::index_error(message("row ", i, " of ", r.rows()));
  return take(r, numbers_of(array));
}

py::tuple best(const Rows& r, const Rows& q, Index k, bool cosine, const std::optional<double>& min_score, int threads) {
  sparse::TopK found;
  {
    const py::gil_scoped_release release;
    found = top_k(r, q, k, cosine ? sparse::Metric::cosine : sparse::Metric::dot, min_score, threads);
  }
  const auto array = [&](const auto& values) {
    using T = std::remove_cvref_t<decltype(values[0])>;
    return py::array_t<T>({static_cast<py::ssize_t>(q.rows()), static_cast<py::ssize_t>(k)}, values.data());
  };
  return py::make_tuple(array(found.rows), array(found.scores));
}

template <class Get>
py::object part_of(const py::object& self, Get get) {
  return std::visit([&](const auto& values) -> py::object { return view_of(values, self); }, (self.cast<const Rows&>().*get)());
}

}  // namespace
}  // namespace plait::bindings

void bind_sparse_rows(py::module_& m) {
  using namespace plait;
  using namespace plait::bindings;
  using sparse::Rows;  // not those of train
  using Release = py::call_guard<py::gil_scoped_release>;
  py::class_<Rows, std::shared_ptr<Rows>>(m, "Rows", "Compressed sparse rows; immutable.")
      .def(py::init(&make_rows), py::arg("offsets"), py::arg("positions"), py::arg("values"), py::arg("columns"), py::arg("summed"), py::pos_only())
      .def_static("join", &join_vectors, py::arg("vectors"), py::arg("columns"), py::pos_only())
      .def_static("from_dense", &from_dense, py::arg("array"), py::pos_only())
      .def_property_readonly("rows", &Rows::rows)
      .def_property_readonly("columns", &Rows::columns)
      .def_property_readonly("nnz", &Rows::count)
      .def_property_readonly("dtype", [](const Rows& r) { return numpy_dtype(rows_dtype(r)); })
      .def_property_readonly("offsets", [](const py::object& self) -> py::object { return view_of(self.cast<const Rows&>().offsets(), self); })
      .def_property_readonly("positions", [](const py::object& self) { return part_of(self, &Rows::positions); })
      .def_property_readonly("values", [](const py::object& self) { return part_of(self, &Rows::values); })
      .def(
          "row", [](const Rows& r, Index i) { return row(r, i); }, py::arg("i"), py::pos_only())
      .def("take", &take_rows, py::arg("numbers"), py::pos_only())
      .def("to_dense", &to_dense)
      .def(
          "transposed", [](const Rows& r) { return transposed(r); }, Release())
      .def(
          "add", [](const Rows& a, const Rows& b, double sign) { return add(a, b, sign); }, py::arg("other"), py::arg("sign"), py::pos_only(),
          Release())
      .def(
          "scaled", [](const Rows& r, double factor) { return scaled(r, factor); }, py::arg("factor"), py::pos_only(), Release())
      .def(
          "divided", [](const Rows& r, double divisor) { return divided(r, divisor); }, py::arg("divisor"), py::pos_only(), Release())
      .def(
          "rows_scaled",
          [](const Rows& r, const std::vector<double>& factors) {
            PLAIT_REQUIRE_AS(ShapeError, static_cast<Index>(factors.size()) == r.rows(), "rows_scaled: ", factors.size(), " factors for ", r.rows(),
                             " rows");
            return rows_scaled(r, factors);
          },
          py::arg("factors"), py::pos_only())
      .def("astype", &Rows::converted, py::arg("is_double"), py::pos_only(), Release())
      .def(
          "norms",
          [](const Rows& r, double order) {
            const std::vector<double> found = norms(r, order);
            return py::array_t<double>(static_cast<py::ssize_t>(found.size()), found.data());
          },
          py::arg("order"), py::pos_only())
      .def("dots", &dots_with, py::arg("vector"), py::arg("threads"), py::pos_only())
      .def("times_dense", &times_dense, py::arg("dense"), py::arg("threads"), py::pos_only())
      .def(
          "times", [](const Rows& a, const Rows& b, int threads) { return product(a, b, threads); }, py::arg("other"), py::arg("threads"),
          py::pos_only(), Release())
      .def("top_k", &best, py::arg("queries"), py::arg("k"), py::arg("cosine"), py::arg("min_score"), py::arg("threads"), py::pos_only());
}
