// Shared by the binding files of histogram.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include "fast_call.hpp"

void bind_histogram_sketch(py::module_& m);
