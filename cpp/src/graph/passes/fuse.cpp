// Pass fuse: groups values into steps: elementwise chains become lane programs, reductions are appended to them, and lane programs become epilogues
// of products. Needs views and roots; leaves groups, and the group of each value.
// Groups are ordered so that a group reads only earlier ones. A value joins the latest group that it depends on,
// if it can, which keeps that order; a group may then be merged into a later one if no group in between reads
// it.
#include "fuse.hpp"

#include <algorithm>

#include "plait/base/error.hpp"
#include "product.hpp"

namespace plait::graph {
namespace {

class Fuser {
 public:
  explicit Fuser(Module in) : m_(std::move(in)) {}

  Module run() {
    for (std::size_t v = 0; v < values().size(); ++v) add(static_cast<int>(v));
    merge_earlier_groups();
    drop_empty_groups();
    find_stored(m_);
    return std::move(m_);
  }

 private:
  const PiecewiseVector<Value>& values() const { return m_.values; }
  const Value& at(int v) const { return values()[v]; }

  void add(int v) {
    const Value& value = at(v);
    switch (value.op->kind) {
      case OpKind::leaf:
      case OpKind::view: return;
      case OpKind::elementwise: add_elementwise(v); return;
      case OpKind::reduction: add_reduction(v); return;
      case OpKind::random:
      case OpKind::other:
        open({.kind = is_product(value) ? Group::Kind::product : Group::Kind::single,
              .value = v,
              .type = lane_type(value.spec.dtype),
              .space = value.spec.shape},
             v);
        return;
    }
  }

  void open(Group group, int v) {
    m_.values[v].group = static_cast<int>(m_.groups.size());
    m_.groups.push_back(std::move(group));
  }

  LaneType type_of(const Value& value) const {
    return lane_type(*value.op, at(value.inputs.front()).spec.dtype, at(value.inputs.back()).spec.dtype, value.spec.dtype);
  }
  // Logical ops on booleans take the type of their group.
  bool any_type(const Value& value) const {
    return value.spec.dtype == DType::boolean &&
           std::all_of(value.inputs.begin(), value.inputs.end(), [&](int u) { return at(u).spec.dtype == DType::boolean; });
  }

  void add_elementwise(int v) {
    const Value& value = at(v);
    const int input = value.inputs[0];
    const bool copies = value.op->lane == LaneOp::copy && value.spec == at(input).spec;
    if (copies && !is_whole(at(input).view, value.spec)) {  // a copy of a transpose or slice: done tile by tile, not in a lane program
      open({.kind = Group::Kind::single, .value = v}, v);
      return;
    }
    const int g = latest_group(value);
    if (g >= 0 && can_join(value, m_.groups[g], g)) {
      m_.groups[g].members.push_back(v);
      m_.values[v].group = g;
      return;
    }
    open({.kind = Group::Kind::lanes, .type = type_of(value), .space = value.spec.shape, .members = {v}}, v);
  }

  int latest_group(const Value& value) const {
    int g = -1;
    for (const int u : value.inputs) g = std::max(g, m_.group_of_root(u));
    return g;
  }

  bool can_join(const Value& value, const Group& group, int g) const {
    if (group.kind == Group::Kind::single || value.spec.shape != group.space || group.members.size() >= kMostMembers) return false;
    if (type_of(value) != group.type && !any_type(value)) return false;
    return std::all_of(value.inputs.begin(), value.inputs.end(), [&](int u) { return m_.group_of_root(u) != g || reads_register(m_, u, group); });
  }

  void add_reduction(int v) {
    const Value& value = at(v);
    const int u = value.inputs[0], g = m_.group_of_root(u);
    if (g >= 0) {
      Group& group = m_.groups[g];
      if (group.kind == Group::Kind::lanes && group.reduced.size() < kMostMembers && reads_register(m_, u, group)) {
        group.reduced.push_back(v);
        m_.values[v].group = g;
        return;
      }
    }
    open({.kind = Group::Kind::lanes, .type = lane_type(at(u).spec.dtype), .space = at(u).spec.shape, .reduced = {v}}, v);
  }

  // ---- groups into later ones ----

  int now(int g) {
    while (moved_[g] != g) g = moved_[g] = moved_[moved_[g]];
    return g;
  }

