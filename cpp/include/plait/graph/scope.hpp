// Scopes: the part of a model that a node belongs to, as a path of names ("encoder/layer 1"). Pictures fold by them, messages and files show them;
// nothing that is computed depends on them.
#pragma once

#include <cstdint>
#include <string>

namespace plait::graph {

/// Paths are kept once, under a number that a node can hold; 0 is no scope. Never freed: a program has as many as it has parts.
std::uint32_t scope_number(const std::string& path);
const std::string& scope_path(std::uint32_t number);

/// Where this thread makes its nodes.
std::uint32_t current_scope();
/// The scope before.
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
