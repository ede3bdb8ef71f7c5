// Sparse vectors and rows of them.
#include "rooms.hpp"

void bind_sparse(py::module_& m) { m.def_submodule("sparse", "Sparse vectors and rows of them."); }
