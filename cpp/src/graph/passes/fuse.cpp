// Pass 3b, fuse: values into groups, one step each.
//
// Groups stand in an order in which a group only reads from earlier ones. A value joins the latest group that it depends on, if it can, so the order
// holds by itself; a group that nobody needs before another may then be taken in by that one.
#include "fuse.hpp"

#include <algorithm>

#include "plait/base/error.hpp"
#include "product.hpp"

namespace plait::graph {
namespace {

class Fuser {
 public:
  explicit Fuser(Placed in) : f_{std::move(in), {}, {}, {}} { f_.group_of.assign(values().size(), -1); }

  Fused run() {
    for (std::size_t v = 0; v < values().size(); ++v) add(static_cast<int>(v));
    take_in_earlier_groups();
    drop_empty_groups();
    postpone(f_);
    find_escaping();
    return std::move(f_);
  }

 private:
  const std::vector<Value>& values() const { return f_.placed.graph.values; }
  const Value& at(int v) const { return values()[v]; }
  int root(int v) const { return f_.placed.places[v].root; }

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
    f_.group_of[v] = static_cast<int>(f_.groups.size());
    f_.groups.push_back(std::move(group));
  }

  LaneType type_of(const Value& value) const {
    return lane_type(*value.op, at(value.inputs.front()).spec.dtype, at(value.inputs.back()).spec.dtype, value.spec.dtype);
  }
  // Logic on booleans computes in whatever type its group has.
  bool any_type(const Value& value) const {
    return value.spec.dtype == DType::boolean &&
           std::all_of(value.inputs.begin(), value.inputs.end(), [&](int u) { return at(u).spec.dtype == DType::boolean; });
  }

  void add_elementwise(int v) {
    const Value& value = at(v);
    const int input = value.inputs[0];
    const bool copies = value.op->lane == LaneOp::copy && value.spec == at(input).spec;
    if (copies && !is_whole(f_.placed.places[input], value.spec)) {  // a transpose or slice made real: copied tile by tile
      open({.kind = Group::Kind::single, .value = v}, v);
      return;
    }
    const int g = latest_group(value);
    if (g >= 0 && can_join(value, f_.groups[g], g)) {
      f_.groups[g].members.push_back(v);
      f_.group_of[v] = g;
      return;
    }
    open({.kind = Group::Kind::lanes, .type = type_of(value), .space = value.spec.shape, .members = {v}}, v);
  }

  int latest_group(const Value& value) const {
    int g = -1;
    for (const int u : value.inputs) g = std::max(g, f_.group_of[root(u)]);
    return g;
  }

  bool can_join(const Value& value, const Group& group, int g) const {
    if (group.kind == Group::Kind::single || value.spec.shape != group.space || group.members.size() >= kMostMembers) return false;
    if (type_of(value) != group.type && !any_type(value)) return false;
    return std::all_of(value.inputs.begin(), value.inputs.end(), [&](int u) { return f_.group_of[root(u)] != g || reads_register(f_, u, group); });
  }

