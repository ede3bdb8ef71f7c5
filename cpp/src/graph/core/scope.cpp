#include "plait/graph/scope.hpp"

#include <deque>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace plait::graph {
namespace {

thread_local std::uint32_t t_scope = 0;

struct Scopes {
  std::mutex mutex;
  std::deque<std::string> paths{""};  // a deque: references to elements stay valid
  std::unordered_map<std::string, std::uint32_t> numbers{{"", 0}};
};

Scopes& scopes() {
  static Scopes all;
  return all;
}

}  // namespace

std::uint32_t scope_number(const std::string& path) {
  Scopes& all = scopes();
  const std::lock_guard lock(all.mutex);
  const auto [entry, is_new] = all.numbers.emplace(path, static_cast<std::uint32_t>(all.paths.size()));
  if (is_new) all.paths.push_back(path);
  return entry->second;
}

const std::string& scope_path(std::uint32_t number) {
  Scopes& all = scopes();
  const std::lock_guard lock(all.mutex);
  return all.paths[number];
}

std::uint32_t current_scope() { return t_scope; }
std::uint32_t set_current_scope(std::uint32_t number) { return std::exchange(t_scope, number); }

}  // namespace plait::graph
