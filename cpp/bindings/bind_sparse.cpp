// Sparse vectors and rows: the module, and conversion of arrays.
#include <cstring>
#include <limits>

#include "plait/base/error.hpp"
#include "sparse.hpp"

namespace plait::bindings {

namespace {

// An object as an array of any dtype; SciPy's sparse arrays are refused by name instead of becoming an object array.
py::array any_array(py::handle object, const std::string& what) {
  if (py::hasattr(object, "tocoo")) throw py::type_error(what + ": a SciPy sparse array; use from_scipy, or .toarray()");
  if (py::hasattr(object, "mask") && py::hasattr(object, "filled") && py::bool_(object.attr("mask").attr("any")()))
    throw std::invalid_argument(what + ": a masked array with masked values; fill them first (.filled(...))");
  if (py::isinstance<py::array>(object)) return py::reinterpret_borrow<py::array>(object);
  if (py::bool_(py::module_::import("plait._masks").attr("holds_masked")(object)))
    throw std::invalid_argument(what + ": a masked array with masked values; fill them first (.filled(...))");
  try {
    return py::module_::import("numpy").attr("asarray")(object);
  } catch (py::error_already_set& error) {  // lists of unequal lengths among them
    if (!error.matches(PyExc_ValueError)) throw;
    throw std::invalid_argument(what + ": " + std::string(py::str(error.value())));
  }
}

void require_one_dimension(const py::array& array, const std::string& what) {
  PLAIT_REQUIRE_AS(ShapeError, array.ndim() == 1, what, ": expected one dimension, got an array of shape ", to_string(array_shape(array)));
}

}  // namespace

py::array whole_numbers(py::handle object, const std::string& what) {
  const py::array given = any_array(object, what);
  require_one_dimension(given, what);
  const char kind = given.dtype().kind();
  if (given.size() == 0 && std::strchr("biuf", kind) != nullptr) return py::array_t<sparse::Index>(0);
  PLAIT_REQUIRE_AS(DTypeError, kind == 'i' || kind == 'u', what, ": expected whole numbers, got an array of ",
                   py::str(given.dtype()).cast<std::string>());
  return py::reinterpret_borrow<py::array>(array_as(given, what, DType::int64));
}

std::span<const sparse::Index> numbers_of(const py::array& array) {
  return {static_cast<const sparse::Index*>(array.data()), static_cast<std::size_t>(array.size())};
}

py::array dense_from(py::handle object, const std::string& what) {
  for (const DType dtype : {DType::float64, DType::float32})
    if (array_is_plain(object, dtype)) return py::reinterpret_borrow<py::array>(object);
  const py::array given = any_array(object, what);
  const bool single = given.dtype().kind() == 'f' && given.itemsize() <= 4;
  return py::reinterpret_borrow<py::array>(array_as(given, what, single ? DType::float32 : DType::float64));
}

sparse::Values values_from(py::handle object, const std::string& what) {
  const py::array array = dense_from(object, what);
  require_one_dimension(array, what);
  const auto copy = [&](auto zero) {
    using T = decltype(zero);
    const T* const data = static_cast<const T*>(array.data());
    return sparse::Values(std::vector<T>(data, data + array.size()));
  };
  return array.itemsize() == 4 ? copy(0.0F) : copy(0.0);
}

sparse::Index size_from(py::handle object) {
  if (object.is_none()) return sparse::kOpen;
  if (PyIndex_Check(object.ptr()) == 0 || PyBool_Check(object.ptr()) != 0)
    throw py::type_error(message("size: expected a whole number or None, got ", Py_TYPE(object.ptr())->tp_name));
  const py::ssize_t size = PyNumber_AsSsize_t(object.ptr(), nullptr);  // clipped to 64 bits
  if (size == -1 && PyErr_Occurred() != nullptr) throw py::error_already_set();
  PLAIT_REQUIRE(size >= 0 && size < std::numeric_limits<py::ssize_t>::max(), "size: expected a number from 0 to 2^63 - 2, got ",
                std::string(py::str(object)));
  return size;
}

bool is_number(py::handle object, double& number) {
  PyObject* const p = object.ptr();
  if (PyFloat_Check(p) == 0 && PyLong_Check(p) == 0) {
    if (!py::hasattr(object, "dtype") || !py::hasattr(object, "ndim") || node_of(object) != nullptr) return false;
    if (py::cast<py::ssize_t>(object.attr("ndim")) != 0) return false;
    const std::string kind = py::str(object.attr("dtype").attr("kind"));
    if (std::string_view("biuf").find(kind) == std::string_view::npos) return false;
  }
  number = PyFloat_AsDouble(p);
  if (number == -1 && PyErr_Occurred() != nullptr) throw py::error_already_set();
  return true;
}

}  // namespace plait::bindings

void bind_sparse(py::module_& m) {
  py::module_ submodule = m.def_submodule("sparse", "Sparse vectors and rows of them.");
  bind_sparse_vector(submodule);
  bind_sparse_rows(submodule);
}
