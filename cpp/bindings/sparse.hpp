// Shared by the files that bind sparse vectors and rows: arrays as positions and values, and back.
#pragma once

#include <string>

#include "graph.hpp"
#include "plait/sparse/vector.hpp"

namespace plait::bindings {

/// A one-dimensional array of whole numbers as 64-bit positions; DTypeError for floats and booleans, ShapeError for another number of dimensions.
py::array whole_numbers(py::handle object, const std::string& what);
/// The elements of such an array.
std::span<const sparse::Index> numbers_of(const py::array& array);
/// A one-dimensional array of numbers: float32 stays, everything else becomes float64.
sparse::Values values_from(py::handle object, const std::string& what);
/// The same as an array of any number of dimensions.
py::array dense_from(py::handle object, const std::string& what);
/// A size: None is kOpen.
sparse::Index size_from(py::handle object);
/// True for a scalar: a Python or NumPy number, or an array without dimensions. Writes it to `number`.
bool is_number(py::handle object, double& number);

/// Read-only array views of `owner`'s memory.
template <class T>
py::array view_of(const std::vector<T>& values, py::handle owner) {
  py::array array(py::dtype::of<T>(), {static_cast<py::ssize_t>(values.size())}, {static_cast<py::ssize_t>(sizeof(T))}, values.data(), owner);
  py::detail::array_proxy(array.ptr())->flags &= ~py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
  return array;
}

/// Below this many elements the GIL is kept.
constexpr sparse::Index kReleaseElements = 1 << 15;

}  // namespace plait::bindings

void bind_sparse_vector(py::module_& m);
void bind_sparse_rows(py::module_& m);
