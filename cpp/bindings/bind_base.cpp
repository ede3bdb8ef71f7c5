// base: errors, threads, interrupts, instruction sets.
#include "modules.hpp"
#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"
#include "plait/base/isa.hpp"
#include "plait/base/subnormals.hpp"
#include "plait/base/thread_pool.hpp"

namespace {

// Only Python's main thread handles signals; elsewhere PyErr_CheckSignals does nothing.
bool python_interrupted() {
  if (Py_IsInitialized() == 0) return false;
  const py::gil_scoped_acquire gil;
  return PyErr_CheckSignals() != 0;
}

}  // namespace

void bind_base(py::module_& m) {
  using namespace plait;
  using namespace plait::bindings;
  py::register_exception<ShapeError>(m, "ShapeError", PyExc_ValueError).attr("__module__") = "plait";
  py::register_exception<DTypeError>(m, "DTypeError", PyExc_TypeError).attr("__module__") = "plait";
  py::register_exception<GraphError>(m, "GraphError", PyExc_ValueError).attr("__module__") = "plait";
  py::register_exception<FormatError>(m, "FormatError", PyExc_ValueError).attr("__module__") = "plait";
  py::register_exception_translator([](std::exception_ptr p) {
    try {
      if (p) std::rethrow_exception(p);
    } catch (const Interrupted&) {
      if (PyErr_Occurred() == nullptr) PyErr_SetNone(PyExc_KeyboardInterrupt);  // the handler's own exception has priority
    }
  });
  set_interrupt_hook(&python_interrupted);

  m.def("isa", [] { return isa_name(isa()); }, "Instruction set in use: 'v2', 'v3' or 'v4' (x86-64 levels; 'v2' is the baseline elsewhere).");
  m.def("set_num_threads", &set_num_threads, py::arg("n"), py::pos_only());
  m.def("get_num_threads", &get_num_threads);
  m.def("set_flush_subnormals", &set_flush_subnormals, py::arg("on"), py::pos_only());
  m.def("get_flush_subnormals", &flush_subnormals);
}
