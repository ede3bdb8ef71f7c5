// Pass schedule: an order of the groups in which parameters can be overwritten where they stand. Needs groups; leaves the order, and for each update
// whether it is written in place.
// A step may write a parameter's next value into the parameter itself if all other readers of the old value run before it, and if it
// reads the old value, if at all, only at the element being written. So every other reader of the parameter is ordered before the
// updating step; where that makes a cycle (two parameters that swap values), the new value gets memory of its own and is copied at the
// end.
#include <algorithm>
#include <functional>
#include <queue>
#include <stdexcept>

#include "module.hpp"

namespace plait::graph {
namespace {

class Scheduler {
 public:
  explicit Scheduler(Module in) : m_(std::move(in)) {}

  Module run() {
    const std::size_t n = groups().size();
    after_.resize(n);
    waits_.assign(n, 0);
    collect_reads();
    const auto& updates = m_.updates;
    guards_.resize(updates.size());
    for (std::size_t k = 0; k < updates.size(); ++k)
      if (writes_where_it_reads(updates[k])) guard(k);
    order();
    return std::move(m_);
  }

 private:
  const std::vector<Group>& groups() const { return m_.groups; }

  void link(int before, int after) {
    after_[before].push_back(after);
    ++waits_[after];
  }

  void collect_reads() {
    for (const Update& update : m_.updates) readers_[update.parameter];
    for (int g = 0; g < static_cast<int>(groups().size()); ++g)
      for (const int r : reads_of(m_, g)) {
        if (const auto found = readers_.find(r); found != readers_.end()) found->second.push_back(g);
        if (const int from = m_.values[r].group; from >= 0) link(from, g);
      }
  }

  bool writes_where_it_reads(const Update& update) const {
    const int g = m_.values[update.value].group;
    const auto& readers = readers_.at(update.parameter);
    if (std::find(readers.begin(), readers.end(), g) == readers.end()) return true;
    const Group& group = groups()[g];
    const auto reads_at = [&](int v) {
      const auto& inputs = m_.values[v].inputs;
      return std::all_of(inputs.begin(), inputs.end(), [&](int u) { return m_.values[u].root != update.parameter || is_root(m_, u, group.space); });
    };
    if (group.value >= 0)
      for (const int u : m_.values[group.value].inputs)
        if (m_.values[u].root == update.parameter) return false;
    if (std::find(group.members.begin(), group.members.end(), update.value) == group.members.end()) return false;
    return std::all_of(group.members.begin(), group.members.end(), reads_at) && std::all_of(group.reduced.begin(), group.reduced.end(), reads_at);
  }

  // Orders every other reader of the parameter before its update.
  void guard(std::size_t k) {
    const int g = m_.values[m_.updates[k].value].group;
    m_.updates[k].in_place = true;
    for (const int reader : readers_.at(m_.updates[k].parameter))
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
    while (m_.order.size() < n) {
      if (ready.empty()) break_cycle(done, ready);
      const int g = ready.top();
      ready.pop();
      done[g] = 1;
      m_.order.push_back(g);
      for (const int next : after_[g])
        if (--waits_[next] == 0) ready.push(next);
    }
  }

  // Every cycle contains a guard: the first update that still waits for one is no longer written in place.
  void break_cycle(const std::vector<char>& done, std::priority_queue<int, std::vector<int>, std::greater<>>& ready) {
    std::size_t first = guards_.size();
    for (std::size_t k = 0; k < guards_.size(); ++k) {
      const int g = m_.values[m_.updates[k].value].group;
      if (done[g] != 0 || !m_.updates[k].in_place) continue;
      const bool guarded = std::any_of(guards_[k].begin(), guards_[k].end(), [&](int reader) { return done[reader] == 0; });
      if (guarded && (first == guards_.size() || g < m_.values[m_.updates[first].value].group)) first = k;
    }
    if (first == guards_.size()) throw std::logic_error("schedule: groups wait for each other without a guard between them");
    const int g = m_.values[m_.updates[first].value].group;
    m_.updates[first].in_place = false;
    for (const int reader : guards_[first]) {
      auto& after = after_[reader];
      after.erase(std::find(after.begin(), after.end(), g));
      if (done[reader] == 0 && --waits_[g] == 0) ready.push(g);
    }
    guards_[first].clear();
    if (ready.empty()) break_cycle(done, ready);
  }

  Module m_;
  std::vector<std::vector<int>> after_, guards_;
  std::unordered_map<int, std::vector<int>> readers_;  // of the parameters that are updated
  std::vector<int> waits_;
};

}  // namespace

Module schedule(Module in) { return Scheduler(std::move(in)).run(); }

}  // namespace plait::graph
