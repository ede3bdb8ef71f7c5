// A map from nodes to numbers: one flat table, no allocation for an entry. Graphs of a million nodes spend much of their time in such maps.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "plait/graph/node.hpp"

namespace plait::graph {

class NodeMap {
 public:
  explicit NodeMap(std::size_t expected = 0) {
    std::size_t slots = 16;
    while (slots < 2 * expected) slots *= 2;
    slots_.resize(slots);
  }

  /// Sets the number of a node that has none yet; false, without a change, if it has one.
  bool insert(const Node* node, int number) {
    if (2 * (count_ + 1) > slots_.size()) grow();
    Slot& slot = find_slot(node);
    if (slot.node != nullptr) return false;
    slot = {node, number};
    ++count_;
    return true;
  }
  /// The number of a node; -1 if it has none.
  [[nodiscard]] int operator[](const Node* node) const {
    const Slot& slot = const_cast<NodeMap*>(this)->find_slot(node);
    return slot.node != nullptr ? slot.number : -1;
  }

 private:
  struct Slot {
    const Node* node = nullptr;
    int number = 0;
  };

  // Linear probing at a load of at most one half; Knuth's multiplicative hash, because addresses differ mainly in their middle bits.
  Slot& find_slot(const Node* node) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = (reinterpret_cast<std::uintptr_t>(node) * 0x9E3779B97F4A7C15U) >> 20 & mask;
    while (slots_[at].node != nullptr && slots_[at].node != node) at = (at + 1) & mask;
    return slots_[at];
  }
  void grow() {
    std::vector<Slot> old(2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old)
      if (slot.node != nullptr) find_slot(slot.node) = slot;
  }

  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

}  // namespace plait::graph
