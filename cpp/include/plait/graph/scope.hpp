// Scopes: the part of a model that a node belongs to, as a path of names ("encoder/layer 1"). Pictures fold by scope, messages and files show it; no
// computed value depends on it.
#pragma once

#include <cstdint>
#include <string>

namespace plait::graph {

/// Interned paths: each is stored once under a number that nodes hold; 0 is no scope. Never freed: there are few.
std::uint32_t scope_number(const std::string& path);
const std::string& scope_path(std::uint32_t number);

/// The scope of nodes made on this thread.
std::uint32_t current_scope();
/// Returns the previous scope.
std::uint32_t set_current_scope(std::uint32_t number);

/// While one is alive, nodes made on this thread belong to that scope.
class InScope {
 public:
  explicit InScope(std::uint32_t number) : outer_(set_current_scope(number)) {}
  ~InScope() { set_current_scope(outer_); }
  InScope(const InScope&) = delete;
  InScope& operator=(const InScope&) = delete;

 private:
  std::uint32_t outer_;
};

}  // namespace plait::graph
