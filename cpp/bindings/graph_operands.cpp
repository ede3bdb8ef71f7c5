// Python objects as operands of expressions.
#include "graph.hpp"
#include "plait/base/error.hpp"

namespace plait::bindings {

using Weak = Operand::Weak;

std::optional<Operand> parse_operand(py::handle object) {
  Operand o;
  PyObject* const p = object.ptr();
  if (Node* const node = node_of(object)) {
    o.node = NodeRef(node);
    return o;
  }
  if (PyFloat_CheckExact(p)) {
    o.weak = Weak::real;
    o.real = PyFloat_AS_DOUBLE(p);
    return o;
  }
  if (PyBool_Check(p)) {
    o.weak = Weak::boolean;
    o.integer = p == Py_True ? 1 : 0;
    return o;
  }
  if (PyLong_CheckExact(p)) {
    int overflow = 0;
    o.integer = PyLong_AsLongLongAndOverflow(p, &overflow);
    o.weak = Weak::integer;
    if (overflow != 0) {
      o.weak = Weak::real;
      o.real = PyLong_AsDouble(p);
      if (PyErr_Occurred() != nullptr) throw py::error_already_set();
    }
    return o;
  }
  if (PyUnicode_Check(p) || PyBytes_Check(p) || object.is_none() || PyDict_Check(p) || PySet_Check(p)) return {};
  const bool array = py::detail::npy_api::get().PyArray_Check_(p);
  const bool number = PyLong_Check(p) || PyFloat_Check(p) || (py::hasattr(object, "dtype") && py::hasattr(object, "__array__"));
  if (!array && !number && !PyList_Check(p) && !PyTuple_Check(p) && !py::hasattr(object, "__array__")) {
    if (PyComplex_Check(p)) throw DTypeError("complex numbers have no place in a graph");
    return {};
  }
  o.tensor = tensor_from(object, "operand");
  o.narrow = array_is_narrow(object);
  return o;
}

Operand require_operand(py::handle object, const char* what) {
  auto o = parse_operand(object);
  if (!o) throw py::type_error(message(what, ": expected a plait.Node, a number or an array, got ", Py_TYPE(object.ptr())->tp_name));
  return *std::move(o);
}

NodeRef matrix_product(const Operand& a, const Operand& b) {
  return a.node && a.node->op->opaque ? sparse_product(a.node, b) : frontend::matrix_product(a, b);
}

}  // namespace plait::bindings
