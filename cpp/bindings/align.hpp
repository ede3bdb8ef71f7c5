// Shared by the binding files of align: Python objects as sequences.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <optional>

#include "modules.hpp"
#include "plait/align/dtw.hpp"

/// The memory of a str or bytes as symbols, of a float64 array of shape (n,) or (n, d), or of a uint8, uint16 or uint32 array of shape
/// (n,); row-major arrays only. Other types are converted by the Python side. Valid as long as the object lives.
plait::align::Sequence as_sequence(PyObject* object, const char* name);

/// None, a number of cells, or a fraction of the longer length.
inline std::optional<plait::align::Window> as_window(const py::object& window) {
  if (window.is_none()) return std::nullopt;
  if (py::isinstance<py::float_>(window)) return plait::align::Window{0, window.cast<double>()};
  return plait::align::Window{window.cast<plait::align::Index>(), -1};
}

/// The factories of each family are in a file of their own.
void bind_align_elastic(py::module_& m);
void bind_align_edit(py::module_& m);
void bind_align_text(py::module_& m);
void bind_align_index(py::module_& m);
void bind_align_custom(py::module_& m);
void bind_align_soft(py::module_& m);
void bind_align_pairwise(py::module_& m);
void bind_align_database(py::module_& m);
