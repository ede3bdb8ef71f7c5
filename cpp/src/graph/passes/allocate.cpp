// Pass 4b, allocate: lifetimes to offsets in one arena.
#include <algorithm>
#include <map>

#include "lowered.hpp"
#include "plait/base/error.hpp"

namespace plait::graph {
namespace {

std::size_t rounded(std::size_t bytes) { return std::max<std::size_t>(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment); }

// Free stretches of the arena; the smallest one that holds a block is taken, and neighbours grow together again.
class Arena {
 public:
  std::size_t take(std::size_t bytes) {
    auto best = free_.end();
    for (auto it = free_.begin(); it != free_.end(); ++it)
      if (it->second >= bytes && (best == free_.end() || it->second < best->second)) best = it;
    if (best == free_.end()) {
      std::size_t at = end_;
      if (!free_.empty() && std::prev(free_.end())->first + std::prev(free_.end())->second == end_) {  // grow the last stretch
        at = std::prev(free_.end())->first;
        free_.erase(std::prev(free_.end()));
      }
      end_ = at + bytes;
      return at;
    }
    const auto [at, size] = *best;
    free_.erase(best);
    if (size > bytes) free_.emplace(at + bytes, size - bytes);
    return at;
  }
  void give(std::size_t at, std::size_t bytes) {
    auto next = free_.lower_bound(at);
    if (next != free_.begin()) {
      const auto before = std::prev(next);
      if (before->first + before->second == at) {
        at = before->first;
        bytes += before->second;
        free_.erase(before);
      }
    }
    if (next != free_.end() && at + bytes == next->first) {
      bytes += next->second;
      free_.erase(next);
    }
    free_.emplace(at, bytes);
  }
  [[nodiscard]] std::size_t end() const { return end_; }

 private:
  std::map<std::size_t, std::size_t> free_;
  std::size_t end_ = 0;
};

class Allocator {
 public:
  Allocator(Scheduled in, std::span<const NodeRef> inputs) : a_{std::move(in), {}, 0, 0} {
    a_.slots.resize(values().size());
    for (std::size_t k = 0; k < inputs.size(); ++k) feed_of_.emplace(inputs[k].get(), static_cast<int>(k));
  }

  Allocated run() {
    place_fixed();
    find_last_uses();
    for (std::size_t t = 0; t < a_.scheduled.order.size(); ++t) step(static_cast<int>(t));
    a_.arena_bytes = arena_.end();
    return std::move(a_);
  }

 private:
  const Fused& fused() const { return a_.scheduled.fused; }
  const Lowered& graph() const { return fused().placed.graph; }
  const std::vector<Value>& values() const { return graph().values; }
  std::size_t bytes(int v) const { return static_cast<std::size_t>(count_of(values()[v].spec.shape)) * size_of(values()[v].spec.dtype); }

  // The memory that a value stands in, through all concatenations it is a piece of, and where (bytes).
  [[nodiscard]] std::pair<int, std::size_t> block_of(int v) const {
    std::size_t offset = 0;
    for (; fused().placed.homes[v].block >= 0; v = fused().placed.homes[v].block)
      offset += static_cast<std::size_t>(fused().placed.homes[v].offset) * size_of(values()[v].spec.dtype);
    return {v, offset};
  }

  // Leaves, outputs and updates that may be written where the parameter stands.
  void place_fixed() {
    for (std::size_t v = 0; v < values().size(); ++v) {
      const Value& value = values()[v];
      Slot& slot = a_.slots[v];
      if (value.op->kind != OpKind::leaf) {
        if (value.op->kind != OpKind::view) a_.unshared_bytes += rounded(bytes(static_cast<int>(v)));
      } else if (value.constant) {
        slot = {Slot::Kind::constant, 0, static_cast<int>(v)};
      } else if (const auto feed = feed_of_.find(value.node.get()); feed != feed_of_.end()) {
        slot = {Slot::Kind::feed, 0, feed->second};
      } else {
        slot = {Slot::Kind::parameter, 0, static_cast<int>(v)};
      }
    }
    for (std::size_t k = 0; k < graph().outputs.size(); ++k) a_.slots[graph().outputs[k]] = {Slot::Kind::output, 0, static_cast<int>(k)};
    for (std::size_t k = 0; k < graph().updates.size(); ++k)
      if (a_.scheduled.in_place_update[k] != 0) a_.slots[graph().updates[k].value] = {Slot::Kind::parameter, 0, graph().updates[k].parameter};
  }

  void find_last_uses() {
    last_.assign(values().size(), -1);
    reads_.resize(a_.scheduled.order.size());
    for (std::size_t t = 0; t < reads_.size(); ++t) {
      reads_[t] = reads_of(fused(), a_.scheduled.order[t]);
      for (const int r : reads_[t]) last_[r] = static_cast<int>(t);
    }
    for (std::size_t v = 0; v < values().size(); ++v) {
      int& of_block = last_[block_of(static_cast<int>(v)).first];
      of_block = std::max(of_block, last_[v]);
    }
    for (std::size_t k = 0; k < graph().updates.size(); ++k)
      if (a_.scheduled.in_place_update[k] == 0) last_[graph().updates[k].value] = static_cast<int>(a_.scheduled.order.size());
  }

