// The rules of one function, made on first use of each width and cached.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "plait/align/custom.hpp"

namespace plait::align::detail {

class RulesByWidth {
 public:
  explicit RulesByWidth(RuleOf rule) : rule_of_(std::move(rule)) {}

  [[nodiscard]] std::shared_ptr<const Rule> get(Index width) const {
    {
      const std::scoped_lock lock(mutex_);
      for (const auto& [of, rule] : rules_)
        if (of == width) return rule;
    }
    std::shared_ptr<const Rule> made = rule_of_(width);  // no lock is held here: tracing may take the interpreter's lock
    const std::scoped_lock lock(mutex_);
    rules_.emplace_back(width, made);
    return made;
  }

 private:
  RuleOf rule_of_;
  mutable std::mutex mutex_;
  mutable std::vector<std::pair<Index, std::shared_ptr<const Rule>>> rules_;
};

}  // namespace plait::align::detail
