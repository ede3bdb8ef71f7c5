// The functions of the bindings files that module.cpp calls.
#pragma once

#include <pybind11/pybind11.h>

namespace py = pybind11;

namespace plait::tensor {}
namespace plait::graph {}
namespace plait::train {}

/// The bindings. Names of graph are visible here without qualification; other modules are qualified.
namespace plait::bindings {
using namespace tensor;
using namespace graph;
using namespace train;
}  // namespace plait::bindings

void join_modules();  // before the others
void bind_base(py::module_& m);
void bind_graph(py::module_& m);
void bind_train(py::module_& m);
void bind_align(py::module_& m);
void bind_sparse(py::module_& m);
void bind_histogram(py::module_& m);
void bind_tree(py::module_& m);
void bind_optimize(py::module_& m);
void bind_optimize_portfolio(py::module_& m);  // after bind_optimize
void bind_joined(py::module_& m);              // functions that connect two modules
void join_sparse_input();
void bind_sparse_input(py::module_& m);
