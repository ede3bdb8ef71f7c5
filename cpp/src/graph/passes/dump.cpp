// A module as text.
#include <sstream>

#include "pipeline.hpp"

namespace plait::graph {
namespace {

const char* name_of(BufferAssignment::Kind kind) {
  constexpr const char* kNames[] = {"none", "feed", "parameter", "constant", "arena", "output"};
  return kNames[static_cast<int>(kind)];
}

void list(std::ostream& out, std::span<const int> values) {
  for (std::size_t i = 0; i < values.size(); ++i) out << (i > 0 ? " %" : "%") << values[i];
}

void write_value(std::ostream& out, const Module& module, int v, Stage stage) {
  const Value& value = module.values[v];
  out << '%' << v << " = " << value.op->name << '(';
  list(out, value.inputs);
  out << ") " << to_string(value.spec.shape) << ' ' << tensor::name_of(value.spec.dtype);
  if (value.node) out << "  # " << value.node->label();
  if (stage >= Stage::views) {
    if (value.root != v) out << "  view of %" << value.root << " at " << value.view.offset << " strides " << to_string(value.view.strides);
    if (value.alias.whole >= 0) out << "  in %" << value.alias.whole << " at " << value.alias.offset;
    if (value.built_in_place) out << "  built in place";
  }
  if (stage >= Stage::fused && value.group >= 0) out << "  group " << value.group << (value.needs_storage ? "" : ", registers only");
  if (stage >= Stage::allocated && value.buffer.kind != BufferAssignment::Kind::none) {
    out << "  " << name_of(value.buffer.kind);
    if (value.buffer.index >= 0) out << ' ' << value.buffer.index;
    if (value.buffer.kind == BufferAssignment::Kind::arena || value.buffer.offset != 0) out << " + " << value.buffer.offset;
  }
  out << '\n';
}

void write_group(std::ostream& out, const Module& module, int g) {
  constexpr const char* kNames[] = {"lanes", "product", "single"};
  const Group& group = module.groups[g];
  out << "group " << g << ": " << kNames[static_cast<int>(group.kind)] << ' ' << to_string(group.space);
  if (group.value >= 0) out << " value %" << group.value;
  if (!group.members.empty()) list(out << " members ", group.members);
  if (!group.reduced.empty()) list(out << " reduced ", group.reduced);
  out << '\n';
}

}  // namespace

std::string to_text(const Module& module, Stage stage) {
  std::ostringstream out;
  for (std::size_t v = 0; v < module.values.size(); ++v) write_value(out, module, static_cast<int>(v), stage);
  list(out << "outputs ", module.outputs);
  out << '\n';
  for (const Update& update : module.updates)
    out << "update %" << update.parameter << " <- %" << update.value << (stage >= Stage::scheduled && update.in_place ? ", in place\n" : "\n");
  if (stage >= Stage::scheduled)
    for (const int g : module.order) write_group(out, module, g);
  else if (stage >= Stage::fused)
    for (std::size_t g = 0; g < module.groups.size(); ++g) write_group(out, module, static_cast<int>(g));
  if (stage >= Stage::allocated) out << "arena " << module.arena_bytes << " bytes, side by side " << module.unshared_bytes << '\n';
  return out.str();
}

}  // namespace plait::graph
