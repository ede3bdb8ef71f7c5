// Loops over data: one epoch of training steps, and the same without updates for evaluation and prediction.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "plait/graph/program.hpp"
#include "plait/train/batches.hpp"

namespace plait::train {

using namespace graph;

/// The progress of a loop, for display.
struct Progress {
  Index epoch = 0;
  Index step = 0;   ///< batches done in this epoch
  Index steps = 0;  ///< batches of an epoch
  double loss = 0;  ///< mean so far of the first output
};
/// Called at most ten times a second, on the thread that runs the loop. An exception ends the loop.
using ProgressCallback = std::function<void(const Progress&)>;

struct EpochOptions {
  Index epoch = 0;  ///< counts from 0; the order of the rows is a function of (shuffle_seed, epoch)
  bool shuffle = true;
  std::uint64_t shuffle_seed = 0;
  std::uint64_t seed = 0;          ///< random nodes draw from (seed, first_run + batch)
  std::uint64_t first_run = 0;     ///< steps before this epoch, so that a resumed run draws the same numbers
  bool stop_at_not_finite = true;  ///< see EpochResult::Status
  int threads = 0;
};

struct EpochResult {
  /// loss: the first output was NaN or infinite. parameter: so is an element of a parameter at the epoch's end, although every loss was finite.
  /// In both cases the parameters are reset to their values before the epoch.
  enum class Status { done, loss, parameter };
  Status status = Status::done;
  Index steps = 0;            ///< batches run, the one with the bad loss included
  double bad_loss = 0;        ///< the value of the first output that was not finite
  NodeRef bad_parameter;      ///< the parameter that is not finite
  std::vector<double> means;  ///< of every output over rows: Σ rows_b · output_b / Σ rows_b
};

/// A program, data for its inputs and the plans for full and last batches. The data must outlive it.
class Loop {
 public:
  /// arrays[i] feeds program.inputs()[i]. ShapeError as Program::plan, before anything runs.
  Loop(std::shared_ptr<Program> program, std::vector<Rows> arrays, Index batch_size);

  [[nodiscard]] Index rows() const { return batches_.rows(); }
  [[nodiscard]] Index steps() const { return batches_.count(); }

  /// Runs the program over every batch once. Outputs must be scalars. Interrupted is propagated; the parameters keep their values of that time.
  EpochResult run(const EpochOptions& options, const ProgressCallback& progress = {});

  /// Runs it over every batch in order and writes the outputs, whose first axis must be the batch, consecutively to destinations[k] (rows() rows of
  /// output k).
  void predict(void* const* destinations, std::uint64_t seed, std::uint64_t first_run, int threads = 0);
  /// The spec of what predict() writes for each output. ShapeError names an output without the batch's rows.
  [[nodiscard]] std::vector<Spec> predicted() const;

 private:
  [[nodiscard]] const Plan& plan(Index batch) const { return batches_.size(batch) == batches_.size(0) ? *full_ : *last_; }

  std::shared_ptr<Program> program_;
  Batches batches_;
  std::shared_ptr<Plan> full_, last_;
  std::vector<Bytes> before_;  // parameter values before an epoch, for the reset
};

}  // namespace plait::train
