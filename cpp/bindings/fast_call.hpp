// Methods with the vectorcall convention, for very frequent calls: a call through pybind11 takes about 60 ns, and more for each argument.
#pragma once

#include <pybind11/pybind11.h>

#include "modules.hpp"

/// A Python number as a double; false with a TypeError that names the argument otherwise.
bool as_number(PyObject* object, double& out, const char* name);

void add_method(const py::object& type, PyMethodDef& method);

/// The C++ object of an instance of a bound class without bases; null where __init__ has not been called.
template <class T>
T* held(PyObject* instance) {
  return static_cast<T*>(reinterpret_cast<py::detail::instance*>(instance)->get_value_and_holder().value_ptr());
}

/// The C++ object of `object` if it has the class of `self` or a derived one; else null.
template <class T>
T* held_beside(PyObject* self, PyObject* object) {
  if (Py_TYPE(object) == Py_TYPE(self)) return held<T>(object);
  return py::isinstance<T>(object) ? held<T>(object) : nullptr;
}

/// Calls `body` with the C++ object of `self`; exceptions are translated as by pybind11.
template <class T, class F>
PyObject* fast_method(PyObject* self, F&& body) {
  T* const object = held<T>(self);
  if (object == nullptr) {
    PyErr_Format(PyExc_TypeError, "%s: __init__ has not been called", Py_TYPE(self)->tp_name);
    return nullptr;
  }
  try {
    return body(*object);
  } catch (py::error_already_set& error) {
    error.restore();
  } catch (...) {
    py::detail::try_translate_exceptions();
  }
  return nullptr;
}
