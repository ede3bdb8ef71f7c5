// SparseVector. A product of a hundred values takes less time than a call through pybind11, so methods of two vectors use the vectorcall convention.
#include <algorithm>
#include <cmath>
#include <limits>

#include "fast_call.hpp"
#include "plait/base/error.hpp"
#include "sparse.hpp"

namespace plait::bindings {
namespace {

using sparse::Index;
using sparse::Vector;

py::object not_implemented() { return py::reinterpret_borrow<py::object>(Py_NotImplemented); }
py::object wrap(Vector v) { return py::cast(std::move(v)); }
py::object size_object(const Vector& v) { return v.size() == sparse::kOpen ? py::object(py::none()) : py::int_(v.size()); }
PyObject* release(Vector v) { return wrap(std::move(v)).release().ptr(); }

double dot_vectors(const Vector& a, const Vector& b) {
  if (a.count() < kReleaseElements || b.count() < kReleaseElements) return dot(a, b);
  const py::gil_scoped_release release;
  return dot(a, b);
}

double dot_dense(const Vector& v, const py::object& object) {
  const py::array dense = dense_from(object, "dot: dense");
  PLAIT_REQUIRE_AS(ShapeError, dense.ndim() == 1, "dot: expected a dense vector, got an array of shape ", to_string(array_shape(dense)));
  PLAIT_REQUIRE_AS(ShapeError, v.size() == sparse::kOpen ? dense.size() >= v.extent() : dense.size() == v.size(), "dot: a vector of ",
                   v.size() == sparse::kOpen ? message("open size with its last value at position ", v.extent() - 1) : message("size ", v.size()),
                   " and a dense one of size ", dense.size());
  return dense.itemsize() == 4 ? dot(v, static_cast<const float*>(dense.data())) : dot(v, static_cast<const double*>(dense.data()));
}

py::array to_dense(const Vector& v) {
  const py::array out = py::module_::import("numpy").attr("zeros")(v.extent(), numpy_dtype(v.is_double() ? DType::float64 : DType::float32));
  if (v.is_double()) scatter(v, static_cast<double*>(array_data(out)));
  else scatter(v, static_cast<float*>(array_data(out)));
  return out;
}

Vector from_dense(const py::object& object) {
  const py::array dense = dense_from(object, "from_dense");
  PLAIT_REQUIRE_AS(ShapeError, dense.ndim() == 1, "from_dense: expected one dimension, got an array of shape ", to_string(array_shape(dense)));
  const auto n = static_cast<std::size_t>(dense.size());
  if (dense.itemsize() == 4) return Vector::from_dense(std::span(static_cast<const float*>(dense.data()), n));
  return Vector::from_dense(std::span(static_cast<const double*>(dense.data()), n));
}

Vector from_scipy(const py::object& s) {
  if (!py::hasattr(s, "tocoo") || !py::hasattr(s, "shape"))
    throw py::type_error(message("from_scipy: expected a SciPy sparse array or matrix, got ", Py_TYPE(s.ptr())->tp_name));
  const py::object coo = s.attr("tocoo")();
  const Shape shape = parse_shape(coo.attr("shape"), "from_scipy", false);
  PLAIT_REQUIRE_AS(ShapeError, shape.size() == 1 || (shape.size() == 2 && (shape[0] == 1 || shape[1] == 1)),
                   "from_scipy: expected one dimension, or one row or column, got shape ", to_string(shape), "; rows are for plait.SparseRows");
  const bool column = shape.size() == 2 && shape[1] == 1 && shape[0] != 1;
  const py::object positions = shape.size() == 1 ? py::object(py::tuple(coo.attr("coords"))[0]) : coo.attr(column ? "row" : "col");
  const py::array p = whole_numbers(positions, "from_scipy: positions");
  return {numbers_of(p), values_from(coo.attr("data"), "from_scipy: values"), shape.size() == 1 || column ? shape[0] : shape[1],
          sparse::Repeated::summed};
}

py::object positions_of(const py::object& self) {
  return std::visit([&](const auto& p) -> py::object { return view_of(p, self); }, self.cast<const Vector&>().positions());
}
py::object values_of(const py::object& self) {
  return std::visit([&](const auto& x) -> py::object { return view_of(x, self); }, self.cast<const Vector&>().values());
}

py::object to_scipy(const py::object& self) {
  const auto& v = self.cast<const Vector&>();
  const py::object coordinates = py::make_tuple(positions_of(self).attr("copy")());
  return py::module_::import("scipy.sparse")
      .attr("coo_array")(py::make_tuple(values_of(self).attr("copy")(), coordinates), py::arg("shape") = py::make_tuple(v.extent()));
}

Index position_from(const Vector& v, py::handle key) {
  Index position = PyNumber_AsSsize_t(key.ptr(), PyExc_IndexError);
  if (position == -1 && PyErr_Occurred() != nullptr) throw py::error_already_set();
  if (position < 0) {
    if (v.size() == sparse::kOpen) throw py::index_error(message("position ", position, " counts from the end, and the size of this vector is open"));
    position += v.size();
  }
  if (position < 0 || (v.size() != sparse::kOpen && position >= v.size()))
    throw py::index_error(message("position ", std::string(py::str(key)), " of a vector of size ", v.size()));
  return position;
}

Vector sliced(const Vector& v, const py::slice& key) {
  py::ssize_t start = 0, stop = 0, step = 0;
  if (PySlice_Unpack(key.ptr(), &start, &stop, &step) < 0) throw py::error_already_set();
  if (v.size() != sparse::kOpen) {
    const py::ssize_t length = PySlice_AdjustIndices(v.size(), &start, &stop, step);
    return slice(v, start, step, length);
  }
  if (step < 0 || start < 0 || stop < 0)
    throw py::index_error("a slice that counts from the end or goes backwards, and the size of this vector is open");
  const bool open = py::handle(key).attr("stop").is_none();
  return slice(v, start, step, open ? sparse::kOpen : start >= stop ? 0 : (stop - start - 1) / step + 1);
}

py::object item(const Vector& v, const py::object& key) {
  if (PySlice_Check(key.ptr())) return wrap(sliced(v, py::reinterpret_borrow<py::slice>(key)));
  if (PyIndex_Check(key.ptr()) == 0 || PyBool_Check(key.ptr()) != 0)
    throw py::type_error(message("a position is a whole number or a slice, got ", Py_TYPE(key.ptr())->tp_name));
  return py::float_(element(v, position_from(v, key)));
}

// The same size, and equal numbers of either precision stored at the same positions.
bool same(const Vector& v, const Vector& w) {
  if (v.size() != w.size() || v.count() != w.count()) return false;
  const auto equal = [](const auto& a, const auto& b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); };
  return std::visit(equal, v.positions(), w.positions()) && std::visit(equal, v.values(), w.values());
}

/// A method whose argument may be another vector: `of_two` handles it, `otherwise` all other types.
template <auto of_two, auto otherwise>
PyObject* with_vector(PyObject* self, PyObject* other) {
  return fast_method<const Vector>(self, [&](const Vector& v) -> PyObject* {
    const Vector* const w = held_beside<const Vector>(self, other);
    return w != nullptr ? of_two(v, *w) : otherwise(v, other);
  });
}

PyObject* refuse_operand(const Vector& /*v*/, PyObject* /*other*/) { Py_RETURN_NOTIMPLEMENTED; }
PyObject* added(const Vector& v, const Vector& w) { return release(add(v, w, 1)); }
PyObject* subtracted(const Vector& v, const Vector& w) { return release(add(v, w, -1)); }
PyObject* multiplied(const Vector& v, const Vector& w) { return release(multiply(v, w)); }
PyObject* times_number(const Vector& v, PyObject* other) {
  double factor = 0;
  if (!is_number(other, factor)) Py_RETURN_NOTIMPLEMENTED;
  return release(scaled(v, factor));
}

PyObject* dot_of_two(const Vector& v, const Vector& w) { return PyFloat_FromDouble(dot_vectors(v, w)); }
PyObject* dot_with_dense(const Vector& v, PyObject* other) { return PyFloat_FromDouble(dot_dense(v, py::reinterpret_borrow<py::object>(other))); }
PyObject* product_with_dense(const Vector& v, PyObject* other) {
  const bool array = py::detail::npy_api::get().PyArray_Check_(other);
  if (array ? py::reinterpret_borrow<py::array>(other).ndim() != 1 : PyList_Check(other) == 0 && PyTuple_Check(other) == 0) Py_RETURN_NOTIMPLEMENTED;
  return dot_with_dense(v, other);
}

PyObject* cosine_of_two(const Vector& v, const Vector& w) { return PyFloat_FromDouble(cosine(v, w)); }
PyObject* refuse_cosine(const Vector& /*v*/, PyObject* other) {
  return PyErr_Format(PyExc_TypeError, "cosine: other: expected a SparseVector, got %s", Py_TYPE(other)->tp_name);
}

PyMethodDef kWithVector[] = {
    {"__add__", &with_vector<&added, &refuse_operand>, METH_O, "__add__($self, other, /)\n--\n\n"},
    {"__sub__", &with_vector<&subtracted, &refuse_operand>, METH_O, "__sub__($self, other, /)\n--\n\n"},
    {"__mul__", &with_vector<&multiplied, &times_number>, METH_O, "__mul__($self, other, /)\n--\n\n"},
    {"__rmul__", &with_vector<&multiplied, &times_number>, METH_O, "__rmul__($self, other, /)\n--\n\n"},
    {"__matmul__", &with_vector<&dot_of_two, &product_with_dense>, METH_O, "__matmul__($self, other, /)\n--\n\n"},
    {"__rmatmul__", &with_vector<&dot_of_two, &product_with_dense>, METH_O, "__rmatmul__($self, other, /)\n--\n\n"},
    {"dot", &with_vector<&dot_of_two, &dot_with_dense>, METH_O, R"(dot($self, other, /)
--

The sum of products over common positions.

Parameters
----------
other : SparseVector or array_like, shape (size,)
    Of the same size; a dense vector beside one of open size may be longer.

Returns
-------
float
    In double precision.
)"},
    {"cosine", &with_vector<&cosine_of_two, &refuse_cosine>, METH_O, R"(cosine($self, other, /)
--

The cosine of the angle between two vectors.

Parameters
----------
other : SparseVector
    Of the same size.

Returns
-------
float
    In [-1, 1]; 0 where one of them is zero.
)"},
};

double norm_of(const Vector& v, const py::object& order) {
  double number = 0;
  if (!is_number(order, number)) throw py::type_error(message("norm: order: expected 1, 2 or infinity, got ", std::string(py::repr(order))));
  return norm(v, number);
}

constexpr const char* kDoc = R"(A sparse vector: sorted positions, and a value at each of them.

Immutable. Arithmetic looks only at stored values; positions without one are zero.

Parameters
----------
positions : array_like of int, shape (nnz,)
    Distinct, at least 0, in any order: they are sorted once.
values : array_like, shape (nnz,)
    float32 stays, all other numbers become float64.
size : int, optional
    The number of elements. None leaves it open: such a vector fits beside any other.

Raises
------
ValueError
    If a position is negative, repeated, or not below the size.
DTypeError
    (a TypeError) If positions are no whole numbers, or values no real ones.

Notes
-----
``v.dot(w)`` is a merge of two sorted lists, O(n + m), in which blocks of positions are compared at once; where one vector has many times
the values of the other, each of the fewer is looked for by bisection, O(n log m). Sums are in double precision.

Examples
--------
>>> v = plait.SparseVector([3, 1], [4.0, 2.0], size=6)
>>> w = plait.SparseVector([1, 5], [10.0, 1.0], size=6)
>>> v.dot(w), v[3]
(20.0, 4.0)
>>> (v + 2 * w).to_dense()
array([ 0., 22.,  0.,  4.,  0.,  2.])
)";

