// What the binding files of align share: Python objects seen as sequences.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <optional>

#include "modules.hpp"
#include "plait/align/dtw.hpp"

/// The memory of a str or bytes as symbols, of a float64 array of shape (n,) or (n, d), or of a uint8, uint16 or uint32 array of shape
/// (n,); row-major arrays only. Everything else is the business of the Python side. Valid while the object is.
plait::align::Sequence as_sequence(PyObject* object, const char* name);

/// None, a number of cells, or a fraction of the longer length.
inline std::optional<plait::align::Window> as_window(const py::object& window) {
  if (window.is_none()) return std::nullopt;
  if (py::isinstance<py::float_>(window)) return plait::align::Window{0, window.cast<double>()};
  return plait::align::Window{window.cast<plait::align::Index>(), -1};
}

/// One file for a family: its factories.
void bind_align_elastic(py::module_& m);
void bind_align_edit(py::module_& m);
void bind_align_text(py::module_& m);
void bind_align_index(py::module_& m);
void bind_align_custom(py::module_& m);
void bind_align_soft(py::module_& m);
void bind_align_pairwise(py::module_& m);
void bind_align_database(py::module_& m);
