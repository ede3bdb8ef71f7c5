// A program run many times in a row with all outputs recorded: a stochastic fit without Python between its steps.
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

  /// Numbers per run: its outputs concatenated.
  [[nodiscard]] Index width() const { return width_; }

  /// Runs n times and writes row after row into record (n · width()). Random nodes draw from (seed, first + step). The order of data rows is a
  /// function of (seed, epoch); only whole batches are used. Interrupted is propagated; `done` is then the number of completed runs.
  void run(Index n, std::uint64_t seed, std::uint64_t first, double* record, Index& done, int threads = 0);

 private:
  std::shared_ptr<Program> program_;
  /// Arrays with equally many rows.
  struct Group {
    std::unique_ptr<Batches> batches;
    std::vector<std::size_t> inputs;  // input numbers
    Index whole = 0;                  // whole batches of an epoch
    std::uint64_t epoch = 0;          // epoch of the current order
  };
  std::vector<Group> groups_;
  std::vector<const void*> feeds_;
  Index width_ = 0;
  std::shared_ptr<Plan> plan_;
};

}  // namespace plait::train
