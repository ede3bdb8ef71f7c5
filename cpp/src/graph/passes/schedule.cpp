// Pass 4a, schedule: an order of the groups in which parameters can be overwritten where they stand.
//
// A step may write a parameter's next value into the parameter itself if everybody else who reads the old value comes before it, and if it reads
// the old value, if at all, at the very elements that it writes. So every other reader of the parameter is put before the updating step; where
// that goes round in a circle (two parameters that trade values), the new value waits in memory of its own until the end.
#include <algorithm>
#include <functional>
#include <queue>
#include <stdexcept>

#include "lowered.hpp"

namespace plait::graph {
namespace {

class Scheduler {
 public:
  explicit Scheduler(Fused in) : s_{std::move(in), {}, {}} {}

  Scheduled run() {
    const std::size_t n = groups().size();
    after_.resize(n);
    waits_.assign(n, 0);
    collect_reads();
    const auto& updates = graph().updates;
    s_.in_place_update.assign(updates.size(), 0);
    guards_.resize(updates.size());
    for (std::size_t k = 0; k < updates.size(); ++k)
      if (writes_where_it_reads(updates[k])) guard(k);
    order();
    return std::move(s_);
  }

 private:
  const std::vector<Group>& groups() const { return s_.fused.groups; }
  const Lowered& graph() const { return s_.fused.placed.graph; }

  void link(int before, int after) {
    after_[before].push_back(after);
    ++waits_[after];
  }

  void collect_reads() {
    readers_.resize(graph().values.size());
    for (int g = 0; g < static_cast<int>(groups().size()); ++g)
      for (const int r : reads_of(s_.fused, g)) {
        readers_[r].push_back(g);
        if (const int from = s_.fused.group_of[r]; from >= 0) link(from, g);
      }
  }

  bool writes_where_it_reads(const Update& update) const {
    const int g = s_.fused.group_of[update.value];
    const auto& readers = readers_[update.parameter];
    if (std::find(readers.begin(), readers.end(), g) == readers.end()) return true;
    const Group& group = groups()[g];
    const auto& places = s_.fused.placed.places;
    const auto reads_at = [&](int v) {
      const auto& inputs = graph().values[v].inputs;
      return std::all_of(inputs.begin(), inputs.end(),
                         [&](int u) { return places[u].root != update.parameter || is_root(s_.fused.placed, u, group.space); });
    };
    if (group.value >= 0)
      for (const int u : graph().values[group.value].inputs)
        if (places[u].root == update.parameter) return false;
    if (std::find(group.members.begin(), group.members.end(), update.value) == group.members.end()) return false;
    return std::all_of(group.members.begin(), group.members.end(), reads_at) && std::all_of(group.reduced.begin(), group.reduced.end(), reads_at);
  }

  // Every other reader of the parameter comes before its update.
  void guard(std::size_t k) {
    const int g = s_.fused.group_of[graph().updates[k].value];
    s_.in_place_update[k] = 1;
    for (const int reader : readers_[graph().updates[k].parameter])
      if (reader != g) {
        link(reader, g);
        guards_[k].push_back(reader);
      }
  }

  void order() {
    std::priority_queue<int, std::vector<int>, std::greater<>> ready;
    const std::size_t n = groups().size();
    std::vector<char> done(n, 0);
    for (std::size_t g = 0; g < n; ++g)
      if (waits_[g] == 0) ready.push(static_cast<int>(g));
    while (s_.order.size() < n) {
      if (ready.empty()) break_circle(done, ready);
      const int g = ready.top();
      ready.pop();
      done[g] = 1;
      s_.order.push_back(g);
      for (const int next : after_[g])
        if (--waits_[next] == 0) ready.push(next);
    }
  }

  // Only guards can close a circle: the first update that waits for nothing else gives up its place in the parameter.
  void break_circle(const std::vector<char>& done, std::priority_queue<int, std::vector<int>, std::greater<>>& ready) {
    std::size_t first = guards_.size();
    for (std::size_t k = 0; k < guards_.size(); ++k) {
      const int g = s_.fused.group_of[graph().updates[k].value];
      if (done[g] != 0 || s_.in_place_update[k] == 0) continue;
      const bool guarded = std::any_of(guards_[k].begin(), guards_[k].end(), [&](int reader) { return done[reader] == 0; });
      if (guarded && (first == guards_.size() || g < s_.fused.group_of[graph().updates[first].value])) first = k;
    }
    if (first == guards_.size()) throw std::logic_error("schedule: groups wait for each other without a guard between them");
    const int g = s_.fused.group_of[graph().updates[first].value];
    s_.in_place_update[first] = 0;
    for (const int reader : guards_[first]) {
      auto& after = after_[reader];
      after.erase(std::find(after.begin(), after.end(), g));
      if (done[reader] == 0 && --waits_[g] == 0) ready.push(g);
    }
    guards_[first].clear();
    if (ready.empty()) break_circle(done, ready);
  }

  Scheduled s_;
  std::vector<std::vector<int>> after_, readers_, guards_;
  std::vector<int> waits_;
};

}  // namespace

Scheduled schedule(Fused in) { return Scheduler(std::move(in)).run(); }

}  // namespace plait::graph
