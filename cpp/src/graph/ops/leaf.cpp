// Leaves: nodes that receive or hold a value.
#include "plait/graph/op.hpp"

namespace plait::graph {

void add_leaf_ops(OpList& ops) {
  for (const char* name : {"input", "parameter", "constant"}) ops.push_back({.name = name, .kind = OpKind::leaf, .inputs = 0, .infer = nullptr});
}

}  // namespace plait::graph