  // A lane group is merged into the first group that reads it, if that one has room: no earlier group needs it.
  void merge_earlier_groups() {
    const std::size_t n = m_.groups.size();
    moved_.resize(n);
    readers_.resize(n);
    sources_.resize(n);
    for (std::size_t g = 0; g < n; ++g) moved_[g] = static_cast<int>(g);
    for (std::size_t v = 0; v < values().size(); ++v)
      for (const int u : at(static_cast<int>(v)).inputs) {
        const int from = m_.group_of_root(u), to = m_.values[v].group;
        if (from < 0 || to < 0 || from == to) continue;
        readers_[from].push_back(to);
        sources_[to].push_back(from);
      }
    for (auto& readers : readers_) std::sort(readers.begin(), readers.end());
    for (int g = 0; g < static_cast<int>(n); ++g) {
      std::vector<int> open(sources_[g]);
      while (!open.empty()) {
        const int source = open.back();
        open.pop_back();
        if (now(source) != source || source == g || !may_merge(source, g)) continue;
        merge_group(source, g);
        open.insert(open.end(), sources_[source].begin(), sources_[source].end());
      }
    }
  }

  bool may_merge(int from, int into) {
    const Group &a = m_.groups[from], &b = m_.groups[into];
    if (a.kind != Group::Kind::lanes || b.kind == Group::Kind::single || a.type != b.type || a.space != b.space) return false;
    if (b.kind == Group::Kind::product && (!a.reduced.empty() || !is_float(at(b.value).spec.dtype))) return false;
    if (a.members.size() + b.members.size() > kMostMembers) return false;
    for (const int reader : readers_[from])
      if (now(reader) != from && now(reader) < into) return false;
    const auto registers_only = [&](const Value& value) {
      return std::all_of(value.inputs.begin(), value.inputs.end(),
                         [&](int u) { return m_.group_of_root(u) < 0 || now(m_.group_of_root(u)) != from || reads_register(m_, u, b); });
    };
    if (b.kind == Group::Kind::product)
      for (const int u : at(b.value).inputs)
        if (m_.group_of_root(u) >= 0 && now(m_.group_of_root(u)) == from) return false;
    return std::all_of(b.members.begin(), b.members.end(), [&](int v) { return registers_only(at(v)); }) &&
           std::all_of(b.reduced.begin(), b.reduced.end(), [&](int v) { return registers_only(at(v)); });
  }

  void merge_group(int from, int into) {
    Group &a = m_.groups[from], &b = m_.groups[into];
    b.members.insert(b.members.end(), a.members.begin(), a.members.end());
    std::sort(b.members.begin(), b.members.end());  // values stand in topological order
    b.reduced.insert(b.reduced.end(), a.reduced.begin(), a.reduced.end());
    a.members.clear();
    a.reduced.clear();
    // The readers of the merged values now also limit how far the group can move.
    readers_[into].insert(readers_[into].end(), readers_[from].begin(), readers_[from].end());
    moved_[from] = into;
  }

  void drop_empty_groups() {
    std::vector<int> new_of(m_.groups.size(), -1);
    std::vector<Group> kept;
    for (std::size_t g = 0; g < m_.groups.size(); ++g) {
      if (now(static_cast<int>(g)) != static_cast<int>(g)) continue;
      new_of[g] = static_cast<int>(kept.size());
      kept.push_back(std::move(m_.groups[g]));
    }
    for (Value& value : m_.values)
      if (value.group >= 0) value.group = new_of[now(value.group)];
    m_.groups = std::move(kept);
  }

  Module m_;
  std::vector<int> moved_;  // the group that a group was merged into; itself if it was not
  std::vector<std::vector<int>> readers_, sources_;
};

}  // namespace

bool reads_register(const Module& module, int v, const Group& group) {
  const Spec& spec = module.values[v].spec;
  if (!is_root(module, v, group.space)) return false;
  if (module.root_of(v).op->kind == OpKind::reduction) return false;
  return spec.dtype == DType::boolean || lane_type(spec.dtype) == group.type;
}

std::vector<char> stored_values(const Module& module) {
  std::vector<char> stored(module.values.size(), 0);
  for (const Value& value : module.values)
    if (value.group >= 0)
      for (const int u : value.inputs)
        if (module.group_of_root(u) != value.group) stored[module.values[u].root] = 1;
  for (const int output : module.outputs) stored[output] = 1;
  for (const Update& update : module.updates) stored[update.value] = 1;
  for (const Group& group : module.groups) {
    for (const int v : group.reduced) stored[v] = 1;
    if (group.kind == Group::Kind::single) stored[group.value] = 1;
  }
  return stored;
}

void find_stored(Module& module) {
  const std::vector<char> stored = stored_values(module);
  for (std::size_t v = 0; v < stored.size(); ++v) module.values[v].needs_storage = stored[v] != 0;
}

Module fuse(Module in) { return Fuser(std::move(in)).run(); }

}  // namespace plait::graph
