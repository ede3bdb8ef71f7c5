// Histograms and quantile sketches.
#include "rooms.hpp"

void bind_histogram(py::module_& m) { m.def_submodule("histogram", "Histograms and quantile sketches."); }
