// C4.5 decision trees.
#include "rooms.hpp"

void bind_tree(py::module_& m) { m.def_submodule("tree", "C4.5 decision trees."); }