void bind_arithmetic(py::class_<Vector>& cls) {
  for (PyMethodDef& method : kWithVector) add_method(cls, method);
  cls.def("__neg__", [](const Vector& v) { return scaled(v, -1); });
  cls.def("__truediv__", [](const Vector& v, const py::object& other) {
    double divisor = 0;
    if (!is_number(other, divisor)) return not_implemented();
    if (divisor == 0) {
      PyErr_SetString(PyExc_ZeroDivisionError, "a sparse vector divided by zero");
      throw py::error_already_set();
    }
    return wrap(divided(v, divisor));
  });
  cls.def(
      "__eq__", [](const Vector& v, const py::object& other) { return py::isinstance<Vector>(other) && same(v, other.cast<const Vector&>()); },
      py::arg("other"));
  cls.def("__hash__", [](const Vector& v) { return py::hash(py::make_tuple(size_object(v), v.count(), sum(v))); });
  cls.attr("__array_ufunc__") = py::none();  // NumPy scalars and arrays defer operators to this class
  cls.def("__array__", [](const Vector&, const py::args&, const py::kwargs&) -> py::object {
    throw py::type_error("a plait.SparseVector does not become dense by itself; use .to_dense()");
  });
}

}  // namespace
}  // namespace plait::bindings

void bind_sparse_vector(py::module_& m) {
  using namespace plait;
  using namespace plait::bindings;
  py::class_<Vector> cls(m, "SparseVector", kDoc);
  cls.attr("__module__") = "plait";
  cls.def(py::init([](const py::object& positions, const py::object& values, const py::object& size) {
            const py::array p = whole_numbers(positions, "positions");
            return Vector(numbers_of(p), values_from(values, "values"), size_from(size));
          }),
          py::arg("positions"), py::arg("values"), py::arg("size") = py::none());
  bind_arithmetic(cls);
  cls.def("norm", &norm_of, py::arg("order") = 2, R"(The norm of the vector.

Parameters
----------
order : {2, 1, inf}
    Root of the sum of squares, sum of magnitudes, or the largest magnitude.

Returns
-------
float
    Without overflow on the way.
)");
  cls.def("sum", [](const Vector& v) { return sum(v); }, "The sum of all values.");
  cls.def("__getitem__", &item, py::arg("key"));
  cls.def("__len__", [](const Vector& v) {
    if (v.size() == sparse::kOpen) throw py::type_error("the size of this vector is open; .nnz counts its values");
    return v.size();
  });
  cls.attr("__iter__") = py::none();  // iteration by position would not end for an open size
  cls.def("to_dense", &to_dense, R"(All elements as an array.

Returns
-------
numpy.ndarray, shape (size,)
    Where the size is open it ends at the last position.
)");
  cls.def("to_scipy", &to_scipy, "The same as a one-dimensional ``scipy.sparse.coo_array``.");
  cls.def_static("from_dense", &from_dense, py::arg("array"), R"(The elements of an array that are not zero.

Parameters
----------
array : array_like, shape (size,)
    NaNs are kept.

Returns
-------
SparseVector
    Of the array's size.
)");
  cls.def_static("from_scipy", &from_scipy, py::arg("array"), R"(From a SciPy sparse array or matrix.

Parameters
----------
array : scipy.sparse array or matrix
    Of one dimension, or with one row or one column. Values of repeated positions are summed.

Returns
-------
SparseVector
    Of the array's size.
)");
  cls.def_property_readonly("positions", &positions_of, "Where values are stored: ascending, int32 wherever all fit, read-only.");
  cls.def_property_readonly("values", &values_of, "The value at each position, read-only.");
  cls.def_property_readonly("size", &size_object, "The number of elements; None where it is open.");
  cls.def_property_readonly("nnz", &Vector::count, "How many values are stored, zeros among them included.");
  cls.def_property_readonly(
      "dtype", [](const Vector& v) { return numpy_dtype(v.is_double() ? DType::float64 : DType::float32); }, "float32 or float64.");
  cls.def("__reduce__", [](const py::object& self) {
    const auto& v = self.cast<const Vector&>();
    return py::make_tuple(py::type::of(self), py::make_tuple(positions_of(self).attr("copy")(), values_of(self).attr("copy")(), size_object(v)));
  });
  cls.def("__repr__", [](const Vector& v) {
    const std::string size = v.size() == sparse::kOpen ? "open size" : message("size ", v.size());
    return message("<plait.SparseVector of ", size, " with ", v.count(), v.count() == 1 ? " value" : " values", ", ",
                   v.is_double() ? "float64" : "float32", ">");
  });
}
