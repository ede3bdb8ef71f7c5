// What the binding files of histogram share: methods in the interpreter's own calling convention, for what is called a million times.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <exception>

#include "plait/base/error.hpp"
#include "rooms.hpp"

/// A Python number as a double; false with a TypeError that names it otherwise.
bool as_number(PyObject* object, double& out, const char* name);

void add_method(const py::object& type, PyMethodDef& method);

void bind_histogram_sketch(py::module_& m);

/// Calls `body` with the C++ object of `self`; exceptions become Python's.
template <class T, class F>
PyObject* fast_method(PyObject* self, F&& body) {
  T* const object = static_cast<T*>(reinterpret_cast<py::detail::instance*>(self)->get_value_and_holder().value_ptr());
  if (object == nullptr) {
    PyErr_Format(PyExc_TypeError, "%s: __init__ has not been called", Py_TYPE(self)->tp_name);
    return nullptr;
  }
  try {
    return body(*object);
  } catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
  } catch (const plait::Interrupted&) {
    if (PyErr_Occurred() == nullptr) PyErr_SetNone(PyExc_KeyboardInterrupt);
  } catch (const std::invalid_argument& error) {
    PyErr_SetString(PyExc_ValueError, error.what());
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
  return nullptr;
}
