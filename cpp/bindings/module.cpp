// The extension module: calls bind_<module>() of every module.
#include "modules.hpp"

PYBIND11_MODULE(_core, m, py::mod_gil_not_used()) {
  m.doc() = "Compiled core of plait. Private: import plait instead.";
  join_modules();
  bind_base(m);
  bind_graph(m);
  bind_train(m);
  bind_align(m);
  bind_sparse(m);
  bind_histogram(m);
  bind_tree(m);
  bind_optimize(m);
  bind_optimize_portfolio(m);
  bind_joined(m);
}