  void step(int t) {
    const int g = a_.scheduled.order[t];
    const Group& group = fused().groups[g];
    std::vector<int> ending;  // arena values that nobody reads after this step
    for (const int r : reads_[t]) {
      const int top = block_of(r).first;
      if (a_.slots[top].kind == Slot::Kind::arena && last_[top] == t && std::find(ending.begin(), ending.end(), top) == ending.end())
        ending.push_back(top);
    }
    std::vector<int> short_lived;
    const auto place = [&](int v) {
      if (a_.slots[v].kind != Slot::Kind::none) return;
      if (const auto [top, offset] = block_of(v); top != v) {
        if (a_.slots[top].kind == Slot::Kind::none) a_.slots[top] = {Slot::Kind::arena, arena_.take(rounded(bytes(top))), -1};
        a_.slots[v] = a_.slots[top];
        a_.slots[v].offset += offset;
        return;
      }
      a_.slots[v] = {Slot::Kind::arena, arena_.take(rounded(bytes(v))), -1};
      if (last_[v] < 0) short_lived.push_back(v);
    };
    for (const int v : group.members) {
      if (fused().escapes[v] == 0 || a_.slots[v].kind != Slot::Kind::none) continue;
      if (const int from = fused().placed.homes[v].block >= 0 ? -1 : memory_to_take_over(group, v, ending); from >= 0) {
        a_.slots[v] = a_.slots[from];
        ending.erase(std::find(ending.begin(), ending.end(), from));
        if (last_[v] < 0) short_lived.push_back(v);
      } else {
        place(v);
      }
    }
    for (const int v : group.reduced) place(v);
    if (group.value >= 0) {
      const int host = group.kind == Group::Kind::product && fused().escapes[group.value] == 0 ? host_of_product(group) : -1;
      if (host >= 0) a_.slots[group.value] = a_.slots[host];
      else place(group.value);
    }
    for (const int v : ending) arena_.give(a_.slots[v].offset, rounded(bytes(v)));
    for (const int v : short_lived) arena_.give(a_.slots[v].offset, rounded(bytes(v)));
  }

  // An input of a lane program that ends here and is read only at the elements that are written.
  int memory_to_take_over(const Group& group, int v, const std::vector<int>& ending) const {
    if (group.kind == Group::Kind::single) return -1;
    for (const int r : ending) {
      if (fused().placed.assembled[r] != 0 || bytes(r) != bytes(v) || size_of(values()[r].spec.dtype) != size_of(values()[v].spec.dtype)) continue;
      const auto reads_at = [&](int member) {
        const auto& inputs = values()[member].inputs;
        return std::all_of(inputs.begin(), inputs.end(),
                           [&](int u) { return fused().placed.places[u].root != r || is_root(fused().placed, u, group.space); });
      };
      const bool operand = group.value >= 0 && !std::all_of(values()[group.value].inputs.begin(), values()[group.value].inputs.end(),
                                                            [&](int u) { return fused().placed.places[u].root != r; });
      if (!operand && std::all_of(group.members.begin(), group.members.end(), reads_at) &&
          std::all_of(group.reduced.begin(), group.reduced.end(), reads_at))
        return r;
    }
    return -1;
  }

  // A product that only its own epilogue reads is computed in the memory of what the epilogue makes of it, unless old contents are still wanted
  // there.
  int host_of_product(const Group& group) const {
    const std::size_t size = bytes(group.value);
    for (const int v : group.members) {
      if (fused().escapes[v] == 0 || bytes(v) != size || size_of(values()[v].spec.dtype) != size_of(values()[group.value].spec.dtype)) continue;
      if (!is_whole({v, {0, fused().placed.places[v].view.strides}}, values()[v].spec)) continue;
      const Slot& slot = a_.slots[v];
      if (slot.kind == Slot::Kind::output) return v;
      if (slot.kind == Slot::Kind::arena && !holds_input(group, slot)) return v;
    }
    return -1;
  }
  bool holds_input(const Group& group, const Slot& slot) const {
    const auto inputs_there = [&](int v) {
      const auto& inputs = values()[v].inputs;
      return std::any_of(inputs.begin(), inputs.end(), [&](int u) {
        const int r = fused().placed.places[u].root;
        return r != group.value && a_.slots[r].kind == Slot::Kind::arena && a_.slots[r].offset == slot.offset &&
               std::find(group.members.begin(), group.members.end(), r) == group.members.end();
      });
    };
    return inputs_there(group.value) || std::any_of(group.members.begin(), group.members.end(), inputs_there);
  }

  Allocated a_;
  std::unordered_map<const Node*, int> feed_of_;
  std::vector<int> last_;
  std::vector<std::vector<int>> reads_;
  Arena arena_;
};

}  // namespace

Allocated allocate(Scheduled in, std::span<const NodeRef> inputs) { return Allocator(std::move(in), inputs).run(); }

}  // namespace plait::graph
