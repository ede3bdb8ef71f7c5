// A program run many times in a row with everything that it gives kept: what a stochastic fit is, without Python between its steps.
#pragma once

#include <memory>
#include <vector>

#include "plait/graph/program.hpp"
#include "plait/train/batches.hpp"

namespace plait::train {

using namespace graph;

/// A program with float64 outputs, and arrays for its inputs whose rows are drawn in batches. The data must outlive it.
class StepLoop {
 public:
  /// arrays[i] feeds program.inputs()[i] with batch_size rows; none: the program has no inputs. Arrays with equally many rows are drawn
  /// together, others by themselves.
  StepLoop(std::shared_ptr<Program> program, std::vector<Rows> arrays, Index batch_size);

  /// Numbers that one run gives: its outputs one after the other.
  [[nodiscard]] Index width() const { return width_; }

  /// Runs n times and writes row after row into record (n · width()). Random nodes draw from (seed, first + step). Rows of the data come in an
  /// order that is a function of (seed, epoch), whole batches alone. Interrupted comes through; `done` then says how many runs are complete.
  void run(Index n, std::uint64_t seed, std::uint64_t first, double* record, Index& done, int threads = 0);

 private:
  std::shared_ptr<Program> program_;
  /// Arrays with equally many rows.
  struct Group {
    std::unique_ptr<Batches> batches;
    std::vector<std::size_t> inputs;  // whose they are
    Index whole = 0;                  // batches of an epoch
    std::uint64_t epoch = 0;          // of which the order is
  };
  std::vector<Group> groups_;
  std::vector<const void*> feeds_;
  Index width_ = 0;
  std::shared_ptr<Plan> plan_;
};

}  // namespace plait::train