  void add_reduction(int v) {
    const Value& value = at(v);
    const int u = value.inputs[0], g = f_.group_of[root(u)];
    if (g >= 0) {
      Group& group = f_.groups[g];
      if (group.kind == Group::Kind::lanes && group.reduced.size() < kMostMembers && reads_register(f_, u, group)) {
        group.reduced.push_back(v);
        f_.group_of[v] = g;
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

  // A lane group moves into the first group that reads it, where that one can hold it: nobody needed it earlier.
  void take_in_earlier_groups() {
    const std::size_t n = f_.groups.size();
    moved_.resize(n);
    readers_.resize(n);
    sources_.resize(n);
    for (std::size_t g = 0; g < n; ++g) moved_[g] = static_cast<int>(g);
    for (std::size_t v = 0; v < values().size(); ++v)
      for (const int u : at(static_cast<int>(v)).inputs) {
        const int from = f_.group_of[root(u)], to = f_.group_of[v];
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
        if (now(source) != source || source == g || !may_take_in(source, g)) continue;
        take_in(source, g);
        open.insert(open.end(), sources_[source].begin(), sources_[source].end());
      }
    }
  }

  bool may_take_in(int from, int into) {
    const Group &a = f_.groups[from], &b = f_.groups[into];
    if (a.kind != Group::Kind::lanes || b.kind == Group::Kind::single || a.type != b.type || a.space != b.space) return false;
    if (b.kind == Group::Kind::product && (!a.reduced.empty() || !is_float(at(b.value).spec.dtype))) return false;
    if (a.members.size() + b.members.size() > kMostMembers) return false;
    for (const int reader : readers_[from])
      if (now(reader) != from && now(reader) < into) return false;
    const auto registers_only = [&](const Value& value) {
      return std::all_of(value.inputs.begin(), value.inputs.end(),
                         [&](int u) { return f_.group_of[root(u)] < 0 || now(f_.group_of[root(u)]) != from || reads_register(f_, u, b); });
    };
    if (b.kind == Group::Kind::product)
      for (const int u : at(b.value).inputs)
        if (f_.group_of[root(u)] >= 0 && now(f_.group_of[root(u)]) == from) return false;
    return std::all_of(b.members.begin(), b.members.end(), [&](int v) { return registers_only(at(v)); }) &&
           std::all_of(b.reduced.begin(), b.reduced.end(), [&](int v) { return registers_only(at(v)); });
  }

  void take_in(int from, int into) {
    Group &a = f_.groups[from], &b = f_.groups[into];
    b.members.insert(b.members.end(), a.members.begin(), a.members.end());
    std::sort(b.members.begin(), b.members.end());  // values stand in topological order
    b.reduced.insert(b.reduced.end(), a.reduced.begin(), a.reduced.end());
    a.members.clear();
    a.reduced.clear();
    // Whoever reads what came along holds the group back from moving on, too.
    readers_[into].insert(readers_[into].end(), readers_[from].begin(), readers_[from].end());
    moved_[from] = into;
  }

  void drop_empty_groups() {
    std::vector<int> new_of(f_.groups.size(), -1);
    std::vector<Group> kept;
    for (std::size_t g = 0; g < f_.groups.size(); ++g) {
      if (now(static_cast<int>(g)) != static_cast<int>(g)) continue;
      new_of[g] = static_cast<int>(kept.size());
      kept.push_back(std::move(f_.groups[g]));
    }
    for (int& g : f_.group_of)
      if (g >= 0) g = new_of[now(g)];
    f_.groups = std::move(kept);
  }

  void find_escaping() {
    f_.escapes.assign(values().size(), 0);
    for (std::size_t v = 0; v < values().size(); ++v) {
      if (f_.group_of[v] < 0) continue;
      for (const int u : values()[v].inputs)
        if (f_.group_of[root(u)] != f_.group_of[v]) f_.escapes[root(u)] = 1;
    }
    for (const int output : f_.placed.graph.outputs) f_.escapes[output] = 1;
    for (const Update& update : f_.placed.graph.updates) f_.escapes[update.value] = 1;
    for (const Group& group : f_.groups) {
      for (const int v : group.reduced) f_.escapes[v] = 1;
      if (group.kind == Group::Kind::single) f_.escapes[group.value] = 1;
    }
  }

  Fused f_;
  std::vector<int> moved_;  // where a group has gone; itself if it stands
  std::vector<std::vector<int>> readers_, sources_;
};

}  // namespace

bool reads_register(const Fused& fused, int v, const Group& group) {
  const Spec& spec = fused.placed.graph.values[v].spec;
  if (!is_root(fused.placed, v, group.space)) return false;
  if (fused.placed.graph.values[fused.placed.places[v].root].op->kind == OpKind::reduction) return false;
  return spec.dtype == DType::boolean || lane_type(spec.dtype) == group.type;
}

Fused fuse(Placed in) { return Fuser(std::move(in)).run(); }

std::vector<int> reads_of(const Fused& fused, int g) {
  const Group& group = fused.groups[g];
  std::vector<int> reads;
  const auto add = [&](int v) {
    for (const int u : fused.placed.graph.values[v].inputs) {
      const int r = fused.placed.places[u].root;
      if (fused.group_of[r] != g) reads.push_back(r);
    }
  };
  if (group.value >= 0) add(group.value);
  for (const int v : group.members) add(v);
  for (const int v : group.reduced) add(v);
  std::sort(reads.begin(), reads.end());
  reads.erase(std::unique(reads.begin(), reads.end()), reads.end());
  return reads;
}

}  // namespace plait::graph
