// Factories of the edit distances.
#include "align.hpp"
#include "plait/align/edit.hpp"
#include "plait/base/error.hpp"

namespace {

using namespace plait;
using namespace plait::bindings;
using namespace plait::align;

/// Nanoseconds below which a pair is done before releasing the GIL would have paid.
constexpr double kShort = 10'000;

/// The score of two strings, or of two bytes objects; None for anything else, which is the business of the Python side. A short pair takes
/// less time than pybind11 needs for a call, so this one speaks Python's own protocol.
PyObject* text_score(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  if (count != 2) {
    PyErr_Format(PyExc_TypeError, "score: expected x and y, got %zd arguments", count);
    return nullptr;
  }
  PyObject *const x = arguments[0], *const y = arguments[1];
  if (!(PyUnicode_CheckExact(x) && PyUnicode_CheckExact(y)) && !(PyBytes_CheckExact(x) && PyBytes_CheckExact(y))) Py_RETURN_NONE;
  const auto& method = *static_cast<const Method*>(PyCapsule_GetPointer(self, nullptr));
  try {
    const Sequence a = as_sequence(x, "x"), b = as_sequence(y, "y");
    if (method.cost(a, b) < kShort) return PyFloat_FromDouble(method.score(a, b, method.worst(), thread_workspace()));
    double score;
    {
      const py::gil_scoped_release release;
      score = method.score(a, b, method.worst(), thread_workspace());
    }
    return PyFloat_FromDouble(score);
  } catch (const Interrupted&) {
    if (PyErr_Occurred() == nullptr) PyErr_SetNone(PyExc_KeyboardInterrupt);
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  }
  return nullptr;
}

PyMethodDef kTextScore = {"text_score", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&text_score)), METH_FASTCALL, nullptr};

}  // namespace

void bind_align_edit(py::module_& m) {
  py::enum_<Transposition>(m, "Transposition")
      .value("none", Transposition::none)
      .value("restricted", Transposition::restricted)
      .value("unrestricted", Transposition::unrestricted);
  m.def(
      "make_levenshtein",
      [](double insert, double remove, double substitute, Transposition transposition) {
        return make_levenshtein({insert, remove, substitute, transposition});
      },
      py::arg("insert"), py::arg("remove"), py::arg("substitute"), py::arg("transposition"), py::pos_only());
  m.def("make_lcs", &make_lcs);
  m.def(
      "text_scorer",
      [](const py::object& method) {
        // The capsule keeps the method alive: it is its context.
        const auto capsule = py::reinterpret_steal<py::object>(
            PyCapsule_New(method.cast<Method*>(), nullptr, [](PyObject* self) { Py_XDECREF(static_cast<PyObject*>(PyCapsule_GetContext(self))); }));
        if (!capsule || PyCapsule_SetContext(capsule.ptr(), method.inc_ref().ptr()) != 0) throw py::error_already_set();
        return py::reinterpret_steal<py::object>(PyCFunction_New(&kTextScore, capsule.ptr()));
      },
      py::arg("method"), py::pos_only(), "score(x, y) of two str or two bytes; None for anything else");
}
