// Leaves: nodes that receive or hold a value.
#include "plait/graph/ops.hpp"

namespace plait::graph {
namespace ops {

constinit const Op input = entry({.name = "input", .kind = OpKind::leaf, .inputs = 0, .infer = nullptr, .gradient = nullptr});
constinit const Op parameter = entry({.name = "parameter", .kind = OpKind::leaf, .inputs = 0, .infer = nullptr, .gradient = nullptr});
constinit const Op constant = entry({.name = "constant", .kind = OpKind::leaf, .inputs = 0, .infer = nullptr, .gradient = nullptr});

}  // namespace ops

void add_leaf_ops(OpList& list) { list.insert(list.end(), {&ops::input, &ops::parameter, &ops::constant}); }

}  // namespace plait::graph
