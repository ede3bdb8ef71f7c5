// Pass sink: moves values that only one later step reads into that step if fewer arrays are then stored and loaded. Needs and leaves groups; values
// only change their group, and no group becomes empty.
// fuse puts a value into the step of its operands, so the factors of a derivative, 1 - y² or y (1 - y), would be
// computed together with y and stored until the backward step that reads them along with y. No value is computed
// twice.
#include <algorithm>

#include "fuse.hpp"

namespace plait::graph {
namespace {

class Sinker {
 public:
  explicit Sinker(Module in) : m_(std::move(in)), first_(values().size() + 2, 0), wanted_(values().size(), 0), chosen_(values().size(), 0) {
    const auto for_each_read = [&](const auto& take) {
      for (std::size_t v = 0; v < values().size(); ++v)
        if (values()[v].group >= 0)
          for (const int u : values()[v].inputs) take(root(u), Reader{static_cast<int>(v), u});
    };
    for_each_read([&](int r, Reader) { ++first_[r + 2]; });
    for (std::size_t r = 2; r < first_.size(); ++r) first_[r] += first_[r - 1];
    all_readers_.resize(static_cast<std::size_t>(first_.back()));
    for_each_read([&](int r, Reader reader) { all_readers_[first_[r + 1]++] = reader; });
    for (const int output : m_.outputs) wanted_[output] = 1;
    for (const Update& update : m_.updates) wanted_[update.value] = 1;
  }

  Module run() {
    for (std::size_t v = values().size(); v-- > 0;)  // readers first
      if (const int to = only_reader(static_cast<int>(v)); to >= 0) consider(static_cast<int>(v), to);
    find_stored(m_);
    return std::move(m_);
  }

 private:
  struct Reader {
    int value, operand;  ///< operand: a view of the value that is read, or that value
  };

  std::span<const Reader> readers_of(int v) const { return {all_readers_.data() + first_[v], all_readers_.data() + first_[v + 1]}; }
  const PiecewiseVector<Value>& values() const { return m_.values; }
  int root(int v) const { return m_.values[v].root; }

  // The only group that reads v, not counting values chosen to move with it; -1 if there is none or v cannot move there.
  int only_reader(int v) const {
    const int from = values()[v].group;
    if (from < 0 || wanted_[v] != 0 || values()[v].op->kind != OpKind::elementwise || m_.groups[from].kind == Group::Kind::single) return -1;
    int to = -1;
    for (const Reader& reader : readers_of(v)) {
      const int g = chosen_[reader.value] != 0 ? target_ : values()[reader.value].group;
      if (to >= 0 && g != to) return -1;
      to = g;
    }
    if (to <= from) return -1;
    const Group &a = m_.groups[from], &b = m_.groups[to];
    if (b.kind == Group::Kind::single || a.type != b.type || a.space != b.space) return -1;
    for (const Reader& reader : readers_of(v))
      if (reader.value == b.value || !reads_register(m_, reader.operand, b)) return -1;
    // Parameters may be overwritten before the later step: values that read one directly stay.
    for (const int u : values()[v].inputs)
      if (values()[root(u)].op->kind == OpKind::leaf && !values()[root(u)].constant) return -1;
    return to;
  }

  // The additional stores and loads of arrays if v moves after the chosen values have moved.
  int traffic_of(int v) const {
    int more = -2;  // v itself: no longer stored, nor loaded
    std::vector<int> seen;
    for (const int u : values()[v].inputs) {
      const int r = root(u);
      if (values()[r].constant || std::find(seen.begin(), seen.end(), r) != seen.end()) continue;
      seen.push_back(r);
      bool loaded = false, stored = values()[r].group != values()[v].group || wanted_[r] != 0;
      for (const Reader& reader : readers_of(r)) {
        if (reader.value == v) continue;
        const int g = chosen_[reader.value] != 0 ? target_ : values()[reader.value].group;
        loaded = loaded || g == target_;
        stored = stored || g != values()[r].group;
      }
      more += (loaded ? 0 : 1) + (stored ? 0 : 1);
    }
    return more;
  }

  // Chooses v and, as long as traffic decreases, operands that only v reads.
  void consider(int v, int to) {
    target_ = to;
    std::vector<int> chain;
    std::size_t best = 0;
    int traffic = 0, least = 0;
    for (int next = v; next >= 0 && m_.groups[to].members.size() + chain.size() < kMostMembers;) {
      traffic += traffic_of(next);
      chosen_[next] = 1;
      chain.push_back(next);
      if (traffic < least) {
        least = traffic;
        best = chain.size();
      }
      next = operand_to_take(chain, values()[v].group, to);
    }
    for (const int u : chain) chosen_[u] = 0;
    chain.resize(best);
    const Group& from = m_.groups[values()[v].group];
    const bool emptied = from.kind == Group::Kind::lanes && from.reduced.empty() && chain.size() == from.members.size();
    if (!chain.empty() && !emptied) move(chain, values()[v].group, to);
  }

  int operand_to_take(const std::vector<int>& chain, int from, int to) const {
    int next = -1;
    for (const int v : chain)
      for (const int u : values()[v].inputs)
        if (m_.group_of_root(u) == from && chosen_[root(u)] == 0 && root(u) != m_.groups[from].value && only_reader(root(u)) == to)
          next = std::max(next, root(u));
    return next;
  }

  void move(const std::vector<int>& chain, int from, int to) {
    Group &a = m_.groups[from], &b = m_.groups[to];
    for (const int v : chain) {
      a.members.erase(std::find(a.members.begin(), a.members.end(), v));
      b.members.push_back(v);
      m_.values[v].group = to;
    }
    std::sort(b.members.begin(), b.members.end());  // values stand in topological order
  }

  Module m_;
  std::vector<int> first_;  // per value: index of its first reader in the list of all; one extra entry for the end
  std::vector<Reader> all_readers_;
  std::vector<char> wanted_;  // outputs and updates
  std::vector<char> chosen_;  // to move to target_
  int target_ = -1;
};

}  // namespace

Module sink(Module in) { return Sinker(std::move(in)).run(); }

}  // namespace plait::graph
