// Helpers for methods with the vectorcall convention.
#include "fast_call.hpp"

bool as_number(PyObject* object, double& out, const char* name) {
  if (PyFloat_CheckExact(object)) {
    out = PyFloat_AS_DOUBLE(object);
    return true;
  }
  out = PyFloat_AsDouble(object);
  if (out != -1.0 || PyErr_Occurred() == nullptr) return true;
  if (PyErr_ExceptionMatches(PyExc_TypeError) != 0) {
    PyErr_Clear();
    PyErr_Format(PyExc_TypeError, "%s: expected a number, got %s", name, Py_TYPE(object)->tp_name);
  }
  return false;
}

void add_method(const py::object& type, PyMethodDef& method) {
  const auto made = py::reinterpret_steal<py::object>(PyDescr_NewMethod(reinterpret_cast<PyTypeObject*>(type.ptr()), &method));
  if (!made) throw py::error_already_set();
  type.attr(method.ml_name) = made;
}
