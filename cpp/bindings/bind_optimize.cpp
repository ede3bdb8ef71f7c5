// Constrained optimisation.
#include "rooms.hpp"

void bind_optimize(py::module_& m) { m.def_submodule("optimize", "Constrained optimisation."); }
