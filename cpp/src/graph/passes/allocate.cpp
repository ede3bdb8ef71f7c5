// Pass allocate: lifetimes to offsets in one arena; elementwise results reuse the memory of inputs whose lifetime ends there. Needs the order of the
// groups; leaves a buffer for every value that needs storage, and the size of the arena.
#include <algorithm>
#include <map>

#include "module.hpp"
#include "plait/base/error.hpp"

namespace plait::graph {
namespace {

using Kind = BufferAssignment::Kind;

std::size_t rounded(std::size_t bytes) { return std::max<std::size_t>(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment); }

// Free blocks of the arena: best fit, adjacent free blocks are merged.
class Arena {
 public:
  std::size_t take(std::size_t bytes) {
    auto best = free_.end();
    for (auto it = free_.begin(); it != free_.end(); ++it)
      if (it->second >= bytes && (best == free_.end() || it->second < best->second)) best = it;
    if (best == free_.end()) {
      std::size_t at = end_;
      if (!free_.empty() && std::prev(free_.end())->first + std::prev(free_.end())->second == end_) {  // extend the last free block
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
    PLAIT_ASSERT(at + bytes <= end_ && (next == free_.end() || at + bytes <= next->first));
    PLAIT_ASSERT(next == free_.begin() || std::prev(next)->first + std::prev(next)->second <= at);  // nothing is freed twice
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
  explicit Allocator(Module in) : m_(std::move(in)) {
    for (std::size_t k = 0; k < m_.feeds.size(); ++k) feed_of_.emplace(m_.feeds[k].get(), static_cast<int>(k));
  }

  Module run() {
    assign_fixed();
    find_last_uses();
    for (std::size_t t = 0; t < m_.order.size(); ++t) step(static_cast<int>(t));
    m_.arena_bytes = arena_.end();
    return std::move(m_);
  }

 private:
  const PiecewiseVector<Value>& values() const { return m_.values; }
  BufferAssignment& buffer(int v) { return m_.values[v].buffer; }
  [[nodiscard]] const BufferAssignment& buffer(int v) const { return m_.values[v].buffer; }
  std::size_t bytes(int v) const { return bytes_of(values()[v].spec); }

  // Leaves, outputs, and updates that are written in place.
  void assign_fixed() {
    for (std::size_t v = 0; v < values().size(); ++v) {
      const Value& value = values()[v];
      BufferAssignment& assigned = m_.values[v].buffer;
      if (value.op->kind != OpKind::leaf) {
        if (value.op->kind != OpKind::view) m_.unshared_bytes += rounded(bytes(static_cast<int>(v)));
      } else if (value.constant) {
        assigned = {Kind::constant, static_cast<int>(v)};
      } else if (const auto feed = feed_of_.find(value.node.get()); feed != feed_of_.end()) {
        assigned = {Kind::feed, feed->second};
      } else {
        assigned = {Kind::parameter, static_cast<int>(v)};
      }
    }
    for (std::size_t k = 0; k < m_.outputs.size(); ++k) buffer(m_.outputs[k]) = {Kind::output, static_cast<int>(k)};
    for (const Update& update : m_.updates)
      if (update.in_place) buffer(update.value) = {Kind::parameter, update.parameter};
  }

  void find_last_uses() {
    last_.assign(values().size(), -1);
    reads_.resize(m_.order.size());
    for (std::size_t t = 0; t < reads_.size(); ++t) {
      reads_[t] = reads_of(m_, m_.order[t]);
      for (const int r : reads_[t]) last_[r] = static_cast<int>(t);
    }
    for (std::size_t v = 0; v < values().size(); ++v) {
      int& of_block = last_[buffer_of(m_, static_cast<int>(v)).first];
      of_block = std::max(of_block, last_[v]);
    }
    for (const Update& update : m_.updates)
      if (!update.in_place) last_[update.value] = static_cast<int>(m_.order.size());
  }

  void step(int t) {
    const int g = m_.order[t];
    const Group& group = m_.groups[g];
    std::vector<int> ending;  // arena values that nobody reads after this step
    for (const int r : reads_[t]) {
      const int top = buffer_of(m_, r).first;
      if (buffer(top).kind == Kind::arena && last_[top] == t && std::find(ending.begin(), ending.end(), top) == ending.end()) ending.push_back(top);
    }
    std::vector<int> short_lived;
    const auto place = [&](int v) {
      if (buffer(v).kind != Kind::none) return;
      if (const auto [top, offset] = buffer_of(m_, v); top != v) {
        if (buffer(top).kind == Kind::none) buffer(top) = {Kind::arena, -1, arena_.take(rounded(bytes(top)))};
        buffer(v) = buffer(top);
        buffer(v).offset += offset;
        return;
      }
      buffer(v) = {Kind::arena, -1, arena_.take(rounded(bytes(v)))};
      if (last_[v] < 0) short_lived.push_back(v);
    };
    for (const int v : group.members) {
      if (!values()[v].needs_storage || buffer(v).kind != Kind::none) continue;
      if (const int from = values()[v].alias.whole >= 0 ? -1 : buffer_to_reuse(group, v, ending); from >= 0) {
        buffer(v) = buffer(from);
        ending.erase(std::find(ending.begin(), ending.end(), from));
        if (last_[v] < 0) short_lived.push_back(v);
      } else {
        place(v);
      }
    }
    for (const int v : group.reduced) place(v);
    if (group.value >= 0) {
      const int host = group.kind == Group::Kind::product && !values()[group.value].needs_storage ? host_of_product(group) : -1;
      if (host >= 0) buffer(group.value) = buffer(host);
      else place(group.value);
    }
    for (const int v : ending) arena_.give(buffer(v).offset, rounded(bytes(v)));
    for (const int v : short_lived) arena_.give(buffer(v).offset, rounded(bytes(v)));
  }

  // An input of a lane program whose lifetime ends here and that is read only at the elements being written.
  int buffer_to_reuse(const Group& group, int v, const std::vector<int>& ending) const {
    if (group.kind == Group::Kind::single) return -1;
    for (const int r : ending) {
      if (values()[r].built_in_place || bytes(r) != bytes(v) || size_of(values()[r].spec.dtype) != size_of(values()[v].spec.dtype)) continue;
      const auto reads_at = [&](int member) {
        const auto& inputs = values()[member].inputs;
        return std::all_of(inputs.begin(), inputs.end(), [&](int u) { return values()[u].root != r || is_root(m_, u, group.space); });
      };
      const bool operand = group.value >= 0 && !std::all_of(values()[group.value].inputs.begin(), values()[group.value].inputs.end(),
                                                            [&](int u) { return values()[u].root != r; });
      if (!operand && std::all_of(group.members.begin(), group.members.end(), reads_at) &&
          std::all_of(group.reduced.begin(), group.reduced.end(), reads_at))
        return r;
    }
    return -1;
  }

  // A product that only its own epilogue reads is computed in the memory of the epilogue's output, unless the old contents of that memory are still
  // read.
  int host_of_product(const Group& group) const {
    const std::size_t size = bytes(group.value);
    for (const int v : group.members) {
      if (!values()[v].needs_storage || bytes(v) != size || size_of(values()[v].spec.dtype) != size_of(values()[group.value].spec.dtype)) continue;
      if (!is_whole({0, values()[v].view.strides}, values()[v].spec)) continue;
      const BufferAssignment& assigned = buffer(v);
      if (assigned.kind == Kind::output) return v;
      if (assigned.kind == Kind::arena && !holds_input(group, assigned)) return v;
    }
    return -1;
  }
  bool holds_input(const Group& group, const BufferAssignment& assigned) const {
    const auto inputs_there = [&](int v) {
      const auto& inputs = values()[v].inputs;
      return std::any_of(inputs.begin(), inputs.end(), [&](int u) {
        const int r = values()[u].root;
        return r != group.value && buffer(r).kind == Kind::arena && buffer(r).offset == assigned.offset &&
               std::find(group.members.begin(), group.members.end(), r) == group.members.end();
      });
    };
    return inputs_there(group.value) || std::any_of(group.members.begin(), group.members.end(), inputs_there);
  }

  Module m_;
  std::unordered_map<const Node*, int> feed_of_;
  std::vector<int> last_;
  std::vector<std::vector<int>> reads_;
  Arena arena_;
};

}  // namespace

Module allocate(Module in) { return Allocator(std::move(in)).run(); }

}  // namespace plait::graph
