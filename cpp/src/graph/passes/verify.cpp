#include "verify.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "fuse.hpp"
#include "plait/base/error.hpp"

namespace plait::graph {
namespace {

template <class... Parts>
void require(bool holds, const Parts&... what) {
  if (!holds) throw std::logic_error(message("verify: ", what...));
}

bool is_computed(const Value& value) { return value.op->kind != OpKind::leaf && value.op->kind != OpKind::view; }

// ---- lowered, simplified ----

void verify_value(const Module& module, int v) {
  const Value& value = module.values[v];
  require(value.op != nullptr, "value ", v, " has no op");
  require(is_known(value.spec.shape), "value ", v, " (", value.op->name, ") has open sizes ", to_string(value.spec.shape));
  for (const int u : value.inputs)
    require(u >= 0 && u < v, "value ", v, " (", value.op->name, ") reads value ", u, ", which does not stand before it");
  const bool whole = value.op->shape_only == 0 && value.op->kind != OpKind::leaf && value.op->kind != OpKind::random && !loop_of(value.attributes);
  if (!whole) return;  // inputs of which only the shape matters are gone
  std::vector<Spec> specs;
  for (const int u : value.inputs) specs.push_back(module.values[u].spec);
  const Spec inferred = value.op->infer(specs, value.attributes);
  require(inferred == value.spec, "value ", v, " (", value.op->name, ") has shape ", to_string(value.spec.shape), ", its op infers ",
          to_string(inferred.shape));
}

void verify_results(const Module& module, bool own) {
  const auto size = static_cast<int>(module.values.size());
  std::vector<char> wanted(module.values.size(), 0);
  const auto result = [&](int v, const char* what) {
    require(v >= 0 && v < size, what, " ", v, " is no value");
    if (!own) return;
    require(is_computed(module.values[v]), what, " ", v, " is a ", module.values[v].op->name, " without memory of its own");
    require(wanted[v] == 0, what, " ", v, " is already an output or update");
    wanted[v] = 1;
  };
  for (const int output : module.outputs) result(output, "output");
  for (const Update& update : module.updates) {
    result(update.value, "update");
    require(update.parameter >= 0 && update.parameter < size && module.values[update.parameter].op->kind == OpKind::leaf, "update of ",
            update.parameter, ", which is no leaf");
    require(module.values[update.parameter].spec == module.values[update.value].spec, "update ", update.value,
            " has another spec than its parameter");
  }
  if (!own) return;
  std::vector<char> needed(wanted);
  for (const Update& update : module.updates) needed[update.parameter] = 1;
  for (int v = size; v-- > 0;) {
    if (needed[v] == 0) require(!is_computed(module.values[v]), "nobody needs value ", v, " (", module.values[v].op->name, ")");
    else
      for (const int u : module.values[v].inputs) needed[u] = 1;
  }
}

// ---- views ----

// The byte range [first, last + 1) of a view, relative to the start of the root's buffer.
std::pair<std::ptrdiff_t, std::ptrdiff_t> bytes_seen(const Module& module, int root, const View& view, const Spec& spec) {
  const auto element = static_cast<std::ptrdiff_t>(size_of(spec.dtype));
  std::ptrdiff_t low = view.offset * element, high = low + element;
  for (std::size_t i = 0; i < spec.shape.size(); ++i) {
    const std::ptrdiff_t far = (spec.shape[i] - 1) * view.strides[i] * element;
    (far < 0 ? low : high) += far;
  }
  const auto begin = static_cast<std::ptrdiff_t>(buffer_of(module, root).second);
  return {begin + low, begin + high};
}

void verify_views(const Module& module) {
  std::map<int, std::map<Index, int>> pieces;  // of each concatenation: by offset
  for (int v = 0; v < static_cast<int>(module.values.size()); ++v) {
    const Value& value = module.values[v];
    const bool view = value.op->kind == OpKind::view;
    require(value.root >= 0 && value.root <= v && (view || value.root == v), "value ", v, " has root ", value.root);
    require(module.root_of(v).op->kind != OpKind::view, "the root of value ", v, " is itself a view");
    require(value.view.strides.size() == value.spec.shape.size(), "value ", v, " has ", value.view.strides.size(), " strides for ",
            to_string(value.spec.shape));
    require(view || value.view.offset == 0, "root ", v, " does not begin at its own offset");
    if (value.alias.whole >= 0) {
      require(!view && value.alias.whole > v && module.values[value.alias.whole].built_in_place, "value ", v, " stands in ", value.alias.whole,
              ", which is not built in place");
      require(pieces[value.alias.whole].emplace(value.alias.offset, v).second, "two pieces of ", value.alias.whole, " stand at ", value.alias.offset);
    }
    if (value.built_in_place)
      for (const int u : value.inputs)
        require(module.root_of(u).alias.whole == v, "value ", u, " is not computed in ", v, ", which is built in place");
    if (count_of(value.spec.shape) == 0 || loop_of(value.attributes)) continue;  // some outputs of a loop are not stored: only their shape is read
    const auto [low, high] = bytes_seen(module, value.root, value.view, value.spec);
    const std::size_t all = bytes_of(module.values[buffer_of(module, value.root).first].spec);
    require(low >= 0 && high <= static_cast<std::ptrdiff_t>(all), "value ", v, " (", value.op->name, ") reaches from byte ", low, " to ", high,
            " of a buffer of ", all);
  }
}

// ---- groups ----

void verify_groups(const Module& module, bool in_order) {
  std::vector<char> covered(module.values.size(), 0);
  for (int g = 0; g < static_cast<int>(module.groups.size()); ++g) {
    const Group& group = module.groups[g];
    const auto cover = [&](int v) {
      require(module.values[v].group == g, "value ", v, " stands in group ", g, " and says ", module.values[v].group);
      require(covered[v] == 0, "value ", v, " is computed twice");
      covered[v] = 1;
    };
    require((group.kind == Group::Kind::lanes) == (group.value < 0), "group ", g, " computes value ", group.value);
    require(group.value >= 0 || !group.members.empty() || !group.reduced.empty(), "group ", g, " is empty");
    require(group.members.size() <= kMostMembers && std::is_sorted(group.members.begin(), group.members.end()), "the members of group ", g);
    if (group.value >= 0) cover(group.value);
    for (const int v : group.members) {
      cover(v);
      require(module.values[v].op->kind == OpKind::elementwise && module.values[v].spec.shape == group.space, "member ", v, " of group ", g);
    }
    for (const int v : group.reduced) {
      cover(v);
      require(module.values[v].op->kind == OpKind::reduction && module.values[module.values[v].inputs[0]].spec.shape == group.space, "reduction ", v,
              " of group ", g);
    }
    if (in_order)
      for (const int r : reads_of(module, g)) require(module.values[r].group < g, "group ", g, " reads the later group ", module.values[r].group);
  }
  const std::vector<char> stored = stored_values(module);
  for (std::size_t v = 0; v < module.values.size(); ++v) {
    const Value& value = module.values[v];
    require((covered[v] != 0) == is_computed(value), "value ", v, " (", value.op->name, ") is in ", covered[v] != 0 ? "a" : "no", " group");
    require(value.needs_storage == (stored[v] != 0), "value ", v, value.needs_storage ? " needs no storage" : " needs storage");
  }
}

void verify_order(const Module& module) {
  std::vector<int> position(module.groups.size(), -1);
  for (std::size_t t = 0; t < module.order.size(); ++t) position[module.order[t]] = static_cast<int>(t);
  require(module.order.size() == module.groups.size() && std::find(position.begin(), position.end(), -1) == position.end(),
          "not every group runs once");
  std::unordered_map<int, const Update*> in_place;
  for (const Update& update : module.updates)
    if (update.in_place) in_place.emplace(update.parameter, &update);
  for (int g = 0; g < static_cast<int>(module.groups.size()); ++g)
    for (const int r : reads_of(module, g)) {
      const int from = module.values[r].group;
      require(from < 0 || position[from] < position[g], "group ", g, " runs before group ", from, ", which it reads");
      const auto update = in_place.find(r);
      if (update == in_place.end()) continue;
      const int writer = module.values[update->second->value].group;
      require(writer == g || position[g] < position[writer], "group ", g, " reads parameter ", r, " after it is written in place");
    }
}

// ---- buffers ----

// True if the group reads r, if at all, only at the element being written.
bool reads_where_it_writes(const Module& module, const Group& group, int r) {
  const auto reads_at = [&](int v) {
    return std::all_of(module.values[v].inputs.begin(), module.values[v].inputs.end(),
                       [&](int u) { return module.values[u].root != r || is_root(module, u, group.space); });
  };
  if (group.kind == Group::Kind::single) return false;
  if (group.value >= 0)
    for (const int u : module.values[group.value].inputs)
      if (module.values[u].root == r) return false;
  return std::all_of(group.members.begin(), group.members.end(), reads_at) && std::all_of(group.reduced.begin(), group.reduced.end(), reads_at);
}

struct Lifetime {
  int value, begin, end;  // the buffer, the steps that first write and last read it
  std::size_t bytes;
};

void verify_buffers(const Module& module) {
  using Kind = BufferAssignment::Kind;
  const auto steps = static_cast<int>(module.order.size());
  std::vector<int> last(module.values.size(), -1);
  std::vector<std::vector<int>> reads(module.order.size());
  for (int t = 0; t < steps; ++t) {
    reads[t] = reads_of(module, module.order[t]);
    for (const int r : reads[t]) last[buffer_of(module, r).first] = t;
  }
  for (const Update& update : module.updates)
    if (!update.in_place) last[update.value] = steps;
  std::map<std::size_t, Lifetime> live;  // by offset
  for (int t = 0; t < steps; ++t) {
    const Group& group = module.groups[module.order[t]];
    const auto write = [&](int v) {
      const auto [top, offset] = buffer_of(module, v);
      const BufferAssignment &buffer = module.values[v].buffer, &whole = module.values[top].buffer;
      require(buffer.kind != Kind::none, "value ", v, " (", module.values[v].op->name, ") has no buffer");
      require(top == v || (buffer.kind == whole.kind && buffer.offset == whole.offset + offset), "value ", v, " is not where ", top, " wants it");
      if (whole.kind != Kind::arena) return;
      const std::size_t begin = whole.offset, bytes = std::max<std::size_t>(bytes_of(module.values[top].spec), 1);
      require(begin % kAlignment == 0 && begin + bytes <= module.arena_bytes, "value ", top, " leaves the arena");
      auto other = live.lower_bound(begin);
      if (other != live.begin() && std::prev(other)->first + std::prev(other)->second.bytes > begin) --other;
      while (other != live.end() && other->first < begin + bytes) {
        const Lifetime& there = other->second;
        if (there.value == top) return;  // another piece of the same
        require(there.end <= t && (there.begin < t || there.end < 0), "value ", top, " overlaps ", there.value, ", which is still read");
        if (there.end == t)
          require(bytes_of(module.values[there.value].spec) == bytes_of(module.values[top].spec) && reads_where_it_writes(module, group, there.value),
                  "value ", top, " overwrites ", there.value, " while it is read");
        other = live.erase(other);
      }
      live.emplace(begin, Lifetime{top, t, last[top] < 0 ? t : last[top], bytes});
    };
    const auto needs = [&](int v) { return module.values[v].needs_storage; };
    for (const int v : group.members)
      if (needs(v)) write(v);
    for (const int v : group.reduced) write(v);
    if (group.value < 0) continue;
    const BufferAssignment& product = module.values[group.value].buffer;
    const bool hosted = !needs(group.value) && std::any_of(group.members.begin(), group.members.end(), [&](int v) {
      const BufferAssignment& host = module.values[v].buffer;
      return needs(v) && host.kind == product.kind && host.offset == product.offset && host.index == product.index;
    });
    if (!hosted) write(group.value);
    else if (product.kind == Kind::arena)
      for (const int r : reads[t])
        require(module.values[r].buffer.kind != Kind::arena || module.values[r].buffer.offset != product.offset, "product ", group.value,
                " is computed over its epilogue's input ", r);
  }
}

}  // namespace

void verify(const Module& module, Stage stage) {
  for (int v = 0; v < static_cast<int>(module.values.size()); ++v) verify_value(module, v);
  verify_results(module, stage >= Stage::simplified);
  if (stage >= Stage::views) verify_views(module);
  if (stage >= Stage::fused) verify_groups(module, stage == Stage::fused);
  if (stage >= Stage::scheduled) verify_order(module);
  if (stage >= Stage::allocated) verify_buffers(module);
}

}  // namespace plait::graph
